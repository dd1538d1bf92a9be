import type { ComposeProjectOptions } from "../project/index.ts";
import type { Arguments, Option } from "./arguments.ts";

/** Options of every command that composes a project. */
export const LOCK_OPTIONS: Readonly<Record<string, Option>> = {
  frozen: { type: "boolean" },
  offline: { type: "boolean" },
};

/** Reads them. */
export function readLockOptions(
  values: Arguments["values"],
): Pick<ComposeProjectOptions, "frozen" | "offline"> {
  return { frozen: values.frozen === true, offline: values.offline === true };
}

/** Says on stderr what of a lock file is another now. */
export function printLockChanges(lines: readonly string[]): void {
  // What is indented belongs to the line before it.
  for (const line of lines) process.stderr.write(`${line.startsWith(" ") ? "" : "tenon.lock: "}${line}\n`);
}
