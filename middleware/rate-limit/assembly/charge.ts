import { now } from "../../assembly/host";
import * as kv from "../../assembly/kv";
import { ABSENT, Text } from "../../assembly/text";
import { begin, putNumber, written } from "../../assembly/writer";
import { Limit } from "./limit";
import { next, retryAfterMs, spend, ttlSeconds } from "./spend";

/** What a request costs under one limit. */
export class Charge {
  version: Text = ABSENT;
  next: f64 = 0;
  ttlSeconds: f64 = 0;

  /** @param key Of the budget, in the store. */
  constructor(
    readonly limit: Limit,
    readonly key: Text,
    readonly cost: f64,
  ) {}

  /** Looks at what is left of the budget. False when the store failed, or holds something else there. */
  look(): bool {
    const kept = kv.get(this.key);
    if (kv.code != ABSENT || !spend(this.limit, this.cost, kept, <f64>now())) return false;
    this.version = kv.version;
    this.next = next;
    this.ttlSeconds = ttlSeconds;
    return true;
  }

  /** Writes what was looked at. True when it was written, or the store failed. */
  write(): bool {
    begin();
    putNumber(this.next);
    const value = written();
    if (kv.swaps) return kv.swap(this.key, this.version, value, this.ttlSeconds) || kv.code != ABSENT;
    kv.set(this.key, value, this.ttlSeconds);
    return true;
  }
}

/** What a charge comes to. */
export const ADMITTED: i32 = 0;
export const REFUSED: i32 = 1;
/** The store failed: `kv.code` says how. */
export const UNCOUNTED: i32 = 2;
/** The store holds what is none of this. */
export const FOREIGN: i32 = 3;

/** How often others may come first before a request is refused: each time one of them was admitted. */
const MAX_RETRIES: i32 = 8;

/** The limit that does not let a request through, and when to try again: whole milliseconds, at least 1. */
export let refusedBy: Limit | null = null;
export let waitMs: f64 = 0;

/**
 * Charges a request to every limit, or to none: all are looked at before the first is written. A request that loses a race
 * under a later limit has spent from those before it.
 *
 * Where the store cannot swap, of requests at the same moment some are not counted. Of several limits that refuse, the one to wait
 * longest for counts.
 */
export function charge(charges: StaticArray<Charge | null>, count: i32): i32 {
  refusedBy = null;
  waitMs = 0;
  for (let i = 0; i < count; i++) {
    const each = charges[i]!;
    if (!each.look()) return failed();
    if (retryAfterMs > waitMs) refuse(each.limit, retryAfterMs);
  }
  if (refusedBy != null) return REFUSED;
  for (let i = 0; i < count; i++) {
    const each = charges[i]!;
    for (let retries = 0; !each.write(); retries++) {
      if (retries == MAX_RETRIES) return refuse(each.limit, ceil(each.limit.windowMs / each.limit.limit));
      if (!each.look()) return failed();
      if (retryAfterMs > 0) return refuse(each.limit, retryAfterMs);
    }
    if (kv.code != ABSENT) return UNCOUNTED;
  }
  return ADMITTED;
}

function failed(): i32 {
  return kv.code == ABSENT ? FOREIGN : UNCOUNTED;
}

function refuse(limit: Limit, ms: f64): i32 {
  refusedBy = limit;
  waitMs = ms;
  return REFUSED;
}
