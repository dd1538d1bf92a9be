import type { Limits } from "../limits/resolve-limits.ts";
import { compareUtf8 } from "./compare-utf8.ts";
import {
  checkDelta,
  checkKey,
  checkLimit,
  checkTtl,
  checkValue,
  notWhole,
  sumTooLarge,
  tooLarge,
} from "./kv-arguments.ts";
import type { KvRecord, KvRecords } from "./kv-records.ts";
import { createMapRecords } from "./map-records.ts";

/** What an entry costs beside its key and value, roughly. */
const ENTRY_BYTES = 128;
const SWEEP_MS = 1000;

/** One key in its next state; without a record it is removed. */
export interface KvChange {
  key: string;
  record?: KvRecord;
}

/** A change to carry out, if any, and what to answer once it is done. */
export interface KvPlan<T> {
  change?: KvChange;
  result: T;
}

/**
 * Keys and values in memory, bounded. Every operation that writes is made in two steps, so that a store may keep the
 * change somewhere else in between: a plan, which fails when the change is not allowed, and `apply`, which cannot fail.
 * Nothing else may be planned in between.
 */
export interface KvTable {
  get(key: string): KvRecord | undefined;
  list(
    prefix: string,
    cursor: string | undefined,
    limit: number,
  ): { keys: string[]; next: string | undefined };
  planSet(key: string, value: string, ttlSeconds: number | undefined): KvPlan<void>;
  planDelete(key: string): KvPlan<void>;
  planSwap(
    key: string,
    expected: string | undefined,
    value: string,
    ttlSeconds: number | undefined,
  ): KvPlan<boolean>;
  planIncrement(key: string, delta: number, ttlSeconds: number | undefined): KvPlan<number>;
  apply(change: KvChange): void;
  /** Everything that has not expired. */
  entries(): IterableIterator<[key: string, record: KvRecord]>;
  /** Bytes that keys and values take, roughly. */
  readonly size: number;
}

/**
 * @param now Milliseconds since 1970-01-01T00:00:00Z.
 * @param records Where it keeps what it holds. Others may change that, but not while this is asked for something.
 */
export function createKvTable(
  now: () => number,
  limits: Limits["kv"],
  records: KvRecords = createMapRecords(),
): KvTable {
  const { counts } = records;
  /** All keys of `records`, in the order of their UTF-8 bytes. Absent until they are listed for the first time. */
  let sorted: string[] | undefined;
  /** Of `counts`, when `sorted` was right. */
  let sortedAt = 0;

  function live(key: string): KvRecord | undefined {
    const record = records.get(key);
    return record?.expiresAt === undefined || record.expiresAt > now() ? record : undefined;
  }

  /** What is known of the order, if it is still right. */
  function currentOrder(): string[] | undefined {
    if (counts.keyChanges !== sortedAt) sorted = undefined;
    return sorted;
  }

  function changedKeys(): void {
    sortedAt = ++counts.keyChanges;
  }

  /** A pass over all keys, so not for every write, however many expire. */
  function removeExpired(): void {
    const time = now();
    if (counts.earliestExpiry > time || Math.abs(time - counts.sweptAt) < SWEEP_MS) return;
    counts.sweptAt = time;
    let earliest = Infinity;
    let some = false;
    for (const [key, { value, expiresAt = Infinity }] of records.entries()) {
      if (expiresAt > time) {
        earliest = Math.min(earliest, expiresAt);
        continue;
      }
      some = true;
      records.delete(key);
      counts.bytes -= entryBytes(key, value);
    }
    counts.earliestExpiry = earliest;
    if (some) counts.keyChanges++;
  }

  function planWrite(key: string, value: string, expiresAt: number | undefined): KvChange {
    checkValue(value);
    removeExpired();
    const before = records.get(key);
    if (!before && records.size >= limits.keys) throw tooLarge(`the store has ${limits.keys} keys`);
    const growth = entryBytes(key, value) - (before ? entryBytes(key, before.value) : 0);
    if (growth > 0 && counts.bytes + growth > limits.totalBytes) {
      throw tooLarge(`the store would have more than ${limits.totalBytes} bytes`);
    }
    const version = `${records.epoch}-${(++counts.written).toString(36)}`;
    return { key, record: { value, version, ...(expiresAt !== undefined && { expiresAt }) } };
  }

  function expiry(ttlSeconds: number | undefined): number | undefined {
    checkTtl(ttlSeconds);
    return ttlSeconds === undefined ? undefined : now() + ttlSeconds * 1000;
  }

  return {
    get(key) {
      checkKey(key);
      return live(key);
    },
    list(prefix, cursor, limit) {
      checkLimit(limit);
      sorted = currentOrder() ?? [...records.keys()].sort(compareUtf8);
      sortedAt = counts.keyChanges;
      const keys: string[] = [];
      // The cursor is the last key of the page before.
      const after = cursor !== undefined && compareUtf8(cursor, prefix) >= 0 ? cursor : undefined;
      for (let at = position(sorted, after ?? prefix); at < sorted.length; at++) {
        const key = sorted[at]!;
        if (!key.startsWith(prefix)) break;
        if (key === after || !live(key)) continue;
        if (keys.length === limit) return { keys, next: keys.at(-1) };
        keys.push(key);
      }
      return { keys, next: undefined };
    },
    planSet(key, value, ttlSeconds) {
      checkKey(key);
      return { change: planWrite(key, value, expiry(ttlSeconds)), result: undefined };
    },
    planDelete(key) {
      checkKey(key);
      return live(key) ? { change: { key }, result: undefined } : { result: undefined };
    },
    planSwap(key, expected, value, ttlSeconds) {
      checkKey(key);
      const expiresAt = expiry(ttlSeconds);
      if (live(key)?.version !== expected) return { result: false };
      return { change: planWrite(key, value, expiresAt), result: true };
    },
    planIncrement(key, delta, ttlSeconds) {
      checkKey(key);
      checkDelta(delta);
      const expiresAt = expiry(ttlSeconds);
      const before = live(key);
      const sum = wholeNumber(before?.value ?? "0") + delta;
      if (!Number.isSafeInteger(sum)) throw sumTooLarge();
      return { change: planWrite(key, String(sum), before ? before.expiresAt : expiresAt), result: sum };
    },
    apply({ key, record }) {
      const before = records.get(key);
      const order = currentOrder();
      if (before) counts.bytes -= entryBytes(key, before.value);
      if (!record) {
        if (!before) return;
        records.delete(key);
        order?.splice(position(order, key), 1);
        changedKeys();
        return;
      }
      records.set(key, record);
      counts.bytes += entryBytes(key, record.value);
      counts.earliestExpiry = Math.min(counts.earliestExpiry, record.expiresAt ?? Infinity);
      if (before) return;
      order?.splice(position(order, key), 0, key);
      changedKeys();
    },
    *entries() {
      for (const [key, record] of records.entries()) if (live(key)) yield [key, record];
    },
    get size() {
      return counts.bytes;
    },
  };
}

/** Where the key is in an ordered list, or would be. */
function position(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareUtf8(sorted[middle]!, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function wholeNumber(text: string): number {
  const value = /^(?:0|-?[1-9]\d{0,15})$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw notWhole();
  return value;
}

/** What a key and its value take of `totalBytes`. */
export function entryBytes(key: string, value: string): number {
  return Buffer.byteLength(key) + Buffer.byteLength(value) + ENTRY_BYTES;
}
