import { ServiceFailure } from "../host-services.ts";

/** Bytes of UTF-8 in a key. */
const MAX_KEY_BYTES = 512;
/** Bytes of UTF-8 in a value. */
const MAX_VALUE_BYTES = 1024 * 1024;
/** Keys in a page of a list. */
const MAX_PAGE = 1000;

/** @throws ServiceFailure when no store takes the key. */
export function checkKey(key: string): void {
  if (key === "") throw invalid("the key is empty");
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw tooLarge(`the key has more than ${MAX_KEY_BYTES} bytes`);
}

/** @throws ServiceFailure when no store takes the value. */
export function checkValue(value: string): void {
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES) {
    throw tooLarge(`the value has more than ${MAX_VALUE_BYTES} bytes`);
  }
}

/** @throws ServiceFailure when a key cannot live that long. */
export function checkTtl(ttlSeconds: number | undefined): void {
  if (ttlSeconds !== undefined && (!Number.isInteger(ttlSeconds) || ttlSeconds < 1)) {
    throw invalid("ttl-seconds is not at least 1");
  }
}

/** @throws ServiceFailure when no page is that long. */
export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE)
    throw invalid(`limit is not 1 to ${MAX_PAGE}`);
}

/** @throws ServiceFailure when it is not within the numbers that all guests have. */
export function checkDelta(delta: number): void {
  if (!Number.isSafeInteger(delta)) throw invalid("delta is not a whole number within ±(2^53 − 1)");
}

/** The failure of an increment of a value that is no number. */
export function notWhole(): ServiceFailure {
  return invalid("the value is not a whole number within ±(2^53 − 1)");
}

/** The failure of an increment that leads too far. */
export function sumTooLarge(): ServiceFailure {
  return invalid("the sum is not within ±(2^53 − 1)");
}

/** The failure of what is over a limit. */
export function tooLarge(what: string): ServiceFailure {
  return new ServiceFailure("too-large", what);
}

function invalid(what: string): ServiceFailure {
  return new ServiceFailure("invalid", what);
}
