import type { Writable } from "node:stream";
import { logLine, type LogEntry } from "./log-line.ts";
import type { Refusal } from "./refusal.ts";

/** Takes log lines, each with a line feed. */
export type LogSink = (lines: Uint8Array) => void;

const MAX_STALLED_BYTES = 1024 * 1024;
/** What a turn may gather before it writes. */
const MAX_PENDING_BYTES = 64 * 1024;
const LINE_FEED = 10;

/**
 * A sink that writes to a stream, all lines of one turn of the event loop at once: before promises go on, so before the answers to
 * the requests that they tell of are sent, and at the latest when the process ends. A reader that has stopped reading must not make the server
 * grow: beyond 1 MiB that waits for it lines are dropped, and once it reads again a line says how many.
 */
export function createStreamLog(stream: Writable): LogSink {
  let dropped = 0;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  function write(): void {
    if (pending.length === 0) return;
    const lines = pending.length === 1 ? pending[0] : Buffer.concat(pending);
    pending = [];
    pendingBytes = 0;
    stream.write(lines);
  }
  function flows(): void {
    const lines = dropped;
    dropped = 0;
    stream.write(droppedLine(lines));
  }
  process.on("exit", write);
  return (lines) => {
    if (stream.writableLength + pendingBytes < MAX_STALLED_BYTES) {
      if (pending.length === 0) process.nextTick(write);
      pending.push(lines);
      pendingBytes += lines.length;
      if (pendingBytes >= MAX_PENDING_BYTES) write();
      return;
    }
    if (dropped === 0) stream.once("drain", flows);
    dropped += countLines(lines);
  };
}

/** Writes to stderr, as {@link createStreamLog} says. */
export const logToStderr: LogSink = createStreamLog(process.stderr);

/** What stands for lines that a sink had no room for, with its line feed. */
export function droppedLine(count: number): Buffer {
  return hostLine({
    level: "warning",
    message: `${count} log ${count === 1 ? "line was" : "lines were"} dropped`,
  });
}

/** How many lines there are, each with its line feed. */
export function countLines(lines: Uint8Array): number {
  let count = 0;
  for (let at = lines.indexOf(LINE_FEED); at !== -1; at = lines.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}

/** Logs something of the host's own; `requestId` where it is of a call. */
export function report(
  sink: LogSink,
  level: "info" | "warning" | "error",
  message: string,
  requestId?: string,
): void {
  sink(hostLine({ level, message, requestId }));
}

/** Logs what the host refused a guest, in the words that gates use. */
export function reportRefusal(sink: LogSink, refusal: Refusal, requestId: string | undefined): void {
  sink(hostLine({ level: "warning", message: "denied", requestId, fields: JSON.stringify(refusal) }));
}

/** Logs a mistake of the host or of what it was given, with its stack. */
export function reportFault(sink: LogSink, what: string, error: unknown, requestId?: string): void {
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  report(sink, "error", `${what}: ${trace}`, requestId);
}

function hostLine(entry: Omit<LogEntry, "source">): Buffer {
  return Buffer.from(`${logLine({ ...entry, source: "host" }, new Date())}\n`);
}
