import type { LogSink } from "../host-log.ts";

const LINE_FEED = 10;
/** As gates, stubs and the host write it; of most lines nothing else has to be looked at. */
const DENIED = Buffer.from('"message":"denied"');

/**
 * Takes log lines on to a sink, and tells of those that say that something was denied: gates and stubs inside a core have
 * no other way to say so.
 *
 * @param onDenied Gets the part that signs the line (`host` for the host itself) and the interface.
 */
export function countDenials(log: LogSink, onDenied: (part: string, interfaceName: string) => void): LogSink {
  return (lines) => {
    log(lines);
    const buffer = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength);
    let end = 0;
    for (let at = buffer.indexOf(DENIED); at !== -1; at = buffer.indexOf(DENIED, end)) {
      const start = buffer.lastIndexOf(LINE_FEED, at) + 1;
      end = buffer.indexOf(LINE_FEED, at) + 1 || buffer.length;
      const line = readLine(buffer.toString("utf8", start, end));
      if (line?.message === "denied") onDenied(String(line.source), String(line.fields?.interface));
    }
  };
}

interface Line {
  message?: unknown;
  source?: unknown;
  fields?: { interface?: unknown };
}

function readLine(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
