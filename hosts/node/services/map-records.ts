import { randomBytes } from "node:crypto";
import type { KvRecord, KvRecords } from "./kv-records.ts";

/** Records that one thread has to itself. */
export function createMapRecords(): KvRecords {
  const records = new Map<string, KvRecord>();
  return {
    epoch: newEpoch(),
    counts: { written: 0, bytes: 0, earliestExpiry: Infinity, sweptAt: -Infinity, keyChanges: 0 },
    get size() {
      return records.size;
    },
    get: (key) => records.get(key),
    set: (key, record) => void records.set(key, record),
    delete: (key) => void records.delete(key),
    keys: () => records.keys(),
    entries: () => records.entries(),
  };
}

/** What begins the versions of one store. */
export function newEpoch(): string {
  return randomBytes(6).toString("base64url");
}
