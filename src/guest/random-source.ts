import { getRandomBytes } from "wasi:random/random@0.2.0";
import { requireServing } from "./serving.ts";

/** Gives so many random bytes. */
export type RandomSource = (length: number) => Uint8Array;

// What is drawn while the module is loaded would be the same in every instance, and another in every build.
const fromHost: RandomSource = (length) => {
  requireServing("getRandomBytes");
  return getRandomBytes(length);
};

let source: RandomSource = fromHost;

/** Where random bytes come from now: the host, unless {@link setRandomSource} says otherwise. */
export function randomSource(): RandomSource {
  return source;
}

/** Takes random bytes from elsewhere; from the host again without one. */
export function setRandomSource(next: RandomSource = fromHost): void {
  source = next;
}

/** Random bytes. */
export function randomBytes(length: number): Uint8Array {
  return source(length);
}
