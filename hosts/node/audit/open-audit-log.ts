import { open, readFile, realpath, rename, type FileHandle } from "node:fs/promises";
import { resolve } from "node:path";
import {
  AUDIT_FORMAT,
  chainLine,
  hashOf,
  headPath,
  headText,
  isMac,
  MAX_HEAD_BYTES,
  MAX_LINE_BYTES,
  parseHead,
  START,
  verifyAuditLog,
  type Head,
  type Link,
} from "../../../src/audit/index.ts";
import { ToolkitError } from "../../../src/errors/index.ts";
import { logToStderr, report, type LogSink } from "../host-log.ts";
import { logLine } from "../log-line.ts";
import { lockFile } from "../services/file-lock.ts";
import { createAuditWriter, type AuditFile } from "./audit-writer.ts";

/** Options of {@link openAuditLog}. */
export interface AuditLogOptions {
  /** Name of the server. */
  server: string;
  /** Digest of the core it serves: `sha256:` and 64 hexadecimal digits. */
  core: string;
  /** Makes each line carry an HMAC-SHA-256, so that nobody without the key can write one. 32 bytes. Default: none. */
  key?: Uint8Array;
  /** Takes lines that say that the file cannot be written. Default: stderr. */
  log?: LogSink;
}

/** A log of which every line is chained to the one before. */
export interface AuditLog {
  /** Appends log lines, each a JSON object with a line feed. In the background; never throws. */
  readonly write: LogSink;
  /** Appends what waits, says that the log is closed, and lets other processes open it. */
  close(): Promise<void>;
}

const OWNER_ONLY = 0o600;
/** What a process that died may leave of its last line: it must fit into a line, escaped. */
const MAX_CUT_OFF_BYTES = MAX_LINE_BYTES / 8;
const CHECK_HINT = 'See what is wrong with "tenon audit verify"; to go on, move the log and its head away';

/**
 * Opens a hash-chained audit log, for one process at a time, and goes on behind its last line. A new file can be read by its
 * owner alone. Beside it stands `<path>.head`, which says where the chain ends: it is written each second in which lines came.
 *
 * What a process that died left of a line is taken off the file, and the line that opens the log anew quotes it.
 *
 * @throws ToolkitError `ERR_AUDIT` when the file does not end where its head says, was written with another key, or is none.
 * @throws ToolkitError `ERR_FILE` when it cannot be opened, `ERR_HOST_STORE` when another process writes it.
 */
export async function openAuditLog(path: string, options: AuditLogOptions): Promise<AuditLog> {
  const file = await realpath(path).catch(() => resolve(path));
  const release = await explain(path, () => lockFile(file, "audit log"));
  try {
    return await explain(path, async () => {
      const handle = await open(file, "a+", OWNER_ONLY);
      try {
        return await start(handle, { file, path, release, ...options });
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  } catch (error) {
    await release();
    throw error;
  }
}

interface Opened extends AuditLogOptions {
  file: string;
  path: string;
  release: () => Promise<void>;
}

async function start(handle: FileHandle, opened: Opened): Promise<AuditLog> {
  const { file, server, core, key, log = logToStderr, release } = opened;
  const { link, bytes, cutOff } = await resume(handle, opened);
  const target = createAuditFile(handle, { file, key, link, bytes });
  await target.truncate();
  const opening = hostLine("audit log opened", {
    format: AUDIT_FORMAT,
    keyed: key !== undefined,
    server,
    core,
    ...(cutOff.length > 0 && { cutOff: cutOff.toString("utf8"), cutOffBytes: cutOff.length }),
  });
  const first = chainLine(link, opening, key);
  await target.append(Buffer.from(`${first.line}\n`), first.link);
  await target.sync(false);
  const writer = createAuditWriter(target, {
    link: first.link,
    key,
    report: (message) => report(log, "error", message),
  });
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    writer.write(Buffer.from(`${hostLine("audit log closed", {})}\n`));
    await writer.close();
    await handle.close();
    await release();
  }
  return {
    write: writer.write,
    close: () => (closing ??= close()),
  };
}

interface Resumed {
  link: Link;
  /** Bytes of whole lines. */
  bytes: number;
  /** What is left of a line behind them. */
  cutOff: Buffer;
}

/** Checks that a file ends as its head says, and what follows the head. */
async function resume(handle: FileHandle, { file, path, key }: Opened): Promise<Resumed> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw unusable(path, "it is no regular file");
  const text = await readHead(file);
  if (text === undefined) {
    if (stats.size === 0) return { link: START, bytes: 0, cutOff: Buffer.alloc(0) };
    throw unusable(path, "its head file is missing, so nothing tells whether lines at its end are as well");
  }
  const head = parseHead(text);
  if (head === undefined) throw unusable(path, "its head file is damaged");
  const keyed = head.signed !== undefined;
  if (keyed !== (key !== undefined)) {
    throw unusable(
      path,
      `it was begun ${keyed ? "with" : "without"} a key, and ${keyed ? "none" : "one"} is given`,
    );
  }
  if (key && head.signed && !isMac(key, head.signed))
    throw unusable(path, "its head was not made with this key");
  if (stats.size < head.bytes) {
    throw unusable(
      path,
      `it has ${stats.size} bytes, and its head file says ${head.bytes}: lines are missing at its end`,
    );
  }
  await checkHeadLine(handle, path, head);
  const tail = handle.createReadStream({ start: head.bytes, autoClose: false });
  const after = { link: head, bytes: head.bytes, keyed };
  const { findings, last, bytes, cutOff } = await verifyAuditLog(tail, { head, key, after });
  const [finding] = findings;
  if (finding !== undefined) {
    const where = finding.line === undefined ? "" : ` of what follows the line its head names`;
    const line = finding.line === undefined ? "" : `line ${finding.line}`;
    throw unusable(path, `${line}${where}${line && ": "}${finding.problem}`);
  }
  if (stats.size - bytes > MAX_CUT_OFF_BYTES)
    throw unusable(path, "what follows its last line is no line of a log");
  return { link: last, bytes, cutOff: Buffer.from(cutOff) };
}

async function readHead(file: string): Promise<string | undefined> {
  try {
    return (await readFile(headPath(file))).toString("latin1", 0, MAX_HEAD_BYTES);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The line that the head names must end where it says, and be the one. */
async function checkHeadLine(handle: FileHandle, path: string, head: Head): Promise<void> {
  const length = Math.min(head.bytes, MAX_LINE_BYTES + 1);
  const bytes = Buffer.alloc(length);
  await handle.read(bytes, 0, length, head.bytes - length);
  const line = bytes.subarray(bytes.lastIndexOf("\n", length - 2) + 1, -1);
  if (!bytes.toString("latin1").endsWith("\n") || hashOf(line) !== head.hash) {
    throw unusable(path, "its last line is not the one its head file names");
  }
}

function createAuditFile(
  handle: FileHandle,
  { file, key, ...begun }: { file: string; key: Uint8Array | undefined; link: Link; bytes: number },
): AuditFile & { truncate(): Promise<void> } {
  let end = { link: begun.link, bytes: begun.bytes };
  let isClean = true;
  async function truncate(): Promise<void> {
    await handle.truncate(end.bytes);
    isClean = true;
  }
  return {
    truncate,
    async append(lines, link) {
      if (!isClean) await truncate();
      isClean = false;
      try {
        await handle.appendFile(lines);
      } catch (error) {
        // What was written of it is no line, and whoever reads the file meanwhile should not find it.
        await truncate().catch(() => undefined);
        throw error;
      }
      isClean = true;
      end = { link, bytes: end.bytes + lines.length };
    },
    async sync(closed) {
      const { link, bytes } = end;
      const isClosed = closed && isClean;
      await handle.datasync();
      const temporary = `${headPath(file)}.new`;
      const written = await open(temporary, "w", OWNER_ONLY);
      try {
        await written.writeFile(headText({ ...link, bytes, closed: isClosed }, key));
        await written.datasync();
      } finally {
        await written.close();
      }
      await rename(temporary, headPath(file));
    },
  };
}

function hostLine(message: string, fields: object): string {
  return logLine({ level: "notice", source: "host", message, fields: JSON.stringify(fields) }, new Date());
}

async function explain<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ToolkitError) throw error;
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    throw new ToolkitError(`Cannot open audit log "${path}": ${code}`, { code: "ERR_FILE", cause: error });
  }
}

function unusable(path: string, state: string): ToolkitError {
  return new ToolkitError(`Cannot open audit log "${path}": ${state}`, {
    code: "ERR_AUDIT",
    hint: CHECK_HINT,
  });
}
