import type { StaticMemory } from "../core-text.ts";
import {
  modularText,
  montgomery,
  montgomeryFactor,
  NUMBER_BYTES,
  NUMBER_TEXT,
  placeNumbers,
} from "./montgomery.ts";
import { FIELD, fieldSteps, POINT_BYTES, pointsText, reserveNumbers } from "./p256-points.ts";

/** How many points there are (SP 800-186, section 3.2.1.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const BASE_X = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n;
const BASE_Y = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n;

/** Bits of a scalar that one addition stands for, at most. */
const WINDOW_BITS = 4;
const WINDOWS = 2 ** (WINDOW_BITS - 1);
const BITS = NUMBER_BYTES * 8;

function readNumber(to: string, from: string): string {
  return `(call $read-number ${to} ${from})`;
}

/**
 * ECDSA with P-256 (FIPS 186-5, section 6.4.2), verification alone: all it computes with is public, so it may take longer
 * for some numbers than for others.
 *
 * - `$import-key`: true when 64 bytes are the coordinates of a point of the curve, which then is the key.
 * - `$verify`: true when a signature of 64 bytes is that of a digest of 32 bytes by the key.
 */
export function p256Text(memory: StaticMemory): string {
  const n = reserveNumbers(memory, ["r", "s", "e", "inverse", "t"]);
  const constant = (value: bigint): string => `(i32.const ${placeNumbers(memory, value)})`;
  const [field, order] = [constant(FIELD), constant(ORDER)];
  const one = montgomery(1n, FIELD);
  const base = placeNumbers(memory, montgomery(BASE_X, FIELD), montgomery(BASE_Y, FIELD), one);
  const key = memory.reserve(POINT_BYTES);
  const [keyX, keyY, keyZ] = [key, key + NUMBER_BYTES, key + 2 * NUMBER_BYTES].map(
    (at) => `(i32.const ${at})`,
  );
  const sum = memory.reserve(POINT_BYTES);
  const [sumX, sumZ] = [`(i32.const ${sum})`, `(i32.const ${sum + 2 * NUMBER_BYTES})`];
  const doubled = `(i32.const ${memory.reserve(POINT_BYTES)})`;
  const scalars = [
    { of: base, multiples: memory.reserve(WINDOWS * POINT_BYTES), digits: memory.reserve(BITS) },
    { of: key, multiples: memory.reserve(WINDOWS * POINT_BYTES), digits: memory.reserve(BITS) },
  ];
  const montgomeryOfField = constant(montgomeryFactor(FIELD));
  const isScalar = (at: string): string =>
    `(i32.and (i32.eqz (call $is-zero ${at})) (call $is-below ${at} ${order}))`;
  return `
  ${modularText("field", FIELD)}
  ${modularText("order", ORDER)}
  ${NUMBER_TEXT}
  ${pointsText(memory)}

  (func $import-key (param $at i32) (result i32)
    ${readNumber(keyX!, "(local.get $at)")}
    ${readNumber(keyY!, `(i32.add (local.get $at) (i32.const ${NUMBER_BYTES}))`)}
    (if (i32.eqz (i32.and (call $is-below ${keyX} ${field}) (call $is-below ${keyY} ${field})))
      (then (return (i32.const 0))))
    ${fieldSteps(`x = x * factor y = y * factor`, { x: keyX!, y: keyY!, factor: montgomeryOfField })}
    (memory.copy ${keyZ} ${constant(one)} (i32.const ${NUMBER_BYTES}))
    (call $is-on-curve (i32.const ${key})))

  (func $verify (param $digest i32) (param $signature i32) (result i32)
    ${readNumber(n["r"]!, "(local.get $signature)")}
    ${readNumber(n["s"]!, `(i32.add (local.get $signature) (i32.const ${NUMBER_BYTES}))`)}
    ${readNumber(n["e"]!, "(local.get $digest)")}
    (if (i32.eqz (i32.and ${isScalar(n["r"]!)} ${isScalar(n["s"]!)})) (then (return (i32.const 0))))
    (call $order-multiply ${n["s"]} ${n["s"]} ${constant(montgomeryFactor(ORDER))})
    (call $invert ${n["inverse"]} ${n["s"]})
    ;; of two factors one is in the writing of Montgomery, so the products are not
    (call $order-multiply ${n["t"]} ${n["e"]} ${n["inverse"]})
    (call $find-windows ${n["t"]} (i32.const ${scalars[0]!.digits}))
    (call $order-multiply ${n["t"]} ${n["r"]} ${n["inverse"]})
    (call $find-windows ${n["t"]} (i32.const ${scalars[1]!.digits}))
    (call $add-multiples)
    (if (call $is-zero ${sumZ}) (then (return (i32.const 0))))
    ;; x of the sum is x / z^2, and must be r modulo the order: r itself, or one order more
    ${fieldSteps(`s = z * z r2 = r * factor t = r2 * s`, { ...n, r2: n["e"]!, z: sumZ, factor: montgomeryOfField })}
    (if (call $is-equal ${n["t"]} ${sumX}) (then (return (i32.const 1))))
    (if (i32.eqz (call $is-below ${n["r"]} ${constant(FIELD - ORDER)})) (then (return (i32.const 0))))
    ${fieldSteps(`t = r2 + order t = t * s`, { ...n, r2: n["e"]!, order: constant(montgomery(ORDER, FIELD)) })}
    (call $is-equal ${n["t"]} ${sumX}))

  ;; the power of the order less 2, by Fermat's little theorem
  (func $invert (param $to i32) (param $a i32) (local $bit i32)
    (local.set $bit (i32.const ${BITS - 1}))
    (memory.copy (local.get $to) (local.get $a) (i32.const ${NUMBER_BYTES}))
    (loop $next
      (local.set $bit (i32.sub (local.get $bit) (i32.const 1)))
      (call $order-multiply (local.get $to) (local.get $to) (local.get $to))
      (if (call $bit-of ${constant(ORDER - 2n)} (local.get $bit))
        (then (call $order-multiply (local.get $to) (local.get $to) (local.get $a))))
      (br_if $next (local.get $bit))))

  (func $bit-of (param $number i32) (param $bit i32) (result i32)
    (i32.and (i32.const 1) (i32.shr_u
      (i32.load8_u (i32.add (local.get $number) (i32.shr_u (local.get $bit) (i32.const 3))))
      (i32.and (local.get $bit) (i32.const 7)))))

  ;; Writes a scalar as a sum of odd numbers of ${WINDOW_BITS} bits, each at the place of its lowest bit, from the highest on.
  (func $find-windows (param $scalar i32) (param $digits i32) (local $high i32) (local $low i32)
    (memory.fill (local.get $digits) (i32.const 0) (i32.const ${BITS}))
    (local.set $high (i32.const ${BITS}))
    (loop $next
      (local.set $high (i32.sub (local.get $high) (i32.const 1)))
      (if (i32.eqz (call $bit-of (local.get $scalar) (local.get $high)))
        (then (br_if $next (local.get $high)) (return)))
      (local.set $low (select
        (i32.sub (local.get $high) (i32.const ${WINDOW_BITS - 1})) (i32.const 0)
        (i32.ge_u (local.get $high) (i32.const ${WINDOW_BITS - 1}))))
      (block $found (loop $odd
        (br_if $found (call $bit-of (local.get $scalar) (local.get $low)))
        (local.set $low (i32.add (local.get $low) (i32.const 1)))
        (br $odd)))
      (i32.store8 (i32.add (local.get $digits) (local.get $low))
        (i32.and
          (i32.shr_u (i32.load16_u (i32.add (local.get $scalar) (i32.shr_u (local.get $low) (i32.const 3))))
                     (i32.and (local.get $low) (i32.const 7)))
          (i32.sub (i32.shl (i32.const 2) (i32.sub (local.get $high) (local.get $low))) (i32.const 1))))
      (local.set $high (local.get $low))
      (br_if $next (local.get $high))))

  ;; the odd multiples of a point: once, three times, and so on
  (func $find-multiples (param $to i32) (param $of i32) (local $end i32)
    (local.set $end (i32.add (local.get $to) (i32.const ${(WINDOWS - 1) * POINT_BYTES})))
    (memory.copy (local.get $to) (local.get $of) (i32.const ${POINT_BYTES}))
    (memory.copy ${doubled} (local.get $of) (i32.const ${POINT_BYTES}))
    (call $point-double ${doubled})
    (loop $next
      (memory.copy (i32.add (local.get $to) (i32.const ${POINT_BYTES})) (local.get $to) (i32.const ${POINT_BYTES}))
      (local.set $to (i32.add (local.get $to) (i32.const ${POINT_BYTES})))
      (call $point-add (local.get $to) ${doubled})
      (br_if $next (i32.lt_u (local.get $to) (local.get $end)))))

  ;; both scalars at once, with one doubling for each bit (Straus)
  (func $add-multiples (local $bit i32) (local $digit i32)
    ${scalars.map(({ of, multiples }) => `(call $find-multiples (i32.const ${multiples}) (i32.const ${of}))`).join("\n    ")}
    (memory.fill ${sumX} (i32.const 0) (i32.const ${POINT_BYTES}))
    (local.set $bit (i32.const ${BITS}))
    (loop $next
      (local.set $bit (i32.sub (local.get $bit) (i32.const 1)))
      (call $point-double ${sumX})
      ${scalars
        .map(
          ({ multiples, digits }) => `
      (local.set $digit (i32.load8_u offset=${digits} (local.get $bit)))
      (if (local.get $digit) (then
        (call $point-add ${sumX} (i32.add (i32.const ${multiples})
          (i32.mul (i32.shr_u (local.get $digit) (i32.const 1)) (i32.const ${POINT_BYTES}))))))`,
        )
        .join("")}
      (br_if $next (local.get $bit))))`;
}
