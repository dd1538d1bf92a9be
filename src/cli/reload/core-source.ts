import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { isMainThread } from "node:worker_threads";
import { loadCore, type LoadedCore, type LoadOptions } from "../../../hosts/node/load-core.ts";
import { isOciReference } from "../../oci/reference.ts";
import type { Arguments } from "../arguments.ts";
import { coreOf, loadAside } from "./load-aside.ts";
import { isCore, readCore } from "../read-core.ts";

/** Where a server's core comes from, the first one and each that replaces it. */
export interface CoreSource {
  /**
   * Reads or composes the core as it is now, and proves it as at the first time: what was locked stays what it was, and
   * rules of trust are asked again.
   */
  load(): Promise<LoadedCore>;
  /** The same on a thread of its own, while this one serves. */
  reload(): Promise<LoadedCore>;
  /** Absolute paths of the files that the last core came from, whether it loaded or not. */
  files(): Iterable<string>;
}

/**
 * Says where a core comes from.
 *
 * @param path A core, `oci://…`, or a `tenon.json`.
 * @param values Options of the command line.
 * @param options How each core is loaded.
 */
export function createCoreSource(
  command: string,
  path: string,
  values: Arguments["values"],
  options: Pick<LoadOptions, "isolation" | "limits">,
): CoreSource {
  let files = new Set<string>();
  // Only a core that replaces another is loaded on a thread of its own.
  const loading = { name: path, ...options, alone: isMainThread };

  function ownFiles(): string[] {
    if (isOciReference(path)) return [];
    const absolute = resolve(path);
    try {
      // A link is watched as well as what it leads to: either may become another file.
      return [absolute, realpathSync.native(absolute)];
    } catch {
      return [absolute];
    }
  }

  return {
    async load() {
      const own = ownFiles();
      files = new Set(own);
      if (isCore(path)) return await loadCore(await readCore(command, path, values), loading);
      const { createComponentCache } = await import("../dev/component-cache.ts");
      const cache = createComponentCache();
      try {
        const bytes = await readCore(command, path, values, cache.load);
        return await loadCore(bytes, loading);
      } finally {
        files = new Set([...own, ...cache.files()]);
      }
    },
    async reload() {
      const loaded = await loadAside({ command, path, values, options });
      files = new Set(loaded.files.length > 0 ? loaded.files : files);
      return coreOf(loaded);
    },
    files: () => files,
  };
}
