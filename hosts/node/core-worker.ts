import { Worker } from "node:worker_threads";
import type { CallFailure, McpRequest, Outcome } from "../../src/protocol/index.ts";
import { createCallLog } from "./call-log.ts";
import type { LoadedCore } from "./load-core.ts";
import type { CallMessage, WorkerMessage, WorkerSetup } from "./worker-messages.ts";

/** How a call ended. */
export type CallResult = { outcome: Outcome } | { failure: CallFailure };

/** Options of {@link startCoreWorker}. */
export interface CoreWorkerOptions {
  /** Bytes of UTF-8 an outcome may have. */
  maxOutputBytes: number;
  /** Time the worker may take to become ready, in milliseconds. */
  startMs: number;
  /** Takes the log lines of one call, and how many were dropped. */
  onLog(lines: Buffer | undefined, dropped: number): void;
  /** The worker is of no more use. Called once; `ended` says that it had been ready before. */
  onEnd(worker: CoreWorker, ended: { wasReady: boolean; reason: string }): void;
  /** The worker can take its first call. */
  onReady(worker: CoreWorker): void;
}

/** One thread with one instance of a core. It takes one call at a time. */
export interface CoreWorker {
  /** Runs a call; `done` is called once. Until then no other call may be run. */
  run(context: string, request: McpRequest, timeoutMs: number, done: (result: CallResult) => void): void;
  /** Ends the thread, whatever it does. */
  terminate(): Promise<void>;
}

// Strings on their way through, and the transpiled code. Guests have their own memory, bounded in their modules.
const HEAP_MIB = 256;

/** Starts a thread for a core. */
export function startCoreWorker(core: LoadedCore, options: CoreWorkerOptions): CoreWorker {
  const log = createCallLog();
  const setup: WorkerSetup = {
    glue: core.glue,
    modules: core.modules,
    log: log.shared,
    maxOutputBytes: options.maxOutputBytes,
  };
  const thread = new Worker(new URL("./worker.js", import.meta.url), {
    workerData: setup,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  let done: ((result: CallResult) => void) | undefined;
  let timer: NodeJS.Timeout | undefined = setTimeout(
    () => end("deadline", `it was not ready within ${options.startMs} ms`),
    options.startMs,
  );
  let wasReady = false;
  let ended = false;

  function settle(result: CallResult): void {
    clearTimeout(timer);
    const { lines, dropped } = log.take();
    if (lines || dropped > 0) options.onLog(lines, dropped);
    const settled = done;
    done = undefined;
    settled?.(result);
  }

  function end(failure: CallFailure, reason: string): void {
    if (ended) return;
    ended = true;
    void thread.terminate();
    options.onEnd(worker, { wasReady, reason });
    settle({ failure });
  }

  const worker: CoreWorker = {
    run(context, request, timeoutMs, whenDone) {
      done = whenDone;
      timer = setTimeout(() => end("deadline", "a call took too long"), timeoutMs);
      const message: CallMessage = { context, request };
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      thread.postMessage(message);
    },
    async terminate() {
      ended = true;
      settle({ failure: "trap" });
      await thread.terminate();
    },
  };

  thread.on("message", (message: WorkerMessage) => {
    if (ended) return;
    if (typeof message === "string") {
      settle({ outcome: { tag: "success", val: message } });
      return;
    }
    switch (message.kind) {
      case "ready":
        wasReady = true;
        settle({ failure: "trap" });
        options.onReady(worker);
        break;
      case "unable":
        end("trap", message.reason);
        break;
      case "outcome":
        settle({ outcome: message.outcome });
        break;
      case "failure":
        if (message.recycle) end(message.failure, "it overflowed its stack");
        else settle({ failure: message.failure });
        break;
    }
  });
  thread.on("error", (error) => end("trap", error.message));
  thread.on("exit", () => end("trap", "it ended by itself"));
  return worker;
}
