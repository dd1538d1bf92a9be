import { ServiceFailure, type KvStore } from "../host-services.ts";

/** What keys of the host itself start with. */
export const HOST_KEYS = "\0tenon/";

/** A store as components see it: the keys of the host are denied, whatever prefix was granted. */
export function componentKv(kv: KvStore): KvStore {
  return {
    features: kv.features,
    get: (key) => unless(isOwn(key), () => kv.get(key)),
    set: (key, ...rest) => unless(isOwn(key), () => kv.set(key, ...rest)),
    delete: (key) => unless(isOwn(key), () => kv.delete(key)),
    swap: (key, ...rest) => unless(isOwn(key), () => kv.swap(key, ...rest)),
    increment: (key, ...rest) => unless(isOwn(key), () => kv.increment(key, ...rest)),
    list: (prefix, ...rest) =>
      unless(isOwn(prefix) || HOST_KEYS.startsWith(prefix), () => kv.list(prefix, ...rest)),
    close: () => kv.close(),
  };
}

function isOwn(key: string): boolean {
  return key.startsWith(HOST_KEYS);
}

async function unless<T>(denied: boolean, work: () => Promise<T>): Promise<T> {
  if (denied) throw new ServiceFailure("denied", "these keys are the host's own");
  return work();
}
