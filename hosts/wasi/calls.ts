import { begin, finish } from "tenon:adapter/call@0.1.0";
import { write } from "tenon:host/log@0.1.0";
import { handle, type Outcome as WitOutcome } from "tenon:mcp/handler@0.1.0";
import { getRandomBytes } from "wasi:random/random@0.2.0";
import type {
  Call,
  HttpAnswer,
  Outcome,
  ProtocolOptions,
  RequestStates,
  Step,
} from "../../src/protocol/index.ts";

/** Longest result of a call, in UTF-16 code units. */
const MAX_RESULT_LENGTH = 4 * 1024 * 1024;

/** Contexts begin with the id of their request. */
const FIRST_MEMBER = /^\{"requestId":"([^"\\]{1,128})"/;

/** What a bundle knows of its server when it is made. */
export type ServerFacts = Pick<
  ProtocolOptions,
  "cacheScope" | "deadlineMs" | "parameterHeaders" | "serverInfo"
>;

/** The way of a call's notifications to its client, where a component of the bundle sends them: `reply` of the host's WIT. */
export interface Notifications {
  /** Before the call: what the client wants to hear, as JSON; `Heard` of `outbox.ts` once it is parsed. */
  open(wanted: string): void;
  /** After it. True when something was sent, so that the answer is the last part of what the client gets. */
  close(): boolean;
}

/** Protocol options that every adapter has. */
export function protocolOptions(
  facts: ServerFacts,
  { states, notifications }: { states?: RequestStates | undefined; notifications: boolean },
): ProtocolOptions {
  return {
    ...facts,
    now: Date.now,
    newRequestId,
    notifications,
    ...(states && { states }),
    report: (fault) => logError(fault),
  };
}

/** What is known of a request besides what the protocol core knows. */
export interface Circumstances {
  notifications?: Notifications | undefined;
  /** Fields of the head of an event stream, where they are not those that every stream has. */
  headers?: HttpAnswer["headers"] | undefined;
  /** The outcome of its first call, where that was made already. */
  outcome?: WitOutcome | undefined;
}

/** Goes through the steps of one request, and gives its answer. */
export function takeSteps<Answer>(
  first: Step<Answer>,
  { outcome, ...circumstances }: Circumstances = {},
): Answer {
  let step = first;
  if (step.kind === "call" && outcome !== undefined) step = finishCall(step.call, outcome);
  while (step.kind === "call") step = run(step.call, circumstances);
  if (step.kind === "answer") return step.answer;
  if (step.kind === "batch") return step.batch.join(step.batch.steps.map((each) => takeSteps(each)));
  throw new Error("nothing that takes time was offered to clients");
}

/** Writes one line for whoever runs the server. */
export function logError(message: string): void {
  write({ level: "error", source: "adapter", message });
}

function run<Answer>(call: Call<Answer>, { notifications, headers }: Circumstances): Step<Answer> {
  const { wanted } = call;
  const heard = wanted === undefined ? undefined : notifications;
  heard?.open(JSON.stringify({ ...wanted, ...describe(call), headers }));
  begin(call.authorization);
  const outcome = handle(call.context, call.request);
  finish();
  if (heard?.close() === true) call.streamed();
  return finishCall(call, outcome);
}

function finishCall<Answer>(call: Call<Answer>, given: WitOutcome): Step<Answer> {
  const outcome = fromWit(given);
  if (outcome.tag === "success" && outcome.val.length > MAX_RESULT_LENGTH) return call.fail("too-large");
  return call.finish(outcome);
}

/** What the log says of a call. */
function describe({ request, context }: Call<unknown>): { call: string; requestId: string | undefined } {
  const { method, target } = request;
  return {
    call: target === undefined ? method : `${method} "${target}"`,
    requestId: FIRST_MEMBER.exec(context)?.[1],
  };
}

/** The engine presents an absent option as null, which is JSON text to nobody. */
function fromWit(outcome: WitOutcome): Outcome {
  switch (outcome.tag) {
    case "failure":
      return { tag: "failure", val: { ...outcome.val, data: outcome.val.data ?? undefined } };
    case "refused": {
      const { error } = outcome.val;
      return { tag: "refused", val: { ...outcome.val, error: { ...error, data: error.data ?? undefined } } };
    }
    case "input-required":
      return { tag: "input-required", val: { ...outcome.val, state: outcome.val.state ?? undefined } };
    default:
      return outcome;
  }
}

function newRequestId(): string {
  return getRandomBytes(16).toHex();
}
