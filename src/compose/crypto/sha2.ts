import type { StaticMemory } from "../core-text.ts";
import { bigEndian, BLOCK_WORDS, get, hashText, sizeOf, startText, type Word } from "./hash-text.ts";

type Turns = readonly [number, number, number];

/** What distinguishes the hashes of 32-bit words from those of 64-bit words (FIPS 180-4, sections 4.1.2, 4.1.3 and 6). */
interface Family {
  readonly rounds: number;
  /** How far words are turned: for a, for e, and for the two kinds of words that the schedule extends. */
  readonly turns: Readonly<Record<"a" | "e" | "old" | "new", Turns>>;
}

const FAMILIES: Readonly<Record<Word, Family>> = {
  i32: { rounds: 64, turns: { a: [2, 13, 22], e: [6, 11, 25], old: [7, 18, 3], new: [17, 19, 10] } },
  i64: { rounds: 80, turns: { a: [28, 34, 39], e: [14, 18, 41], old: [1, 8, 7], new: [19, 61, 6] } },
};

const STATE = ["a", "b", "c", "d", "e", "f", "g", "h"] as const;

/** The first primes. */
function primes(count: number): bigint[] {
  const found: bigint[] = [];
  for (let n = 2n; found.length < count; n++) if (found.every((prime) => n % prime !== 0n)) found.push(n);
  return found;
}

/** The first 64 bits behind the point of a root, which is where the constants are from (FIPS 180-4, sections 4.2 and 5.3). */
function rootFraction(degree: 2n | 3n, of: bigint): bigint {
  const scaled = of << (64n * degree);
  let root = 0n;
  // No root that is asked for has more than five bits before the point.
  for (let bit = 1n << 68n; bit > 0n; bit >>= 1n) if ((root | bit) ** degree <= scaled) root |= bit;
  return root & 0xffff_ffff_ffff_ffffn;
}

/** Places words, in the order of memory. */
function placeWords(memory: StaticMemory, word: Word, values: readonly bigint[]): number {
  memory.reserve(0, 8);
  return memory.words(
    values.flatMap((value) => {
      const high = Number(value >> 32n);
      return word === "i32" ? [high] : [Number(value & 0xffff_ffffn), high];
    }),
  );
}

/** Places the state that a hash starts from: made of the first eight primes, or, for SHA-384, of the next eight. */
function placeStart(memory: StaticMemory, word: Word, skipped = 0): number {
  return placeWords(
    memory,
    word,
    primes(skipped + STATE.length)
      .slice(skipped)
      .map((prime) => rootFraction(2n, prime)),
  );
}

/**
 * SHA-2: `$sha256`, `$sha384` and `$sha512` write to the first address the state that so many bytes at the second lead to;
 * the digest is what they begin with. They need `$swapped`.
 */
export function sha2Text(memory: StaticMemory): string {
  return [
    familyText(memory, "i32"),
    familyText(memory, "i64"),
    startText("sha256", "i32", placeStart(memory, "i32")),
    startText("sha384", "i64", placeStart(memory, "i64", STATE.length)),
    startText("sha512", "i64", placeStart(memory, "i64")),
  ].join("");
}

function familyText(memory: StaticMemory, word: Word): string {
  const { rounds, turns } = FAMILIES[word];
  const size = sizeOf(word);
  const block = BLOCK_WORDS * size;
  const constants = placeWords(
    memory,
    word,
    primes(rounds).map((prime) => rootFraction(3n, prime)),
  );
  const state = memory.reserve(STATE.length * size);
  const schedule = memory.reserve(rounds * size);
  const call = (operation: string, a: string, b: string): string => `(${word}.${operation} ${a} ${b})`;
  const add = (first: string, ...others: string[]): string =>
    others.reduce((sum, other) => call("add", sum, other), first);
  const turned = (value: string, by: number, operation = "rotr"): string =>
    call(operation, value, `(${word}.const ${by})`);
  const mixed = (value: string, [first, second, third]: Turns, thirdOperation?: string): string =>
    call(
      "xor",
      call("xor", turned(value, first), turned(value, second)),
      turned(value, third, thirdOperation),
    );
  const earlier = (by: number): string => `(${word}.load offset=${schedule - by * size} ${get("i")})`;
  const each = (line: (name: string, i: number) => string): string => STATE.map(line).join("\n    ");
  /** Each turn all values change places; after as many as there are they are back, so none is moved. */
  const round = (turn: number): string => {
    const [a, b, c, d, e, f, g, h] = STATE.map(
      (_, at) => STATE[(at - turn + STATE.length) % STATE.length]!,
    ) as unknown as typeof STATE;
    return `(local.set $t ${add(
      get(h),
      mixed(get(e), turns.e),
      call("xor", get(g), call("and", get(e), call("xor", get(f), get(g)))),
      `(${word}.load offset=${constants + turn * size} ${get("i")})`,
      `(${word}.load offset=${schedule + turn * size} ${get("i")})`,
    )})
      (local.set $${d} ${add(get(d), get("t"))})
      (local.set $${h} ${add(
        get("t"),
        mixed(get(a), turns.a),
        call("or", call("and", get(a), get(b)), call("and", get(c), call("or", get(a), get(b)))),
      )})`;
  };
  return `
  (func $${word}-block (param $at i32) (local $i i32) (local $t ${word})
    ${each((name) => `(local $${name} ${word})`)}
    (loop $next
      (${word}.store offset=${schedule} ${get("i")} ${bigEndian(word, `(i32.add ${get("at")} ${get("i")})`)})
      (br_if $next (i32.lt_u (local.tee $i (i32.add ${get("i")} (i32.const ${size}))) (i32.const ${block}))))
    (loop $next
      (${word}.store offset=${schedule} ${get("i")}
        ${add(mixed(earlier(2), turns.new, "shr_u"), earlier(7), mixed(earlier(15), turns.old, "shr_u"), earlier(16))})
      (br_if $next (i32.lt_u (local.tee $i (i32.add ${get("i")} (i32.const ${size}))) (i32.const ${rounds * size}))))
    ${each((name, i) => `(local.set $${name} (${word}.load (i32.const ${state + i * size})))`)}
    (local.set $i (i32.const 0))
    (loop $next
      ${STATE.map((_, turn) => round(turn)).join("\n      ")}
      (br_if $next (i32.lt_u (local.tee $i (i32.add ${get("i")} (i32.const ${STATE.length * size}))) (i32.const ${rounds * size}))))
    ${each((name, i) => {
      const at = `(i32.const ${state + i * size})`;
      return `(${word}.store ${at} ${add(`(${word}.load ${at})`, get(name))})`;
    })})
  ${hashText(memory, word, { word, state, words: STATE.length })}`;
}
