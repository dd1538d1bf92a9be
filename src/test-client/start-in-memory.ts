import { AsyncLocalStorage } from "node:async_hooks";
import { askClient } from "../guest/asking/ask-client.ts";
import { logUnless } from "../guest/asking/log-unless.ts";
import { openJournal } from "../guest/asking/open-journal.ts";
import { asksClient } from "../manifest/index.ts";
import type { CallFailure } from "../protocol/index.ts";
import type { Asker } from "../sdk/asking.ts";
import type { Handle } from "../sdk/handle-provider.ts";
import { createLog, type LogFields, type WriteLog } from "../sdk/log.ts";
import type { Outcome, Request } from "../sdk/messages.ts";
import type { Provider } from "../sdk/provider.ts";
import { isSchema } from "../sdk/schema.ts";
import { SERVICE_NAMES, type Services } from "../sdk/services.ts";
import { installAmbience, runIn, type Ambience } from "./ambient.ts";
import { converters } from "./describe.ts";
import type { FakeServices } from "./fakes.ts";
import { fetchThrough } from "./fetch-through.ts";
import { composeInMemory, type Authorization, type UsedMiddleware } from "./in-memory.ts";
import { lentServices } from "./lent-services.ts";
import { MemoryCall } from "./memory-call.ts";
import type { LogLine } from "./test-client.ts";

/** What takes the log and the notifications of calls. */
export interface Listeners {
  readonly onLog: (line: LogLine) => void;
  /** Takes a notification as JSON. */
  readonly onNotification: (message: string) => void;
}

/** How a call ended, as of a host. */
export type Ended = { readonly outcome: Outcome } | { readonly failure: CallFailure };

/** What runs the calls of a client. */
export interface Server {
  handle(
    context: string,
    request: Request,
    options: { readonly deadlineMs: number; readonly signal: AbortSignal | undefined },
  ): Promise<Ended>;
  close(): Promise<void>;
}

/** The credential of the requests, and what is said of who may use what. */
export interface Callers extends Authorization {
  readonly authorization?: string;
}

const NEVER = new AbortController().signal;

/** Runs definitions in this process. */
export async function startInMemory(
  provider: Provider,
  middleware: readonly UsedMiddleware[],
  fakes: FakeServices,
  listeners: Listeners,
  { authorization, ...rules }: Callers,
): Promise<Server> {
  const facts: unknown[] = [];
  const calls = new AsyncLocalStorage<MemoryCall>();
  const lent = lentServices(fakes.services, (work) => calls.getStore()?.work(work) ?? work());
  const requests = new AsyncLocalStorage<{ readonly signal: AbortSignal; isOver: boolean }>();
  const asker = await createAsker(provider, calls, fakes.now, listeners);
  const handle = await composeInMemory(
    provider,
    middleware,
    {
      of: (definition) => {
        const { name, capabilities = {} } = definition;
        const declared = SERVICE_NAMES.filter((service) => capabilities[service] !== undefined);
        return {
          log: createLog(logWriter(name, listeners)),
          services: Object.fromEntries(
            declared.map((service) => [service, lent[service]]),
          ) as Partial<Services>,
          notify: listeners.onNotification,
          signal: () => requests.getStore()?.signal ?? NEVER,
          ...(definition === provider && { asker }),
          ...("authenticates" in definition &&
            definition.authenticates && { authorization: () => authorization }),
          audit: {
            record: (text) => void facts.push(JSON.parse(text)),
            take: () => JSON.stringify(facts.splice(0)),
          },
        };
      },
      enter: (definition, entered) => {
        const { name, capabilities } = definition;
        const ambience: Ambience = {
          fetch: capabilities?.http === undefined ? undeclaredFetch : fetchThrough(lent.send),
          now: () => calls.getStore()?.now ?? fakes.now(),
          write: logWriter(name, listeners),
          call: () => calls.getStore(),
        };
        const run: Handle = (context, request) => runIn(ambience, () => entered(context, request));
        if (definition !== provider) return run;
        return (context, request) => {
          const call = new MemoryCall(() => requests.getStore()?.isOver === true);
          return calls.run(call, () => call.settle(Promise.resolve(run(context, request))));
        };
      },
    },
    rules,
  );
  const undo = installAmbience();
  return {
    handle(context, request, { deadlineMs, signal = NEVER }) {
      const state = { signal, isOver: false };
      const call = requests.run(state, async () => ({ outcome: await handle(context, request) }));
      return withDeadline(call, deadlineMs).finally(() => {
        state.isOver = true;
      });
    },
    close() {
      undo();
      return Promise.resolve();
    },
  };
}

/** What carries the questions of a definition. */
async function createAsker(
  definition: Provider,
  calls: AsyncLocalStorage<MemoryCall>,
  now: () => number,
  listeners: Listeners,
): Promise<Asker> {
  const described = await converters();
  const log = createLog(logWriter(definition.name, listeners));
  const asks = asksClient(codeOf(definition));
  const repeats = (): boolean => calls.getStore()?.journal?.repeats === true;
  return {
    begin(context, request) {
      const call = calls.getStore()!;
      const opened = openJournal(context, request, call.surrounding(now, asks), log);
      if (opened !== undefined && "tag" in opened) return opened;
      call.journal = opened;
      return undefined;
    },
    asking(ctx) {
      const journal = calls.getStore()?.journal;
      return journal && askClient(journal, ctx, described);
    },
    repeats,
    logOnce: (inner) => logUnless(repeats, inner),
  };
}

/** The code of a definition's functions, as far as it is theirs. */
function codeOf(value: unknown): string {
  if (typeof value === "function") return String(value);
  if (typeof value !== "object" || value === null || isSchema(value)) return "";
  return Object.values(value).map(codeOf).join("\n");
}

async function withDeadline(call: Promise<Ended>, deadlineMs: number): Promise<Ended> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Ended>((resolve) => {
    timer = setTimeout(() => resolve({ failure: "deadline" }), deadlineMs);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

function undeclaredFetch(): Promise<never> {
  return Promise.reject(
    new TypeError('fetch is not declared: add capabilities: { http: "why" } to the definition'),
  );
}

function logWriter(source: string, { onLog }: Listeners): WriteLog {
  return (level, message, fields) => onLog({ level, source, message, ...written(fields) });
}

/** Fields as they are once they have crossed a wire. */
function written(fields: LogFields | undefined): { fields?: Record<string, unknown> } {
  if (fields === undefined) return {};
  try {
    return { fields: JSON.parse(JSON.stringify(fields)) as Record<string, unknown> };
  } catch {
    return { fields: { fields: "not JSON" } };
  }
}
