import { AsyncLocalStorage } from "node:async_hooks";
import { dateWithClock } from "../guest/clock-date.ts";
import { formatArguments } from "../guest/format-value.ts";
import { uuidOf } from "../guest/web/uuid.ts";
import type { LogLevel, WriteLog } from "../sdk/log.ts";

/** What code of a definition sees in place of the process's own, as it would in a component. */
export interface Ambience {
  readonly fetch: typeof fetch;
  readonly now: () => number;
  /** What `console` writes to. */
  readonly write: WriteLog;
  /** What is known of the call, where it is one of a provider. */
  readonly call: () =>
    | {
        /** Timers that are set. */
        readonly timers: Set<unknown>;
        /** Gives random bytes in place of the process's own. */
        readonly random: ((length: number) => Uint8Array) | undefined;
      }
    | undefined;
}

const CONSOLE: Readonly<Record<string, LogLevel>> = {
  log: "info",
  info: "info",
  dir: "info",
  debug: "debug",
  trace: "debug",
  warn: "warning",
  error: "error",
};

const current = new AsyncLocalStorage<Ambience>();
let users = 0;
let restore = (): void => {};

/**
 * Puts a `fetch`, a `Date` and a `console` in place that are those of the call they are used in, and the process's own
 * everywhere else, so that tests may run at the same time. The function it gives undoes it.
 */
export function installAmbience(): () => void {
  users += 1;
  if (users === 1) restore = install();
  let undone = false;
  return () => {
    if (undone) return;
    undone = true;
    users -= 1;
    if (users === 0) restore();
  };
}

/** Runs a call in an ambience, and everything that follows from it. */
export function runIn<T>(ambience: Ambience, call: () => T): T {
  return current.run(ambience, call);
}

/** What the process's own clock says, whichever call asks. */
export function processNow(): number {
  return current.exit(() => Date.now());
}

function install(): () => void {
  const { fetch: realFetch, Date: RealDate } = globalThis;
  globalThis.fetch = (...args) => (current.getStore()?.fetch ?? realFetch)(...args);
  globalThis.Date = dateWithClock(RealDate, () => current.getStore()?.now() ?? RealDate.now());
  const restoreTimers = installTimers();
  const restoreRandom = installRandom();
  const methods = console as unknown as Record<string, (...values: unknown[]) => void>;
  const realMethods = Object.keys(CONSOLE).map((name) => {
    const real = methods[name]!;
    methods[name] = (...values) => {
      const ambience = current.getStore();
      if (ambience === undefined) real.apply(console, values);
      else ambience.write(CONSOLE[name]!, formatArguments(values));
    };
    return [name, real] as const;
  });
  return () => {
    globalThis.fetch = realFetch;
    globalThis.Date = RealDate;
    restoreTimers();
    restoreRandom();
    for (const [name, real] of realMethods) methods[name] = real;
  };
}

function currentCall(): ReturnType<Ambience["call"]> {
  return current.getStore()?.call();
}

/** Counts the timers of a call: it is not over while one is set. */
function installTimers(): () => void {
  const { setTimeout: realTimeout, setInterval: realInterval, clearTimeout: realClear } = globalThis;
  const clear = (timer: Parameters<typeof realClear>[0]): void => {
    currentCall()?.timers.delete(timer);
    realClear(timer);
  };
  Object.assign(globalThis, {
    setTimeout: Object.assign((run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
      const timers = currentCall()?.timers;
      const timer = realTimeout(() => {
        timers?.delete(timer);
        run(...args);
      }, ms);
      timers?.add(timer);
      return timer;
    }, realTimeout),
    setInterval: (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
      const timer = realInterval(run, ms, ...args);
      currentCall()?.timers.add(timer);
      return timer;
    },
    clearTimeout: clear,
    clearInterval: clear,
  });
  return () => {
    Object.assign(globalThis, {
      setTimeout: realTimeout,
      setInterval: realInterval,
      clearTimeout: realClear,
      clearInterval: realClear,
    });
  };
}

/** Gives random numbers of the round a call is in. */
function installRandom(): () => void {
  const { crypto } = globalThis;
  const { random: realRandom } = Math;
  const real = {
    getRandomValues: crypto.getRandomValues.bind(crypto),
    randomUUID: crypto.randomUUID.bind(crypto),
  };
  Math.random = () => {
    const bytes = currentCall()?.random?.(7);
    if (bytes === undefined) return realRandom();
    // 53 bits make a fraction.
    return bytes.reduce((sum, byte, i) => sum * 256 + (i === 0 ? byte & 0x1f : byte), 0) / 2 ** 53;
  };
  Object.assign(crypto, {
    getRandomValues: <T extends ArrayBufferView>(target: T): T => {
      const bytes = currentCall()?.random?.(target.byteLength);
      // It fills the target in either case, and refuses what it always does.
      real.getRandomValues(target as never);
      if (bytes !== undefined) {
        new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes);
      }
      return target;
    },
    randomUUID: () => {
      const bytes = currentCall()?.random?.(16);
      return bytes === undefined ? real.randomUUID() : uuidOf(bytes);
    },
  });
  return () => {
    Math.random = realRandom;
    for (const name of Object.keys(real)) Reflect.deleteProperty(crypto, name);
  };
}
