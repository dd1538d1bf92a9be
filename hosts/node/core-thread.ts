import { Worker } from "node:worker_threads";
import { packageFile } from "../../src/package/index.ts";
import { resolveLimits, type LimitsInput } from "./limits/resolve-limits.ts";

/** The thread that was started before there was a core for it, where what starts the command line and what it then runs both find it. */
const EARLY = Symbol.for("tenon.early-thread");
const shared = globalThis as { [EARLY]?: EarlyThread | undefined };

interface EarlyThread {
  thread: Worker;
  heapMiB: number;
  /** What it was given of a core. */
  glue?: string;
}

/**
 * Starts the thread that the first core of this process will run on, so that it loads what runs cores while the core is read. It keeps
 * no process from ending. One that was started for the same limits is left to it.
 *
 * @param limits Those the core will be served with.
 * @throws TypeError when a limit is not one.
 */
export function startThreadEarly(limits: LimitsInput = {}): void {
  const { heapMiB } = resolveLimits(limits).guests;
  if (shared[EARLY]?.heapMiB === heapMiB) return;
  void shared[EARLY]?.thread.terminate();
  const thread = startThread(heapMiB);
  thread.unref();
  shared[EARLY] = { thread, heapMiB };
  // What it died of, the next one that is started will die of as well.
  const forget = (): void => {
    if (shared[EARLY]?.thread === thread) shared[EARLY] = undefined;
  };
  thread.on("error", forget).on("exit", forget);
}

/** Gives the thread that was started early the JavaScript of the core that it is going to run, which it compiles while the rest is made. */
export function prepareThread(glue: string): void {
  const early = shared[EARLY];
  if (!early || early.glue !== undefined) return;
  early.glue = glue;
  giveGlue(early.thread, glue);
}

/** A thread that loads what runs cores, was given the JavaScript of one, and waits for the rest of its setup as its next message. */
export function takeThread(heapMiB: number, glue: string): Worker {
  prepareThread(glue);
  const early = shared[EARLY];
  if (early?.heapMiB !== heapMiB || early.glue !== glue) {
    const thread = startThread(heapMiB);
    giveGlue(thread, glue);
    return thread;
  }
  const { thread } = early;
  shared[EARLY] = undefined;
  thread.removeAllListeners("error").removeAllListeners("exit").ref();
  return thread;
}

function giveGlue(thread: Worker, glue: string): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  thread.postMessage(glue);
}

function startThread(heapMiB: number): Worker {
  return new Worker(packageFile("dist", "hosts", "node", "worker.cjs"), {
    env: {},
    execArgv: [],
    // Guests have their own memory, bounded in their modules.
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
  });
}
