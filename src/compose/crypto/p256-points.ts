import type { StaticMemory } from "../core-text.ts";
import { montgomery, NUMBER_BYTES, placeNumbers } from "./montgomery.ts";

/** The field of P-256 (SP 800-186, section 3.2.1.3). */
export const FIELD = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;

/** Bytes of a point: its Jacobian coordinates x, y and z, in the writing of Montgomery. Where z is 0 it is that at infinity. */
export const POINT_BYTES = 3 * NUMBER_BYTES;

const OPERATIONS: Readonly<Record<string, string>> = { "*": "multiply", "+": "add", "-": "subtract" };

/**
 * Calls of field arithmetic for lines such as `zz = z * z`.
 *
 * @param addresses Expressions for the addresses of names.
 */
export function fieldSteps(lines: string, addresses: Readonly<Record<string, string>>): string {
  return [...lines.matchAll(/(\w+) = (\w+) ([*+-]) (\w+)/g)]
    .map(([, to, a, operation, b]) => {
      const [at, first, second] = [to!, a!, b!].map((name) => addresses[name]);
      return `(call $field-${OPERATIONS[operation!]} ${at} ${first} ${second})`;
    })
    .join("\n    ");
}

/** Expressions for the addresses of the coordinates of a point in a local variable, by names that end in `suffix`. */
function coordinates(variable: string, suffix = ""): Record<string, string> {
  return Object.fromEntries(
    ["x", "y", "z"].map((name, i) => [
      name + suffix,
      `(i32.add (local.get ${variable}) (i32.const ${i * NUMBER_BYTES}))`,
    ]),
  );
}

/** Expressions for the addresses of numbers that are set aside. */
export function reserveNumbers(memory: StaticMemory, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `(i32.const ${memory.reserve(NUMBER_BYTES)})`]));
}

/**
 * Arithmetic of points of P-256: `$point-double` in place, `$point-add` of the second to the first, and `$is-on-curve` for
 * affine coordinates in the writing of Montgomery.
 */
export function pointsText(memory: StaticMemory): string {
  const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
  const scratch = reserveNumbers(memory, ["zz", "yy", "m", "s", "t", "h", "hh", "hhh", "u", "r", "v"]);
  const b = `(i32.const ${placeNumbers(memory, montgomery(B, FIELD))})`;
  const one = coordinates("$p");
  const two = { ...one, ...coordinates("$q", "2") };
  return `
  (func $is-on-curve (param $p i32) (result i32)
    ;; y^2 = x^3 - 3x + b
    ${fieldSteps(
      `t = x * x
       t = t * x
       t = t - x
       t = t - x
       t = t - x
       t = t + b
       yy = y * y`,
      { ...scratch, ...one, b },
    )}
    (call $is-equal ${scratch["t"]} ${scratch["yy"]}))

  ;; https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html#doubling-dbl-2001-b
  (func $point-double (param $p i32)
    ${fieldSteps(
      `zz = z * z
       yy = y * y
       s = x * yy
       t = x - zz
       m = x + zz
       t = t * m
       m = t + t
       m = m + t
       z = y * z
       z = z + z
       s = s + s
       s = s + s
       x = m * m
       x = x - s
       x = x - s
       t = s - x
       t = m * t
       yy = yy * yy
       yy = yy + yy
       yy = yy + yy
       yy = yy + yy
       y = t - yy`,
      { ...scratch, ...one },
    )})

  ;; https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html#addition-add-1998-cmo-2
  (func $point-add (param $p i32) (param $q i32)
    (if (call $is-zero ${two["z2"]}) (then (return)))
    (if (call $is-zero ${two["z"]}) (then
      (memory.copy (local.get $p) (local.get $q) (i32.const ${POINT_BYTES}))
      (return)))
    ${fieldSteps(
      `zz = z2 * z2
       u = x * zz
       s = y * z2
       s = s * zz
       zz = z * z
       h = x2 * zz
       h = h - u
       r = y2 * z
       r = r * zz
       r = r - s`,
      { ...scratch, ...two },
    )}
    ;; one x: the same point, or one and its negative
    (if (call $is-zero ${scratch["h"]}) (then
      (if (call $is-zero ${scratch["r"]})
        (then (call $point-double (local.get $p)))
        (else (memory.fill ${two["z"]} (i32.const 0) (i32.const ${NUMBER_BYTES}))))
      (return)))
    ${fieldSteps(
      `hh = h * h
       hhh = h * hh
       v = u * hh
       x = r * r
       x = x - hhh
       x = x - v
       x = x - v
       t = v - x
       t = r * t
       s = s * hhh
       y = t - s
       z = z * z2
       z = z * h`,
      { ...scratch, ...two },
    )})`;
}
