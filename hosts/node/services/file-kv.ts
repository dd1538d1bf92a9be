import { open, readFile, realpath, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ToolkitError } from "../../../src/errors/index.ts";
import { ServiceFailure, type KvStore } from "../host-services.ts";
import type { Limits } from "../limits/resolve-limits.ts";
import { lockFile } from "./file-lock.ts";
import { createKvStore } from "./kv-store.ts";
import { createKvTable, type KvChange, type KvPlan, type KvTable } from "./kv-table.ts";

const HEADER = '{"tenon-kv":1}\n';
const MAX_FILE_BYTES = 1024 * 1024 * 1024;
/** A log is written anew when it is this much longer than what it holds. */
const COMPACT_FACTOR = 2;
const COMPACT_SLACK_BYTES = 8 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
/** What a power failure may cost at most. The end of the process alone costs nothing. */
const SYNC_MS = 1000;

/**
 * A store in a file, for one process at a time. The file is a log: a line for each change, written before the change is
 * answered and synced to the disk within a second. A last line that was cut off is dropped when the file is opened.
 *
 * @throws ToolkitError `ERR_HOST_STORE` when the file cannot be used: it is in use, is no store, or is damaged.
 */
export async function openFileKv(path: string, now: () => number, limits: Limits["kv"]): Promise<KvStore> {
  const file = await realpath(path).catch(() => resolve(path));
  const release = await explain(path, () => lockFile(file));
  try {
    return await explain(path, async () => {
      const table = createKvTable(now, limits);
      const log = await openLog(file, path, table);
      return createKvStore(table, {
        commit: (plan) => log.commit(plan),
        close: () => log.close().finally(release),
      });
    });
  } catch (error) {
    await release();
    throw error;
  }
}

const CLOSED = "the store is closed";

interface Log {
  commit<T>(plan: () => KvPlan<T>): Promise<T>;
  close(): Promise<void>;
}

async function openLog(file: string, path: string, table: KvTable): Promise<Log> {
  let length = await replay(file, path, table);
  let handle = length === 0 ? await rewrite(file, table) : await open(file, "r+");
  if (length === 0) length = HEADER.length;
  else await handle.truncate(length);
  let tail: Promise<unknown> = Promise.resolve();
  let unsynced: NodeJS.Timeout | undefined;
  let unavailable: string | undefined;
  let compactAt = 0;

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = tail.then(work);
    tail = result.catch(() => undefined);
    return result;
  }

  async function append(change: KvChange): Promise<void> {
    const bytes = Buffer.from(line(change));
    try {
      await writeAll(handle, bytes, length);
    } catch {
      // What was written of the line would be taken for the start of the next one.
      await handle.truncate(length).catch(() => {
        unavailable = "the store cannot be repaired";
      });
      throw new ServiceFailure("unavailable", "the store cannot be written");
    }
    length += bytes.length;
    unsynced ??= setTimeout(() => void inTurn(sync), SYNC_MS).unref();
  }

  async function sync(): Promise<void> {
    clearTimeout(unsynced);
    unsynced = undefined;
    try {
      await handle.datasync();
    } catch {
      // Systems forget what they could not sync: nobody knows what the file holds.
      unavailable ??= "the store cannot be synced";
    }
  }

  async function compact(): Promise<void> {
    try {
      const old = handle;
      handle = await rewrite(file, table);
      ({ size: length } = await handle.stat());
      await old.close();
    } catch {
      // The log stays as it is, for example because the disk is full; not every change is to try again.
      compactAt = length + COMPACT_SLACK_BYTES;
    }
  }

  return {
    commit: (plan) =>
      inTurn(async () => {
        if (unavailable !== undefined) throw new ServiceFailure("unavailable", unavailable);
        const { change, result } = plan();
        if (!change) return result;
        await append(change);
        table.apply(change);
        const most = Math.max(compactAt, table.size * COMPACT_FACTOR + COMPACT_SLACK_BYTES);
        if (length > most) await compact();
        return result;
      }),
    close: () =>
      inTurn(async () => {
        if (unavailable === CLOSED) return;
        await sync();
        unavailable = CLOSED;
        await handle.close();
      }),
  };
}

/** Applies every line of a log and gives the length of those that are whole; 0 when there is no log. */
async function replay(file: string, path: string, table: KvTable): Promise<number> {
  let bytes: Buffer;
  try {
    if ((await stat(file)).size > MAX_FILE_BYTES) {
      throw unusable(path, `it has more than ${MAX_FILE_BYTES} bytes`);
    }
    bytes = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
  const end = bytes.lastIndexOf("\n") + 1;
  // A file that was cut off in its first line has no change yet; anything else is not ours to write over.
  if (end === 0 && HEADER.startsWith(bytes.toString("utf8"))) return 0;
  if (!bytes.subarray(0, end).toString("latin1", 0, HEADER.length).startsWith(HEADER)) {
    throw unusable(path, "it is not a store of tenon", "Name another file");
  }
  for (let from = HEADER.length, number = 2; from < end; number++) {
    const to = bytes.indexOf("\n", from);
    const change = parse(bytes.toString("utf8", from, to));
    if (!change) {
      throw unusable(path, `line ${number} is damaged`, "Restore it from a copy, or remove the line");
    }
    table.apply(change);
    from = to + 1;
  }
  return end;
}

/** Writes what the table holds to a new file and puts it in the old one's place. */
async function rewrite(file: string, table: KvTable): Promise<FileHandle> {
  const draft = `${file}.new`;
  const handle = await open(draft, "w", 0o600);
  try {
    let at = 0;
    let lines = HEADER;
    const flush = async (): Promise<void> => {
      const bytes = Buffer.from(lines);
      lines = "";
      await writeAll(handle, bytes, at);
      at += bytes.length;
    };
    for (const [key, record] of table.entries()) {
      lines += line({ key, record });
      if (lines.length > CHUNK_BYTES) await flush();
    }
    await flush();
    await handle.sync();
    await rename(draft, file);
  } catch (error) {
    await handle.close();
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(dirname(file));
  return handle;
}

/** Makes a new name last. Some systems cannot, and need not. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch {
    // As above.
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  }
}

/** A change as a line: key, value, version and expiry; the key alone when it is removed. */
function line({ key, record }: KvChange): string {
  if (!record) return `${JSON.stringify([key])}\n`;
  const { value, version, expiresAt } = record;
  return `${JSON.stringify(expiresAt === undefined ? [key, value, version] : [key, value, version, expiresAt])}\n`;
}

function parse(text: string): KvChange | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts)) return undefined;
  const [key, value, version, expiresAt] = parts as unknown[];
  if (typeof key !== "string") return undefined;
  if (parts.length === 1) return { key };
  if (typeof value !== "string" || typeof version !== "string") return undefined;
  if (expiresAt === undefined) return { key, record: { value, version } };
  return typeof expiresAt === "number" ? { key, record: { value, version, expiresAt } } : undefined;
}

async function explain<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ToolkitError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw unusable(path, STATES[code ?? ""] ?? message, undefined, error);
  }
}

const STATES: Record<string, string> = {
  ENOENT: "there is no such folder",
  EACCES: "permission denied",
  EISDIR: "it is a folder",
  ENOSPC: "the disk is full",
  EROFS: "the file system is read-only",
};

function unusable(path: string, state: string, hint?: string, cause?: unknown): ToolkitError {
  return new ToolkitError(`Cannot open store "${path}": ${state}`, {
    code: "ERR_HOST_STORE",
    ...(hint !== undefined && { hint }),
    ...(cause !== undefined && { cause }),
  });
}
