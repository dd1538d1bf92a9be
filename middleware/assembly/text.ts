// Texts are bytes of UTF-8 that lie somewhere in memory: a place and a length in one number, which costs nothing to pass.

/** A text. */
export type Text = u64;

/** In the place of a text: there is none. */
export const ABSENT: Text = u64.MAX_VALUE;
export const EMPTY: Text = 0;

// @ts-ignore: a decorator of AssemblyScript
@inline
export function textAt(at: usize, length: i32): Text {
  return ((<u64>at) << 32) | (<u64>(<u32>length));
}

// @ts-ignore: a decorator of AssemblyScript
@inline
export function placeOf(text: Text): usize {
  return <usize>(text >> 32);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
export function lengthOf(text: Text): i32 {
  return <i32>(<u32>text);
}

/** The text of an `option<string>` that was lowered to memory. */
export function optionalAt(at: usize): Text {
  return load<u8>(at) == 0 ? ABSENT : stringAt(at + 4);
}

/** The text of a `string` that was lowered to memory. */
export function stringAt(at: usize): Text {
  return textAt(load<u32>(at), load<i32>(at + 4));
}

/** Part of a text. */
export function slice(text: Text, from: i32, to: i32): Text {
  return textAt(placeOf(text) + from, to - from);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
export function byteAt(text: Text, index: i32): i32 {
  return <i32>load<u8>(placeOf(text) + index);
}

export function isSame(a: Text, b: Text): bool {
  return lengthOf(a) == lengthOf(b) && memory.compare(placeOf(a), placeOf(b), lengthOf(a)) == 0;
}

/** Whether a text is that literal, which is ASCII. */
export function is(text: Text, literal: string): bool {
  return lengthOf(text) == literal.length && startsWith(text, literal);
}

/** Whether a text starts with that literal, which is ASCII. */
export function startsWith(text: Text, literal: string): bool {
  const length = literal.length;
  if (lengthOf(text) < length) return false;
  const at = placeOf(text);
  const wanted = changetype<usize>(literal);
  for (let i = 0; i < length; i++) {
    if (<u16>load<u8>(at + i) != load<u16>(wanted + (i << 1))) return false;
  }
  return true;
}

/** Whether the literal, which is ASCII and of two characters or more, occurs in a text. */
export function includes(text: Text, literal: string): bool {
  const last = lengthOf(text) - literal.length;
  const wanted = changetype<usize>(literal);
  // The first alone is often a quotation mark, of which JSON is full.
  const firstTwo = <u16>(load<u16>(wanted) | (load<u16>(wanted, 2) << 8));
  const at = placeOf(text);
  for (let i = 0; i <= last; i++) {
    if (load<u16>(at + i) == firstTwo && startsWith(slice(text, i, lengthOf(text)), literal)) return true;
  }
  return false;
}

/** Where a byte occurs first at or behind an index; -1 where it does not. */
export function indexOfByte(text: Text, byte: u8, from: i32 = 0): i32 {
  const at = placeOf(text);
  const length = lengthOf(text);
  for (let i = from; i < length; i++) if (load<u8>(at + i) == byte) return i;
  return -1;
}

/** Of two texts, whether the first goes first by code points. */
export function isBefore(a: Text, b: Text): bool {
  const order = memory.compare(placeOf(a), placeOf(b), min(lengthOf(a), lengthOf(b)));
  return order != 0 ? order < 0 : lengthOf(a) < lengthOf(b);
}

/** The text of a literal, which is ASCII. */
export function ascii(literal: string): Text {
  const length = literal.length;
  const at = __alloc(length);
  const from = changetype<usize>(literal);
  for (let i = 0; i < length; i++) store<u8>(at + i, <u8>load<u16>(from + (i << 1)));
  return textAt(at, length);
}

/** Length in UTF-16 code units, by which JavaScript counts. */
export function unitsOf(text: Text): i32 {
  const at = placeOf(text);
  const length = lengthOf(text);
  let units = 0;
  for (let i = 0; i < length; i++) {
    const byte = load<u8>(at + i);
    if ((byte & 0xc0) != 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}
