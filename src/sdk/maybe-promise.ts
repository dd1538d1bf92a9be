/** A value, or a promise of it. */
export type MaybePromise<T> = T | Promise<T>;

/** True for what `await` would wait for. */
export function isThenable<T>(value: MaybePromise<T>): value is Promise<T> {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  return typeof (value as { then?: unknown }).then === "function";
}

/**
 * Goes on with a value at once, and with a promise when it is fulfilled: in the engine of a component an `await` costs
 * as much as parsing the arguments of a call.
 */
export function whenDone<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value);
}

/** Runs what may throw or reject, and gives what `failed` makes of it then. */
export function attempt<T>(
  work: () => MaybePromise<T>,
  failed: (error: unknown) => MaybePromise<T>,
): MaybePromise<T> {
  try {
    const value = work();
    return isThenable(value) ? Promise.resolve(value).catch(failed) : value;
  } catch (error) {
    return failed(error);
  }
}
