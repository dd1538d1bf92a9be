// What JSON strings say, compared as JavaScript does: by UTF-16 code units, where half of a surrogate pair is a unit like any other.
// Both strings are read as they are written, so that nothing is copied and the first difference ends it.
import { hexAt, meaningOf } from "./json";
import { lengthOf, placeOf, textAt, Text } from "./text";

const BACKSLASH: i32 = 0x5c;

/** Reads the units of a JSON string. */
class Units {
  private at: usize = 0;
  private end: usize = 0;
  /** The second half of a character whose first half was given; -1 without. */
  private second: i32 = -1;

  /** @param value A JSON string. */
  read(value: Text): void {
    this.at = placeOf(value) + 1;
    this.end = placeOf(value) + lengthOf(value) - 1;
    this.second = -1;
  }

  /** The next unit; -1 at the end. */
  next(): i32 {
    if (this.second >= 0) {
      const second = this.second;
      this.second = -1;
      return second;
    }
    const at = this.at;
    if (at >= this.end) return -1;
    const first = <i32>load<u8>(at);
    if (first == BACKSLASH) return this.escape(at + 1);
    if (first < 0x80) {
      this.at = at + 1;
      return first;
    }
    const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    this.at = at + 1 + more;
    let code = first & (0x3f >> more);
    for (let i = 1; i <= more; i++) code = (code << 6) | (load<u8>(at + i) & 0x3f);
    if (code < 0x10000) return code;
    this.second = 0xdc00 | (code & 0x3ff);
    return 0xd800 | ((code - 0x10000) >> 10);
  }

  private escape(at: usize): i32 {
    const letter = <i32>load<u8>(at);
    if (letter != 0x75) {
      this.at = at + 1;
      return meaningOf(letter);
    }
    this.at = at + 5;
    return hexAt(textAt(at + 1, 4), 0);
  }
}

const left = new Units();
const right = new Units();

/** Negative where the first of two JSON strings goes first, zero where both say the same. */
export function compareStrings(a: Text, b: Text): i32 {
  left.read(a);
  right.read(b);
  while (true) {
    const unit = left.next();
    const other = right.next();
    if (unit != other) return unit - other;
    if (unit < 0) return 0;
  }
}

export function isSameString(a: Text, b: Text): bool {
  return compareStrings(a, b) == 0;
}

export function stringStartsWith(value: Text, prefix: Text): bool {
  left.read(value);
  right.read(prefix);
  while (true) {
    const wanted = right.next();
    if (wanted < 0) return true;
    if (left.next() != wanted) return false;
  }
}

export function stringEndsWith(value: Text, suffix: Text): bool {
  const units = unitsOf(value);
  const wanted = unitsOf(suffix);
  const from = lengthOf(units) - lengthOf(wanted);
  return from >= 0 && memory.compare(placeOf(units) + from, placeOf(wanted), lengthOf(wanted)) == 0;
}

/** In time proportional to the lengths of both (Knuth, Morris and Pratt). */
export function stringContains(value: Text, part: Text): bool {
  const wanted = unitsOf(part);
  const count = lengthOf(wanted) >> 1;
  if (count == 0) return true;
  // Of each beginning of the part, how much of it ends with what it begins with.
  const borders = __alloc(count << 2);
  store<u32>(borders, 0);
  let border = 0;
  for (let i = 1; i < count; i++) {
    border = extended(wanted, borders, border, unitAt(wanted, i));
    store<u32>(borders + (i << 2), border);
  }
  left.read(value);
  let found = 0;
  for (let unit = left.next(); unit >= 0; unit = left.next()) {
    found = extended(wanted, borders, found, unit);
    if (found == count) return true;
  }
  return false;
}

/** How much of the part stands at the end of a text that so much of it stood at the end of, with one more unit. */
function extended(wanted: Text, borders: usize, found: i32, unit: i32): i32 {
  while (found > 0 && unitAt(wanted, found) != unit) found = load<i32>(borders + ((found - 1) << 2));
  return unitAt(wanted, found) == unit ? found + 1 : 0;
}

/** How many characters a JSON string has: a surrogate pair is one. */
export function charactersOf(value: Text): i32 {
  left.read(value);
  let count = 0;
  let previous = 0;
  for (let unit = left.next(); unit >= 0; unit = left.next()) {
    const isSecond = (unit & 0xfc00) == 0xdc00 && (previous & 0xfc00) == 0xd800;
    if (!isSecond) count++;
    previous = unit;
  }
  return count;
}

/** All units, two bytes each. */
function unitsOf(value: Text): Text {
  // A unit is written as a byte at least.
  const start = __alloc(lengthOf(value) << 1);
  let length = 0;
  left.read(value);
  for (let unit = left.next(); unit >= 0; unit = left.next()) {
    store<u16>(start + length, <u16>unit);
    length += 2;
  }
  return textAt(start, length);
}

function unitAt(units: Text, index: i32): i32 {
  return <i32>load<u16>(placeOf(units) + (index << 1));
}
