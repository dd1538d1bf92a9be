import { defineMiddleware, ServiceError, type MiddlewareContext, type Outcome, type Request } from "tenon";
import { entryKey } from "./entry-key.ts";
import { createSeal, parseKey, type Seal } from "./seal.ts";

interface Settings {
  /** Keys of the store begin with it. Default `cache/`. */
  keyPrefix?: string;
  /** Milliseconds; tools that say more get this. Default an hour. */
  maxTtlMs?: number;
  /** Of a result, in UTF-16 units. Default 256 Ki. */
  maxEntryLength?: number;
  /** Name of the secret with the key that entries are sealed with. Default: they are not. */
  sealKey?: string;
}

type Context = MiddlewareContext<Settings>;

const KEY_PREFIX = "cache/";
const MAX_TTL_MS = 31_536_000_000;
const DEFAULT_MAX_TTL_MS = 3_600_000;
const DEFAULT_MAX_ENTRY_LENGTH = 256 * 1024;

/** Where a result is kept, and for how long. */
interface Place {
  readonly key: string;
  readonly ttlMs: number;
}

export default defineMiddleware<Settings>({
  name: "cache",
  version: "1.0.0",
  description: "Gives results of tools again that say how long they stay the same",
  methods: ["tools/call"],
  settings: {
    type: "object",
    properties: {
      keyPrefix: { type: "string", minLength: 1, maxLength: 128, default: KEY_PREFIX },
      maxTtlMs: { type: "integer", minimum: 1, maximum: MAX_TTL_MS, default: DEFAULT_MAX_TTL_MS },
      maxEntryLength: {
        type: "integer",
        minimum: 1,
        maximum: 1024 * 1024,
        default: DEFAULT_MAX_ENTRY_LENGTH,
      },
      sealKey: {
        type: "string",
        minLength: 1,
        maxLength: 128,
        description: "Name of the secret with 32 bytes in hexadecimal or base64",
      },
    },
    additionalProperties: false,
  },
  capabilities: {
    kv: "keeps results",
    secrets: "reads the key that results are sealed with",
  },
  requires: [
    { for: "results that are kept apart by caller", behindAuthentication: true },
    { for: "keeping results", kv: { prefix: "keyPrefix" } },
    { for: "sealing results", secret: "sealKey" },
  ],
  async handle(request, next, ctx) {
    const place = await placeOf(request, ctx);
    if (place === undefined) return next(request);
    const store = await openStore(ctx);
    const kept = await store?.read(place.key);
    ctx.audit.record({ cache: kept === undefined ? "miss" : "hit" });
    if (kept !== undefined) return { tag: "success", val: kept };
    const outcome = await next(request);
    if (isWorthKeeping(outcome, ctx)) await store?.write(place, outcome.val);
    return outcome;
  },
});

/** Nothing for a request whose result is not to be kept, or not for this caller. */
async function placeOf({ method, target, params }: Request, ctx: Context): Promise<Place | undefined> {
  if (method !== "tools/call" || target == null || params == null) return undefined;
  // What continues an earlier request depends on more than its arguments, and a task is kept by its host.
  if (ctx.task !== undefined || ctx.retry === true || ctx.inputs !== undefined) return undefined;
  const entry = ctx.catalog.get("tool", target);
  if (entry?.cache === undefined) return undefined;
  const { ttlMs, scope = "private" } = entry.cache;
  const caller = scope === "public" ? null : ctx.principal;
  if (ttlMs === 0 || caller === undefined) return undefined;
  const key = await entryKey(entry, target, caller, params);
  if (key === undefined) return undefined;
  const { keyPrefix = KEY_PREFIX, maxTtlMs = DEFAULT_MAX_TTL_MS } = ctx.settings;
  return { key: keyPrefix + key, ttlMs: Math.min(ttlMs, maxTtlMs) };
}

function isWorthKeeping(outcome: Outcome, ctx: Context): outcome is Extract<Outcome, { tag: "success" }> {
  const { maxEntryLength = DEFAULT_MAX_ENTRY_LENGTH } = ctx.settings;
  if (outcome.tag !== "success" || outcome.val.length > maxEntryLength) return false;
  const result = parseObject(outcome.val);
  return result !== undefined && result["isError"] !== true && result["resultType"] === undefined;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The store as the cache sees it. What fails is as if nothing were kept: a cache must not fail a request. */
interface Store {
  read(key: string): Promise<string | undefined>;
  write(place: Place, result: string): Promise<void>;
}

/** Nothing when what is kept could not be sealed. */
async function openStore(ctx: Context): Promise<Store | undefined> {
  const { sealKey } = ctx.settings;
  const seal = sealKey === undefined ? undefined : await readSeal(sealKey, ctx);
  if (sealKey !== undefined && seal === undefined) return undefined;
  return {
    async read(key) {
      const value = await attempt(() => ctx.kv.get(key), ctx);
      const text = value === undefined || seal === undefined ? value : seal.open(value, key);
      const [, expires, result] = /^([0-9]{1,16}) (\{[^]*)$/.exec(text ?? "") ?? [];
      if (result === undefined || Date.now() >= Number(expires)) return undefined;
      return parseObject(result) === undefined ? undefined : result;
    },
    async write({ key, ttlMs }, result) {
      const text = `${Date.now() + ttlMs} ${result}`;
      const value = seal === undefined ? text : seal.seal(text, key);
      await attempt(() => ctx.kv.set(key, value, { ttlSeconds: Math.ceil(ttlMs / 1000) }), ctx);
    },
  };
}

const seals = new WeakMap<Settings, Seal>();

async function readSeal(name: string, ctx: Context): Promise<Seal | undefined> {
  const known = seals.get(ctx.settings);
  if (known !== undefined) return known;
  const text = await attempt(() => ctx.secrets.get(name), ctx);
  const key = text === undefined ? undefined : parseKey(text);
  if (key === undefined) {
    if (text !== undefined) warn(`the secret "${name}" is no key of 32 bytes in hexadecimal or base64`, ctx);
    return undefined;
  }
  const seal = createSeal(key);
  seals.set(ctx.settings, seal);
  return seal;
}

async function attempt<T>(use: () => Promise<T>, ctx: Context): Promise<T | undefined> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    warn(error.message, ctx);
    return undefined;
  }
}

const warned = new WeakSet<Settings>();

/** Says it once for an instance: a store that is down must not flood the log. */
function warn(problem: string, { settings, log }: Context): void {
  if (warned.has(settings)) return;
  warned.add(settings);
  log.error("Results are not kept", { problem });
}
