import type { StaticMemory } from "../core-text.ts";

/** What a hash computes with. */
export type Word = "i32" | "i64";

/** Words of a block. */
export const BLOCK_WORDS = 16;

/** Bytes of a word. */
export function sizeOf(word: Word): number {
  return word === "i32" ? 4 : 8;
}

/** The value of a local variable. */
export function get(name: string): string {
  return `(local.get $${name})`;
}

/** Reads a word whose most significant byte is the first; it needs `$swapped`. */
export function bigEndian(word: Word, at: string, offset = 0): string {
  const half = (more: number): string => `(call $swapped (i32.load offset=${offset + more} ${at}))`;
  if (word === "i32") return half(0);
  return `(i64.or
        (i64.shl (i64.extend_i32_u ${half(0)}) (i64.const 32))
        (i64.extend_i32_u ${half(4)}))`;
}

/** `$NAME`: a hash whose blocks `$FAMILY-block` takes, from the state at `start` on. */
export function startText(name: string, family: string, start: number): string {
  return `
  (func $${name} (param $to i32) (param $at i32) (param $length i32)
    (call $${family}-hash (local.get $to) (local.get $at) (local.get $length) (i32.const ${start})))`;
}

/** Where a hash has its state. */
export interface State {
  readonly word: Word;
  readonly state: number;
  readonly words: number;
}

/**
 * `$NAME-hash`: divides data into blocks for `$NAME-block`, and pads the last (FIPS 180-4, section 5.1). The state that they
 * lead to, from that at `start` on, is written to the first address.
 */
export function hashText(memory: StaticMemory, name: string, { word, state, words }: State): string {
  const size = sizeOf(word);
  const block = BLOCK_WORDS * size;
  // Zeros, with a length of as many bits as two words have.
  const padding = 2 * size;
  const last = memory.reserve(2 * block);
  return `
  (func $${name}-hash (param $to i32) (param $at i32) (param $length i32) (param $start i32)
    (local $left i32) (local $end i32)
    (memory.copy (i32.const ${state}) ${get("start")} (i32.const ${words * size}))
    (local.set $left ${get("length")})
    (block $done (loop $next
      (br_if $done (i32.lt_u ${get("left")} (i32.const ${block})))
      (call $${name}-block ${get("at")})
      (local.set $at (i32.add ${get("at")} (i32.const ${block})))
      (local.set $left (i32.sub ${get("left")} (i32.const ${block})))
      (br $next)))
    ;; what is left, a bit, and the length in bits at the end of the block, or of one more
    (memory.fill (i32.const ${last}) (i32.const 0) (i32.const ${2 * block}))
    (memory.copy (i32.const ${last}) ${get("at")} ${get("left")})
    (i32.store8 offset=${last} ${get("left")} (i32.const 0x80))
    (local.set $end (select (i32.const ${block}) (i32.const ${2 * block})
      (i32.lt_u ${get("left")} (i32.const ${block - padding}))))
    (i32.store offset=${last - 8} ${get("end")} (call $swapped (i32.shr_u ${get("length")} (i32.const 29))))
    (i32.store offset=${last - 4} ${get("end")} (call $swapped (i32.shl ${get("length")} (i32.const 3))))
    (call $${name}-block (i32.const ${last}))
    (if (i32.gt_u ${get("end")} (i32.const ${block})) (then (call $${name}-block (i32.const ${last + block}))))
    ${Array.from({ length: words }, (_, i) => `(${word}.store offset=${i * size} ${get("to")} ${bigEndian(word, "(i32.const 0)", state + i * size)})`).join("\n    ")})`;
}
