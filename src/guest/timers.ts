import { subscribeDuration } from "wasi:clocks/monotonic-clock@0.2.0";
import { enqueue, onIdle, onReset } from "./job-queue.ts";

interface Timer {
  id: number;
  due: number;
  every: number | undefined;
  run: () => void;
}

const MAX_TIMERS = 1000;
const MAX_DELAY_MS = 2 ** 31 - 1;

const timers = new Map<number, Timer>();
let lastId = 0;

function add(callback: unknown, delay: unknown, repeat: boolean, args: unknown[]): number {
  if (typeof callback !== "function") throw new TypeError("a timer needs a function");
  if (timers.size >= MAX_TIMERS) throw new RangeError(`Cannot set more than ${MAX_TIMERS} timers`);
  const asked = Number(delay);
  // HTML, "timer initialization steps": what is no valid delay counts as none.
  const ms = asked >= 0 && asked <= MAX_DELAY_MS ? asked : 0;
  lastId += 1;
  timers.set(lastId, {
    id: lastId,
    due: Date.now() + ms,
    every: repeat ? Math.max(ms, 1) : undefined,
    run: () => Reflect.apply(callback, undefined, args),
  });
  return lastId;
}

function earliest(): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of timers.values()) if (first === undefined || timer.due < first.due) first = timer;
  return first;
}

function clear(id: unknown): void {
  timers.delete(Number(id));
}

// Instances take one call at a time, so nothing else is kept waiting by sleeping here.
onIdle(() => {
  const timer = earliest();
  if (timer === undefined) return false;
  const wait = timer.due - Date.now();
  if (wait > 0) subscribeDuration(Math.ceil(wait * 1e6)).block();
  if (timer.every === undefined) timers.delete(timer.id);
  else timer.due = Date.now() + timer.every;
  enqueue(timer.run);
  return true;
});

// A timer never outlives its call: it would act for another caller.
onReset(() => timers.clear());

const globals = {
  setTimeout: (callback: unknown, delay?: unknown, ...args: unknown[]) => add(callback, delay, false, args),
  setInterval: (callback: unknown, delay?: unknown, ...args: unknown[]) => add(callback, delay, true, args),
  clearTimeout: clear,
  clearInterval: clear,
};

for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}
