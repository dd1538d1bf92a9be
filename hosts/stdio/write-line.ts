import { getStdout } from "tenon-wasi:cli/stdout@0.2.0";
import type { OutputStream } from "tenon-wasi:io/streams@0.2.0";
import { writeAll } from "../wasi/stream.ts";
import { encodeUtf8 } from "../wasi/text.ts";

let stdout: OutputStream | undefined;

/** Writes a line and its line feed. False once the client has gone away. */
export function writeLine(line: string): boolean {
  stdout ??= getStdout();
  return writeAll(stdout, encodeUtf8(`${line}\n`));
}
