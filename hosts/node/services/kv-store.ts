import type { KvStore } from "../host-services.ts";
import { DEFAULT_LIMITS, type Limits } from "../limits/resolve-limits.ts";
import { createKvTable, type KvChange, type KvPlan, type KvTable } from "./kv-table.ts";

/** Carries out plans, one after another. */
export interface KvJournal {
  /** Makes a plan, keeps its change and applies it. Rejects with a `ServiceFailure`, and nothing has changed then. */
  commit<T>(plan: () => KvPlan<T>): Promise<T>;
  close(): Promise<void>;
}

/** A store of a table whose changes a journal keeps. */
export function createKvStore(table: KvTable, journal: KvJournal): KvStore {
  return {
    // Also in memory, which is the server's: values outlive the guests that wrote them.
    features: { swap: true, persistent: true, consistency: "strong" },
    async get(key) {
      const record = table.get(key);
      return record && { value: record.value, version: record.version };
    },
    set: (key, value, ttlSeconds) => journal.commit(() => table.planSet(key, value, ttlSeconds)),
    delete: (key) => journal.commit(() => table.planDelete(key)),
    swap: (key, expected, value, ttlSeconds) =>
      journal.commit(() => table.planSwap(key, expected, value, ttlSeconds)),
    increment: (key, delta, ttlSeconds) => journal.commit(() => table.planIncrement(key, delta, ttlSeconds)),
    list: async (prefix, cursor, limit) => table.list(prefix, cursor, limit),
    close: () => journal.close(),
  };
}

/** A store that ends with the process. */
export function createMemoryKv(now: () => number, limits: Limits["kv"] = DEFAULT_LIMITS.kv): KvStore {
  const table = createKvTable(now, limits);
  return createKvStore(table, {
    async commit<T>(plan: () => KvPlan<T>) {
      const { change, result } = plan();
      if (change) table.apply(change satisfies KvChange);
      return result;
    },
    close: () => Promise.resolve(),
  });
}
