import type { Limits } from "../limits/resolve-limits.ts";
import type { KvStore } from "../host-services.ts";
import type { SharedMemory } from "./shared-records.ts";

/** What a thread needs to use a store by itself. */
export interface SharedKvSetup {
  memory: SharedMemory;
  limits: Limits["kv"];
  /** The number of the thread. */
  holder: number;
}

/** A store that threads can use without asking for it. */
export interface ThreadStores {
  /** For one more thread. */
  forThread(): SharedKvSetup;
  /** The thread has ended, whatever it did then. */
  threadEnded(setup: SharedKvSetup): void;
}

// Not a member of the store: what a program wraps around one, to refuse or to count, must not be gone around.
const lent = new WeakMap<KvStore, ThreadStores>();

/** Lets threads use what a store keeps without its functions. */
export function lendToThreads(store: KvStore, threads: ThreadStores): void {
  lent.set(store, threads);
}

/** Nothing for a store that threads have to ask for. */
export function threadStoresOf(store: KvStore | undefined): ThreadStores | undefined {
  return store && lent.get(store);
}
