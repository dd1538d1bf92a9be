import type { Limit } from "./settings.ts";

/** What becomes of a request under a limit. */
export type Spent =
  /** Admitted. `next` is to be kept, and is of no use once `ttlSeconds` have passed. */
  | { readonly next: string; readonly ttlSeconds: number; readonly retryAfterMs?: undefined }
  /** Refused: it will be admitted in so many whole milliseconds, if nobody else spends in between. */
  | { readonly retryAfterMs: number };

/**
 * The clock counts whole milliseconds, so that a request in time may seem to be early by almost one. What is kept does not
 * depend on it, so nobody gains by that.
 */
const CLOCK_STEP = 0.99;

/**
 * Spends from a budget by the generic cell rate algorithm: what is kept is the time at which the budget will be whole again.
 * A cost over the burst is admitted once the budget is whole, and puts off what comes next by as much.
 *
 * @param kept What an earlier request had to keep; nothing when the budget is whole.
 * @param now Milliseconds since 1970-01-01T00:00:00Z.
 * @throws TypeError when `kept` is something else.
 * @see https://www.itu.int/rec/T-REC-I.371 (generic cell rate algorithm, virtual scheduling)
 */
export function spend(
  { limit, windowMs, burst = limit }: Limit,
  cost: number,
  kept: string | undefined,
  now: number,
): Spent {
  const msEach = windowMs / limit;
  const wholeAt = Math.max(kept === undefined ? now : timeOf(kept), now);
  const wait = wholeAt + Math.min(cost, burst) * msEach - (now + burst * msEach);
  if (wait > CLOCK_STEP * Math.min(1, msEach)) return { retryAfterMs: Math.ceil(wait) };
  const next = wholeAt + cost * msEach;
  return { next: String(next), ttlSeconds: Math.max(1, Math.ceil((next - now) / 1000)) };
}

function timeOf(kept: string): number {
  if (!/^\d{1,16}(?:\.\d{1,16})?$/.test(kept)) throw new TypeError("the store holds something else there");
  return Number(kept);
}
