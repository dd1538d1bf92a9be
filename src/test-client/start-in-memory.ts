import { AsyncLocalStorage } from "node:async_hooks";
import type { CallFailure } from "../protocol/index.ts";
import { createLog, type LogFields, type WriteLog } from "../sdk/log.ts";
import type { Outcome, Request } from "../sdk/messages.ts";
import type { Provider } from "../sdk/provider.ts";
import { SERVICE_NAMES, type Services } from "../sdk/services.ts";
import { installAmbience, runIn } from "./ambient.ts";
import type { FakeServices } from "./fakes.ts";
import { fetchThrough } from "./fetch-through.ts";
import { composeInMemory, type UsedMiddleware } from "./in-memory.ts";
import { lentServices } from "./lent-services.ts";
import type { LogLine, Progress } from "./test-client.ts";

/** What takes the log and the progress of calls. */
export interface Listeners {
  readonly onLog: (line: LogLine) => void;
  readonly onProgress: (report: Progress) => void;
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

const NEVER = new AbortController().signal;

/** Runs definitions in this process. */
export async function startInMemory(
  provider: Provider,
  middleware: readonly UsedMiddleware[],
  fakes: FakeServices,
  listeners: Listeners,
): Promise<Server> {
  const lent = lentServices(fakes.services);
  const signals = new AsyncLocalStorage<AbortSignal>();
  const handle = await composeInMemory(provider, middleware, {
    of: ({ name, capabilities = {} }) => {
      const declared = SERVICE_NAMES.filter((service) => capabilities[service] !== undefined);
      return {
        log: createLog(logWriter(name, listeners)),
        services: Object.fromEntries(
          declared.map((service) => [service, lent[service]]),
        ) as Partial<Services>,
        notify: (message) => listeners.onProgress(progressOf(message)),
        signal: () => signals.getStore() ?? NEVER,
      };
    },
    enter: ({ name, capabilities }, entered) => {
      const ambience = {
        fetch: capabilities?.http === undefined ? undeclaredFetch : fetchThrough(lent.send),
        now: fakes.now,
        write: logWriter(name, listeners),
      };
      return (context, request) => runIn(ambience, () => entered(context, request));
    },
  });
  const undo = installAmbience();
  return {
    handle(context, request, { deadlineMs, signal = NEVER }) {
      const call = signals.run(signal, async () => ({ outcome: await handle(context, request) }));
      return withDeadline(call, deadlineMs);
    },
    close() {
      undo();
      return Promise.resolve();
    },
  };
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

/** What a notification of progress says. */
export function progressOf(message: string): Progress {
  const { params } = JSON.parse(message) as { params: Progress & { progressToken: unknown } };
  const { progressToken: _token, ...report } = params;
  return report;
}
