import { fileURLToPath } from "node:url";
import { ToolkitError } from "../../../src/errors/index.ts";
import type { KvStore } from "../host-services.ts";
import { openFileKv } from "./file-kv.ts";
import { createMemoryKv } from "./kv-store.ts";

/**
 * Opens a store for `HostServices.kv`. Whoever opens it closes it, after the servers that use it.
 *
 * @param where `memory`, or `file:` and a path.
 * @param now Milliseconds since 1970-01-01T00:00:00Z, by which keys expire. Default: the system's clock.
 * @throws ToolkitError `ERR_CONFIG` for another kind of store.
 * @throws ToolkitError `ERR_HOST_STORE` when the file cannot be used.
 */
export async function openKvStore(where: string, now: () => number = Date.now): Promise<KvStore> {
  if (where === "memory") return createMemoryKv(now);
  if (where.startsWith("file://")) return openFileKv(fileURLToPath(where), now);
  if (where.startsWith("file:") && where.length > 5) return openFileKv(where.slice(5), now);
  const scheme = /^([a-z]+):/.exec(where)?.[1];
  throw new ToolkitError(
    `Cannot open store "${scheme === undefined ? where : `${scheme}:…`}": there is no such kind of store in this version`,
    { code: "ERR_CONFIG", hint: 'Write "memory", or "file:" and a path' },
  );
}
