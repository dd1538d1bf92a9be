import { contextInFlight, partInFlight, setCallInFlight } from "./call-in-flight.ts";

/** One step of asynchronous work. */
export type Job = () => void;

/** Something that makes jobs while none waits, such as the timers. */
export interface Source {
  /** Milliseconds until it has a job; `Infinity` when only {@link block} can tell; nothing when it expects none. */
  dueIn(): number | undefined;
  /** Waits until it has a job, and no longer than so many milliseconds; `Infinity` is as long as it takes. */
  block(ms: number): void;
  /** Queues what has become due. */
  collect(): void;
}

/** What wants to be asked from time to time while the runtime waits. */
export interface Watch {
  /** Milliseconds from one time to the next; nothing while it need not be asked. */
  every(): number | undefined;
  ask(): void;
}

let jobs: Job[] = [];
let next = 0;
const sources: Source[] = [];
const owned: OwnedByCall<unknown>[] = [];
let watch: Watch | undefined;
/** Whether the module is loaded, nobody is served, or a call is. */
let phase: "loading" | "idle" | "busy" = "loading";

/** Something that each call has of its own, and that starts with nothing. */
export interface OwnedByCall<State> {
  /** Takes away what a call has that waits for the one that begins, and gives it. */
  begin(): State | undefined;
  /** Drops what the call has left, and brings back that of the call around it, where there is one. */
  end(outer: State | undefined): void;
}

/** What a call has that waits for one inside of it. */
export interface Outer {
  readonly call: { readonly context: string; readonly as: string | undefined };
  readonly jobs: Job[];
  readonly next: number;
  readonly owned: readonly unknown[];
}

/** Adds a job behind those that wait. */
export function enqueue(job: Job): void {
  jobs.push(job);
}

/** Names a source of jobs. Only one of them may ever be due in `Infinity`. */
export function addSource(source: Source): void {
  sources.push(source);
}

/** Names the watch. It keeps no call waiting by itself. */
export function setWatch(added: Watch): void {
  watch = added;
}

/** Names what each call has of its own. */
export function ownedByCall<State>(part: OwnedByCall<State>): void {
  owned.push(part as OwnedByCall<unknown>);
}

/**
 * Begins a call, which may be one inside another: jobs of that one wait until {@link endCall} is given what this returns.
 * Nearly always there is none around it, and then nothing has to be made.
 *
 * @param context Of the call, as JSON.
 * @param as Which of several parts in one component serves it. Default: there is one part.
 */
export function beginCall(context: string, as: string | undefined): Outer | undefined {
  if (phase === "idle") {
    phase = "busy";
    setCallInFlight(context, as);
    return undefined;
  }
  const call = { context: contextInFlight(), as: partInFlight() };
  setCallInFlight(context, as);
  const outer = { call, jobs, next, owned: owned.map((part) => part.begin()) };
  jobs = [];
  next = 0;
  // What loading the module has left is nobody's.
  const inside = phase === "busy";
  phase = "busy";
  return inside ? outer : undefined;
}

/** Ends a call and drops what is left of it. */
export function endCall(outer: Outer | undefined): void {
  if (outer === undefined) {
    if (jobs.length > 0) jobs = [];
    next = 0;
    phase = "idle";
    setCallInFlight("{}", undefined);
  } else {
    ({ jobs, next } = outer);
    setCallInFlight(outer.call.context, outer.call.as);
  }
  for (let i = 0; i < owned.length; i++) owned[i]!.end(outer?.owned[i]);
}

/** Runs jobs in order until `done` says so or nothing can happen any more. An exception of a job passes through. */
export function runJobs(done: () => boolean): void {
  while (!done()) {
    if (next < jobs.length) runNext();
    else if (!wait()) return;
  }
}

/**
 * Runs at most `limit` of the jobs that wait and those they add, without waiting for anything, and drops the rest, so
 * that nothing of one call runs in the next. Returns how many jobs were dropped.
 */
export function finishJobs(limit: number): number {
  if (jobs.length === 0) return 0;
  try {
    for (let count = 0; count < limit && next < jobs.length; count++) runNext();
    return jobs.length - next;
  } finally {
    jobs = [];
    next = 0;
  }
}

/** Waits for the source that is due first. False when none expects anything. */
function wait(): boolean {
  const due = sources.map((source) => source.dueIn());
  const first = Math.min(...due.map((ms) => ms ?? Infinity));
  const waiting = due.indexOf(Infinity);
  if (first === Infinity && waiting < 0) return false;
  const ms = Math.min(first, watch?.every() ?? Infinity);
  // Instances take one call at a time, so nothing else is kept waiting by blocking here. The source that waits for
  // something outside hears of it at once; the others know their time.
  if (waiting >= 0) sources[waiting]!.block(ms);
  else if (ms > 0) sources[due.indexOf(first)]!.block(ms);
  watch?.ask();
  for (const source of sources) source.collect();
  return true;
}

function runNext(): void {
  const job = jobs[next]!;
  next += 1;
  if (next === jobs.length) {
    jobs.length = 0;
    next = 0;
  } else if (next === 1024) {
    jobs = jobs.slice(next);
    next = 0;
  }
  job();
}
