import type { ComposeProjectOptions } from "../project/index.ts";
import type { Arguments, Option } from "./arguments.ts";
import { REGISTRY_OPTIONS, registrySettings } from "./registry-options.ts";

/** Options of every command that composes a project. */
export const LOCK_OPTIONS: Readonly<Record<string, Option>> = {
  frozen: { type: "boolean" },
  offline: { type: "boolean" },
  ...REGISTRY_OPTIONS,
};

/** Lines of the help page for {@link LOCK_OPTIONS}. */
export const LOCK_OPTIONS_HELP = `      --frozen          of a tenon.json: refuse what would change tenon.lock
      --offline         ask no registry: take what is locked from the cache
      --plain-http, --auth-realm <host>
                        how registries are talked to, as with "tenon pull"`;

/** Reads them. @throws ToolkitError `ERR_USAGE` */
export function readLockOptions(
  command: string,
  values: Arguments["values"],
): Required<Pick<ComposeProjectOptions, "frozen" | "offline" | "registry">> {
  return {
    frozen: values.frozen === true,
    offline: values.offline === true,
    registry: registrySettings(command, values),
  };
}

/** Says on stderr what of a lock file is another now. */
export function printLockChanges(lines: readonly string[]): void {
  // What is indented belongs to the line before it.
  for (const line of lines) process.stderr.write(`${line.startsWith(" ") ? "" : "tenon.lock: "}${line}\n`);
}
