import type { CallFailure } from "../../src/protocol/index.ts";
import { MAX_TIMER_MS } from "./after.ts";
import { createCallQueue } from "./call-queue.ts";
import { Crowd } from "./crowd.ts";
import type { Job } from "./pool-job.ts";

/** The calls of a pool that have not begun, in a queue or ahead of time at a worker. Each leaves by itself when it has waited too long. */
export interface WaitingJobs {
  /** All of them. */
  readonly size: number;
  /** Those that no worker has. */
  readonly queued: number;
  /** See `CallQueue`. */
  hasRoom(peer: string | undefined): boolean;
  /** Adds a job, for which there must be room. */
  add(job: Job): void;
  /** Takes the job whose turn it is of those that fit. */
  next(fits: (job: Job) => boolean): Job | undefined;
  /** Gives the job whose turn it is to a worker ahead of time, if it fits: it waits as it did before. */
  lend(fits: (job: Job) => boolean): Job | undefined;
  /** Takes a job back that was lent: its turn is the next one. */
  giveBack(job: Job): void;
  /** A job that was lent begins. */
  begin(job: Job): void;
  /** Takes all jobs that fit and have not begun, whoever's turn it is. */
  takeAll(fits: (job: Job) => boolean): Job[];
  /** Gives a job up. */
  fail(job: Job, failure: CallFailure): void;
}

/** Options of {@link createWaitingJobs}. */
export interface WaitingOptions {
  /** How long a job may wait, in milliseconds. */
  queueMs: number;
  /** Whether jobs may wait until their deadline now. */
  isPatient: () => boolean;
  /** A job was given up. */
  onLeft: () => void;
}

/** @param length Jobs that may wait. */
export function createWaitingJobs(
  length: number,
  { queueMs, isPatient, onLeft }: WaitingOptions,
): WaitingJobs {
  const queue = createCallQueue<Job>(length);
  const lent = new Crowd<Job>();

  function giveUp(job: Job, failure: CallFailure): void {
    const { ahead, options } = job;
    // One that has begun is heard of at once, and then looked after by its worker.
    if (ahead && !takeBack(job)) return;
    if (!ahead) queue.remove(job, options.peer);
    fail(job, failure);
    onLeft();
  }

  /** Gives a job up once it has waited for as long as it may. */
  function limitWait(job: Job): void {
    const leftMs = job.options.deadline - Date.now();
    const mayWaitMs = isPatient() ? Infinity : queueMs;
    // Which of the two it is must not be asked of the clock then: a timer may fire before its time.
    const why = leftMs <= mayWaitMs ? "deadline" : "overload";
    job.timer = setTimeout(
      () => {
        if (why === "overload" && isPatient()) limitWait(job);
        else giveUp(job, why);
      },
      Math.max(0, Math.min(mayWaitMs, leftMs, MAX_TIMER_MS)),
    );
  }

  function release(job: Job): void {
    job.ahead = undefined;
    lent.delete(job);
    queue.release();
  }

  /** Takes a job from the worker that has it ahead of time. False when it has begun. */
  function takeBack(job: Job): boolean {
    const { worker, call } = job.ahead!;
    if (!worker.withdraw(call)) return false;
    release(job);
    return true;
  }

  return {
    get size() {
      return queue.size;
    },
    get queued() {
      return queue.size - lent.size;
    },
    hasRoom: (peer) => queue.hasRoom(peer),
    add(job) {
      const { signal, peer } = job.options;
      limitWait(job);
      if (signal) {
        // V8 puts a function that is assigned to a member where it is made into old memory, with all it reaches, until that is collected.
        const leave = (): void => giveUp(job, "cancelled");
        job.leave = leave;
        signal.addEventListener("abort", leave, { once: true });
      }
      const displaced = queue.add(job, peer);
      if (displaced) fail(displaced, "overload");
    },
    next(fits) {
      const job = queue.next(fits);
      if (job) stopWaiting(job);
      return job;
    },
    lend(fits) {
      const job = queue.lend(fits);
      if (job) lent.add(job);
      return job;
    },
    giveBack(job) {
      job.ahead = undefined;
      lent.delete(job);
      queue.giveBack(job, job.options.peer);
    },
    begin(job) {
      release(job);
      stopWaiting(job);
    },
    takeAll(fits) {
      const taken = [...lent.list().filter((job) => fits(job) && takeBack(job)), ...queue.takeAll(fits)];
      for (const job of taken) stopWaiting(job);
      return taken;
    },
    fail,
  };
}

function stopWaiting({ timer, leave, options: { signal } }: Job): void {
  clearTimeout(timer);
  if (leave) signal?.removeEventListener("abort", leave);
}

function fail(job: Job, failure: CallFailure): void {
  stopWaiting(job);
  job.settle({ failure });
}
