// Callers of tokens that were verified, by the SHA-256 of these, so that what lies in memory lets nobody in. They outlive the
// call, so they lie in a place of their own.
import { giveBackTo } from "../../assembly/arena";
import { ABSENT, lengthOf, placeOf, textAt, Text } from "../../assembly/text";

const MAX_TOKENS: i32 = 1000;
const DIGEST_BYTES: i32 = 64;

/** Of each token: its digest, until when it is known, when it was used last, and where its caller is. */
const ENTRY_BYTES: usize = 88;
const UNTIL: usize = 64;
const USED: usize = 72;
const PLACE: usize = 80;
const LENGTH: usize = 84;
const entries: usize = memory.data(88_000, 8);
let count: i32 = 0;
let uses: u64 = 0;

/** The callers as JSON, and how much of that is in use, with gaps between. */
const CAPACITY: usize = 524_288;
const callers: usize = memory.data(524_288, 8);
let end: usize = 0;
let stored: usize = 0;

/** The caller of a token; `ABSENT` where that is not known. @param digest 64 characters. @param now In milliseconds since 1970-01-01T00:00:00Z. */
export function knownCaller(digest: Text, now: i64): Text {
  const index = indexOf(digest);
  if (index < 0) return ABSENT;
  const entry = entryAt(index);
  if (now >= load<i64>(entry, UNTIL)) {
    forget(index);
    return ABSENT;
  }
  store<u64>(entry, ++uses, USED);
  return callerOf(entry);
}

/**
 * Remembers the caller of a token that is not known. Where there are too many, the least recently used are forgotten.
 *
 * @param until From then on it is forgotten, in milliseconds since 1970-01-01T00:00:00Z.
 */
export function remember(digest: Text, caller: Text, until: i64): void {
  const length = <usize>lengthOf(caller);
  if (length > CAPACITY) return;
  while (count == MAX_TOKENS || stored + length > CAPACITY) forget(leastRecentlyUsed());
  if (end + length > CAPACITY) closeGaps();
  const entry = entryAt(count++);
  memory.copy(entry, placeOf(digest), DIGEST_BYTES);
  store<i64>(entry, until, UNTIL);
  store<u64>(entry, ++uses, USED);
  put(entry, caller, end);
  memory.copy(callers + end, placeOf(caller), length);
  end += length;
  stored += length;
}

function entryAt(index: i32): usize {
  return entries + ENTRY_BYTES * index;
}

function indexOf(digest: Text): i32 {
  const wanted = placeOf(digest);
  const first = load<u64>(wanted);
  for (let i = 0; i < count; i++) {
    const entry = entryAt(i);
    if (load<u64>(entry) == first && memory.compare(entry, wanted, DIGEST_BYTES) == 0) return i;
  }
  return -1;
}

function leastRecentlyUsed(): i32 {
  let least = 0;
  for (let i = 1; i < count; i++) {
    if (load<u64>(entryAt(i), USED) < load<u64>(entryAt(least), USED)) least = i;
  }
  return least;
}

function forget(index: i32): void {
  const entry = entryAt(index);
  stored -= load<u32>(entry, LENGTH);
  count--;
  memory.copy(entry, entryAt(count), ENTRY_BYTES);
}

/** Moves the callers together. */
function closeGaps(): void {
  const copy = __alloc(stored);
  let to: usize = 0;
  for (let i = 0; i < count; i++) {
    const entry = entryAt(i);
    const caller = callerOf(entry);
    memory.copy(copy + to, placeOf(caller), lengthOf(caller));
    put(entry, caller, to);
    to += lengthOf(caller);
  }
  memory.copy(callers, copy, to);
  end = to;
  giveBackTo(copy);
}

function callerOf(entry: usize): Text {
  return textAt(callers + load<u32>(entry, PLACE), load<i32>(entry, LENGTH));
}

/** Says where the caller of an entry is. */
function put(entry: usize, caller: Text, place: usize): void {
  store<u32>(entry, <u32>place, PLACE);
  store<i32>(entry, lengthOf(caller), LENGTH);
}
