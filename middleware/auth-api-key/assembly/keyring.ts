// The keys of a server, by their SHA-256.
import { giveBackTo, taken } from "../../assembly/arena";
import { sha256 } from "../../assembly/host";
import { Entries, hexAt, isString, member, stringOf } from "../../assembly/json";
import { ABSENT, byteAt, isSame, lengthOf, Text } from "../../assembly/text";
import { itemsIn } from "../../assembly/value";
import { timeOf } from "./time";

const MAX_KEYS: i32 = 1000;
const DIGEST_BYTES: i32 = 32;
const DIGEST_DIGITS: i32 = 64;

/** The digests, one behind the other. */
let digests: usize = 0;
let settings: StaticArray<Text> = new StaticArray<Text>(0);
let expiries: StaticArray<i64> = new StaticArray<i64>(0);
let count: i32 = 0;

/** Reads the keys, once; gives what is wrong with them, or an empty text. */
export function readKeys(keys: Text): string {
  const total = itemsIn(keys);
  if (total == 0 || total > MAX_KEYS) return "there are no keys, or too many";
  settings = new StaticArray<Text>(total);
  expiries = new StaticArray<i64>(total);
  digests = __alloc(total * DIGEST_BYTES);
  const before = taken();
  const problem = readEach(keys, total);
  giveBackTo(before);
  return problem;
}

function readEach(keys: Text, total: i32): string {
  const ids = new Distinct(total);
  const hashes = new Distinct(total);
  const items = new Entries(keys);
  while (items.next()) {
    const setting = items.value;
    const id = member(setting, "id");
    const hash = stringOf(member(setting, "sha256"));
    if (!isString(id) || hash == ABSENT || !readDigest(hash, digests + count * DIGEST_BYTES)) {
      return "the setting keys is not one";
    }
    if (!ids.add(stringOf(id)) || !hashes.add(hash)) return "two keys have the same id or sha256";
    const expires = member(setting, "expires");
    const time = expires == ABSENT ? i64.MAX_VALUE : timeOf(stringOf(expires));
    if (time < 0) return "a key expires at a time that there is not";
    settings[count] = setting;
    expiries[count] = time;
    count++;
  }
  return "";
}

/**
 * The index of a key; -1 where there is no such key. Each byte of each digest is looked at, so that nothing is told by how long it
 * takes.
 */
export function findKey(token: Text): i32 {
  const digest = __alloc(DIGEST_BYTES);
  if (!readDigest(sha256(token), digest)) return -1;
  let found = -1;
  for (let key = 0; key < count; key++) {
    const at = digests + key * DIGEST_BYTES;
    let difference: u64 = 0;
    for (let i = 0; i < DIGEST_BYTES; i += 8) difference |= load<u64>(at + i) ^ load<u64>(digest + i);
    found = select(key, found, difference == 0);
  }
  return found;
}

export function settingOf(key: i32): Text {
  return settings[key];
}

/** Milliseconds since 1970-01-01T00:00:00Z. */
export function expiryOf(key: i32): i64 {
  return expiries[key];
}

/** Writes the bytes of hexadecimal digits in lower case; false where they are not, or not as many. */
function readDigest(digits: Text, to: usize): bool {
  if (lengthOf(digits) != DIGEST_DIGITS) return false;
  for (let i = 0; i < DIGEST_BYTES; i++) {
    const byte = hexAt(digits, i << 1, 2);
    if (byte < 0) return false;
    store<u8>(to + i, <u8>byte);
  }
  return true;
}

/** Texts that differ from one another. */
class Distinct {
  /** At least twice as many as there are texts: a power of two. */
  private readonly slots: StaticArray<Text>;

  constructor(texts: i32) {
    this.slots = new StaticArray<Text>(2 << (32 - clz(texts)));
  }

  /** Adds a text; false where it is there. */
  add(text: Text): bool {
    let hash: u32 = 0x811c_9dc5;
    for (let i = 0; i < lengthOf(text); i++) hash = (hash ^ byteAt(text, i)) * 0x0100_0193;
    const last = <u32>this.slots.length - 1;
    let slot = hash & last;
    while (this.slots[slot] != 0) {
      if (isSame(this.slots[slot], text)) return false;
      slot = (slot + 1) & last;
    }
    this.slots[slot] = text;
    return true;
  }
}
