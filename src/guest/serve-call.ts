import { errorFields } from "../sdk/log.ts";
import type { MaybePromise } from "../sdk/maybe-promise.ts";
import { failure, RPC_ERROR, type Outcome } from "../sdk/messages.ts";
import { enterCall } from "./call-in-flight.ts";
import { beginCall, finishJobs } from "./job-queue.ts";
import { writeLog } from "./log.ts";
import { takeUnhandled } from "./promise.ts";
import { startServing } from "./serving.ts";
import { NeverSettlesError, settle, type Rounds } from "./settle.ts";

/** Jobs that may run after the outcome is known. */
const MAX_TRAILING_JOBS = 10_000;
const MAX_UNHANDLED = 10;

/**
 * Runs one call of an export to its end. No exception leaves it, for an exception that leaves an export traps and
 * loses the instance. Only what the engine itself does not survive, such as a stack overflow, gets past.
 *
 * A call may be served inside another of the same component, as one part of it calls the next: neither sees jobs, timers
 * or requests of the other.
 *
 * @param context Of the call, as JSON.
 * @param neverSettles The outcome when the call awaits what cannot happen.
 */
export function serveCall(
  context: string,
  call: () => MaybePromise<Outcome>,
  neverSettles: () => Outcome,
  { rounds, as }: Serving = {},
): Outcome {
  startServing();
  const leave = enterCall(context, as);
  const end = beginCall();
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
  } finally {
    end();
    leave();
  }
}

/** How a call is served. */
interface Serving {
  /** What the call may wait for beyond its end, once it has started. */
  readonly rounds?: () => Rounds<Outcome> | undefined;
  /** The part of the component that serves it. Default: there is one part. */
  readonly as?: string | undefined;
}

function finish(): void {
  try {
    const dropped = finishJobs(MAX_TRAILING_JOBS);
    if (dropped > 0) writeLog("warning", `Dropped ${dropped} jobs that were left when the call ended`);
  } catch (error) {
    writeLog("error", "A callback failed after the call had ended", errorFields(error));
  }
  const unhandled = takeUnhandled();
  if (unhandled.length === 0) return;
  for (const reason of unhandled.slice(0, MAX_UNHANDLED)) {
    writeLog("error", "Unhandled rejection", errorFields(reason));
  }
}
