import { availableParallelism } from "node:os";
import { ToolkitError } from "../../src/errors/index.ts";
import type { McpRequest } from "../../src/protocol/index.ts";
import { createBulkhead } from "./bulkhead.ts";
import { createCircuits } from "./circuits.ts";
import { startCoreWorker, type CoreWorker } from "./core-worker.ts";
import { describeCall, ownersOf, partOf } from "./describe-call.ts";
import { logToStderr, report, reportFault, reportRefusal } from "./host-log.ts";
import { createCallServices } from "./call-services.ts";
import { isUnauthorized } from "./instances.ts";
import { DEFAULT_ISOLATION, isolationKey } from "./isolation.ts";
import type { LoadedCore } from "./load-core.ts";
import { resolveLimits } from "./limits/resolve-limits.ts";
import { endOf, hasTime, type CallOptions, type Job } from "./pool-job.ts";
import type { PoolOptions, PoolStats } from "./pool-options.ts";
import { instanceLimits } from "./recycle.ts";
import { requestIdOf } from "./request-id.ts";
import { restingRefusal } from "./resting-refusal.ts";
import { threadStoresOf } from "./services/thread-stores.ts";
import { createThreadMemories } from "./thread-memory.ts";
import { createWaitingJobs } from "./waiting-jobs.ts";
import type { CallResult, WorkerCall } from "./worker-call.ts";

/** Threads that run one core. */
export interface Pool {
  /** Calls that run at once. */
  readonly workers: number;
  stats(): PoolStats;
  /** Whether a call of this peer would be run or find a place in the queue. */
  hasRoom(peer: string | undefined): boolean;
  /** Runs a call on a thread; never rejects. */
  handle(context: string, request: McpRequest, options: CallOptions): Promise<CallResult>;
  /**
   * Lets calls wait for a thread until their deadline, and not for `queueMs` only, until a promise settles: what keeps them waiting, such
   * as another core that starts on the same machine, passes. As many may wait as ever.
   */
  bePatient(until: Promise<unknown>): void;
  /** Waits for the calls in flight, which have until their deadline, and ends all threads. */
  close(): Promise<void>;
}

const QUEUED_PER_WORKER = 4;
// On few cores a burst of short calls must not be refused: how long they wait is bounded as well.
const MIN_QUEUE_LENGTH = 64;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5000;
/** How long the other threads of a new pool leave the processor to the first call, in milliseconds. */
const HEAD_START_MS = 100;

/**
 * Starts threads for a core. Guests run on these threads only; a thread that runs over a deadline is ended and another
 * takes its place.
 *
 * @throws ToolkitError `ERR_HOST_CORE` when the core cannot be instantiated.
 * @throws TypeError when a limit is not one.
 */
export async function createPool(core: LoadedCore, options: PoolOptions = {}): Promise<Pool> {
  const limits = resolveLimits(options.limits);
  const { calls, guests } = limits;
  const workers = options.workers ?? guests.workers ?? Math.max(1, availableParallelism() - 1);
  const queueLength = options.patient
    ? Infinity
    : (calls.queueLength ?? Math.max(MIN_QUEUE_LENGTH, QUEUED_PER_WORKER * workers));
  const queueMs = options.patient ? Infinity : calls.queueMs;
  const isolation = options.isolation ?? DEFAULT_ISOLATION;
  const hasProcesses = isolation === "process";
  const processes = hasProcesses ? await import("./core-process.ts") : undefined;
  processes?.checkProcesses(core);
  const services = options.services ?? {};
  const log = options.log ?? logToStderr;
  const owners = ownersOf(core.manifest);
  const circuits = createCircuits(guests, () => performance.now());
  const memories = createThreadMemories(calls);
  const all = new Set<CoreWorker>();
  const idle: CoreWorker[] = [];
  // The last one that left may be what a pool which closes waits for.
  const waiting = createWaitingJobs(queueLength, { queueMs, isPatient, onLeft: next });
  const leavesThreads = !hasProcesses && core.manifest.providers.length > 1;
  const bulkhead = createBulkhead({
    workers,
    // One provider alone would leave a thread to nobody, and processes are started for whoever needs one.
    isSound: (part) => !leavesThreads || circuits.isSound(part),
    idle: () => idle.length,
  });
  let busy = 0;
  /** Those that have not been ready yet. */
  let starting = 0;
  let failedStarts = 0;
  let closed = false;
  /** What calls are to wait out now. */
  let passing = 0;
  let whenIdle: (() => void) | undefined;
  let onAnyReady: (() => void) | undefined;

  function onLog(lines: Buffer | undefined, dropped: number, requestId: string | undefined): void {
    if (lines) log(lines);
    if (dropped > 0) report(log, "warning", `${dropped} log lines of one call were dropped`, requestId);
  }

  function spawn(first?: { ready(): void; failed(reason: string): void }): void {
    const startWorker = processes?.startCoreProcess ?? startCoreWorker;
    let isNew = true;
    starting++;
    function known(): void {
      if (isNew) starting--;
      isNew = false;
    }
    const worker = startWorker(core, {
      limits,
      instances: instanceLimits(guests, {
        single: hasProcesses || isolation === "shared",
        threads: workers + 1,
        memoryBytes: core.memoryBytes,
      }),
      lend: (listeners) => createCallServices(services, limits.outbound, listeners),
      memories,
      stores: threadStoresOf(services.kv),
      hasClock: services.now !== undefined,
      hasLinks: options.hasLinks ?? false,
      onFault: (service, error, requestId) =>
        reportFault(log, `The ${service} service failed`, error, requestId),
      onRefusal: (refusal, requestId) => reportRefusal(log, refusal, requestId),
      onRefusals: (further, requestId) =>
        report(log, "warning", `${further} more things were denied to one call`, requestId),
      onLog,
      onGivenBack: next,
      onReady(ready) {
        known();
        failedStarts = 0;
        // It may have gone on with a call by itself.
        if (ready.isFree) idle.push(ready);
        first?.ready();
        onAnyReady?.();
        next();
      },
      onEnd(gone, { wasReady, reason, requestId }) {
        known();
        all.delete(gone);
        const at = idle.indexOf(gone);
        if (at !== -1) idle.splice(at, 1);
        if (first && !wasReady) {
          first.failed(reason);
          return;
        }
        report(log, "warning", `A worker is replaced: ${reason}`, requestId);
        options.onReplaced?.();
        if (isNeeded()) respawn(wasReady);
      },
    });
    all.add(worker);
  }

  function respawn(wasReady: boolean): void {
    if (wasReady) {
      spawn();
      return;
    }
    const delay = Math.min(FIRST_RETRY_MS * 2 ** failedStarts++, LAST_RETRY_MS);
    setTimeout(() => isNeeded() && spawn(), delay).unref();
  }

  /** Whether another thread is of use: in a pool that closes only while calls wait for one. */
  function isNeeded(): boolean {
    return !closed || waiting.size > 0;
  }

  /** Starts waiting calls, the first ones first, while there are threads for them. */
  function next(): void {
    while (waiting.queued > 0 && mayStart()) {
      const job = waiting.next(
        (each) => mayTake(each) && idle.some((worker) => worker.offers(each.key) !== undefined),
      );
      if (!job) break;
      start(job, takeIdle(job.key)!);
    }
    if (waiting.queued > 0) {
      if (busy < workers) makeRoom();
      else workAhead();
    }
    if (busy === 0 && waiting.size === 0) whenIdle?.();
  }

  /** While all threads are busy, gives them short calls to go on with: neither side then waits for the other to wake up. */
  function workAhead(): void {
    while (waiting.queued > 0) {
      const job = waiting.lend((each) => circuits.isSound(each.part) && receiverOf(each) !== undefined);
      if (!job) return;
      const worker = receiverOf(job)!;
      const call = callOf(job, worker);
      job.ahead = { worker, call };
      worker.run(call);
    }
  }

  /** The thread with most room of those that keep the instance of the key: starting one takes long. */
  function receiverOf({ key }: Job): CoreWorker | undefined {
    let best: CoreWorker | undefined;
    let most = 0;
    for (const worker of all) {
      const { room } = worker;
      if (room <= most || worker.offers(key) !== "kept") continue;
      best = worker;
      most = room;
    }
    return best;
  }

  /** The thread or process that served the key before; otherwise the last one used that may, which is warm. */
  function takeIdle(key: string | undefined): CoreWorker | undefined {
    let at = idle.findLastIndex((worker) => worker.offers(key) === "kept");
    if (at === -1) at = idle.findLastIndex((worker) => worker.offers(key) === "fresh");
    return at === -1 ? undefined : idle.splice(at, 1)[0];
  }

  /** Where processes have a key each, starts one for a key that has none; if need be in place of the one not used for longest. */
  function makeRoom(): void {
    if (!hasProcesses || starting > 0) return;
    if (all.size >= guests.processes) {
      const oldest = idle.shift();
      if (!oldest) return;
      all.delete(oldest);
      void oldest.terminate();
    }
    spawn();
  }

  function start(job: Job, worker: CoreWorker): void {
    const cancelled = job.options.signal?.aborted === true;
    const refused = restingAnswer(job);
    if (job.options.deadline <= Date.now() || cancelled || refused) {
      idle.push(worker);
      job.settle(refused ?? { failure: cancelled ? "cancelled" : "deadline" });
      return;
    }
    worker.run(callOf(job, worker));
    // The next new key is not to wait for a process.
    if (hasProcesses && all.size < guests.processes && !idle.some((each) => each.offers("") === "fresh")) {
      makeRoom();
    }
  }

  function callOf(job: Job, worker: CoreWorker): WorkerCall {
    const { context, request, options: client, key } = job;
    let startedAt = 0;
    let isProbe = false;
    return {
      context,
      request,
      deadline: client.deadline,
      client,
      key,
      onBegin() {
        if (job.ahead) waiting.begin(job);
        busy++;
        bulkhead.begin(job.part);
        startedAt = Date.now();
        // The circuit may have opened after a thread had begun it by itself.
        isProbe = circuits.refuses(job.part) === undefined && circuits.begin(job.part);
      },
      onGivenBack: () => waiting.giveBack(job),
      onEnd(result) {
        busy--;
        bulkhead.end(job.part);
        if (all.has(worker) && worker.isFree) {
          // A process whose credential is no good is the first to make room.
          if ("outcome" in result && isUnauthorized(result.outcome)) idle.unshift(worker);
          else idle.push(worker);
        }
        judge(job, result, startedAt, isProbe);
        job.settle(result);
        next();
      },
    };
  }

  /** The answer to a call of a part whose circuit is open. */
  function restingAnswer({ part }: Job): CallResult | undefined {
    const forMs = circuits.refuses(part);
    return forMs === undefined ? undefined : restingRefusal(forMs);
  }

  /** The answer to a call that needs no thread. */
  function answerAtOnce(job: Job): CallResult | undefined {
    if (job.options.signal?.aborted === true) return { failure: "cancelled" };
    return closed ? { failure: "overload" } : restingAnswer(job);
  }

  /** Tells the circuit of a part how its call ended. */
  function judge(job: Job, result: CallResult, startedAt: number, isProbe: boolean): void {
    const { part, request, context } = job;
    const how = endOf(job, result, startedAt);
    const change = circuits.end(part, how, isProbe);
    if (change?.state === "closed") {
      report(log, "info", `The circuit of ${part} is closed: a call succeeded`);
    } else if (change) {
      const what = `${describeCall(request, owners)} ended with ${"failure" in result ? result.failure : ""}`;
      report(
        log,
        "warning",
        `The circuit of ${part} is open for ${change.forMs} ms: ${what}`,
        requestIdOf(context),
      );
      // Also those that a thread would go on with by itself.
      const others = waiting.takeAll((each) => each.part === part);
      for (const each of others) each.settle(restingRefusal(change.forMs));
    }
  }

  function isPatient(): boolean {
    return closed || passing > 0;
  }

  function mayTake(job: Job): boolean {
    return bulkhead.admits(job.part, hasTime(job, Date.now()));
  }

  /** Whether a call would be run or find a place in the queue: in a burst there may be answers that nobody has looked for. */
  function hasRoom(peer: string | undefined): boolean {
    if (mayStart() || waiting.hasRoom(peer)) return true;
    for (const worker of all) worker.catchUp();
    return mayStart() || waiting.hasRoom(peer);
  }

  /** Whether there is a thread for a call. */
  function mayStart(): boolean {
    return busy < workers && idle.length > 0;
  }

  await new Promise<void>((resolve, reject) => {
    spawn({
      ready: resolve,
      failed: (reason) =>
        reject(
          new ToolkitError(`Cannot start core "${core.manifest.name}": ${reason}`, {
            code: "ERR_HOST_CORE",
          }),
        ),
    });
  });
  const more = hasProcesses ? Math.min(workers, guests.processes - 1) : workers;
  let unstarted = more;
  const headStart = setTimeout(startOthers, HEAD_START_MS).unref();
  function startOthers(): void {
    clearTimeout(headStart);
    const count = closed ? 0 : unstarted;
    unstarted = 0;
    for (let i = 0; i < count; i++) spawn();
  }
  if (options.allReady || hasProcesses) startOthers();
  if (options.allReady && more > 0) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, guests.startMs);
      onAnyReady = () => {
        if (idle.length + busy <= more) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    workers,
    stats: () => ({ workers, busy, idle: idle.length, queued: waiting.size, resting: circuits.states() }),
    hasRoom: (peer) => !closed && hasRoom(peer),
    handle(context, request, callOptions) {
      return new Promise((settle) => {
        const job: Job = {
          context,
          request,
          options: callOptions,
          key: isolationKey(isolation, callOptions.authorization),
          part: partOf(request, owners),
          takenAt: Date.now(),
          settle,
          leave: undefined,
          timer: undefined,
          ahead: undefined,
        };
        const early = answerAtOnce(job);
        if (early) {
          settle(early);
          return;
        }
        // Those that wait while there is a thread may not begin on it.
        const worker = mayStart() && mayTake(job) ? takeIdle(job.key) : undefined;
        if (worker) {
          start(job, worker);
        } else if (!waiting.hasRoom(callOptions.peer)) {
          settle({ failure: "overload" });
        } else {
          waiting.add(job);
          startOthers();
          next();
        }
      });
    },
    bePatient(until) {
      passing++;
      const over = (): void => {
        passing--;
      };
      void until.then(over, over);
    },
    async close() {
      closed = true;
      clearTimeout(headStart);
      if (busy > 0 || waiting.size > 0) {
        await new Promise<void>((resolve) => {
          whenIdle = resolve;
        });
      }
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
}
