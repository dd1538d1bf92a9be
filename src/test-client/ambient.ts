import { AsyncLocalStorage } from "node:async_hooks";
import { dateWithClock } from "../guest/clock-date.ts";
import { formatArguments } from "../guest/format-value.ts";
import type { LogLevel, WriteLog } from "../sdk/log.ts";

/** What code of a definition sees in place of the process's own, as it would in a component. */
export interface Ambience {
  readonly fetch: typeof fetch;
  readonly now: () => number;
  /** What `console` writes to. */
  readonly write: WriteLog;
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

function install(): () => void {
  const { fetch: realFetch, Date: RealDate } = globalThis;
  globalThis.fetch = (...args) => (current.getStore()?.fetch ?? realFetch)(...args);
  globalThis.Date = dateWithClock(RealDate, () => current.getStore()?.now() ?? RealDate.now());
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
    for (const [name, real] of realMethods) methods[name] = real;
  };
}
