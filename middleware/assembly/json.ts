// Reads JSON where it lies. Values are texts: pieces of the whole, without white space around them. What is no JSON has no
// value: whoever reads finds `ABSENT`.
import { ABSENT, byteAt, EMPTY, is, lengthOf, placeOf, slice, textAt, Text } from "./text";
import { begin, put, putAscii, restore, save, written, writtenLength } from "./writer";

/** Deeper values are not read. Hosts take results of 512 levels, and put what they keep of them a few levels deeper. */
const MAX_DEPTH: i32 = 1024;

const QUOTE: i32 = 0x22;
const BACKSLASH: i32 = 0x5c;

/** A whole text as one value; `ABSENT` where it is none. */
export function parse(text: Text): Text {
  const from = skipSpace(text, 0);
  const to = skipValue(text, from);
  return to < 0 || skipSpace(text, to) != lengthOf(text) ? ABSENT : slice(text, from, to);
}

export function isString(value: Text): bool {
  return startsWithByte(value, QUOTE);
}

export function isObject(value: Text): bool {
  return startsWithByte(value, 0x7b);
}

export function isArray(value: Text): bool {
  return startsWithByte(value, 0x5b);
}

function startsWithByte(value: Text, byte: i32): bool {
  return value != ABSENT && lengthOf(value) > 0 && byteAt(value, 0) == byte;
}

/** What a JSON string says; `ABSENT` where the value is no string. */
export function stringOf(value: Text): Text {
  return isString(value) ? unescaped(slice(value, 1, lengthOf(value) - 1)) : ABSENT;
}

/** The value of the last member of that name, as `JSON.parse` takes it; `ABSENT` where the object has none, or is no object. */
export function member(object: Text, name: string): Text {
  let found = ABSENT;
  const members = new Entries(object);
  while (members.next()) if (is(members.key, name)) found = members.value;
  return found;
}

/** An object with a member that it may have had before, once: in the place of the first of that name, or at the end. */
export function withMember(object: Text, name: string, value: Text): Text {
  save();
  begin();
  putAscii("{");
  let isThere = false;
  const members = new Entries(object);
  for (let i = 0; members.next();) {
    const isMember = is(members.key, name);
    if (isMember && isThere) continue;
    isThere = isThere || isMember;
    if (i++ > 0) putAscii(",");
    put(members.writtenKey);
    putAscii(":");
    put(isMember ? value : members.value);
  }
  if (!isThere) {
    if (writtenLength() > 1) putAscii(",");
    putAscii('"');
    putAscii(name);
    putAscii('":');
    put(value);
  }
  putAscii("}");
  const changed = written();
  restore();
  return changed;
}

/** Goes through the members of an object or the items of an array; there are none of anything else. */
export class Entries {
  /** What the key says, of a member. */
  key: Text = EMPTY;
  /** The key as it is written: a JSON string. */
  writtenKey: Text = EMPTY;
  value: Text = ABSENT;
  private at: i32 = 0;
  private readonly isObject: bool;

  /** The container is JSON, as `parse` gives it. */
  constructor(private readonly container: Text) {
    this.isObject = isObject(container);
    this.at = this.isObject || isArray(container) ? 1 : i32.MAX_VALUE;
  }

  next(): bool {
    const container = this.container;
    const last = lengthOf(container) - 1;
    let at = this.at;
    if (at >= last) return false;
    at = skipSpace(container, at);
    if (at >= last) return false;
    if (this.isObject) {
      const end = skipString(container, at);
      const key = slice(container, at + 1, end - 1);
      this.writtenKey = slice(container, at, end);
      this.key = isEscaped ? unescaped(key) : key;
      at = skipSpace(container, skipSpace(container, end) + 1);
    }
    const end = skipKnown(container, at);
    this.value = slice(container, at, end);
    // Behind the comma, or at the closing bracket.
    at = skipSpace(container, end);
    this.at = at < last ? at + 1 : at;
    return true;
  }
}

/** The end of a value that is known to be one. */
function skipKnown(text: Text, from: i32): i32 {
  const first = byteAt(text, from);
  if (first == QUOTE) return skipString(text, from);
  if (first != 0x7b && first != 0x5b) {
    let at = from;
    while (at < lengthOf(text) && !isEnd(byteAt(text, at))) at++;
    return at;
  }
  let depth = 0;
  let at = from;
  while (true) {
    const byte = byteAt(text, at);
    if (byte == QUOTE) {
      at = skipString(text, at);
      continue;
    }
    if (byte == 0x7b || byte == 0x5b) depth++;
    else if (byte == 0x7d || byte == 0x5d) depth--;
    at++;
    if (depth == 0) return at;
  }
}

function isEnd(byte: i32): bool {
  return byte == 0x2c || byte == 0x7d || byte == 0x5d || byte <= 0x20;
}

function skipSpace(text: Text, from: i32): i32 {
  let at = from;
  while (at < lengthOf(text) && isSpace(byteAt(text, at))) at++;
  return at;
}

function isSpace(byte: i32): bool {
  return byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09;
}

/** Which of the containers that are open are objects, by their depth. */
const openObjects: usize = memory.data(1024);

/** The end of the value at that place; -1 where there is none (RFC 8259). */
function skipValue(text: Text, from: i32): i32 {
  const length = lengthOf(text);
  let at = from;
  let depth = 0;
  while (true) {
    const first = at < length ? byteAt(text, at) : 0;
    const object = first == 0x7b;
    if (object || first == 0x5b) {
      if (depth == MAX_DEPTH) return -1;
      store<u8>(openObjects + depth, u8(object));
      depth++;
      at = skipSpace(text, at + 1);
      if (at >= length || byteAt(text, at) != (object ? 0x7d : 0x5d)) {
        if (object) at = skipName(text, at);
        if (at < 0) return -1;
        continue;
      }
      at++;
      depth--;
    } else {
      at = skipScalar(text, at);
      if (at < 0) return -1;
    }
    // A value ends here, and perhaps what it is the last of.
    while (true) {
      if (depth == 0) return at;
      const inObject = load<u8>(openObjects + depth - 1) != 0;
      at = skipSpace(text, at);
      if (at >= length) return -1;
      const byte = byteAt(text, at);
      if (byte == 0x2c) {
        at = skipSpace(text, at + 1);
        if (inObject) at = skipName(text, at);
        if (at < 0) return -1;
        break;
      }
      if (byte != (inObject ? 0x7d : 0x5d)) return -1;
      at++;
      depth--;
    }
  }
}

/** The begin of the value of a member, at the name of which the text stands. */
function skipName(text: Text, from: i32): i32 {
  const end = skipString(text, from);
  if (end < 0) return -1;
  const at = skipSpace(text, end);
  return at < lengthOf(text) && byteAt(text, at) == 0x3a ? skipSpace(text, at + 1) : -1;
}

function skipScalar(text: Text, from: i32): i32 {
  if (from >= lengthOf(text)) return -1;
  switch (byteAt(text, from)) {
    case QUOTE:
      return skipString(text, from);
    case 0x74:
      return skipWord(text, from, "true");
    case 0x66:
      return skipWord(text, from, "false");
    case 0x6e:
      return skipWord(text, from, "null");
    default:
      return skipNumber(text, from);
  }
}

function skipWord(text: Text, from: i32, word: string): i32 {
  const to = from + word.length;
  return to <= lengthOf(text) && is(slice(text, from, to), word) ? to : -1;
}

function skipNumber(text: Text, from: i32): i32 {
  let at = from;
  if (byteAt(text, at) == 0x2d) at++;
  const digits = skipDigits(text, at);
  if (digits == at || (digits > at + 1 && byteAt(text, at) == 0x30)) return -1;
  at = digits;
  if (at < lengthOf(text) && byteAt(text, at) == 0x2e) {
    const end = skipDigits(text, at + 1);
    if (end == at + 1) return -1;
    at = end;
  }
  if (at < lengthOf(text) && (byteAt(text, at) | 0x20) == 0x65) {
    at++;
    if (at < lengthOf(text) && (byteAt(text, at) == 0x2b || byteAt(text, at) == 0x2d)) at++;
    const end = skipDigits(text, at);
    if (end == at) return -1;
    at = end;
  }
  return at;
}

function skipDigits(text: Text, from: i32): i32 {
  let at = from;
  while (at < lengthOf(text) && <u32>(byteAt(text, at) - 0x30) < 10) at++;
  return at;
}

/** Whether there were escapes in the string that was skipped last. */
let isEscaped: bool = false;

function skipString(text: Text, from: i32): i32 {
  if (from >= lengthOf(text) || byteAt(text, from) != QUOTE) return -1;
  isEscaped = false;
  for (let at = from + 1; at < lengthOf(text); at++) {
    const byte = byteAt(text, at);
    if (byte == QUOTE) return at + 1;
    if (byte < 0x20) return -1;
    if (byte != BACKSLASH) continue;
    isEscaped = true;
    at++;
    if (at >= lengthOf(text)) return -1;
    const escape = byteAt(text, at);
    if (escape == 0x75) {
      if (hexAt(text, at + 1) < 0) return -1;
      at += 4;
    } else if (!isEscape(escape)) return -1;
  }
  return -1;
}

function isEscape(byte: i32): bool {
  switch (byte) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return true;
    default:
      return false;
  }
}

/** The number of some hexadecimal digits; -1 where they are not. */
export function hexAt(text: Text, from: i32, digits: i32 = 4): i32 {
  if (from + digits > lengthOf(text)) return -1;
  let value = 0;
  for (let i = from; i < from + digits; i++) {
    const byte = byteAt(text, i);
    const lower = byte | 0x20;
    if (<u32>(byte - 0x30) < 10) value = (value << 4) + byte - 0x30;
    else if (<u32>(lower - 0x61) < 6) value = (value << 4) + lower - 0x57;
    else return -1;
  }
  return value;
}

/** What stands between the quotes of a string, without escapes. Half of a surrogate pair becomes U+FFFD. */
function unescaped(raw: Text): Text {
  let from = 0;
  while (from < lengthOf(raw) && byteAt(raw, from) != BACKSLASH) from++;
  if (from == lengthOf(raw)) return raw;
  // No escape is shorter than what it stands for.
  const start = __alloc(lengthOf(raw));
  memory.copy(start, placeOf(raw), from);
  let to = start + from;
  for (let at = from; at < lengthOf(raw); at++) {
    const byte = byteAt(raw, at);
    if (byte != BACKSLASH) {
      store<u8>(to++, <u8>byte);
      continue;
    }
    at++;
    const escape = byteAt(raw, at);
    if (escape != 0x75) {
      store<u8>(to++, <u8>meaningOf(escape));
      continue;
    }
    let code = hexAt(raw, at + 1);
    at += 4;
    if ((code & 0xf800) == 0xd800) {
      const low = code < 0xdc00 ? lowSurrogateAt(raw, at + 1) : -1;
      if (low < 0) code = 0xfffd;
      else {
        code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
        at += 6;
      }
    }
    to = encode(to, code);
  }
  return textAt(start, <i32>(to - start));
}

function lowSurrogateAt(raw: Text, at: i32): i32 {
  if (at + 6 > lengthOf(raw) || byteAt(raw, at) != BACKSLASH || byteAt(raw, at + 1) != 0x75) return -1;
  const code = hexAt(raw, at + 2);
  return code >= 0xdc00 && code < 0xe000 ? code : -1;
}

/** The character that one behind a backslash stands for, other than `u`. */
export function meaningOf(escape: i32): i32 {
  switch (escape) {
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return escape;
  }
}

/** Writes a code point in UTF-8, and gives the place behind it. */
function encode(to: usize, code: i32): usize {
  if (code < 0x80) {
    store<u8>(to, <u8>code);
    return to + 1;
  }
  if (code < 0x800) {
    store<u8>(to, <u8>(0xc0 | (code >> 6)));
    store<u8>(to + 1, <u8>(0x80 | (code & 0x3f)));
    return to + 2;
  }
  if (code < 0x10000) {
    store<u8>(to, <u8>(0xe0 | (code >> 12)));
    store<u8>(to + 1, <u8>(0x80 | ((code >> 6) & 0x3f)));
    store<u8>(to + 2, <u8>(0x80 | (code & 0x3f)));
    return to + 3;
  }
  store<u8>(to, <u8>(0xf0 | (code >> 18)));
  store<u8>(to + 1, <u8>(0x80 | ((code >> 12) & 0x3f)));
  store<u8>(to + 2, <u8>(0x80 | ((code >> 6) & 0x3f)));
  store<u8>(to + 3, <u8>(0x80 | (code & 0x3f)));
  return to + 4;
}
