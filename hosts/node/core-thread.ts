import { Worker } from "node:worker_threads";
import { ownModule } from "../../src/package/index.ts";
import { resolveLimits, type LimitsInput } from "./limits/resolve-limits.ts";

/** The thread that was started before there was a core for it. */
let early: { thread: Worker; heapMiB: number } | undefined;

/**
 * Starts the thread that the first core of this process will run on, so that it loads what runs cores while the core is read. It keeps
 * no process from ending. One that was started for the same limits is left to it.
 *
 * @param limits Those the core will be served with.
 * @throws TypeError when a limit is not one.
 */
export function startThreadEarly(limits: LimitsInput = {}): void {
  const { heapMiB } = resolveLimits(limits).guests;
  if (early?.heapMiB === heapMiB) return;
  void early?.thread.terminate();
  const thread = startThread(heapMiB);
  thread.unref();
  early = { thread, heapMiB };
  // What it died of, the next one that is started will die of as well.
  const forget = (): void => {
    if (early?.thread === thread) early = undefined;
  };
  thread.on("error", forget).on("exit", forget);
}

/** A thread that loads what runs cores, and then waits for its setup as the first message. */
export function takeThread(heapMiB: number): Worker {
  if (early?.heapMiB !== heapMiB) return startThread(heapMiB);
  const { thread } = early;
  early = undefined;
  thread.removeAllListeners("error").removeAllListeners("exit").ref();
  return thread;
}

function startThread(heapMiB: number): Worker {
  return new Worker(ownModule("hosts", "node", "worker"), {
    env: {},
    execArgv: [],
    // Guests have their own memory, bounded in their modules.
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
  });
}
