// Callers of tokens that were verified, by the SHA-256 of these, so that what lies in memory lets nobody in. They outlive the
// call, and take no more memory than there are tokens: most instances see one.
import { keep } from "../../assembly/arena";
import { ABSENT, lengthOf, placeOf, textAt, Text } from "../../assembly/text";

const MAX_TOKENS: i32 = 1000;
const MAX_BYTES: usize = 262_144;
const FIRST_BYTES: usize = 2048;
const DIGEST_BYTES: i32 = 64;

// A record: the digest, until when it is known, when it was used last, how long the caller is as JSON, and that. One that is
// forgotten was never used.
const UNTIL: usize = 64;
const USED: usize = 72;
const LENGTH: usize = 80;
const HEAD: usize = 88;
const NEVER: u64 = 0;

/** Where the records lie, one behind the other, with gaps where some were forgotten. */
let records: usize = 0;
let capacity: usize = 0;
let end: usize = 0;
/** Of those that are known: how many, and how many bytes. */
let count: i32 = 0;
let stored: usize = 0;
let uses: u64 = NEVER;

/** The caller of a token; `ABSENT` where that is not known. @param digest 64 characters. @param now In milliseconds since 1970-01-01T00:00:00Z. */
export function knownCaller(digest: Text, now: i64): Text {
  const wanted = placeOf(digest);
  const first = load<u64>(wanted);
  for (let at = records; at < records + end; at += sizeOf(at)) {
    if (load<u64>(at, USED) == NEVER || load<u64>(at) != first) continue;
    if (memory.compare(at, wanted, DIGEST_BYTES) != 0) continue;
    if (now >= load<i64>(at, UNTIL)) {
      forget(at);
      return ABSENT;
    }
    store<u64>(at, ++uses, USED);
    return textAt(at + HEAD, load<i32>(at, LENGTH));
  }
  return ABSENT;
}

const newDigest: usize = memory.data(64, 8);
let newUntil: i64 = 0;
let newCaller: Text = ABSENT;

/** Has the caller of a token that is not known remembered. @param until From then on it is forgotten, in milliseconds since 1970-01-01T00:00:00Z. */
export function remember(digest: Text, caller: Text, until: i64): void {
  memory.copy(newDigest, placeOf(digest), DIGEST_BYTES);
  newUntil = until;
  newCaller = caller;
}

/**
 * Remembers what the call gave that has just ended. What it took was given back and is still there, so that room is taken for good
 * here alone. Where there are too many tokens, the least recently used are forgotten.
 */
export function keepRemembered(): void {
  const caller = newCaller;
  if (caller == ABSENT) return;
  newCaller = ABSENT;
  const size = sizeFor(lengthOf(caller));
  if (size > MAX_BYTES) return;
  while (count == MAX_TOKENS || stored + size > MAX_BYTES) forget(leastRecentlyUsed());
  if (end + size > capacity) closeGaps();
  const isMoved = end + size > capacity;
  if (isMoved) capacity = max(min(max(capacity << 1, FIRST_BYTES), MAX_BYTES), end + size);
  const place = isMoved ? __alloc(capacity) : records;
  const record = place + end;
  // First, as it may lie where the others are moved to.
  memory.copy(record + HEAD, placeOf(caller), lengthOf(caller));
  if (isMoved) {
    memory.copy(place, records, end);
    records = place;
    keep();
  }
  memory.copy(record, newDigest, DIGEST_BYTES);
  store<i64>(record, newUntil, UNTIL);
  store<u64>(record, ++uses, USED);
  store<i32>(record, lengthOf(caller), LENGTH);
  end += size;
  stored += size;
  count++;
}

/** Bytes of the record at that place. */
function sizeOf(record: usize): usize {
  return sizeFor(load<i32>(record, LENGTH));
}

function sizeFor(length: i32): usize {
  return (HEAD + length + 7) & ~7;
}

function forget(record: usize): void {
  store<u64>(record, NEVER, USED);
  stored -= sizeOf(record);
  count--;
}

function leastRecentlyUsed(): usize {
  let least: usize = 0;
  for (let at = records; at < records + end; at += sizeOf(at)) {
    const used = load<u64>(at, USED);
    if (used != NEVER && (least == 0 || used < load<u64>(least, USED))) least = at;
  }
  return least;
}

/** Moves the records together. */
function closeGaps(): void {
  let to = records;
  for (let at = records; at < records + end;) {
    const size = sizeOf(at);
    if (load<u64>(at, USED) != NEVER) {
      memory.copy(to, at, size);
      to += size;
    }
    at += size;
  }
  end = to - records;
}
