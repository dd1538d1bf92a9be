import type { LogLevel } from "../../sdk/log.ts";
import { defineGlobals } from "../define-globals.ts";
import { formatArguments } from "../format-value.ts";
import { writeLog } from "../log.ts";

function at(level: LogLevel): (...values: unknown[]) => void {
  return (...values) => writeLog(level, formatArguments(values));
}

const log = at("info");
const error = at("error");

/** `console`, with the host's log behind it. Groups are not indented, and there are no counters or stopwatches. */
const console = {
  log,
  info: log,
  dir: (value: unknown) => log(value),
  table: log,
  debug: at("debug"),
  trace: at("debug"),
  warn: at("warning"),
  error,
  assert: (condition: unknown, ...values: unknown[]) => {
    if (!condition) error("Assertion failed", ...values);
  },
  group: log,
  groupCollapsed: log,
  groupEnd: () => {},
};

defineGlobals({ console });
