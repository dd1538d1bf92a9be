import { ServiceFailure, type KvStore } from "../host-services.ts";
import { lendToThreads, threadStoresOf } from "./thread-stores.ts";

/** What keys of the host itself start with. */
export const HOST_KEYS = "\0tenon/";

/** A store as components see it: the keys of the host are denied, whatever prefix was granted. */
export function componentKv(kv: KvStore): KvStore {
  const store: KvStore = {
    features: kv.features,
    get: (key) => unless(isHostKey(key), () => kv.get(key)),
    set: (key, ...rest) => unless(isHostKey(key), () => kv.set(key, ...rest)),
    delete: (key) => unless(isHostKey(key), () => kv.delete(key)),
    swap: (key, ...rest) => unless(isHostKey(key), () => kv.swap(key, ...rest)),
    increment: (key, ...rest) => unless(isHostKey(key), () => kv.increment(key, ...rest)),
    list: (prefix, ...rest) => unless(coversHostKeys(prefix), () => kv.list(prefix, ...rest)),
    close: () => kv.close(),
  };
  const threads = threadStoresOf(kv);
  if (threads) lendToThreads(store, threads);
  return store;
}

/** Whether a key is the host's own. */
export function isHostKey(key: string): boolean {
  return key.startsWith(HOST_KEYS);
}

/** Whether keys of the host may begin with a prefix. */
export function coversHostKeys(prefix: string): boolean {
  return isHostKey(prefix) || HOST_KEYS.startsWith(prefix);
}

async function unless<T>(denied: boolean, work: () => Promise<T>): Promise<T> {
  if (denied) throw new ServiceFailure("denied", "these keys are the host's own");
  return work();
}
