import { numberOf } from "../../assembly/number";
import { ABSENT, byteAt, lengthOf, Text } from "../../assembly/text";
import { Limit } from "./limit";

/**
 * The clock counts whole milliseconds, so that a request in time may seem to be early by almost one. What is kept does not
 * depend on it, so nobody gains by that.
 */
const CLOCK_STEP: f64 = 0.99;
/** Digits on either side of the point, of what is kept. */
const MAX_DIGITS: i32 = 16;

/** Not 0 for a request that is refused: it will be admitted in so many whole milliseconds, if nobody else spends in between. */
export let retryAfterMs: f64 = 0;
/** What is to be kept of a request that is admitted, and of no use once `ttlSeconds` have passed. */
export let next: f64 = 0;
export let ttlSeconds: f64 = 0;

/**
 * Spends from a budget by the generic cell rate algorithm: what is kept is the time at which the budget will be whole again.
 * A cost over the burst is admitted once the budget is whole, and puts off what comes next by as much.
 *
 * @param kept What an earlier request had to keep; `ABSENT` when the budget is whole.
 * @param now Milliseconds since 1970-01-01T00:00:00Z.
 * @returns False when `kept` is something else.
 * @see https://www.itu.int/rec/T-REC-I.371 (generic cell rate algorithm, virtual scheduling)
 */
export function spend(limit: Limit, cost: f64, kept: Text, now: f64): bool {
  if (kept != ABSENT && !isTime(kept)) return false;
  const msEach = limit.windowMs / limit.limit;
  const wholeAt = kept == ABSENT ? now : max(numberOf(kept), now);
  const wait = wholeAt + min(cost, limit.burst) * msEach - (now + limit.burst * msEach);
  if (wait > CLOCK_STEP * min(1, msEach)) {
    retryAfterMs = ceil(wait);
    return true;
  }
  retryAfterMs = 0;
  next = wholeAt + cost * msEach;
  ttlSeconds = max(1, ceil((next - now) / 1000));
  return true;
}

/** Digits, and maybe a point and more of them. */
function isTime(kept: Text): bool {
  const length = lengthOf(kept);
  const whole = digitsFrom(kept, 0);
  if (whole == 0 || whole > MAX_DIGITS) return false;
  if (whole == length) return true;
  const fraction = digitsFrom(kept, whole + 1);
  return (
    byteAt(kept, whole) == 0x2e && fraction > 0 && fraction <= MAX_DIGITS && whole + 1 + fraction == length
  );
}

function digitsFrom(text: Text, from: i32): i32 {
  let at = from;
  while (at < lengthOf(text) && <u32>(byteAt(text, at) - 0x30) < 10) at++;
  return at - from;
}
