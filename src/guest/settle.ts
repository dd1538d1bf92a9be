import { isThenable, type MaybePromise } from "../sdk/maybe-promise.ts";
import { runJobs } from "./job-queue.ts";

/** Thrown when a promise is still pending and nothing is left that could settle it. */
export class NeverSettlesError extends Error {
  override readonly name = "NeverSettlesError";
}

/**
 * Runs jobs until the promise that a function returns has settled, if it is one, and gives its value or throws its reason.
 *
 * @throws NeverSettlesError when nothing is left that could settle it.
 */
export function settle<T>(start: () => MaybePromise<T>): T {
  const started = start();
  if (!isThenable(started)) return started;
  const outcomes: ({ value: T } | { reason: unknown })[] = [];
  started.then(
    (value) => outcomes.push({ value }),
    (reason: unknown) => outcomes.push({ reason }),
  );
  runJobs(() => outcomes.length > 0);
  const [settled] = outcomes;
  if (settled === undefined) throw new NeverSettlesError("it awaits a promise that nothing can settle");
  if ("reason" in settled) throw settled.reason;
  return settled.value;
}
