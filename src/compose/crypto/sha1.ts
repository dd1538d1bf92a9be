import type { StaticMemory } from "../core-text.ts";
import { bigEndian, BLOCK_WORDS, get, hashText, startText } from "./hash-text.ts";

const STATE = ["a", "b", "c", "d", "e"] as const;
const START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
const ROUNDS = 80;
const BLOCK_BYTES = 4 * BLOCK_WORDS;

const call = (operation: string, a: string, b: string): string => `(i32.${operation} ${a} ${b})`;
const [b, c, d] = [get("b"), get("c"), get("d")];
const parity = call("xor", b, call("xor", c, d));

/** What twenty rounds each do (FIPS 180-4, sections 4.1.1 and 4.2.1). */
const PHASES: readonly (readonly [mixed: string, constant: number])[] = [
  [call("xor", d, call("and", b, call("xor", c, d))), 0x5a827999],
  [parity, 0x6ed9eba1],
  [call("or", call("and", b, c), call("and", d, call("or", b, c))), 0x8f1bbcdc],
  [parity, 0xca62c1d6],
];

/** Goes on with the next word while `$i` is below the end. */
const next = (end: number): string =>
  `(br_if $next (i32.lt_u (local.tee $i (i32.add ${get("i")} (i32.const 4))) (i32.const ${end})))`;

/** SHA-1: `$sha1` writes to the first address the digest of so many bytes at the second; it needs `$swapped`. */
export function sha1Text(memory: StaticMemory): string {
  const state = memory.reserve(4 * STATE.length);
  const schedule = memory.reserve(4 * ROUNDS);
  const start = memory.words(START);
  const earlier = (by: number): string => `(i32.load offset=${schedule - 4 * by} ${get("i")})`;
  const each = (line: (name: string, i: number) => string): string => STATE.map(line).join("\n    ");
  return `
  (func $sha1-block (param $at i32) (local $i i32) (local $t i32)
    ${each((name) => `(local $${name} i32)`)}
    (loop $next
      (i32.store offset=${schedule} ${get("i")} ${bigEndian("i32", call("add", get("at"), get("i")))})
      ${next(BLOCK_BYTES)})
    (loop $next
      (i32.store offset=${schedule} ${get("i")}
        (i32.rotl ${call("xor", call("xor", earlier(3), earlier(8)), call("xor", earlier(14), earlier(16)))} (i32.const 1)))
      ${next(4 * ROUNDS)})
    ${each((name, i) => `(local.set $${name} (i32.load (i32.const ${state + 4 * i})))`)}
    (local.set $i (i32.const 0))
    ${PHASES.map(
      ([mixed, constant], phase) => `
    (loop $next
      (local.set $t ${[
        `(i32.rotl ${get("a")} (i32.const 5))`,
        mixed,
        get("e"),
        `(i32.const ${constant})`,
        `(i32.load offset=${schedule} ${get("i")})`,
      ].reduce((sum, value) => call("add", sum, value))})
      (local.set $e ${d})
      (local.set $d ${c})
      (local.set $c (i32.rotl ${b} (i32.const 30)))
      (local.set $b ${get("a")})
      (local.set $a ${get("t")})
      ${next((4 * ROUNDS * (phase + 1)) / PHASES.length)})`,
    ).join("")}
    ${each((name, i) => {
      const at = `(i32.const ${state + 4 * i})`;
      return `(i32.store ${at} (i32.add (i32.load ${at}) ${get(name)}))`;
    })})
  ${hashText(memory, "sha1", { word: "i32", state, words: STATE.length })}
  ${startText("sha1", "sha1", start)}`;
}
