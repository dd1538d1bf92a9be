import { errorFields } from "../sdk/log.ts";
import type { MaybePromise } from "../sdk/maybe-promise.ts";
import { failure, RPC_ERROR, type Outcome } from "../sdk/messages.ts";
import { enterCall } from "./call-in-flight.ts";
import { finishJobs } from "./job-queue.ts";
import { startServing, writeLog } from "./log.ts";
import { takeUnhandled } from "./promise.ts";
import { NeverSettlesError, settle, type Rounds } from "./settle.ts";

/** Jobs that may run after the outcome is known. */
const MAX_TRAILING_JOBS = 10_000;
const MAX_UNHANDLED = 10;

/**
 * Runs one call of an export to its end. No exception leaves it, for an exception that leaves an export traps and
 * loses the instance. Only what the engine itself does not survive, such as a stack overflow, gets past.
 *
 * @param context Of the call, as JSON.
 * @param neverSettles The outcome when the call awaits what cannot happen.
 * @param rounds What the call may wait for beyond its end, once it has started.
 */
export function serveCall(
  context: string,
  call: () => MaybePromise<Outcome>,
  neverSettles: () => Outcome,
  rounds?: () => Rounds<Outcome> | undefined,
): Outcome {
  startServing();
  enterCall(context);
  try {
    try {
      return settle(call, rounds);
    } catch (error) {
      if (error instanceof NeverSettlesError) return neverSettles();
      writeLog("error", "The call failed", errorFields(error));
      return failure(RPC_ERROR.internalError, "Internal error");
    } finally {
      finish();
    }
  } catch {
    return failure(RPC_ERROR.internalError, "Internal error");
  }
}

function finish(): void {
  try {
    const dropped = finishJobs(MAX_TRAILING_JOBS);
    if (dropped > 0) writeLog("warning", `Dropped ${dropped} jobs that were left when the call ended`);
  } catch (error) {
    writeLog("error", "A callback failed after the call had ended", errorFields(error));
  }
  for (const reason of takeUnhandled().slice(0, MAX_UNHANDLED)) {
    writeLog("error", "Unhandled rejection", errorFields(reason));
  }
}
