import { defineMiddleware, ServiceError, type MiddlewareContext, type Outcome, type Request } from "tenon";
import { charge, type Charge, type Refused } from "./charge.ts";
import { keyOf } from "./key-of.ts";
import {
  isApproximate,
  KEY_PREFIX,
  limitsOf,
  LIMITS_PEERS,
  LIMITS_PRINCIPALS,
  SETTINGS,
  type Limit,
  type Settings,
} from "./settings.ts";

type Context = MiddlewareContext<Settings>;

/** Codes of JSON-RPC errors, outside the range that JSON-RPC reserves. */
const RATE_LIMITED = -31_429;
const UNAVAILABLE = -31_503;
/** Seconds after which a store that failed may be tried again. */
const RETRY_STORE_SECONDS = 1;

export default defineMiddleware<Settings>({
  name: "rate-limit",
  version: "1.0.0",
  description: "Limits how much each caller may ask for in a time, over all instances and processes",
  settings: SETTINGS,
  capabilities: { kv: "keeps how much of each budget is spent" },
  requires: [
    {
      for: "exact limits",
      when: isApproximate(false),
      kv: { prefix: "keyPrefix", features: ["swap", "persistent"] },
    },
    { for: "approximate limits", when: isApproximate(true), kv: { prefix: "keyPrefix" } },
    { for: "limits by principal", when: LIMITS_PRINCIPALS, principal: true },
    { for: "limits by peer", when: LIMITS_PEERS, peer: true },
  ],
  async handle(request, next, ctx) {
    // What continues a request was counted with it.
    if (ctx.retry === true) return next(request);
    let refused: Refused | undefined;
    try {
      const { swaps, problem } = await readStore(ctx);
      if (problem !== undefined) return unavailable("misconfigured", ctx);
      refused = await charge(await chargesOf(request, ctx), ctx.kv, { swaps, now: Date.now });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const isAllowed = ctx.settings.onStoreFailure === "allow";
      ctx.log.error(`A request was not counted, and ${isAllowed ? "let through" : "refused"}`, {
        error: error.message,
      });
      if (!isAllowed) return unavailable(error.code, ctx);
      ctx.audit.record({ limit: { counted: false, error: error.code } });
    }
    return refused === undefined ? next(request) : tooMany(refused, ctx);
  },
});

/** What is known of the store, and of the settings, once and for all. */
interface Store {
  readonly swaps: boolean;
  /** Why no request can be counted as the settings say. */
  readonly problem: string | undefined;
}

const stores = new WeakMap<Settings, Store>();

/** Logs the problem with the first request of an instance. */
async function readStore(ctx: Context): Promise<Store> {
  let store = stores.get(ctx.settings);
  if (store === undefined) {
    const { swap, persistent } = await ctx.kv.features();
    const isExact = swap && persistent;
    const problem =
      isExact || ctx.settings.approximate === true
        ? unknownTool(ctx)
        : `Every request is refused: the store ${swap ? "forgets between requests" : "cannot swap"}. Grant "kv", use a store that can ("tenon serve --kv"), or set "approximate": true`;
    if (problem !== undefined) ctx.log.error(problem);
    store = { swaps: swap, problem };
    stores.set(ctx.settings, store);
  }
  return store;
}

/** A tool with a cost of its own that does not exist would cost too little. */
function unknownTool(ctx: Context): string | undefined {
  const names = limitsOf(ctx.settings).flatMap(({ cost }) =>
    typeof cost === "object" ? Object.keys(cost.tools) : [],
  );
  const unknown = names.find((name) => !isTool(name, ctx));
  return unknown === undefined
    ? undefined
    : `Every request is refused: "cost" names the tool "${unknown}", which this server does not list`;
}

/** True for a tool of the composition: whoever makes up names must not get budgets for them. */
function isTool(name: string, { catalog }: Context): boolean {
  return catalog.get("tool", name) !== undefined;
}

/** What a request costs under each limit that counts it. */
async function chargesOf({ method, target }: Request, ctx: Context): Promise<Charge[]> {
  const addressesTool = method === "tools/call" || method.startsWith("tasks/");
  const tool = addressesTool && target != null && isTool(target, ctx) ? target : undefined;
  const caller = { peer: ctx.peer, principal: ctx.principal, tool };
  const prefix = ctx.settings.keyPrefix ?? KEY_PREFIX;
  const charges: Charge[] = [];
  for (const limit of limitsOf(ctx.settings)) {
    const cost = costOf(limit, tool);
    if (cost === 0 || limit.methods?.includes(method) === false) continue;
    charges.push({ limit, key: prefix + (await keyOf(limit, caller)), cost });
  }
  return charges;
}

function costOf({ cost = 1 }: Limit, tool: string | undefined): number {
  if (typeof cost === "number") return cost;
  const own = tool !== undefined && Object.hasOwn(cost.tools, tool) ? cost.tools[tool] : undefined;
  return own ?? cost.default ?? 1;
}

function tooMany({ limit: { limit, windowMs, by = [] }, retryAfterMs }: Refused, ctx: Context): Outcome {
  const seconds = Math.ceil(retryAfterMs / 1000);
  const facts = { limit, windowMs, by };
  ctx.audit.record({ decision: "deny", reason: "rate-limited", limit: { ...facts, retryAfterMs } });
  return {
    tag: "refused",
    val: {
      status: 429,
      headers: [["retry-after", String(seconds)]],
      error: {
        code: RATE_LIMITED,
        message: `Too many requests: try again in ${seconds} s`,
        data: JSON.stringify({ retryAfterMs, limit: facts }),
      },
    },
  };
}

/** @param error What is wrong with the store, for the audit log alone. */
function unavailable(error: string, ctx: Context): Outcome {
  ctx.audit.record({ decision: "deny", reason: "limit-unavailable", limit: { counted: false, error } });
  return {
    tag: "refused",
    val: {
      status: 503,
      headers: [["retry-after", String(RETRY_STORE_SECONDS)]],
      error: { code: UNAVAILABLE, message: "Requests cannot be counted at the moment: try again later" },
    },
  };
}
