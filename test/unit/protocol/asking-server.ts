import { NODE_PLATFORM } from "../../../hosts/node/asking.ts";
import {
  createClientRequests,
  createHttpProtocol,
  createRequestStates,
  createSealer,
  createStdioProtocol,
  type Call,
  type Outcome,
  type ProtocolOptions,
  type Step,
} from "../../../src/protocol/index.ts";

/** A form that asks for a name. */
export const NAME = {
  method: "elicitation/create",
  params: {
    mode: "form",
    message: "Your name?",
    requestedSchema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: {},
    },
  },
};
/** The key of a server unless it is given others. */
export const KEY = new Uint8Array(32).fill(7);

/** The outcome of a component that asks. */
export function asks(requests: unknown, state?: unknown): Outcome {
  return {
    tag: "input-required",
    val: {
      requests: JSON.stringify(requests),
      ...(state !== undefined && { state: JSON.stringify(state) }),
    },
  };
}

/** A server whose clock and timers are in the hands of the test. */
export function server(given: Partial<ProtocolOptions> & { keys?: Uint8Array[]; lifetimeMs?: number } = {}) {
  const faults: string[] = [];
  const timers = new Map<object, { at: number; action: () => void }>();
  let now = 1_800_000_000_000;
  let ids = 0;
  const { keys = [KEY], lifetimeMs, ...rest } = given;
  const options: ProtocolOptions = {
    serverInfo: { name: "asking", version: "1" },
    now: () => now,
    newRequestId: () => `r-${++ids}`,
    notifications: true,
    states: createRequestStates({
      sealer: createSealer(keys, NODE_PLATFORM),
      now: () => now,
      ...(lifetimeMs !== undefined && { lifetimeMs }),
    }),
    clientRequests: createClientRequests({
      newId: () => `q-${++ids}`,
      after: (milliseconds, action) => {
        const timer = {};
        timers.set(timer, { at: now + milliseconds, action });
        return () => timers.delete(timer);
      },
    }),
    report: (fault) => faults.push(fault),
    ...rest,
  };
  return {
    http: createHttpProtocol(options),
    stdio: createStdioProtocol(options),
    faults,
    timers,
    advance(milliseconds: number) {
      const until = now + milliseconds;
      for (;;) {
        const [due] = [...timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at);
        if (due === undefined) break;
        const [timer, { at, action }] = due;
        timers.delete(timer);
        now = at;
        action();
      }
      now = until;
    },
  };
}

/** What {@link server} makes. */
export type Server = ReturnType<typeof server>;

/** The call that a step is, which it has to be. */
export function callStep<Answer>(step: Step<Answer>): Call<Answer> {
  if (step.kind !== "call") throw new Error(`not called, but: ${JSON.stringify(step)}`);
  return step.call;
}

/** The context of a call. */
export function contextOf({ context }: Call<unknown>): Record<string, unknown> {
  return JSON.parse(context) as Record<string, unknown>;
}
