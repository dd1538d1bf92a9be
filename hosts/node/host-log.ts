import { logLine } from "./log-line.ts";

/** Takes log lines, each with a line feed. */
export type LogSink = (lines: Uint8Array) => void;

const MAX_STALLED_BYTES = 1024 * 1024;

/** Writes to stderr. A reader that has stopped reading must not make the server grow, so it misses lines. */
export function logToStderr(lines: Uint8Array): void {
  if (process.stderr.writableLength < MAX_STALLED_BYTES) process.stderr.write(lines);
}

/** Logs something of the host's own. */
export function report(sink: LogSink, level: "warning" | "error", message: string): void {
  sink(Buffer.from(`${logLine({ level, source: "host", message }, new Date())}\n`));
}

/** Logs a mistake of the host or of what it was given, with its stack. */
export function reportFault(sink: LogSink, what: string, error: unknown): void {
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  report(sink, "error", `${what}: ${trace}`);
}
