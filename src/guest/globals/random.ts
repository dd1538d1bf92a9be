import { randomSource, type RandomSource } from "../random-source.ts";

// The engine's own generator was seeded at build time, so it gives the same numbers in every instance.

let state: Uint32Array | undefined;
let seededFrom: RandomSource | undefined;

function seed(source: RandomSource): Uint32Array {
  const words = new Uint32Array(4);
  const bytes = source(16);
  for (let i = 0; i < 16; i++) words[i >> 2]! |= bytes[i]! << ((i & 3) * 8);
  // The one state the generator cannot leave.
  if (words.every((word) => word === 0)) words[0] = 1;
  return words;
}

/** The next 32 bits of xoshiro128** (Blackman and Vigna, https://prng.di.unimi.it/xoshiro128starstar.c). */
function next(words: Uint32Array): number {
  const result = Math.imul(rotate(Math.imul(words[1]!, 5), 7), 9);
  const shifted = words[1]! << 9;
  words[2]! ^= words[0]!;
  words[3]! ^= words[1]!;
  words[1]! ^= words[2]!;
  words[0]! ^= words[3]!;
  words[2]! ^= shifted;
  words[3] = rotate(words[3]!, 11);
  return result;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

Object.defineProperty(Math, "random", {
  value: function random(): number {
    const source = randomSource();
    if (state === undefined || seededFrom !== source) {
      state = seed(source);
      seededFrom = source;
    }
    // 27 and 26 bits make the 53 of a fraction.
    return ((next(state) >>> 5) * 2 ** 26 + (next(state) >>> 6)) / 2 ** 53;
  },
  writable: true,
  configurable: true,
});
