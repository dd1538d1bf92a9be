import { displayPath, ToolkitError } from "../../errors/index.ts";

/** The error for a lock file that cannot be used as it is. */
export function lockError(path: string, state: string, details: string[], hint: string): ToolkitError {
  const message = `Cannot use lock file "${displayPath(path)}": ${state}`;
  return new ToolkitError(message, { code: "ERR_LOCK", details, hint });
}

/** The error for a frozen lock file that would change. */
export function frozenError(path: string, details: string[]): ToolkitError {
  const hint = 'Run "tenon compose" without --frozen, and look at what it says';
  return lockError(path, "it is frozen, and would change", details, hint);
}
