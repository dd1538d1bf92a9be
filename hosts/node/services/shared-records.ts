import { randomInt } from "node:crypto";
import type { Limits } from "../limits/resolve-limits.ts";
import type { KvCounts, KvRecord, KvRecords } from "./kv-records.ts";
import { newEpoch } from "./map-records.ts";

// Of the control words: the lock is the first one.
const ACTIVE = 1;
const SEED = 2;
/** The size of the index of each half, as a power of two. */
const BITS = 3;
const CONTROL_WORDS = 8;
// Of the control numbers.
const WRITTEN = 0;
const BYTES = 1;
const EARLIEST = 2;
const SWEPT = 3;
const KEY_CHANGES = 4;
const COUNT = 5;
/** Places of the index that are not empty. */
const USED = 6;
/** Where the log of the active half ends, and what of it is in use, in bytes. */
const END = 7;
const LIVE = 8;
const CONTROL_NUMBERS = 9;
const CONTROL_BYTES = CONTROL_WORDS * 4 + CONTROL_NUMBERS * 8;

// A record: words, then numbers, then key and value in UTF-8.
const HASH = 0;
const KEY_BYTES = 1;
const VALUE_BYTES = 2;
const VERSION = 2;
const EXPIRES = 3;
const HEADER_BYTES = 32;

const EMPTY = 0;
const REMOVED = -1;
const LEAST_BITS = 10;
const MAX_KEY_BYTES = 512;
const BYTES_PER_UNIT = 3;
/** What a log may hold that is in use no more, beside as much again as is in use. */
const SLACK_BYTES = 256 * 1024;
/** A log has room for this much of what a store may hold: the more, the more seldom a full store is copied. */
const LOG_FACTOR = 1.5;
/** The largest record, and what is rounded up. */
const RESERVE_BYTES = 2 * 1024 * 1024;

/** Memory that holds records; nothing of it is used before something is written there. */
export interface SharedMemory {
  readonly epoch: string;
  readonly control: SharedArrayBuffer;
  readonly halves: readonly [SharedArrayBuffer, SharedArrayBuffer];
  /** Places that an index has at most. */
  readonly places: number;
}

/** Records that threads share. Whoever uses them holds the lock. */
export interface SharedRecords extends KvRecords {
  /** Puts in order what a thread has left that was ended in the middle of a change: that is then made, or not. */
  repair(sizeOf: (key: string, value: string) => number): void;
}

/** Memory for a store with these limits. */
export function createSharedMemory(limits: Limits["kv"]): SharedMemory {
  const places = 2 ** Math.max(LEAST_BITS, Math.ceil(Math.log2(limits.keys * 2)) + 1);
  const bytes = places * 4 + Math.ceil((limits.totalBytes * LOG_FACTOR + RESERVE_BYTES) / 8) * 8;
  const control = new SharedArrayBuffer(CONTROL_BYTES);
  const words = new Int32Array(control, 0, CONTROL_WORDS);
  words[SEED] = randomInt(2 ** 31);
  words[BITS] = LEAST_BITS;
  const numbers = new Float64Array(control, CONTROL_WORDS * 4);
  numbers[EARLIEST] = Infinity;
  numbers[SWEPT] = -Infinity;
  return {
    epoch: newEpoch(),
    control,
    halves: [new SharedArrayBuffer(bytes), new SharedArrayBuffer(bytes)],
    places,
  };
}

interface Half {
  index: Int32Array;
  words: Int32Array;
  numbers: Float64Array;
  bytes: Buffer;
}

/**
 * Records in memory that threads share: a log of records, and an index of where each key has its own. A change is written to the end of the
 * log first, and made by one word of the index; when much of the log is in use no more, the rest is copied to the other half, which one
 * word makes the active one. So a thread may be ended at any moment.
 */
export function attachSharedRecords({ epoch, control, halves, places }: SharedMemory): SharedRecords {
  const state = new Int32Array(control, 0, CONTROL_WORDS);
  const numbers = new Float64Array(control, CONTROL_WORDS * 4);
  const views = halves.map((half) => viewsOf(half, places)) as [Half, Half];
  const logBytes = halves[0].byteLength - places * 4;
  const sought = Buffer.alloc(MAX_KEY_BYTES * BYTES_PER_UNIT);
  let soughtKey: string | undefined;
  let soughtBytes = 0;
  let soughtHash = 0;
  let known: { key: string | undefined; version: number; record: KvRecord } | undefined;

  function active(): Half {
    return views[state[ACTIVE]!]!;
  }

  function mask(): number {
    return (1 << state[BITS + state[ACTIVE]!]!) - 1;
  }

  /** Looks for a key from now on. */
  function seek(key: string): void {
    // A change looks for its key several times.
    if (key === soughtKey) return;
    soughtKey = key;
    soughtBytes = sought.write(key);
    let hash = state[SEED]!;
    for (let at = 0; at < soughtBytes; at++) hash = Math.imul(hash ^ sought[at]!, 0x01_00_01_93);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c_1b_3c_6d);
    soughtHash = hash ^ (hash >>> 13);
  }

  function isSought({ words, bytes }: Half, record: number): boolean {
    const word = record / 4;
    if (words[word + HASH] !== soughtHash || words[word + KEY_BYTES] !== soughtBytes) return false;
    const start = record + HEADER_BYTES;
    for (let at = 0; at < soughtBytes; at++) if (bytes[start + at] !== sought[at]) return false;
    return true;
  }

  /** The place of the key that is looked for, or the one where it would be. */
  function placeOf(half: Half): number {
    const last = mask();
    let free = -1;
    for (let place = soughtHash & last; ; place = (place + 1) & last) {
      const entry = half.index[place]!;
      if (entry === EMPTY) return free === -1 ? place : free;
      if (entry === REMOVED) free = free === -1 ? place : free;
      else if (isSought(half, recordAt(entry))) return place;
    }
  }

  function keyOf({ words, bytes }: Half, record: number): string {
    const start = record + HEADER_BYTES;
    return bytes.toString("utf8", start, start + words[record / 4 + KEY_BYTES]!);
  }

  function readRecord(half: Half, record: number): KvRecord {
    const start = record + HEADER_BYTES + half.words[record / 4 + KEY_BYTES]!;
    const expiresAt = half.numbers[record / 8 + EXPIRES]!;
    const value = half.bytes.toString("utf8", start, start + half.words[record / 4 + VALUE_BYTES]!);
    const version = `${epoch}-${half.numbers[record / 8 + VERSION]!.toString(36)}`;
    return expiresAt === Infinity ? { value, version } : { value, version, expiresAt };
  }

  /** The record of the key that is looked for. A change reads it several times, and no two have one version. */
  function readSought(half: Half, record: number): KvRecord {
    const version = half.numbers[record / 8 + VERSION]!;
    if (known?.version !== version || known.key !== soughtKey) {
      known = { key: soughtKey, version, record: readRecord(half, record) };
    }
    return known.record;
  }

  function* liveRecords(half: Half): Generator<[place: number, record: number]> {
    const last = mask();
    for (let place = 0; place <= last; place++) {
      const entry = half.index[place]!;
      if (entry !== EMPTY && entry !== REMOVED) yield [place, recordAt(entry)];
    }
  }

  /** Copies what is in use to the other half, with an index for one more key. Of what was counted nothing is relied on. */
  function compact(): void {
    const from = active();
    let count = 0;
    for (const _ of liveRecords(from)) count++;
    const other = 1 - state[ACTIVE]!;
    const to = views[other]!;
    const bits = Math.max(LEAST_BITS, Math.ceil(Math.log2((count + 1) * 4)));
    const size = Math.min(2 ** bits, places);
    to.index.fill(EMPTY, 0, size);
    let end = 0;
    for (const [, record] of liveRecords(from)) {
      const bytes = recordBytes(from, record);
      to.bytes.set(from.bytes.subarray(record, record + bytes), end);
      let place = from.words[record / 4 + HASH]! & (size - 1);
      while (to.index[place] !== EMPTY) place = (place + 1) & (size - 1);
      to.index[place] = entryOf(end);
      end += bytes;
    }
    state[BITS + other] = Math.log2(size);
    Atomics.store(state, ACTIVE, other);
    numbers[COUNT] = numbers[USED] = count;
    numbers[END] = numbers[LIVE] = end;
  }

  function write(half: Half, at: number, key: string, { value, version, expiresAt }: KvRecord): number {
    const word = at / 4;
    const start = at + HEADER_BYTES;
    const keyBytes = half.bytes.write(key, start);
    half.words[word + HASH] = soughtHash;
    half.words[word + KEY_BYTES] = keyBytes;
    half.words[word + VALUE_BYTES] = half.bytes.write(value, start + keyBytes);
    half.numbers[at / 8 + VERSION] = Number.parseInt(version.slice(epoch.length + 1), 36);
    half.numbers[at / 8 + EXPIRES] = expiresAt ?? Infinity;
    return recordBytes(half, at);
  }

  function isFull(most: number): boolean {
    const end = numbers[END]!;
    const isWasteful = end > 2 * numbers[LIVE]! + SLACK_BYTES;
    return isWasteful || end + most > logBytes || (numbers[USED]! + 1) * 2 > mask() + 1;
  }

  return {
    epoch,
    counts: countsIn(numbers),
    get size() {
      return numbers[COUNT]!;
    },
    get(key) {
      seek(key);
      const half = active();
      const entry = half.index[placeOf(half)]!;
      return entry > 0 ? readSought(half, recordAt(entry)) : undefined;
    },
    set(key, record) {
      if (isFull(HEADER_BYTES + Buffer.byteLength(key) + Buffer.byteLength(record.value) + 8)) compact();
      seek(key);
      const half = active();
      const place = placeOf(half);
      const before = half.index[place]!;
      const end = numbers[END]!;
      const bytes = write(half, end, key, record);
      numbers[END] = end + bytes;
      Atomics.store(half.index, place, entryOf(end));
      numbers[LIVE]! += bytes - (before > 0 ? recordBytes(half, recordAt(before)) : 0);
      if (before <= 0) numbers[COUNT]!++;
      if (before === EMPTY) numbers[USED]!++;
    },
    delete(key) {
      seek(key);
      const half = active();
      const place = placeOf(half);
      const entry = half.index[place]!;
      if (entry <= 0) return;
      Atomics.store(half.index, place, REMOVED);
      numbers[COUNT]!--;
      numbers[LIVE]! -= recordBytes(half, recordAt(entry));
    },
    *keys() {
      const half = active();
      for (const [, record] of liveRecords(half)) yield keyOf(half, record);
    },
    *entries() {
      const half = active();
      for (const [, record] of liveRecords(half)) yield [keyOf(half, record), readRecord(half, record)];
    },
    repair(sizeOf) {
      compact();
      let bytes = 0;
      let earliest = Infinity;
      const half = active();
      for (const [, record] of liveRecords(half)) {
        const { value, expiresAt = Infinity } = readRecord(half, record);
        bytes += sizeOf(keyOf(half, record), value);
        earliest = Math.min(earliest, expiresAt);
      }
      numbers[BYTES] = bytes;
      numbers[EARLIEST] = earliest;
      numbers[KEY_CHANGES]!++;
    },
  };
}

function viewsOf(half: SharedArrayBuffer, places: number): Half {
  const from = places * 4;
  return {
    index: new Int32Array(half, 0, places),
    words: new Int32Array(half, from),
    numbers: new Float64Array(half, from),
    bytes: Buffer.from(half, from),
  };
}

/** An entry of an index is where a record is, in units of 8 bytes and from 1 on. */
function entryOf(record: number): number {
  return record / 8 + 1;
}

function recordAt(entry: number): number {
  return (entry - 1) * 8;
}

function recordBytes({ words }: Half, record: number): number {
  const word = record / 4;
  return Math.ceil((HEADER_BYTES + words[word + KEY_BYTES]! + words[word + VALUE_BYTES]!) / 8) * 8;
}

function countsIn(numbers: Float64Array): KvCounts {
  const member = (at: number): PropertyDescriptor => ({
    get: () => numbers[at],
    set: (value: number) => {
      numbers[at] = value;
    },
  });
  return Object.defineProperties({} as KvCounts, {
    written: member(WRITTEN),
    bytes: member(BYTES),
    earliestExpiry: member(EARLIEST),
    sweptAt: member(SWEPT),
    keyChanges: member(KEY_CHANGES),
  });
}
