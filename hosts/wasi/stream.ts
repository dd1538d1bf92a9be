import type { InputStream, OutputStream } from "tenon-wasi:io/streams@0.2.0";

const READ_BYTES = 65_536;
/** The most `blocking-write-and-flush` takes. */
const WRITE_BYTES = 4096;

/** The next piece of a stream, once there is one; nothing at its end. */
export function readPiece(stream: InputStream): Uint8Array | undefined {
  try {
    return stream.blockingRead(READ_BYTES);
  } catch (error) {
    if (isClosed(error)) return undefined;
    throw error;
  }
}

/** Writes everything. False once nobody reads any more. */
export function writeAll(stream: OutputStream, content: Uint8Array): boolean {
  try {
    for (let at = 0; at < content.length; at += WRITE_BYTES) {
      stream.blockingWriteAndFlush(content.subarray(at, at + WRITE_BYTES));
    }
    return true;
  } catch {
    return false;
  }
}

/** True for the `closed` case of `stream-error`, which is how a stream says that it ended. */
export function isClosed(error: unknown): boolean {
  return (error as { payload?: { tag?: string } }).payload?.tag === "closed";
}
