// The number that a JSON number is, rounded as JavaScript does: to the nearest of 64 bits, of two to the even one.
import { Natural } from "./natural";
import { byteAt, lengthOf, Text } from "./text";

/** Whole numbers of so many digits, and powers of ten up to that, are exact in 64 bits of a float. */
const EXACT_DIGITS: i32 = 15;
const EXACT_POWER: i32 = 22;
/** Of as many digits as an u64 has room for. */
const FIRST_DIGITS: i32 = 19;
/** Digits behind these tell only that there is more: what lies between two numbers has at most 767. */
const MAX_DIGITS: i32 = 800;
const MAX_EXPONENT: i32 = 100_000_000;
/** Of 10 to these powers, nothing below differs from zero, and everything from there on is infinite. */
const SMALLEST_POWER: i32 = -330;
const LARGEST_POWER: i32 = 310;

/** The largest power of ten in 32 bits. */
const LARGEST_FACTOR: u32 = 1_000_000_000;

const FRACTION_BITS: i32 = 52;
/** In front of the fraction of a number that is not close to zero. */
const LEADING_BIT: u64 = 1 << 52;
const LARGEST: u64 = 0x7fef_ffff_ffff_ffff;
const SMALLEST_EXPONENT: i32 = -1074;

// The digits of the number: as many as count, as bytes from 0 to 9, and the power of ten that goes with them.
const digits: usize = memory.data(801);
let count: i32 = 0;
let power: i32 = 0;

const exact = new Natural();
const between = new Natural();

/** The number of a JSON number. */
export function numberOf(text: Text): f64 {
  const isNegative = byteAt(text, 0) == 0x2d;
  readDigits(text, isNegative ? 1 : 0);
  const magnitude = magnitudeOf();
  return isNegative ? -magnitude : magnitude;
}

function readDigits(text: Text, from: i32): void {
  count = power = 0;
  const length = lengthOf(text);
  let isFraction = false;
  let at = from;
  let isMore = false;
  for (; at < length; at++) {
    const byte = byteAt(text, at);
    if (byte == 0x2e) {
      isFraction = true;
      continue;
    }
    const digit = byte - 0x30;
    if (<u32>digit > 9) break;
    if (isFraction) power--;
    if (count == 0 && digit == 0) continue;
    if (count < MAX_DIGITS) {
      store<u8>(digits + count, <u8>digit);
      count++;
    } else {
      power++;
      isMore = isMore || digit != 0;
    }
  }
  if (isMore) {
    store<u8>(digits + count, 1);
    count++;
    power--;
  }
  if (at < length) power += exponentOf(text, at + 1);
}

function exponentOf(text: Text, from: i32): i32 {
  const sign = byteAt(text, from);
  let exponent = 0;
  for (let at = sign == 0x2b || sign == 0x2d ? from + 1 : from; at < lengthOf(text); at++) {
    // No text is long enough to make up for more.
    if (exponent < MAX_EXPONENT) exponent = exponent * 10 + byteAt(text, at) - 0x30;
  }
  return sign == 0x2d ? -exponent : exponent;
}

function magnitudeOf(): f64 {
  if (count == 0 || count + power < SMALLEST_POWER) return 0;
  if (count + power >= LARGEST_POWER) return Infinity;
  const first = min(count, FIRST_DIGITS);
  let leading: u64 = 0;
  for (let i = 0; i < first; i++) leading = leading * 10 + load<u8>(digits + i);
  const scale = power + count - first;
  const near = scaled(<f64>leading, scale);
  return count <= EXACT_DIGITS && abs(power) <= EXACT_POWER ? near : nearest(near);
}

/** A number times a power of ten, a few roundings off where that is a large one. */
function scaled(value: f64, by: i32): f64 {
  let result = value;
  let rest = abs(by);
  while (rest > 0) {
    const step = min(rest, EXACT_POWER);
    let factor: f64 = 1;
    for (let i = 0; i < step; i++) factor *= 10;
    result = by < 0 ? result / factor : result * factor;
    rest -= step;
  }
  return result;
}

/** The nearest number to the digits, which is close to the one given. */
function nearest(near: f64): f64 {
  let bits = min(reinterpret<u64>(near), LARGEST);
  while (true) {
    const fraction = bits & (LEADING_BIT - 1);
    const raised = <i32>(bits >> FRACTION_BITS);
    const mantissa = raised == 0 ? fraction : fraction | LEADING_BIT;
    const exponent = SMALLEST_EXPONENT + max(raised - 1, 0);
    const isOdd = (mantissa & 1) == 1;
    const above = compareTo(2 * mantissa + 1, exponent - 1);
    if (above > 0 || (above == 0 && isOdd)) {
      bits++;
      if (bits > LARGEST) return Infinity;
      continue;
    }
    if (bits == 0) return 0;
    // Below a power of two numbers lie twice as close.
    const isPower = fraction == 0 && raised > 1;
    const below = isPower
      ? compareTo(4 * mantissa - 1, exponent - 2)
      : compareTo(2 * mantissa - 1, exponent - 1);
    if (below > 0 || (below == 0 && !isOdd)) return reinterpret<f64>(bits);
    bits--;
  }
}

/** Compares the digits to a whole number times a power of two. */
function compareTo(mantissa: u64, exponent: i32): i32 {
  exact.set(0);
  for (let i = 0; i < count;) {
    let factor: u32 = 1;
    let part: u32 = 0;
    for (; i < count && factor < LARGEST_FACTOR; i++) {
      factor *= 10;
      part = part * 10 + load<u8>(digits + i);
    }
    exact.multiply(factor, part);
  }
  between.set(mantissa);
  raise(power < 0 ? between : exact, abs(power));
  if (exponent < 0) exact.shift(-exponent);
  else between.shift(exponent);
  return exact.compare(between);
}

function raise(number: Natural, by: i32): void {
  let rest = by;
  while (rest > 0) {
    let factor: u32 = 1;
    for (; rest > 0 && factor < LARGEST_FACTOR; rest--) factor *= 10;
    number.multiply(factor, 0);
  }
}
