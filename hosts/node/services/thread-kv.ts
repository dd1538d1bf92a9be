import { ServiceFailure } from "../host-services.ts";
import { coversHostKeys, isHostKey } from "./component-kv.ts";
import { attachSharedKv, carryOut } from "./shared-kv.ts";
import type { SharedKvSetup } from "./thread-stores.ts";

/** Answers questions about keys on the thread that asks. */
export interface KvAnswers {
  /** Gives the answer; nothing for a question that the main thread is to answer: one that fails, which others must hear of. */
  answer(name: string, args: readonly unknown[]): { value: unknown } | undefined;
}

/**
 * Answers from a store that threads share, as components see it.
 *
 * @param onFault It failed in a way that nothing is known of: the lock stays taken until this thread has ended.
 */
export function createKvAnswers(setup: SharedKvSetup, onFault: () => void): KvAnswers {
  const { table, lock } = attachSharedKv(setup);
  const functions: Record<string, (...args: never[]) => unknown> = {
    "kv.get"(key: string) {
      const record = table.get(key);
      return record && { value: record.value, version: record.version };
    },
    "kv.set": (key: string, value: string, ttl?: number) =>
      carryOut(table, () => table.planSet(key, value, ttl)),
    "kv.delete": (key: string) => carryOut(table, () => table.planDelete(key)),
    "kv.swap": (key: string, expected: string | undefined, value: string, ttl?: number) =>
      carryOut(table, () => table.planSwap(key, expected, value, ttl)),
    "kv.increment": (key: string, delta: number, ttl?: number) =>
      carryOut(table, () => table.planIncrement(key, delta, ttl)),
    "kv.list": (prefix: string, cursor: string | undefined, limit: number) =>
      table.list(prefix, cursor, limit),
  };

  return {
    answer(name, args) {
      const work = functions[name];
      if (!work) return undefined;
      const [asked] = args as [string];
      if (name === "kv.list" ? coversHostKeys(asked) : isHostKey(asked)) return undefined;
      lock.acquire();
      try {
        const value = work(...(args as never[]));
        lock.release();
        return { value };
      } catch (error) {
        if (error instanceof ServiceFailure) {
          lock.release();
          return undefined;
        }
        onFault();
        throw error;
      }
    },
  };
}
