import { getRandomBytes } from "wasi:random/random@0.2.0";

/** Gives so many random bytes. */
export type RandomSource = (length: number) => Uint8Array;

let source: RandomSource = getRandomBytes;

/** Where random bytes come from now: the host, unless {@link setRandomSource} says otherwise. */
export function randomSource(): RandomSource {
  return source;
}

/** Takes random bytes from elsewhere; from the host again without one. */
export function setRandomSource(next: RandomSource = getRandomBytes): void {
  source = next;
}

/** Random bytes. */
export function randomBytes(length: number): Uint8Array {
  return source(length);
}
