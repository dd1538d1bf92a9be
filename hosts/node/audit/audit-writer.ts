import { chainLine, MAX_LINE_BYTES, type Link } from "../../../src/audit/index.ts";
import { countLines, droppedLine, type LogSink } from "../host-log.ts";

/** The file beneath a chain. */
export interface AuditFile {
  /** Appends lines, all of them or none. `link` is where the chain stands with them. */
  append(lines: Uint8Array, link: Link): Promise<void>;
  /** Makes what was appended outlast a power failure, and notes where the chain ends. */
  sync(closed: boolean): Promise<void>;
}

/** Options of {@link createAuditWriter}. */
export interface AuditWriterOptions {
  /** Where the chain stands. */
  link: Link;
  key: Uint8Array | undefined;
  /** Takes what the person who runs the server must know. */
  report: (message: string) => void;
}

/** Appends log lines to a chain, one write for all that have come in the meantime. */
export interface AuditWriter {
  write: LogSink;
  /** Appends what waits, and syncs. Lines that come later are lost. */
  close(): Promise<void>;
}

/** What may wait while the file takes nothing; further lines are dropped and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;
const MAX_GIVEN_LINE_BYTES = MAX_LINE_BYTES / 8;
const SYNC_MS = 1000;
const RETRY_MS = 1000;

interface Batch {
  bytes: Buffer;
  link: Link;
  /** What it took up while it waited. */
  waited: number;
  lines: number;
}

/**
 * Chains lines and appends them to a file, in the background. Where the file cannot be written, up to 1 MiB of lines wait
 * and are tried again each second; what comes beyond is dropped, and a line of the chain says how many those were.
 */
export function createAuditWriter(file: AuditFile, options: AuditWriterOptions): AuditWriter {
  const { key, report } = options;
  let { link } = options;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let dropped = 0;
  let batch: Batch | undefined;
  let running: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let unsynced: NodeJS.Timeout | undefined;
  let syncing: Promise<void> = Promise.resolve();
  let failing: string | undefined;
  let closed = false;

  function failed(what: string, error: unknown): void {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    // A disk stays full for a while: once is enough.
    if (failing !== what) report(`The audit log cannot be ${what}: ${reason}; the server goes on`);
    failing = what;
  }

  /** Chains all that waits. */
  function gather(): Batch | undefined {
    if (waiting.length === 0 && dropped === 0) return undefined;
    const given = waiting.flatMap((lines) => Buffer.from(lines).toString("utf8").split("\n"));
    const waited = waitingBytes;
    waiting = [];
    const fitting = given.filter((line) => line !== "" && Buffer.byteLength(line) <= MAX_GIVEN_LINE_BYTES);
    dropped += given.filter((line) => line !== "").length - fitting.length;
    if (dropped > 0) fitting.push(droppedLine(dropped).toString("utf8").trimEnd());
    dropped = 0;
    let at = link;
    const texts = fitting.map((line) => {
      const chained = chainLine(at, line, key);
      at = chained.link;
      return `${chained.line}\n`;
    });
    return { bytes: Buffer.from(texts.join("")), link: at, waited, lines: texts.length };
  }

  async function run(): Promise<void> {
    for (;;) {
      batch ??= gather();
      if (batch === undefined) return;
      try {
        await file.append(batch.bytes, batch.link);
      } catch (error) {
        failed("written", error);
        if (!closed) retry ??= setTimeout(start, RETRY_MS).unref();
        return;
      }
      failing = undefined;
      ({ link } = batch);
      waitingBytes -= batch.waited;
      batch = undefined;
      if (!closed) unsynced ??= setTimeout(() => void sync(), SYNC_MS).unref();
    }
  }

  function start(): void {
    clearTimeout(retry);
    retry = undefined;
    running ??= run().finally(() => {
      running = undefined;
    });
  }

  function sync(): Promise<void> {
    clearTimeout(unsynced);
    unsynced = undefined;
    syncing = syncing.then(() => file.sync(closed)).catch((error: unknown) => failed("synced", error));
    return syncing;
  }

  return {
    write(lines) {
      if (closed) return;
      if (waitingBytes + lines.length > MAX_WAITING_BYTES) {
        dropped += countLines(lines);
        return;
      }
      waiting.push(lines);
      waitingBytes += lines.length;
      if (retry === undefined) start();
    },
    async close() {
      closed = true;
      await running;
      start();
      await running;
      const lost =
        (batch?.lines ?? 0) + waiting.reduce((lines, given) => lines + countLines(given), 0) + dropped;
      if (lost > 0) report(`The audit log was closed without its last ${lost} lines`);
      await sync();
    },
  };
}
