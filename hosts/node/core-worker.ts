import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { ownModule } from "../../src/package/index.ts";
import type { CallFailure, McpRequest, Outcome, Signal } from "../../src/protocol/index.ts";
import { createCallLog } from "./call-log.ts";
import type { CallClient, ServiceListeners, CallServices } from "./call-services.ts";
import { describeCall, ownersOf } from "./describe-call.ts";
import { isUnauthorized, type InstanceLimits } from "./instances.ts";
import type { LoadedCore } from "./load-core.ts";
import type { Limits } from "./limits/resolve-limits.ts";
import { MAX_REFUSALS, type Refusal } from "./refusal.ts";
import { requestIdOf } from "./request-id.ts";
import {
  WORDS,
  type CallMessage,
  type ServiceAnswer,
  type WorkerMessage,
  type WorkerSetup,
} from "./worker-messages.ts";

/** How a call ended. */
export type CallResult = { outcome: Outcome } | { failure: CallFailure };

/** Options of {@link startCoreWorker}. */
export interface CoreWorkerOptions {
  limits: Limits;
  /** When instances are replaced, and how many are kept. */
  instances: InstanceLimits;
  /** Makes what calls may reach beyond the worker. */
  lend(listeners: ServiceListeners): CallServices;
  /** True when the main thread is asked for the time. */
  hasClock: boolean;
  /** Takes what a service threw against its own rules. */
  onFault(service: string, error: unknown, requestId: string | undefined): void;
  /** Takes what the host refused a guest; of one call the first {@link MAX_REFUSALS}. */
  onRefusal(refusal: Refusal, requestId: string | undefined): void;
  /** Takes how many refusals of a call there were beyond those. */
  onRefusals(further: number, requestId: string | undefined): void;
  /** Takes the log lines of one call, and how many were dropped. */
  onLog(lines: Buffer | undefined, dropped: number, requestId: string | undefined): void;
  /** The worker is of no more use. Called once; says whether it had been ready before, and whose call it was busy with. */
  onEnd(
    worker: CoreWorker,
    ended: { wasReady: boolean; reason: string; requestId: string | undefined },
  ): void;
  /** The worker can take its first call, or the next one after {@link CoreWorker.isStarting}. */
  onReady(worker: CoreWorker): void;
}

/** A call for a worker. */
export interface WorkerCall {
  context: string;
  request: McpRequest;
  timeoutMs: number;
  client: CallClient;
  /** See `isolationKey`. */
  key: string | undefined;
}

/** One thread with instances of a core. It takes one call at a time. */
export interface CoreWorker {
  /** Runs a call; `done` is called once. Until then no other call may be run. */
  run(call: WorkerCall, done: (result: CallResult) => void): void;
  /** True while the next instance starts: no call may be run until the worker is ready again. */
  readonly isStarting: boolean;
  /** What a call of this key would meet: perhaps an instance that served it before, or a new one; nothing where it must not run. */
  offers(key: string | undefined): "kept" | "fresh" | undefined;
  /** Ends the thread, whatever it does. */
  terminate(): Promise<void>;
}

/** How long a thread that is not needed any more may take to read its modules, in milliseconds. */
const LOADING_MS = 1000;

/** Starts a thread for a core. */
export function startCoreWorker(core: LoadedCore, options: CoreWorkerOptions): CoreWorker {
  const { calls, guests } = options.limits;
  const log = createCallLog(calls);
  const services = options.lend({ onFault, onRefusal });
  const words = new Int32Array(
    new SharedArrayBuffer(Object.keys(WORDS).length * Int32Array.BYTES_PER_ELEMENT),
  );
  const owners = ownersOf(core.manifest);
  const setup: WorkerSetup = {
    glue: core.glue,
    modules: core.modules,
    sourceMaps: core.sourceMaps,
    owners,
    middleware: new Set(core.manifest.middleware.map(({ as }) => as)),
    log: log.shared,
    reservedLogBytes: calls.reservedLogBytes,
    words: words.buffer,
    clock: options.hasClock,
    maxOutputBytes: calls.resultBytes,
    instances: options.instances,
    environment: core.environment,
  };
  const thread = new Worker(ownModule("hosts", "node", "worker"), {
    workerData: setup,
    env: {},
    execArgv: [],
    // Guests have their own memory, bounded in their modules.
    resourceLimits: { maxOldGenerationSizeMb: guests.heapMiB },
  });
  const loaded = new Promise<void>((resolve) => {
    thread.once("message", () => resolve()).once("exit", () => resolve());
  });
  let done: ((result: CallResult) => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let startTimer: NodeJS.Timeout | undefined;
  /** Keys of the instances that the worker keeps, as far as can be told from here; it decides itself. */
  const keys = new Set<string>();
  let stopWatching: (() => void) | undefined;
  /** Of the call in flight. */
  let requestId: string | undefined;
  let key: string | undefined;
  /** What the host refused it. */
  let refusals = 0;
  let wasReady = false;
  let ended = false;

  function onFault(service: string, error: unknown): void {
    options.onFault(service, error, requestId);
  }

  function onRefusal(refusal: Refusal): void {
    refusals++;
    if (refusals <= MAX_REFUSALS) options.onRefusal(refusal, requestId);
  }

  /** An instance that never starts must not keep a thread. */
  function awaitStart(): void {
    startTimer = setTimeout(
      () =>
        end("deadline", `${wasReady ? "its next instance" : "it"} was not ready within ${guests.startMs} ms`),
      guests.startMs,
    );
  }

  function started(): void {
    clearTimeout(startTimer);
    startTimer = undefined;
  }

  /** Follows what the worker does with the instance of the call that ended. */
  function follow(result: CallResult): void {
    if (key === undefined) return;
    keys.delete(key);
    if ("failure" in result ? result.failure !== "too-large" : isUnauthorized(result.outcome)) return;
    keys.add(key);
    const [oldest] = keys;
    if (keys.size > options.instances.kept) keys.delete(oldest!);
  }

  function settle(result: CallResult): void {
    clearTimeout(timer);
    stopWatching?.();
    stopWatching = undefined;
    services.end();
    const { lines, dropped } = log.take();
    if (lines || dropped > 0) options.onLog(lines, dropped, requestId);
    if (refusals > MAX_REFUSALS) options.onRefusals(refusals - MAX_REFUSALS, requestId);
    refusals = 0;
    requestId = undefined;
    follow(result);
    key = undefined;
    const settled = done;
    done = undefined;
    settled?.(result);
  }

  function end(failure: CallFailure, reason: string): void {
    if (ended) return;
    ended = true;
    started();
    void thread.terminate();
    options.onEnd(worker, { wasReady, reason, requestId });
    settle({ failure });
  }

  function post(message: CallMessage | ServiceAnswer): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    thread.postMessage(message);
  }

  /** The answer goes first: the count tells the worker that it is there. */
  function answer(given: ServiceAnswer): void {
    try {
      post(given);
    } catch (error) {
      onFault("guest's", error);
      post({ error: { tag: "unavailable", val: "the host failed" } });
    }
    Atomics.add(words, WORDS.answered, 1);
    Atomics.notify(words, WORDS.answered);
  }

  /** Tells the guest once nobody waits for it, and ends it when it does not listen. */
  function watch(signal: Signal, request: McpRequest): void {
    let grace: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      Atomics.store(words, WORDS.cancelled, 1);
      grace = setTimeout(
        () => end("cancelled", `${describeCall(request, owners)} went on after it was cancelled`),
        calls.cancelMs,
      );
    };
    signal.addEventListener("abort", onAbort, { once: true });
    stopWatching = () => {
      clearTimeout(grace);
      signal.removeEventListener("abort", onAbort);
    };
  }

  const worker: CoreWorker = {
    get isStarting() {
      return startTimer !== undefined;
    },
    offers: (wanted) => (wanted !== undefined && keys.has(wanted) ? "kept" : "fresh"),
    run(call, whenDone) {
      const { context, request, timeoutMs, client } = call;
      done = whenDone;
      key = call.key;
      requestId = requestIdOf(context);
      services.begin(client);
      Atomics.store(words, WORDS.cancelled, 0);
      if (client.signal) watch(client.signal, request);
      timer = setTimeout(() => end("deadline", `${describeCall(request, owners)} took too long`), timeoutMs);
      post({ context, request, authorization: client.authorization, key });
    },
    async terminate() {
      ended = true;
      started();
      settle({ failure: "trap" });
      // Node 20 never closes the files of the modules that a thread is reading when it is ended.
      await Promise.race([loaded, pause(LOADING_MS, undefined, { ref: false })]);
      await thread.terminate();
    },
  };

  awaitStart();
  thread.on("message", (message: WorkerMessage) => {
    if (ended) return;
    if (typeof message === "string") {
      settle({ outcome: { tag: "success", val: message } });
      return;
    }
    switch (message.kind) {
      case "starting":
        awaitStart();
        break;
      case "ready":
        started();
        wasReady = true;
        options.onReady(worker);
        break;
      case "unable":
        end("trap", message.reason);
        break;
      case "outcome":
        settle({ outcome: message.outcome });
        break;
      case "question":
        void services.answer(message).then(answer);
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
