import { isOciReference } from "../oci/reference.ts";
import type { ComponentLoader } from "../project/index.ts";
import type { Arguments } from "./arguments.ts";
import { printLockChanges, readLockOptions } from "./lock-options.ts";
import { printWarnings } from "./print-error.ts";
import { readComponent } from "./read-component.ts";

/**
 * Reads a core, a file or from a registry, or composes the `tenon.json` that is named in its place. The composer is loaded
 * only for that.
 *
 * @param load Loads the components of a `tenon.json`. Default: from where they are, each time.
 */
export async function readCore(
  command: string,
  path: string,
  values: Arguments["values"],
  load?: ComponentLoader,
): Promise<Uint8Array> {
  const options = readLockOptions(command, values);
  if (isCore(path)) {
    return readComponent(path, "core", { ...options.registry, offline: options.offline });
  }
  const { composeProject } = await import("../project/index.ts");
  const { bytes, warnings, lockChanges } = await composeProject(path, {
    ...options,
    ...(load && { load }),
  });
  printLockChanges(lockChanges);
  printWarnings(warnings);
  return bytes;
}

/** True for what is a core already, and false for what is composed into one. */
export function isCore(path: string): boolean {
  return path.endsWith(".wasm") || isOciReference(path);
}
