import { isUnauthorized } from "./instances.ts";
import type { CallResult } from "./worker-call.ts";

/** The keys whose instances a worker keeps, as far as can be told from outside; it decides itself. */
export interface KeptKeys {
  has(key: string | undefined): boolean;
  /** Follows what the worker does with the instance of a call that ended. */
  follow(key: string | undefined, result: CallResult): void;
}

/** @param kept Instances that the worker keeps. */
export function createKeptKeys(kept: number): KeptKeys {
  /** Those used last are at the end. */
  const keys = new Set<string>();
  let newest: string | undefined;
  return {
    has: (key) => key !== undefined && keys.has(key),
    follow(key, result) {
      if (key === undefined) return;
      const isKept = "failure" in result ? result.failure === "too-large" : !isUnauthorized(result.outcome);
      if (isKept && key === newest) return;
      keys.delete(key);
      newest = isKept ? key : undefined;
      if (!isKept) return;
      keys.add(key);
      const [oldest] = keys;
      if (keys.size > kept) keys.delete(oldest!);
    },
  };
}
