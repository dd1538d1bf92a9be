import { errorFields } from "../sdk/log.ts";
import type { Handle } from "../sdk/handle-provider.ts";
import { failure, RPC_ERROR, type Outcome, type Request } from "../sdk/messages.ts";
import { beginCall, endCall, finishJobs } from "./job-queue.ts";
import { keepShape } from "./keep-shape.ts";
import { writeLog } from "./log.ts";
import { takeUnhandled } from "./promise.ts";
import { startServing } from "./serving.ts";
import { NeverSettlesError, settle, type Rounds } from "./settle.ts";

/** Jobs that may run after the outcome is known. */
const MAX_TRAILING_JOBS = 10_000;
const MAX_UNHANDLED = 10;

// What every call brings and every answer is.
keepShape({ id: 0, method: 0, target: 0, params: 0 } satisfies Record<keyof Request, unknown>);
keepShape({ tag: 0, val: 0 } satisfies Record<keyof Extract<Outcome, { tag: "success" }>, unknown>);

/** How the calls of an export are served. */
export interface Serving {
  /** Answers one request. */
  readonly handle: Handle;
  /** The outcome when a call awaits what cannot happen. */
  readonly neverSettles: (request: Request) => Outcome;
  /** What the call in flight may wait for beyond its end, once it has started. */
  readonly rounds?: (() => Rounds<Outcome> | undefined) | undefined;
  /** The part of the component that serves it. Default: there is one part. */
  readonly as?: string | undefined;
}

/**
 * Runs one call of an export to its end. No exception leaves it, for an exception that leaves an export traps and
 * loses the instance. Only what the engine itself does not survive, such as a stack overflow, gets past.
 *
 * A call may be served inside another of the same component, as one part of it calls the next: neither sees jobs, timers
 * or requests of the other.
 *
 * A function or an object that is made costs the engine as much as fifty operations, so this makes none.
 */
export function serveCall(serving: Serving, context: string, request: Request): Outcome {
  startServing();
  const outer = beginCall(context, serving.as);
  try {
    try {
      const started = serving.handle(context, request);
      return settle(started, serving.rounds?.());
    } catch (error) {
      if (error instanceof NeverSettlesError) return serving.neverSettles(request);
      writeLog("error", "The call failed", errorFields(error));
      return failure(RPC_ERROR.internalError, "Internal error");
    } finally {
      finish();
    }
  } catch {
    return failure(RPC_ERROR.internalError, "Internal error");
  } finally {
    endCall(outer);
  }
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
