import type { Limits } from "./limits/resolve-limits.ts";

const HEADER_INTS = 2;
const LENGTH = 0;
const DROPPED = 1;
const HEADER_BYTES = HEADER_INTS * Int32Array.BYTES_PER_ELEMENT;

/**
 * The log lines of the call a worker is busy with, in memory that both threads see: lines of a call that is terminated
 * are not lost, no call can flood the main thread, and a full pipe behind stderr never blocks a worker.
 */
export interface CallLog {
  /** For the worker's side. */
  readonly shared: SharedArrayBuffer;
  /**
   * Adds a line, or counts it as dropped when the quota is used up.
   *
   * @param isReserved True for a line that may use what is reserved.
   */
  add(line: string, isReserved: boolean): void;
  /** The lines, each with a line feed, and how many were dropped; they are forgotten. For the main thread, between calls. */
  take(): { lines: Buffer | undefined; dropped: number };
}

/**
 * Creates a log.
 *
 * @param limits Bytes that one call may log, and the part of them that tools cannot use up: their call must show in the log of
 * whoever stands in front of them.
 * @param shared That of an earlier log with the same limits, full of zeros. Default: new memory.
 */
export function createCallLog(
  { logBytes, reservedLogBytes }: Pick<Limits["calls"], "logBytes" | "reservedLogBytes">,
  shared = new SharedArrayBuffer(HEADER_BYTES + logBytes),
): CallLog {
  return attachCallLog(shared, reservedLogBytes);
}

/** Attaches to a log that another thread created. */
export function attachCallLog(shared: SharedArrayBuffer, reservedBytes: number): CallLog {
  const header = new Int32Array(shared, 0, HEADER_INTS);
  const text = Buffer.from(shared, HEADER_BYTES);
  return {
    shared,
    add(line, isReserved) {
      const at = Atomics.load(header, LENGTH);
      const end = text.length - (isReserved ? 0 : reservedBytes);
      // A line has at most three bytes for each of its UTF-16 units; only near the end is it worth counting them.
      const fits = line.length * 3 < end - at || Buffer.byteLength(line) < end - at;
      if (!fits) {
        Atomics.add(header, DROPPED, 1);
        return;
      }
      const length = text.write(`${line}\n`, at);
      Atomics.store(header, LENGTH, at + length);
    },
    take() {
      const length = Atomics.exchange(header, LENGTH, 0);
      return {
        lines: length === 0 ? undefined : Buffer.from(text.subarray(0, length)),
        dropped: Atomics.exchange(header, DROPPED, 0),
      };
    },
  };
}
