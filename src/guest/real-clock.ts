const { now: engineNow } = Date;

/** Milliseconds since 1970-01-01T00:00:00Z, whatever `Date` says to the author's code. */
export function now(): number {
  return engineNow();
}
