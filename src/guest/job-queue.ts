/** One step of asynchronous work. */
export type Job = () => void;

let jobs: Job[] = [];
let next = 0;
let wake = (): boolean => false;
let reset = (): void => {};

/** Adds a job behind those that wait. */
export function enqueue(job: Job): void {
  jobs.push(job);
}

/**
 * Names what is asked for more when no job waits, such as the timers: it waits for something to happen, queues what
 * follows from it, and returns false when nothing can happen any more.
 */
export function onIdle(source: () => boolean): void {
  wake = source;
}

/** Names what forgets the rest when a call ends. */
export function onReset(forget: () => void): void {
  reset = forget;
}

/** Runs jobs in order until `done` says so or nothing can happen any more. An exception of a job passes through. */
export function runJobs(done: () => boolean): void {
  while (!done()) {
    if (next < jobs.length) runNext();
    else if (!wake()) return;
  }
}

/**
 * Runs at most `limit` of the jobs that wait and those they add, without waiting for anything, and drops the rest, so
 * that nothing of one call runs in the next. Returns how many jobs were dropped.
 */
export function finishJobs(limit: number): number {
  try {
    for (let count = 0; count < limit && next < jobs.length; count++) runNext();
    return jobs.length - next;
  } finally {
    jobs = [];
    next = 0;
    reset();
  }
}

function runNext(): void {
  const job = jobs[next]!;
  next += 1;
  if (next === jobs.length) {
    jobs = [];
    next = 0;
  } else if (next === 1024) {
    jobs = jobs.slice(next);
    next = 0;
  }
  job();
}
