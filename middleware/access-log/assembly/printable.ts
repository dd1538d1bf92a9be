import { byteAt, lengthOf, slice, Text } from "../../assembly/text";
import { put, putByte, putString } from "../../assembly/writer";

/** In UTF-16 code units, as logs are cut everywhere else. */
const MAX_UNITS: i32 = 256;

/** First and last of the ranges of the categories Cf, Zl and Zp: what reorders or hides text, and separators of lines. */
const HIDDEN: StaticArray<u32> = [
  0xad, 0xad, 0x600, 0x605, 0x61c, 0x61c, 0x6dd, 0x6dd, 0x70f, 0x70f, 0x890, 0x891, 0x8e2, 0x8e2, 0x180e,
  0x180e, 0x200b, 0x200f, 0x2028, 0x202e, 0x2060, 0x2064, 0x2066, 0x206f, 0xfeff, 0xfeff, 0xfff9, 0xfffb,
  0x110bd, 0x110bd, 0x110cd, 0x110cd, 0x13430, 0x1343f, 0x1bca0, 0x1bca3, 0x1d173, 0x1d17a, 0xe0001, 0xe0001,
  0xe0020, 0xe007f,
];

/** Writes a text as a JSON string without what a terminal or a viewer would act on, and of at most 256 characters. */
export function putPrintable(text: Text): void {
  if (isPlain(text)) {
    putString(text);
    return;
  }
  putByte(0x22);
  putPrintableCharacters(text);
  putByte(0x22);
}

/** Most texts are plain. */
export function isPlain(text: Text): bool {
  const length = lengthOf(text);
  if (length > MAX_UNITS) return false;
  for (let i = 0; i < length; i++) {
    const byte = byteAt(text, i);
    if (byte < 0x20 || byte > 0x7e) return false;
  }
  return true;
}

/** Writes the characters of a text that is not plain, for the inside of a JSON string. */
export function putPrintableCharacters(text: Text): void {
  const length = lengthOf(text);
  let units = 0;
  for (let at = 0; at < length;) {
    const first = byteAt(text, at);
    const bytes = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const wide = bytes == 4 ? 2 : 1;
    if (units + wide > MAX_UNITS) {
      // A half of a pair is left of a character that the limit cuts.
      if (units < MAX_UNITS) putReplacement();
      putEllipsis();
      return;
    }
    if (isUnprintable(codeAt(text, at, bytes))) putReplacement();
    else if (first == 0x22 || first == 0x5c) {
      putByte(0x5c);
      putByte(first);
    } else put(slice(text, at, at + bytes));
    units += wide;
    at += bytes;
  }
}

/** Writes `…`. */
export function putEllipsis(): void {
  putByte(0xe2);
  putByte(0x80);
  putByte(0xa6);
}

/** Writes U+FFFD. */
function putReplacement(): void {
  putByte(0xef);
  putByte(0xbf);
  putByte(0xbd);
}

function codeAt(text: Text, at: i32, bytes: i32): u32 {
  const first = byteAt(text, at);
  if (bytes == 1) return first;
  let code = <u32>(first & (0xff >> (bytes + 1)));
  for (let i = 1; i < bytes; i++) code = (code << 6) | <u32>(byteAt(text, at + i) & 0x3f);
  return code;
}

function isUnprintable(code: u32): bool {
  if (code < 0x20) return true;
  if (code < 0x7f) return false;
  if (code < 0xa0) return true;
  for (let i = 0; i < HIDDEN.length; i += 2) {
    if (code < HIDDEN[i]) return false;
    if (code <= HIDDEN[i + 1]) return true;
  }
  return false;
}
