import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Sizes } from "./inspection.ts";

/** `sha256:` and 64 hexadecimal digits. */
export function digestOf(content: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

/** Bytes as they are, and compressed with gzip at its default level. */
export function sizesOf(bytes: Uint8Array): Sizes {
  return { raw: bytes.length, gzip: gzipSync(bytes).length };
}
