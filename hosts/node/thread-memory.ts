import { createCallLog, type CallLog } from "./call-log.ts";
import { createCallSlots, SLOTS, type CallSlots } from "./call-slots.ts";
import type { Limits } from "./limits/resolve-limits.ts";

/** What the main thread shares with one thread. */
export interface ThreadMemory {
  slots: CallSlots;
  /** One for each slot. */
  logs: readonly CallLog[];
  /** For what is logged while an instance starts. */
  startLog: CallLog;
}

/**
 * The memory of threads, which goes from one that has ended to one that starts. What is only dropped stays until the collector of the
 * main thread sees to it, and to that a thread is nothing but a few small objects: a server that replaces threads again and again would have the
 * memory of dozens that have ended.
 */
export interface ThreadMemories {
  /** Empty memory. */
  take(): ThreadMemory;
  /** To be called once its thread has ended, and nobody else uses it. */
  giveBack(memory: ThreadMemory): void;
}

/** More than end at the same time are not kept. */
const MAX_KEPT = 4;

/** Creates the memory of the threads of a pool. */
export function createThreadMemories(
  limits: Pick<Limits["calls"], "logBytes" | "reservedLogBytes">,
): ThreadMemories {
  const kept: SharedArrayBuffer[][] = [];

  return {
    take() {
      const [slots, startLog, ...logs] = kept.pop() ?? [];
      return {
        slots: createCallSlots(slots),
        logs: Array.from({ length: SLOTS }, (_, at) => createCallLog(limits, logs[at])),
        startLog: createCallLog(limits, startLog),
      };
    },
    giveBack({ slots, startLog, logs }) {
      if (kept.length >= MAX_KEPT) return;
      const all = [slots, startLog, ...logs].map(({ shared }) => shared);
      // Nothing of a call is left for the threads of later ones.
      for (const each of all) new Uint8Array(each).fill(0);
      kept.push(all);
    },
  };
}
