import type { Kv } from "../wasi/kept-keys.ts";
import { kv as stored } from "./kv.ts";
import { budgetsOf, FEATURES, kv as counted } from "./rate-counters.ts";

/** What keeps a key, or the keys under a prefix. */
function keeperOf(key: string): Kv {
  return budgetsOf(key) === undefined ? stored : counted;
}

/** `tenon:host/kv` of rate counters for budgets, and of a KV store for everything else. */
export const kv: Kv = {
  getFeatures: () => FEATURES,
  get: (key) => keeperOf(key).get(key),
  set: (key, ...rest) => keeperOf(key).set(key, ...rest),
  delete: (key) => keeperOf(key).delete(key),
  swap: (key, ...rest) => keeperOf(key).swap(key, ...rest),
  increment: (key, ...rest) => keeperOf(key).increment(key, ...rest),
  list: (prefix, ...rest) => keeperOf(prefix).list(prefix, ...rest),
};
