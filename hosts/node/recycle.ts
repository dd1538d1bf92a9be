import type { InstanceLimits } from "./instances.ts";
import type { Limits } from "./limits/resolve-limits.ts";

const MIB = 1024 * 1024;
// Beyond, the next call might fail for what earlier ones left behind.
const MEMORY_SHARE = 0.75;

/**
 * When one thread replaces instances, and how many it keeps.
 *
 * @param single True where one instance serves all calls of a thread.
 * @param threads How many threads there are.
 * @param memoryBytes What each memory can grow to.
 */
export function instanceLimits(
  { instances, instancesMiB, recycleCalls, recycleMs, chainMiB }: Limits["guests"],
  { single, threads, memoryBytes }: { single: boolean; threads: number; memoryBytes: number },
): InstanceLimits {
  return {
    single,
    kept: single ? 1 : Math.max(1, Math.floor(instances / threads)),
    keptBytes: instancesMiB * MIB,
    calls: recycleCalls,
    ageMs: recycleMs,
    memoryBytes: memoryBytes * MEMORY_SHARE,
    chainBytes: chainMiB * MIB * MEMORY_SHARE,
  };
}
