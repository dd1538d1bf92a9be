import { isThenable, type MaybePromise } from "../sdk/maybe-promise.ts";
import { runJobs } from "./job-queue.ts";
import { PumpablePromise, settlement } from "./promise.ts";

/** What a call may wait for that comes after its end. */
export interface Rounds<T> {
  /** How the call ends, when that is not for its promise to say. */
  readonly outcome: T | undefined;
  /** Goes on where nothing is left that could settle the promise. False when nothing is waited for. */
  advance(): boolean;
}

/** Thrown when a promise is still pending and nothing is left that could settle it. */
export class NeverSettlesError extends Error {
  override readonly name = "NeverSettlesError";
}

/**
 * Runs jobs until what was started has settled, if it is a promise, and gives its value or throws its reason.
 *
 * @param later What it may wait for besides.
 * @throws NeverSettlesError when nothing is left that could settle it.
 */
export function settle<T>(started: MaybePromise<T>, later?: Rounds<T>): T {
  if (!isThenable(started)) return later?.outcome ?? started;
  const promise = PumpablePromise.resolve(started);
  const isDone = (): boolean => settlement(promise) !== undefined || later?.outcome !== undefined;
  do runJobs(isDone);
  while (!isDone() && later?.advance() === true);
  if (later?.outcome !== undefined) return later.outcome;
  const settled = settlement(promise);
  if (settled === undefined) throw new NeverSettlesError("it awaits a promise that nothing can settle");
  if ("reason" in settled) throw settled.reason;
  return settled.value as T;
}
