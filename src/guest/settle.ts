import { runJobs } from "./job-queue.ts";

/** Thrown when a promise is still pending and nothing is left that could settle it. */
export class NeverSettlesError extends Error {
  override readonly name = "NeverSettlesError";
}

/**
 * Runs jobs until the promise that a function returns has settled, and gives its value or throws its reason.
 *
 * @throws NeverSettlesError when nothing is left that could settle it.
 */
export function settle<T>(start: () => Promise<T>): T {
  let outcome: { value: T } | { reason: unknown } | undefined;
  start().then(
    (value) => {
      outcome = { value };
    },
    (reason: unknown) => {
      outcome = { reason };
    },
  );
  runJobs(() => outcome !== undefined);
  const settled = outcome as { value: T } | { reason: unknown } | undefined;
  if (settled === undefined) throw new NeverSettlesError("it awaits a promise that nothing can settle");
  if ("reason" in settled) throw settled.reason;
  return settled.value;
}
