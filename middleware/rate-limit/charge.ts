import type { Kv, KvEntry } from "tenon";
import type { Limit } from "./settings.ts";
import { spend, type Spent } from "./spend.ts";

/** What a request costs under one limit. */
export interface Charge {
  readonly limit: Limit;
  /** Of the budget, in the store. */
  readonly key: string;
  readonly cost: number;
}

/** The limit that does not let a request through, and when to try again. */
export interface Refused {
  readonly limit: Limit;
  /** Whole milliseconds, at least 1. */
  readonly retryAfterMs: number;
}

/** How often others may come first before a request is refused: each time one of them was admitted. */
const MAX_RETRIES = 8;

/**
 * Charges a request to every limit, or to none: all are looked at before the first is written. A request that loses a race
 * under a later limit has spent from those before it.
 *
 * @param swaps False when the store cannot swap: of requests at the same moment some are then not counted.
 * @returns Nothing for a request that is within all limits; else the one to wait longest for.
 * @throws ServiceError when the store fails.
 */
export async function charge(
  charges: readonly Charge[],
  kv: Kv,
  { swaps, now }: { swaps: boolean; now: () => number },
): Promise<Refused | undefined> {
  const looked: { charge: Charge; entry: KvEntry | undefined; spent: Spent }[] = [];
  let refused: Refused | undefined;
  for (const each of charges) {
    const entry = await kv.getEntry(each.key);
    const spent = spend(each.limit, each.cost, entry?.value, now());
    looked.push({ charge: each, entry, spent });
    if (spent.retryAfterMs !== undefined && spent.retryAfterMs > (refused?.retryAfterMs ?? 0)) {
      refused = { limit: each.limit, retryAfterMs: spent.retryAfterMs };
    }
  }
  if (refused !== undefined) return refused;
  for (const { charge: each, entry, spent } of looked) {
    refused = await write(each, entry, spent);
    if (refused !== undefined) return refused;
  }
  return undefined;

  async function write(
    { limit, key, cost }: Charge,
    first: KvEntry | undefined,
    firstSpent: Spent,
  ): Promise<Refused | undefined> {
    let entry = first;
    let spent = firstSpent;
    for (let retries = 0; spent.retryAfterMs === undefined; retries++) {
      const { next, ttlSeconds } = spent;
      if (!swaps) {
        await kv.set(key, next, { ttlSeconds });
        return undefined;
      }
      if (await kv.swap(key, entry?.version, next, { ttlSeconds })) return undefined;
      if (retries === MAX_RETRIES) return { limit, retryAfterMs: Math.ceil(limit.windowMs / limit.limit) };
      entry = await kv.getEntry(key);
      spent = spend(limit, cost, entry?.value, now());
    }
    return { limit, retryAfterMs: spent.retryAfterMs };
  }
}
