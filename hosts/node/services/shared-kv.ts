import type { KvStore } from "../host-services.ts";
import { DEFAULT_LIMITS, type Limits } from "../limits/resolve-limits.ts";
import { createKvTable, entryBytes, type KvPlan, type KvTable } from "./kv-table.ts";
import { createSharedLock, type SharedLock } from "./shared-lock.ts";
import { attachSharedRecords, createSharedMemory, type SharedMemory } from "./shared-records.ts";
import { lendToThreads, type SharedKvSetup } from "./thread-stores.ts";

/** The first of the control words. */
const LOCK = 0;
const MAIN = 1;

/** A store that ends with the process, in memory that threads share. Keys expire by the system's clock unless another one is given. */
export function createSharedKv(limits: Limits["kv"] = DEFAULT_LIMITS.kv, now?: () => number): KvStore {
  const memory = createSharedMemory(limits);
  const records = attachSharedRecords(memory);
  const lock = lockOf(memory, MAIN);
  const table = createKvTable(now ?? Date.now, limits, records);
  let threads = MAIN;

  async function locked<T>(work: () => T): Promise<T> {
    await lock.acquireInTurns();
    try {
      return work();
    } finally {
      lock.release();
    }
  }

  const commit = <T>(plan: () => KvPlan<T>): Promise<T> => locked(() => carryOut(table, plan));

  function forThread(): SharedKvSetup {
    return { memory, limits, holder: ++threads };
  }

  function threadEnded({ holder }: SharedKvSetup): void {
    if (!lock.takeOver(holder)) return;
    records.repair(entryBytes);
    lock.release();
  }

  const store: KvStore = {
    // Also in memory, which is the server's: values outlive the guests that wrote them.
    features: { swap: true, persistent: true, consistency: "strong" },
    get: (key) =>
      locked(() => {
        const record = table.get(key);
        return record && { value: record.value, version: record.version };
      }),
    set: (key, value, ttlSeconds) => commit(() => table.planSet(key, value, ttlSeconds)),
    delete: (key) => commit(() => table.planDelete(key)),
    swap: (key, expected, value, ttlSeconds) =>
      commit(() => table.planSwap(key, expected, value, ttlSeconds)),
    increment: (key, delta, ttlSeconds) => commit(() => table.planIncrement(key, delta, ttlSeconds)),
    list: (prefix, cursor, limit) => locked(() => table.list(prefix, cursor, limit)),
    close: () => Promise.resolve(),
  };
  // A thread has no clock but the system's.
  if (!now) lendToThreads(store, { forThread, threadEnded });
  return store;
}

/** A store as a thread uses it. */
export interface ThreadKv {
  table: KvTable;
  lock: SharedLock;
}

/** Attaches a thread to a store that the main thread created. */
export function attachSharedKv({ memory, limits, holder }: SharedKvSetup): ThreadKv {
  return {
    table: createKvTable(Date.now, limits, attachSharedRecords(memory)),
    lock: lockOf(memory, holder),
  };
}

/** Makes a plan and applies it at once. */
export function carryOut<T>(table: KvTable, plan: () => KvPlan<T>): T {
  const { change, result } = plan();
  if (change) table.apply(change);
  return result;
}

function lockOf({ control }: SharedMemory, holder: number): SharedLock {
  return createSharedLock(new Int32Array(control), LOCK, holder);
}
