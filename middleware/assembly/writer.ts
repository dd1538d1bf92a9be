// Writes one text at a time, into memory that grows.
import { realloc } from "./arena";
import { lengthOf, placeOf, textAt, Text } from "./text";

const FIRST_CAPACITY: i32 = 1024;

/** More than lists of a rule can lie in one another. */
const MAX_SAVED: i32 = 64;

let start: usize = 0;
let length: i32 = 0;
let capacity: i32 = 0;

/** Begins a text. */
export function begin(): void {
  start = __alloc(FIRST_CAPACITY);
  capacity = FIRST_CAPACITY;
  length = 0;
}

let savedStart: StaticArray<usize> = new StaticArray<usize>(MAX_SAVED);
let savedLength: StaticArray<i32> = new StaticArray<i32>(MAX_SAVED);
let savedCapacity: StaticArray<i32> = new StaticArray<i32>(MAX_SAVED);
let saved: i32 = 0;

/** Puts the text that is being written aside, for another one in between. */
export function save(): void {
  savedStart[saved] = start;
  savedLength[saved] = length;
  savedCapacity[saved] = capacity;
  saved++;
}

/** Goes on with the text that was put aside last. */
export function restore(): void {
  saved--;
  start = savedStart[saved];
  length = savedLength[saved];
  capacity = savedCapacity[saved];
}

/** The text that was written since `begin`. */
export function written(): Text {
  return textAt(start, length);
}

/** How many bytes were written since `begin`. */
export function writtenLength(): i32 {
  return length;
}

/** Takes back what was written behind so many bytes. */
export function cutTo(bytes: i32): void {
  length = bytes;
}

/** Makes room for so many bytes, and gives their place. */
function room(bytes: i32): usize {
  const wanted = length + bytes;
  if (wanted > capacity) {
    const larger = max(wanted, capacity << 1);
    start = realloc(start, capacity, 1, larger);
    capacity = larger;
  }
  const at = start + length;
  length = wanted;
  return at;
}

export function put(text: Text): void {
  const bytes = lengthOf(text);
  memory.copy(room(bytes), placeOf(text), bytes);
}

/** Writes a literal, which is ASCII. */
export function putAscii(literal: string): void {
  const count = literal.length;
  const at = room(count);
  const from = changetype<usize>(literal);
  for (let i = 0; i < count; i++) store<u8>(at + i, <u8>load<u16>(from + (i << 1)));
}

export function putByte(byte: i32): void {
  store<u8>(room(1), <u8>byte);
}

/** Writes a whole number. */
export function putInteger(value: i64): void {
  if (value < 0) {
    putByte(0x2d);
    value = -value;
  }
  let digits = 1;
  for (let rest = value; rest >= 10; rest /= 10) digits++;
  putDigits(value, digits);
}

/** Writes the last digits of a number, with zeros in front. */
export function putDigits(value: i64, digits: i32): void {
  const at = room(digits);
  for (let i = digits - 1; i >= 0; i--) {
    store<u8>(at + i, <u8>(0x30 + <i32>(value % 10)));
    value /= 10;
  }
}

/**
 * Writes a number that is not negative and below 2^53, as JavaScript does: the shortest text that is read as the same one, and of
 * several the nearest. Below 1 it is a multiple of 2^-52.
 *
 * @see Steele and White, How to Print Floating-Point Numbers Accurately
 */
export function putNumber(value: f64): void {
  const whole = <i64>value;
  putInteger(whole);
  const bits = reinterpret<u64>(value);
  const exponent = <i32>(bits >> 52) - 1023;
  const shift = <u64>(52 - max(exponent, 0));
  // In halves of the last bit of the float.
  const one: u64 = 2 << shift;
  let rest = (<u64>((value - <f64>whole) * <f64>(<i64>one >> 1))) << 1;
  if (rest == 0) return;
  const isEven = (bits & 1) == 0;
  // As far from the float as other texts may be.
  let near: u64 = 1;
  putByte(0x2e);
  while (true) {
    rest *= 10;
    near *= 10;
    const digit = <i32>(rest / one);
    rest %= one;
    const isBelow = isEven ? rest <= near : rest < near;
    const isAbove = isEven ? rest + near >= one : rest + near > one;
    const twice = rest << 1;
    const isUpper = isAbove && (!isBelow || twice > one || (twice == one && (digit & 1) == 1));
    putByte(0x30 + digit + i32(isUpper));
    if (isBelow || isAbove) return;
  }
}

/** Writes a text as a JSON string, as `JSON.stringify` does. */
export function putString(text: Text): void {
  putByte(0x22);
  const at = placeOf(text);
  const count = lengthOf(text);
  let from = 0;
  for (let i = 0; i < count; i++) {
    const byte = <i32>load<u8>(at + i);
    if (byte >= 0x20 && byte != 0x22 && byte != 0x5c) continue;
    put(textAt(at + from, i - from));
    from = i + 1;
    putEscape(byte);
  }
  put(textAt(at + from, count - from));
  putByte(0x22);
}

function putEscape(byte: i32): void {
  putByte(0x5c);
  switch (byte) {
    case 0x08:
      return putByte(0x62);
    case 0x09:
      return putByte(0x74);
    case 0x0a:
      return putByte(0x6e);
    case 0x0c:
      return putByte(0x66);
    case 0x0d:
      return putByte(0x72);
    case 0x22:
    case 0x5c:
      return putByte(byte);
    default:
      putAscii("u00");
      putHex(byte);
  }
}

/** Writes a byte as two hexadecimal digits. */
function putHex(byte: i32): void {
  putByte(digit(byte >> 4));
  putByte(digit(byte & 15));
}

function digit(value: i32): i32 {
  return value + (value < 10 ? 0x30 : 0x57);
}
