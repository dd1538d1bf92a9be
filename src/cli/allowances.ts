import type { Allowance } from "../inspect/index.ts";
import { usageError } from "./arguments.ts";

const ALLOWANCES: readonly Allowance[] = ["definitions", "capabilities"];

/**
 * Reads `--allow`: what of a component may be another than before.
 *
 * @throws ToolkitError `ERR_USAGE` for anything but `definitions` and `capabilities`
 */
export function readAllowances(command: string, text: string | undefined): ReadonlySet<Allowance> {
  const names = text?.split(",") ?? [];
  const unknown = names.find((name) => !ALLOWANCES.includes(name as Allowance));
  if (unknown !== undefined) {
    throw usageError(
      command,
      `"${unknown}" is nothing that "--allow" takes`,
      `Write "--allow ${ALLOWANCES.join()}", or one of them`,
    );
  }
  return new Set(names as Allowance[]);
}
