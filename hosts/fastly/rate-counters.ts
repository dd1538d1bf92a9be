import { RateCounter } from "fastly:compute/erl@0.1.0";
import { checkedKey, type Kv, type StoreFeatures } from "../wasi/kept-keys.ts";
import { ServiceError } from "../wasi/service-error.ts";
import { costOf, owedMs, type CountedBudgets } from "./counted-budget.ts";

/** Bytes of an entry. @see https://www.fastly.com/documentation/reference/vcl/functions/rate-limiting/ratelimit-ratecounter-increment/ */
const MAX_ENTRY_BYTES = 256;
/** A time as `rate-limit` writes it, in milliseconds since 1970. */
const TIME = /^\d{1,16}(?:\.\d{1,16})?$/;

/** Those of the KV store: `rate-limit` counts with nothing less, and whoever made the bundle chose less for it. */
export const FEATURES: StoreFeatures = { swap: true, persistent: true, consistency: "eventual" };

let opened: RateCounter | undefined;

/** The budgets that a key, or a prefix of keys, belongs to; nothing for what no counter keeps. */
export function budgetsOf(key: string): CountedBudgets | undefined {
  return BUDGETS.find(({ prefix }) => key.startsWith(prefix));
}

/**
 * `tenon:host/kv` of the budgets of `rate-limit`, kept by a rate counter. A key always has a value, which is made of what was counted:
 * the time at which the budget is whole. Its version is that time, so a swap tells what was spent, and is counted whoever else
 * spends meanwhile.
 */
export const kv: Kv = {
  getFeatures: () => FEATURES,

  get(key) {
    const budgets = checkedBudgets(key);
    const owed = owedMs(budgets, (seconds) => attempt(() => counter().lookupCount(key, seconds)) >>> 0);
    const value = String(Date.now() + owed);
    return { value, version: value };
  },

  swap(key, expected, value) {
    const budgets = checkedBudgets(key);
    if (expected === null || !TIME.test(expected)) return false;
    const cost = TIME.test(value) ? costOf(budgets, Number(expected), Number(value)) : undefined;
    if (cost === undefined)
      throw new ServiceError(
        "invalid",
        "a rate counter keeps the key, and the value is no budget spent from",
      );
    attempt(() => counter().increment(key, cost));
    return true;
  },

  set: refuse,
  delete: refuse,
  increment: refuse,
  list: refuse,
};

function checkedBudgets(key: string): CountedBudgets {
  if (checkedKey(key).length > 2 * MAX_ENTRY_BYTES)
    throw new ServiceError("too-large", `the key has more than ${MAX_ENTRY_BYTES} bytes`);
  return budgetsOf(key)!;
}

function refuse(): never {
  throw new ServiceError("unsupported", "a rate counter keeps the key: it is read and swapped, and no more");
}

function counter(): RateCounter {
  opened ??= RateCounter.open(RATE_COUNTER);
  return opened;
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch {
    throw new ServiceError("unavailable", "the rate counter does not answer");
  }
}
