import { subscribeDuration } from "wasi:clocks/monotonic-clock@0.2.0";
import { now } from "./real-clock.ts";
import { addSource, enqueue, ownedByCall } from "./job-queue.ts";

interface Timer {
  id: number;
  due: number;
  every: number | undefined;
  run: () => void;
}

const MAX_TIMERS = 1000;
const MAX_DELAY_MS = 2 ** 31 - 1;

let timers = new Map<number, Timer>();
let lastId = 0;

/** Calls a function after milliseconds, once or again and again. Gives what {@link clearTimer} takes. */
export function setTimer(callback: unknown, delay: unknown, repeat = false, args: unknown[] = []): number {
  if (typeof callback !== "function") throw new TypeError("a timer needs a function");
  if (timers.size >= MAX_TIMERS) throw new RangeError(`Cannot set more than ${MAX_TIMERS} timers`);
  const asked = Number(delay);
  // HTML, "timer initialization steps": what is no valid delay counts as none.
  const ms = asked >= 0 && asked <= MAX_DELAY_MS ? asked : 0;
  lastId += 1;
  timers.set(lastId, {
    id: lastId,
    due: now() + ms,
    every: repeat ? Math.max(ms, 1) : undefined,
    run: () => Reflect.apply(callback, undefined, args),
  });
  return lastId;
}

/** Forgets a timer. One that is not there is ignored. */
export function clearTimer(id: unknown): void {
  timers.delete(Number(id));
}

function earliest(): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of timers.values()) if (first === undefined || timer.due < first.due) first = timer;
  return first;
}

addSource({
  dueIn: () => {
    const timer = earliest();
    return timer === undefined ? undefined : Math.max(0, timer.due - now());
  },
  block: (ms) => subscribeDuration(Math.ceil(ms * 1e6)).block(),
  // One at a time: what a timer runs may clear the next.
  collect: () => {
    const timer = earliest();
    if (timer === undefined || timer.due > now()) return;
    if (timer.every === undefined) timers.delete(timer.id);
    else timer.due = now() + timer.every;
    enqueue(timer.run);
  },
});

// A timer never outlives its call: it would act for another caller.
ownedByCall({
  begin() {
    const outer = timers;
    timers = new Map();
    return outer;
  },
  end(outer: typeof timers | undefined) {
    if (outer !== undefined) timers = outer;
    else if (timers.size > 0) timers = new Map();
  },
});
