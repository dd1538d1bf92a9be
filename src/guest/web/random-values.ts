import { randomBytes } from "../random-source.ts";
import { DOMException } from "./dom-exception.ts";
import { uuidOf } from "./uuid.ts";

const MAX_BYTES = 65_536;

const INTEGERS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
] as const;

/** Fills a typed array of integers, of at most 65,536 bytes, with random bytes of the host. */
export function getRandomValues<T extends ArrayBufferView>(target: T): T {
  if (!INTEGERS.some((Kind) => target instanceof Kind)) {
    throw new DOMException("getRandomValues needs a typed array of integers", "TypeMismatchError");
  }
  if (target.byteLength > MAX_BYTES) {
    throw new DOMException(`getRandomValues gives at most ${MAX_BYTES} bytes`, "QuotaExceededError");
  }
  const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  if (bytes.length > 0) bytes.set(randomBytes(bytes.length));
  return target;
}

/** A random UUID (RFC 9562, version 4). */
export function randomUUID(): string {
  return uuidOf(randomBytes(16));
}
