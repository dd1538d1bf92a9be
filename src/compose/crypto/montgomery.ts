import type { StaticMemory } from "../core-text.ts";

/** Words of 32 bits in a number. */
const WORDS = 8;
/** Bytes of a number in memory, the least significant first. */
export const NUMBER_BYTES = WORDS * 4;
const BITS = BigInt(NUMBER_BYTES * 8);
const MASK = 0xffff_ffffn;

/** A number below 2^256 as words of 32 bits, the least significant first. */
function wordsOf(value: bigint): number[] {
  return Array.from({ length: WORDS }, (_, i) => Number((value >> BigInt(32 * i)) & MASK));
}

/** Places numbers below 2^256 as constants, one behind the other. */
export function placeNumbers(memory: StaticMemory, ...values: readonly bigint[]): number {
  return memory.words(values.flatMap(wordsOf));
}

/** How Montgomery multiplication writes a number: times 2^256. */
export function montgomery(value: bigint, modulus: bigint): bigint {
  return (value << BITS) % modulus;
}

/** What a number is multiplied by to be written so. */
export function montgomeryFactor(modulus: bigint): bigint {
  return montgomery(1n << BITS, modulus);
}

const each = (line: (i: number) => string): string =>
  Array.from({ length: WORDS }, (_, i) => line(i)).join("\n    ");
const word = (at: string, i: number): string => `(i64.load32_u offset=${i * 4} (local.get ${at}))`;
const store = (i: number, value: string): string => `(i64.store32 offset=${i * 4} (local.get $to) ${value})`;
const plusSum = (i: number): string => `(i64.add (local.get $t${i}) (local.get $sum))`;
const low = (value: string): string => `(i64.and ${value} (i64.const ${MASK}))`;

/**
 * Arithmetic modulo an odd number of 256 bits: `$NAME-multiply`, `$NAME-add` and `$NAME-subtract` write to the first
 * address what they make of the numbers at the other two, which may be the same. Results are below the modulus when both
 * numbers are; those of a multiplication also when one of the two is not.
 *
 * Multiplication is Montgomery's (Koç, Acar and Kaliski, "Analyzing and comparing Montgomery multiplication algorithms",
 * 1996, section 5, CIOS): it gives `a * b / 2^256`. How long it takes depends on the numbers, none of which is a secret here.
 */
export function modularText(name: string, modulus: bigint): string {
  const words = wordsOf(modulus);
  const times = (i: number): string => `(i64.mul (local.get $m) (i64.const ${words[i]}))`;
  // -1 / modulus, modulo 2^32; each step of Newton's method doubles the bits that are right.
  let inverse = 1n;
  for (let bits = 1; bits < 32; bits *= 2) inverse = (inverse * (2n - modulus * inverse)) & MASK;
  const factor = (1n << 32n) - inverse;
  return `
  (func $${name}-multiply (param $to i32) (param $a i32) (param $b i32)
    (local $end i32) (local $word i64) (local $m i64) (local $sum i64)
    ${each((i) => `(local $t${i} i64)`)} (local $t8 i64)
    (local.set $end (i32.add (local.get $b) (i32.const ${NUMBER_BYTES})))
    (loop $next
      (local.set $word (i64.load32_u (local.get $b)))
      (local.set $sum (i64.const 0))
      ${each(
        (i) => `(local.set $sum (i64.add (i64.mul ${word("$a", i)} (local.get $word)) ${plusSum(i)}))
      (local.set $t${i} ${low("(local.get $sum)")})
      (local.set $sum (i64.shr_u (local.get $sum) (i64.const 32)))`,
      )}
      (local.set $t8 (i64.add (local.get $t8) (local.get $sum)))
      ;; as many times the modulus as make the least significant word zero, which then is left out
      (local.set $m ${low(`(i64.mul (local.get $t0) (i64.const ${factor}))`)})
      (local.set $sum (i64.const 0))
      ${each(
        (i) => `(local.set $sum (i64.add ${times(i)} ${plusSum(i)}))
      ${i === 0 ? "" : `(local.set $t${i - 1} ${low("(local.get $sum)")})`}
      (local.set $sum (i64.shr_u (local.get $sum) (i64.const 32)))`,
      )}
      (local.set $sum ${plusSum(8)})
      (local.set $t7 ${low("(local.get $sum)")})
      (local.set $t8 (i64.shr_u (local.get $sum) (i64.const 32)))
      (br_if $next (i32.lt_u (local.tee $b (i32.add (local.get $b) (i32.const 4))) (local.get $end))))
    ${each((i) => store(i, `(local.get $t${i})`))}
    (call $${name}-reduce (local.get $to) (local.get $t8)))

  ;; subtracts the modulus once from the number at an address, with a word above it, unless it is below
  (func $${name}-reduce (param $to i32) (param $above i64) (local $sum i64)
    ${each((i) => `(local $t${i} i64)`)}
    ${each(
      (i) => `(local.set $sum (i64.add (i64.sub ${word("$to", i)} (i64.const ${words[i]})) (local.get $sum)))
    (local.set $t${i} (local.get $sum))
    (local.set $sum (i64.shr_s (local.get $sum) (i64.const 32)))`,
    )}
    (if (i64.ge_s (i64.add (local.get $above) (local.get $sum)) (i64.const 0)) (then
      ${each((i) => store(i, `(local.get $t${i})`))})))

  (func $${name}-add (param $to i32) (param $a i32) (param $b i32) (local $sum i64)
    ${each(
      (i) => `(local.set $sum (i64.add (i64.add ${word("$a", i)} ${word("$b", i)}) (local.get $sum)))
    ${store(i, "(local.get $sum)")}
    (local.set $sum (i64.shr_u (local.get $sum) (i64.const 32)))`,
    )}
    (call $${name}-reduce (local.get $to) (local.get $sum)))

  (func $${name}-subtract (param $to i32) (param $a i32) (param $b i32) (local $sum i64)
    ${each(
      (i) => `(local.set $sum (i64.add (i64.sub ${word("$a", i)} ${word("$b", i)}) (local.get $sum)))
    ${store(i, "(local.get $sum)")}
    (local.set $sum (i64.shr_s (local.get $sum) (i64.const 32)))`,
    )}
    (if (i64.lt_s (local.get $sum) (i64.const 0)) (then
      (local.set $sum (i64.const 0))
      ${each(
        (
          i,
        ) => `(local.set $sum (i64.add (i64.add ${word("$to", i)} (i64.const ${words[i]})) (local.get $sum)))
      ${store(i, "(local.get $sum)")}
      (local.set $sum (i64.shr_u (local.get $sum) (i64.const 32)))`,
      )})))`;
}

/** Tests of numbers: `$is-zero`, `$is-equal` and `$is-below`; and `$read-number`, from 32 bytes, the most significant first. */
export const NUMBER_TEXT = `
  (func $is-zero (param $a i32) (result i32)
    (i64.eqz (i64.or
      (i64.or (i64.load (local.get $a)) (i64.load offset=8 (local.get $a)))
      (i64.or (i64.load offset=16 (local.get $a)) (i64.load offset=24 (local.get $a))))))

  (func $is-equal (param $a i32) (param $b i32) (result i32)
    (i64.eqz (i64.or
      (i64.or (i64.xor (i64.load (local.get $a)) (i64.load (local.get $b)))
              (i64.xor (i64.load offset=8 (local.get $a)) (i64.load offset=8 (local.get $b))))
      (i64.or (i64.xor (i64.load offset=16 (local.get $a)) (i64.load offset=16 (local.get $b)))
              (i64.xor (i64.load offset=24 (local.get $a)) (i64.load offset=24 (local.get $b)))))))

  (func $is-below (param $a i32) (param $b i32) (result i32) (local $sum i64)
    ${each(
      (i) => `(local.set $sum (i64.shr_s
      (i64.add (i64.sub ${word("$a", i)} ${word("$b", i)}) (local.get $sum)) (i64.const 32)))`,
    )}
    (i64.lt_s (local.get $sum) (i64.const 0)))

  (func $read-number (param $to i32) (param $from i32)
    ${each(
      (i) => `(i32.store offset=${i * 4} (local.get $to)
      (call $swapped (i32.load offset=${(WORDS - 1 - i) * 4} (local.get $from))))`,
    )})`;
