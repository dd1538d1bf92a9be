import { fileURLToPath } from "node:url";
import { ToolkitError } from "../../../src/errors/index.ts";
import type { KvStore } from "../host-services.ts";
import { resolveLimits, type LimitsInput } from "../limits/resolve-limits.ts";
import { openFileKv } from "./file-kv.ts";
import { createSharedKv } from "./shared-kv.ts";

/** Options of {@link openKvStore}. */
export interface OpenKvStoreOptions {
  /** Milliseconds since 1970-01-01T00:00:00Z, by which keys expire. Default: the system's clock; that of Redis there. */
  now?: () => number;
  /** Those of `kv` bound a store in memory or a file. Default: the defaults. */
  limits?: LimitsInput;
}

/**
 * Opens a store for `HostServices.kv`. Whoever opens it closes it, after the servers that use it.
 *
 * @param where `memory`, `file:` and a path, or the URL of a Redis: `redis://user:password@host:6379/0?prefix=tenon:`, of which
 * only the host is needed; `rediss:` for TLS.
 * @throws ToolkitError `ERR_CONFIG` for another kind of store.
 * @throws ToolkitError `ERR_HOST_STORE` when the file cannot be used, or Redis cannot be reached within 5 s.
 * @throws ToolkitError `ERR_TOOL_MISSING` when Redis is asked for and the package `ioredis` is not installed.
 * @throws TypeError when a limit is not one.
 */
export async function openKvStore(where: string, { now, limits }: OpenKvStoreOptions = {}): Promise<KvStore> {
  const { kv } = resolveLimits(limits);
  const clock = now ?? Date.now;
  if (where === "memory") return createSharedKv(kv, now);
  if (where.startsWith("file://")) return openFileKv(fileURLToPath(where), clock, kv);
  if (where.startsWith("file:") && where.length > 5) return openFileKv(where.slice(5), clock, kv);
  if (/^rediss?:/.test(where)) {
    const { openRedisKv } = await import("./redis-kv.ts");
    return openRedisKv(where, now);
  }
  const scheme = /^([a-z]+):/.exec(where)?.[1];
  throw new ToolkitError(
    `Cannot open store "${scheme === undefined ? where : `${scheme}:…`}": there is no such kind of store`,
    { code: "ERR_CONFIG", hint: 'Write "memory", "file:" and a path, or the URL of a Redis' },
  );
}
