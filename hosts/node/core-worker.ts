import { setTimeout as pause } from "node:timers/promises";
import type { CallFailure, Signal } from "../../src/protocol/index.ts";
import type { CallLog } from "./call-log.ts";
import { SLOTS } from "./call-slots.ts";
import type { ServiceListeners, CallServices } from "./call-services.ts";
import { takeThread } from "./core-thread.ts";
import { createDeadlineTimer } from "./deadline-timer.ts";
import { describeCall, ownersOf } from "./describe-call.ts";
import type { InstanceLimits } from "./instances.ts";
import { createKeptKeys } from "./kept-keys.ts";
import type { LoadedCore } from "./load-core.ts";
import type { Limits } from "./limits/resolve-limits.ts";
import { MAX_REFUSALS, type Refusal } from "./refusal.ts";
import { linkNames } from "./link-names.ts";
import { requestIdOf } from "./request-id.ts";
import type { ThreadStores } from "./services/thread-stores.ts";
import type { ThreadMemories } from "./thread-memory.ts";
import type { CallResult, WorkerCall } from "./worker-call.ts";
import {
  LOOK,
  WORDS,
  type ServiceAnswer,
  type ToWorker,
  type WorkerMessage,
  type WorkerSetup,
} from "./worker-messages.ts";

/** Options of {@link startCoreWorker}. */
export interface CoreWorkerOptions {
  limits: Limits;
  /** When instances are replaced, and how many are kept. */
  instances: InstanceLimits;
  /** Makes what calls may reach beyond the worker. */
  lend(listeners: ServiceListeners): CallServices;
  /** The memory that threads share with this one. */
  memories: ThreadMemories;
  /** Makes what calls may do without the main thread. */
  stores?: ThreadStores | undefined;
  /** True when the main thread is asked for the time. */
  hasClock: boolean;
  /** True to tell observers how long each link of the chain took. */
  hasLinks: boolean;
  /** Takes what a service threw against its own rules. */
  onFault(service: string, error: unknown, requestId: string | undefined): void;
  /** Takes what the host refused a guest; of one call the first {@link MAX_REFUSALS}. */
  onRefusal(refusal: Refusal, requestId: string | undefined): void;
  /** Takes how many refusals of a call there were beyond those. */
  onRefusals(further: number, requestId: string | undefined): void;
  /** Takes the log lines of one call, and how many were dropped; then also whose call it was. */
  onLog(lines: Buffer | undefined, dropped: number, requestId: string | undefined): void;
  /** The worker is of no more use. Called once; says whether it had been ready before, and whose call it was busy with. */
  onEnd(
    worker: CoreWorker,
    ended: { wasReady: boolean; reason: string; requestId: string | undefined },
  ): void;
  /** The worker can take its first call, or the next one now that another instance has started. */
  onReady(worker: CoreWorker): void;
  /** Calls were given back, and may be given to others. */
  onGivenBack(): void;
}

/** One thread with instances of a core. It runs one call at a time. */
export interface CoreWorker {
  /** Runs a call; where one runs already, after those that are there, if it has {@link CoreWorker.room}. */
  run(call: WorkerCall): void;
  /**
   * Calls that it takes besides the one it runs, to go on with when that one ends. Only where calls are short: whatever waits behind a call
   * that takes longer than others did is given back.
   */
  readonly room: number;
  /** Takes back a call that it was given. False when it has begun. */
  withdraw(call: WorkerCall): boolean;
  /** Takes answers that are there, and that it has not told of yet. */
  catchUp(): void;
  /** True while it has no call and could run one. */
  readonly isFree: boolean;
  /** What a call of this key would meet: perhaps an instance that served it before, or a new one; nothing where it must not run. */
  offers(key: string | undefined): "kept" | "fresh" | undefined;
  /** Ends the thread, whatever it does. */
  terminate(): Promise<void>;
}

/** How long a thread that is not needed any more may take to read its modules, in milliseconds. */
const LOADING_MS = 1000;
/** What the calls that a worker has may take together, by those before, in milliseconds. */
const AHEAD_MS = 2;
/** Calls of one turn that a thread is not left asleep for. */
const MANY = SLOTS / 2;
/** How long a call waits behind another one before it is given back, in milliseconds. */
const PATIENCE_MS = 5;
/** How long an answer may be on its way after its deadline, in milliseconds. */
const ARRIVAL_MS = 1000;
/** The part of a new time in the time that calls take. */
const WEIGHT = 1 / 8;

/** A call that the worker has. */
interface Held {
  call: WorkerCall;
  slot: number;
}

/** Starts a thread for a core. */
export function startCoreWorker(core: LoadedCore, options: CoreWorkerOptions): CoreWorker {
  const { calls, guests } = options.limits;
  const memory = options.memories.take();
  const { slots, logs, startLog } = memory;
  const services = options.lend({ onFault, onRefusal });
  const words = new Int32Array(
    new SharedArrayBuffer(Object.keys(WORDS).length * Int32Array.BYTES_PER_ELEMENT),
  );
  const owners = ownersOf(core.manifest);
  const kv = options.stores?.forThread();
  const setup: WorkerSetup = {
    modules: core.modules,
    sourceMaps: core.sourceMaps,
    owners,
    middleware: new Set(core.manifest.middleware.map(({ as }) => as)),
    slots: slots.shared,
    logs: [...logs, startLog].map(({ shared }) => shared),
    reservedLogBytes: calls.reservedLogBytes,
    words: words.buffer,
    kv,
    clock: options.hasClock,
    maxOutputBytes: calls.resultBytes,
    instances: options.instances,
    links: options.hasLinks ? linkNames(core.manifest) : undefined,
    environment: core.environment,
  };
  const thread = takeThread(guests.heapMiB, core.glue);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  thread.postMessage(setup);
  const loaded = new Promise<void>((resolve) => {
    thread.once("message", () => resolve()).once("exit", () => resolve());
  });
  /** The first one runs; the others were not begun, as far as is known. */
  const held: Held[] = [];
  const deadlines = createDeadlineTimer(
    () => {
      takeAnswers();
      return held[0]?.call.deadline;
    },
    () => stop(held[0]!.call, "deadline", "took too long"),
  );
  let startTimer: NodeJS.Timeout | undefined;
  let patience: NodeJS.Timeout | undefined;
  let begunAt = 0;
  /** Milliseconds that calls take. */
  let pace = Infinity;
  /** The call that runs takes longer than others may wait for. */
  let isSlow = false;
  const keys = createKeptKeys(options.instances.kept);
  let stopWatching: (() => void) | undefined;
  /** It is woken once this turn of the event loop is over. */
  let isWaking = false;
  /** What the host refused it. */
  let refusals = 0;
  let wasReady = false;
  let ended = false;

  /** Of the call in flight; few have anything to tell. */
  function requestId(): string | undefined {
    return held[0] && requestIdOf(held[0].call.context);
  }

  function onFault(service: string, error: unknown): void {
    options.onFault(service, error, requestId());
  }

  function onRefusal(refusal: Refusal): void {
    refusals++;
    if (refusals <= MAX_REFUSALS) options.onRefusal(refusal, requestId());
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

  /** The first call is the one that runs now. */
  function begin(): void {
    const { call, slot } = held[0]!;
    begunAt = performance.now();
    services.begin(call.client);
    call.onBegin();
    if (call.client.signal) watch(call, slot, call.client.signal);
    deadlines.watch(call.deadline);
  }

  /** Ends the call that runs, and the worker with it if need be. An answer that is on its way has a moment to arrive. */
  function stop(call: WorkerCall, failure: CallFailure, how: string, isLate = false): void {
    slowDown();
    takeAnswers();
    const first = held[0];
    if (first?.call !== call) return;
    if (!isLate && slots.answerOf(first.slot) === "posted") {
      setTimeout(stop, ARRIVAL_MS, call, failure, how, true).unref();
      return;
    }
    if (slots.withdraw(first.slot)) settle({ failure });
    else end(failure, `${describeCall(call.request, owners)} ${how}`);
  }

  function settle(result: CallResult, isStarting = false): void {
    const { call, slot } = held[0]!;
    stopWatching?.();
    stopWatching = undefined;
    services.end();
    takeLog(logs[slot]!);
    if (refusals > MAX_REFUSALS) options.onRefusals(refusals - MAX_REFUSALS, requestId());
    refusals = 0;
    held.shift();
    isSlow = false;
    const took = performance.now() - begunAt;
    pace = pace === Infinity ? took : pace + (took - pace) * WEIGHT;
    keys.follow(call.key, result);
    slots.free(slot);
    if (isStarting && !ended) {
      awaitStart();
      giveBack(0);
    }
    // Before the other one ends, so that nobody takes the worker for free.
    if (held.length > 0) begin();
    call.onEnd(result);
  }

  function takeLog(log: CallLog): void {
    const { lines, dropped } = log.take();
    if (lines || dropped > 0) options.onLog(lines, dropped, dropped > 0 ? requestId() : undefined);
  }

  /** Gives back the calls that were not begun, from a place in the row on. */
  function giveBack(from = 1): void {
    let some = false;
    for (let at = held.length - 1; at >= from; at--) {
      const { call, slot } = held[at]!;
      if (!slots.withdraw(slot)) break;
      held.pop();
      some = true;
      call.onGivenBack();
    }
    if (some) options.onGivenBack();
  }

  /** What waits behind a long call is given back. */
  function watchPace(): void {
    patience ??= setTimeout(() => {
      patience = undefined;
      takeAnswers();
      if (held.length < 2) return;
      if (performance.now() - begunAt >= PATIENCE_MS) slowDown();
      else watchPace();
    }, PATIENCE_MS).unref();
  }

  function slowDown(): void {
    isSlow = true;
    giveBack();
  }

  /** Takes the answers that are in the slots, in order: behind one that comes as a message the others wait. */
  function takeAnswers(): void {
    while (held.length > 0) {
      const given = slots.answerOf(held[0]!.slot);
      if (given === undefined || given === "posted") return;
      settle({ outcome: { tag: "success", val: given.text } }, given.isStarting);
    }
  }

  function end(failure: CallFailure, reason: string): void {
    if (ended) return;
    ended = true;
    giveBack();
    takeAnswers();
    started();
    void thread.terminate();
    options.onEnd(worker, { wasReady, reason, requestId: requestId() });
    takeLog(startLog);
    while (held.length > 0) settle({ failure });
    deadlines.stop();
    clearTimeout(patience);
  }

  /**
   * One wake-up for the calls that arrive in a turn of the event loop, since it takes longer than handing a call over; but where they are
   * many, or it takes no more, the thread is to begin while the rest arrives.
   */
  function wakeSoon(): void {
    if (held.length === MANY || worker.room <= 0) {
      wake();
    } else if (!isWaking) {
      isWaking = true;
      setImmediate(wake);
    }
  }

  function wake(): void {
    isWaking = false;
    if (!ended && slots.mustWake()) post(LOOK);
  }

  function post(message: ToWorker): void {
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
  function watch(call: WorkerCall, slot: number, signal: Signal): void {
    let grace: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      slots.cancel(slot);
      grace = setTimeout(stop, calls.cancelMs, call, "cancelled", "went on after it was cancelled");
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    stopWatching = () => {
      clearTimeout(grace);
      signal.removeEventListener("abort", onAbort);
    };
  }

  const worker: CoreWorker = {
    get isFree() {
      return held.length === 0 && startTimer === undefined && !ended;
    },
    get room() {
      if (ended || isSlow || held.length === 0 || startTimer !== undefined || !slots.hasRoom) return 0;
      return Math.min(SLOTS, Math.floor(AHEAD_MS / pace)) - held.length;
    },
    offers: (key) => (keys.has(key) ? "kept" : "fresh"),
    run(call) {
      const { context, request, client, key } = call;
      const { authorization, observer } = client;
      const message = { context, request, authorization, key, isObserved: observer?.service !== undefined };
      if (!slots.fits(message)) post({ turn: slots.turn, call: message });
      const slot = slots.hand(message);
      held.push({ call, slot });
      wakeSoon();
      if (held.length === 1) begin();
      else watchPace();
    },
    withdraw(call) {
      const at = held.findIndex((each) => each.call === call);
      if (at < 1 || !slots.withdraw(held[at]!.slot)) return false;
      held.splice(at, 1);
      return true;
    },
    catchUp: takeAnswers,
    async terminate() {
      ended = true;
      started();
      while (held.length > 0) settle({ failure: "trap" });
      deadlines.stop();
      clearTimeout(patience);
      // Node 20 never closes the files of the modules that a thread is reading when it is ended.
      await Promise.race([loaded, pause(LOADING_MS, undefined, { ref: false })]);
      await thread.terminate();
    },
  };

  awaitStart();
  thread.on("message", (message: WorkerMessage) => {
    if (ended) return;
    if (message === LOOK) slots.listen();
    // What a message says comes after the answers that were there before it.
    takeAnswers();
    if (message === LOOK || ended) return;
    switch (message.kind) {
      case "ready":
        started();
        takeLog(startLog);
        wasReady = true;
        options.onReady(worker);
        break;
      case "unable":
        end("trap", message.reason);
        break;
      case "links":
        held[0]?.call.client.observer?.links?.(message.times);
        break;
      case "outcome":
        settle({ outcome: message.outcome }, message.isStarting);
        break;
      case "question":
        // It waits for somebody else, who knows for how long.
        if (message.name.startsWith("http.")) slowDown();
        void services.answer(message).then(answer);
        break;
      case "failure":
        if (message.recycle) end(message.failure, "it overflowed its stack");
        else settle({ failure: message.failure }, message.isStarting);
        break;
    }
    takeAnswers();
  });
  thread.on("error", (error) => end("trap", error.message));
  thread.on("exit", () => {
    if (kv) options.stores?.threadEnded(kv);
    end("trap", "it ended by itself");
    options.memories.giveBack(memory);
  });
  return worker;
}
