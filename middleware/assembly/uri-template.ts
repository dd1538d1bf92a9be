// URI templates (RFC 6570) as providers of this project take them: without the modifiers `*` and `:n`.
import { hexAt } from "./json";
import { byteAt, EMPTY, indexOfByte, isSame, lengthOf, placeOf, slice, Text, textAt, unitsOf } from "./text";

const MAX_TEMPLATE_LENGTH: i32 = 2048;
const MAX_URI_LENGTH: i32 = 8192;
const MAX_VARIABLES: i32 = 32;

/** A literal, or a value of a variable. */
class Atom {
  next: Atom | null = null;
  /** After a match was tried: a byte for each offset of the URI, 1 where the atom can end. */
  ends: usize = 0;

  constructor(
    readonly literal: Text,
    readonly isValue: bool,
    /** Of the expression that a value belongs to; zero without. */
    readonly operator: i32,
    /** Whether the expression has several variables. */
    readonly isShared: bool,
    readonly previous: Atom | null,
  ) {}
}

// The template that was parsed last.
let first: Atom | null = null;
let last: Atom | null = null;
/** `?` or `&`; zero without a query. */
let queryStart: i32 = 0;
const names = new StaticArray<Text>(MAX_VARIABLES);
let count: i32 = 0;
/** Where the names of the query begin. */
let queryFrom: i32 = 0;

/** Whether a URI is an expansion of a template whose values can be decoded; false for what is no template. */
export function isExpansion(uri: Text, template: Text): bool {
  if (!parseTemplate(template) || unitsOf(uri) > MAX_URI_LENGTH || !reachEnds(uri)) return false;
  const ends = last!.ends;
  const length = lengthOf(uri);
  for (let end = 0; end <= length; end++) {
    if (load<u8>(ends + end) == 0) continue;
    if (end < length && (queryStart == 0 || byteAt(uri, end) != queryStart)) continue;
    const queryText = end < length ? slice(uri, end + 1, length) : EMPTY;
    if (isQuery(queryText)) return areDecodable(uri, end) && isDecodable(queryText);
  }
  return false;
}

function parseTemplate(text: Text): bool {
  first = last = null;
  queryStart = count = 0;
  const length = lengthOf(text);
  if (length > MAX_TEMPLATE_LENGTH || !isAbsolute(text)) return false;
  for (let at = 0; at < length;) {
    let open = indexOfByte(text, 0x7b, at);
    if (open < 0) open = length;
    const literal = slice(text, at, open);
    if (!isLiteral(literal)) return false;
    if (open > at) {
      if (queryStart != 0) return false;
      push(literal, false, 0, false);
    }
    if (open == length) break;
    const close = indexOfByte(text, 0x7d, open);
    if (close < 0 || !parseExpression(slice(text, open + 1, close))) return false;
    at = close + 1;
  }
  if (queryStart == 0) queryFrom = count;
  return count > 0;
}

/** Whether a text starts with a scheme. */
function isAbsolute(text: Text): bool {
  const colon = indexOfByte(text, 0x3a);
  if (colon < 1 || !isLetter(byteAt(text, 0))) return false;
  for (let i = 1; i < colon; i++) {
    const byte = byteAt(text, i);
    if (!isLetter(byte) && !isDigit(byte) && byte != 0x2b && byte != 0x2e && byte != 0x2d) return false;
  }
  return true;
}

/** Whether no character would have to be percent-encoded. */
function isLiteral(text: Text): bool {
  for (let i = 0; i < lengthOf(text); i++) {
    const byte = byteAt(text, i);
    if (byte < 0x21 || byte > 0x7e) return false;
    switch (byte) {
      case 0x22:
      case 0x27:
      case 0x3c:
      case 0x3e:
      case 0x5c:
      case 0x5e:
      case 0x60:
      case 0x7c:
      case 0x7d:
        return false;
    }
  }
  return true;
}

function parseExpression(expression: Text): bool {
  const length = lengthOf(expression);
  if (length == 0) return false;
  let operator = byteAt(expression, 0);
  if (isWord(operator)) operator = 0;
  const isQuery = operator == 0x3f || operator == 0x26;
  if (!isQuery && operator != 0 && !isOperator(operator)) return false;
  // A query is the last of a template; `{?…}` begins one, and `{&…}` goes on with it or begins one.
  if (queryStart != 0 && operator != 0x26) return false;
  if (isQuery && queryStart == 0) {
    queryStart = operator;
    queryFrom = count;
  }
  const isShared = indexOfByte(expression, 0x2c) >= 0;
  let at = operator == 0 ? 0 : 1;
  for (let i = 0; at <= length; i++) {
    let comma = indexOfByte(expression, 0x2c, at);
    if (comma < 0) comma = length;
    const name = slice(expression, at, comma);
    if (!addName(name) || (!isQuery && !pushValue(operator, name, i == 0, isShared))) return false;
    at = comma + 1;
  }
  return true;
}

/** Names a variable, unless it is no name, or there are too many or one by that name. */
function addName(name: Text): bool {
  if (count == MAX_VARIABLES || !isName(name)) return false;
  for (let i = 0; i < count; i++) if (isSame(names[i], name)) return false;
  names[count++] = name;
  return true;
}

/** Letters, digits and `_`, and between them `.`. */
function isName(name: Text): bool {
  let isBetween = false;
  for (let i = 0; i < lengthOf(name); i++) {
    const byte = byteAt(name, i);
    const isDot = byte == 0x2e;
    if (isDot ? !isBetween : !isWord(byte)) return false;
    isBetween = !isDot;
  }
  return isBetween;
}

/** The value of a variable, behind the text that its operator puts in front of it. */
function pushValue(operator: i32, name: Text, isFirst: bool, isShared: bool): bool {
  const mark = isFirst ? (operator == 0x2b ? 0 : operator) : separatorOf(operator);
  if (mark != 0) push(markedName(mark, operator == 0x3b ? name : EMPTY), false, 0, false);
  else if (last != null && last!.isValue) return false;
  push(EMPTY, true, operator, isShared);
  return true;
}

/** A mark, and where there is a name, that and `=`. */
function markedName(mark: i32, name: Text): Text {
  const length = lengthOf(name);
  const start = __alloc(length + 2);
  store<u8>(start, <u8>mark);
  memory.copy(start + 1, placeOf(name), length);
  store<u8>(start + 1 + length, 0x3d);
  return textAt(start, length == 0 ? 1 : length + 2);
}

function push(literal: Text, isValue: bool, operator: i32, isShared: bool): void {
  const atom = new Atom(literal, isValue, operator, isShared, last);
  if (last == null) first = atom;
  else last!.next = atom;
  last = atom;
}

/** Those of values in the path. */
function isOperator(byte: i32): bool {
  return byte == 0x2b || byte == 0x23 || byte == 0x2e || byte == 0x2f || byte == 0x3b;
}

function separatorOf(operator: i32): i32 {
  return operator == 0 || operator == 0x2b || operator == 0x23 ? 0x2c : operator;
}

/** Whether no value of a variable holds a character. */
function isStop(atom: Atom, byte: i32): bool {
  const operator = atom.operator;
  if (atom.isShared && byte == separatorOf(operator)) return true;
  if (operator == 0x2b || operator == 0x23) return false;
  return byte == 0x2f || byte == 0x3f || byte == 0x23 || (operator == 0x3b && byte == 0x3b);
}

/** Finds at which offsets each atom can end; false where one cannot. */
function reachEnds(uri: Text): bool {
  const length = lengthOf(uri);
  let starts = __alloc(length + 1);
  memory.fill(starts, 0, length + 1);
  store<u8>(starts, 1);
  let atom = first;
  while (atom != null) {
    const ends = endsOf(atom, uri, starts);
    if (ends == 0) return false;
    atom.ends = starts = ends;
    atom = atom.next;
  }
  return true;
}

/** Where an atom can end that starts at some offsets; zero where it cannot. */
function endsOf(atom: Atom, uri: Text, starts: usize): usize {
  const length = lengthOf(uri);
  const ends = __alloc(length + 1);
  memory.fill(ends, 0, length + 1);
  const step = atom.isValue ? 1 : lengthOf(atom.literal);
  let isAny = false;
  let isInValue = false;
  for (let at = 0; at + step <= length; at++) {
    const isStart = load<u8>(starts + at) != 0;
    let isEnd = false;
    if (atom.isValue) isEnd = isInValue = (isInValue || isStart) && !isStop(atom, byteAt(uri, at));
    else isEnd = isStart && isSame(slice(uri, at, at + step), atom.literal);
    if (!isEnd) continue;
    store<u8>(ends + at + step, 1);
    isAny = true;
  }
  return isAny ? ends : 0;
}

/** Whether the values of the path can be decoded. Where it is open where one starts, earlier ones are the longer. */
function areDecodable(uri: Text, end: i32): bool {
  let at = end;
  let atom = last;
  while (atom != null) {
    const before = atom.previous;
    let start = at - 1;
    if (!atom.isValue) start = at - lengthOf(atom.literal);
    else if (before == null) start = 0;
    else while (load<u8>(before.ends + start) == 0) start--;
    if (atom.isValue && !isDecodable(slice(uri, start, at))) return false;
    at = start;
    atom = before;
  }
  return true;
}

/** Whether a text is `name=value&…`, each of them by a name of the template and once. */
function isQuery(text: Text): bool {
  const length = lengthOf(text);
  if (length == 0) return true;
  let seen: u32 = 0;
  for (let at = 0; at <= length;) {
    let end = indexOfByte(text, 0x26, at);
    if (end < 0) end = length;
    const pair = slice(text, at, end);
    const equals = indexOfByte(pair, 0x3d);
    const index = indexOfName(equals < 0 ? pair : slice(pair, 0, equals));
    if (index < 0 || (seen & (1 << index)) != 0 || indexOfByte(pair, 0x23) >= 0) return false;
    seen |= 1 << index;
    at = end + 1;
  }
  return true;
}

function indexOfName(name: Text): i32 {
  for (let i = queryFrom; i < count; i++) if (isSame(names[i], name)) return i;
  return -1;
}

/** Whether each `%` stands in front of two hexadecimal digits, and the bytes of those are UTF-8. */
function isDecodable(text: Text): bool {
  for (let at = 0; at < lengthOf(text);) {
    if (byteAt(text, at) != 0x25) {
      at++;
      continue;
    }
    const lead = octetAt(text, at);
    at += 3;
    if (lead < 0) return false;
    if (lead < 0x80) continue;
    const more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead < 0xc2 || lead > 0xf4) return false;
    let code = lead & (0x3f >> more);
    for (let i = 0; i < more; i++, at += 3) {
      const octet = octetAt(text, at);
      if (octet < 0 || (octet & 0xc0) != 0x80) return false;
      code = (code << 6) | (octet & 0x3f);
    }
    // No longer than it has to be, no half of a surrogate pair, and a code point.
    if (more == 2 && (code < 0x800 || (code & 0xf800) == 0xd800)) return false;
    if (more == 3 && (code < 0x10000 || code > 0x10ffff)) return false;
  }
  return true;
}

/** The byte that `%` and two hexadecimal digits stand for; -1 where they do not stand there. */
function octetAt(text: Text, at: i32): i32 {
  if (at + 3 > lengthOf(text) || byteAt(text, at) != 0x25) return -1;
  return hexAt(text, at + 1, 2);
}

function isLetter(byte: i32): bool {
  return <u32>((byte | 0x20) - 0x61) < 26;
}

function isDigit(byte: i32): bool {
  return <u32>(byte - 0x30) < 10;
}

function isWord(byte: i32): bool {
  return isLetter(byte) || isDigit(byte) || byte == 0x5f;
}
