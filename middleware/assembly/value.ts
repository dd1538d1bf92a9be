// JSON values, compared as rules compare them.
import { giveBackTo, taken } from "./arena";
import { compareStrings, isSameString } from "./code-units";
import { Entries, isArray, isObject, isString } from "./json";
import { numberOf } from "./number";
import { ABSENT, byteAt, is, isSame, Text } from "./text";

export function isNull(value: Text): bool {
  return is(value, "null");
}

export function isBoolean(value: Text): bool {
  return is(value, "true") || is(value, "false");
}

export function isNumber(value: Text): bool {
  const first = byteAt(value, 0);
  return first == 0x2d || <u32>(first - 0x30) < 10;
}

/** Whether two values are of one type; lists and objects are two. */
export function haveSameType(a: Text, b: Text): bool {
  const first = byteAt(a, 0);
  if (isNumber(a)) return isNumber(b);
  if (isBoolean(a)) return isBoolean(b);
  return first == byteAt(b, 0);
}

/** Whether two values are the same, in whichever order the members of their objects stand. */
export function isEqual(a: Text, b: Text): bool {
  if (isSame(a, b)) return true;
  if (isString(a)) return isString(b) && isSameString(a, b);
  if (isNumber(a)) return isNumber(b) && numberOf(a) == numberOf(b);
  if (isArray(a)) return isArray(b) && isEqualList(a, b);
  return isObject(a) && isObject(b) && isEqualObject(a, b);
}

function isEqualList(a: Text, b: Text): bool {
  const items = new Entries(a);
  const others = new Entries(b);
  while (items.next()) if (!others.next() || !isEqual(items.value, others.value)) return false;
  return !others.next();
}

function isEqualObject(a: Text, b: Text): bool {
  const members = new Members(a);
  const others = new Members(b);
  if (members.count != others.count) return false;
  for (let i = 0; i < members.count; i++) {
    if (!isSameString(members.keyAt(i), others.keyAt(i))) return false;
    if (!isEqual(members.valueAt(i), others.valueAt(i))) return false;
  }
  return true;
}

/** Whether a list has an item that is the same. */
export function hasItem(list: Text, value: Text): bool {
  const items = new Entries(list);
  while (items.next()) {
    const before = taken();
    const found = isEqual(items.value, value);
    giveBackTo(before);
    if (found) return true;
  }
  return false;
}

/** How many items a list has. */
export function itemsIn(list: Text): i32 {
  const items = new Entries(list);
  let count = 0;
  while (items.next()) count++;
  return count;
}

/** How many members an object has. */
export function membersIn(object: Text): i32 {
  return new Members(object).count;
}

/** The item of a list by its index; `ABSENT` where it has none. */
export function itemOf(list: Text, index: f64): Text {
  const items = new Entries(list);
  for (let i: f64 = 0; items.next(); i++) if (i == index) return items.value;
  return ABSENT;
}

/** The last member of an object by its name, a JSON string; `ABSENT` where it has none. */
export function memberNamed(object: Text, name: Text): Text {
  let found = ABSENT;
  const members = new Entries(object);
  while (members.next()) if (isSameString(members.writtenKey, name)) found = members.value;
  return found;
}

/** Two texts lie beside each other: a key and its value. */
const PAIR: usize = 16;

/** The members of an object by their keys: of several with one key, the last. */
class Members {
  count: i32 = 0;
  private pairs: usize = 0;

  constructor(object: Text) {
    const entries = new Entries(object);
    let capacity = 0;
    while (entries.next()) capacity++;
    const given = new Entries(object);
    const pairs = __alloc(PAIR * capacity);
    for (let i = 0; given.next(); i++) {
      store<Text>(pairs + PAIR * i, given.writtenKey);
      store<Text>(pairs + PAIR * i + 8, given.value);
    }
    this.pairs = sorted(pairs, capacity);
    for (let i = 0; i < capacity; i++) {
      const isLast = i + 1 == capacity || !isSameString(this.keyAt(i), this.keyAt(i + 1));
      if (isLast) memory.copy(this.pairs + PAIR * this.count++, this.pairs + PAIR * i, PAIR);
    }
  }

  keyAt(index: i32): Text {
    return load<Text>(this.pairs + PAIR * index);
  }

  valueAt(index: i32): Text {
    return load<Text>(this.pairs + PAIR * index + 8);
  }
}

/** Sorts pairs by their keys; those with one key stay as they stood. */
function sorted(pairs: usize, count: i32): usize {
  let from = pairs;
  let to = __alloc(PAIR * count);
  for (let width = 1; width < count; width <<= 1) {
    for (let start = 0; start < count; start += width << 1) {
      merge(from, to, start, min(start + width, count), min(start + (width << 1), count));
    }
    const other = from;
    from = to;
    to = other;
  }
  return from;
}

/** Merges two runs that are sorted: from `start` to `middle`, and from there to `end`. */
function merge(from: usize, to: usize, start: i32, middle: i32, end: i32): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takesLeft =
      right == end ||
      (left < middle && compareStrings(load<Text>(from + PAIR * left), load<Text>(from + PAIR * right)) <= 0);
    memory.copy(to + PAIR * at, from + PAIR * (takesLeft ? left++ : right++), PAIR);
  }
}
