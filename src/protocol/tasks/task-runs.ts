import { failureError, INTERNAL, wellFormed } from "../answer.ts";
import { isState, MAX_ROUNDS } from "../ask-client.ts";
import { parseAsked } from "../asked.ts";
import type { Changes } from "../changes.ts";
import { createNotificationFilter } from "../notifications.ts";
import { parseObject } from "../result-text.ts";
import type { ScanLimits } from "../scan-json.ts";
import type { CallFailure, Outcome, RpcError } from "../types.ts";
import type { Asked } from "./task.ts";

/** What a run of a task came to. */
export type RunEnd =
  | { kind: "completed"; result: string }
  | { kind: "failed"; error: RpcError; reason?: string }
  | { kind: "asked"; asked: Asked };

/** Characters a result may have. */
const MAX_RESULT = 1024 * 1024;
const LIMITS: ScanLimits = { maxDepth: 64, maxTokens: 100_000 };
const MAX_STATUS_MESSAGE = 1000;

/** What follows for a task from the way its call ended, in its round. */
export function endOf(result: { outcome: Outcome } | { failure: CallFailure }, round: number): RunEnd {
  if ("failure" in result) return { kind: "failed", error: failureError(result.failure) };
  const { outcome } = result;
  switch (outcome.tag) {
    case "success":
      if (outcome.val.length > MAX_RESULT) return { kind: "failed", error: failureError("too-large") };
      return parseObject(outcome.val)
        ? { kind: "completed", result: outcome.val }
        : faulty("its result is not a JSON object");
    case "failure":
      return { kind: "failed", error: wellFormed(outcome.val) };
    case "refused":
      return { kind: "failed", error: wellFormed(outcome.val.error) };
    case "accepted":
      return faulty("it has no result");
    case "input-required":
      break;
  }
  return askedBy(outcome.val, round);
}

function faulty(reason: string): RunEnd {
  return { kind: "failed", error: INTERNAL, reason };
}

function askedBy(
  { requests, state }: { requests: string; state?: string | undefined },
  round: number,
): RunEnd {
  if (round >= MAX_ROUNDS) return faulty(`it asks the client more than ${MAX_ROUNDS} times`);
  const asked = parseAsked(requests, LIMITS);
  if (asked === undefined || asked.length === 0) return faulty("what it asks is malformed, or over a limit");
  if (state !== undefined && !isState(state)) return faulty("the state it keeps is not JSON, or too large");
  // The number makes keys unique over the life of the task, whatever the component calls its requests.
  const entries = asked.map(
    ({ key, method, params }) => [`${round + 1}.${key}`, { method, params }] as const,
  );
  return { kind: "asked", asked: { requests: Object.fromEntries(entries), answers: {}, state } };
}

/** The key a component chose, of one that the client was given. */
export function ownKey(key: string): string {
  return key.slice(key.indexOf(".") + 1);
}

/** Makes status messages of the progress that a call reports with the task's id as its token, and passes changes on. */
export function createProgressReader(
  id: string,
  changes: Changes | undefined,
): (notification: string) => string | undefined {
  const filter = createNotificationFilter({ progressToken: id, logLevel: undefined }, LIMITS, changes);
  return (notification) => {
    const passed = filter.pass(notification);
    if (passed === undefined) return undefined;
    const { progress, total, message } = (
      JSON.parse(passed) as { params: { progress: number; total?: number; message?: string } }
    ).params;
    const text = message ?? (total === undefined ? String(progress) : `${progress} of ${total}`);
    return text.slice(0, MAX_STATUS_MESSAGE);
  };
}
