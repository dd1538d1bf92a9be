import { randomBytes } from "node:crypto";
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

/** What an entry costs beside its key and value, roughly. */
const ENTRY_BYTES = 128;
const SWEEP_MS = 1000;

/** What a key holds. */
export interface KvRecord {
  value: string;
  version: string;
  /** In milliseconds since 1970-01-01T00:00:00Z; absent: never. */
  expiresAt?: number;
}

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

/** @param now Milliseconds since 1970-01-01T00:00:00Z. */
export function createKvTable(now: () => number, limits: Limits["kv"]): KvTable {
  const records = new Map<string, KvRecord>();
  /** All keys of `records`, in the order of their UTF-8 bytes. Absent until they are listed for the first time. */
  let sorted: string[] | undefined;
  // Unique beyond this process: what was read from a store before it was started again must not match by chance.
  const epoch = randomBytes(6).toString("base64url");
  let written = 0;
  let totalBytes = 0;
  let earliestExpiry = Infinity;
  let sweptAt = -Infinity;

  function live(key: string): KvRecord | undefined {
    const record = records.get(key);
    return record?.expiresAt === undefined || record.expiresAt > now() ? record : undefined;
  }

  function remove(key: string): void {
    const record = records.get(key);
    if (!record) return;
    records.delete(key);
    sorted?.splice(position(sorted, key), 1);
    totalBytes -= size(key, record.value);
  }

  /** A pass over all keys, so not for every write, however many expire. */
  function removeExpired(): void {
    const time = now();
    if (earliestExpiry > time || Math.abs(time - sweptAt) < SWEEP_MS) return;
    sweptAt = time;
    earliestExpiry = Infinity;
    for (const [key, { value, expiresAt = Infinity }] of records) {
      if (expiresAt > time) {
        earliestExpiry = Math.min(earliestExpiry, expiresAt);
        continue;
      }
      records.delete(key);
      totalBytes -= size(key, value);
    }
    sorted = sorted?.filter((key) => records.has(key));
  }

  function planWrite(key: string, value: string, expiresAt: number | undefined): KvChange {
    checkValue(value);
    removeExpired();
    const before = records.get(key);
    if (!before && records.size >= limits.keys) throw tooLarge(`the store has ${limits.keys} keys`);
    const growth = size(key, value) - (before ? size(key, before.value) : 0);
    if (growth > 0 && totalBytes + growth > limits.totalBytes) {
      throw tooLarge(`the store would have more than ${limits.totalBytes} bytes`);
    }
    const version = `${epoch}-${(++written).toString(36)}`;
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
      sorted ??= [...records.keys()].sort(compareUtf8);
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
      if (!record) {
        remove(key);
        return;
      }
      if (before) totalBytes -= size(key, before.value);
      else sorted?.splice(position(sorted, key), 0, key);
      records.set(key, record);
      totalBytes += size(key, record.value);
      earliestExpiry = Math.min(earliestExpiry, record.expiresAt ?? Infinity);
    },
    *entries() {
      for (const [key, record] of records) if (live(key)) yield [key, record];
    },
    get size() {
      return totalBytes;
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

function size(key: string, value: string): number {
  return Buffer.byteLength(key) + Buffer.byteLength(value) + ENTRY_BYTES;
}
