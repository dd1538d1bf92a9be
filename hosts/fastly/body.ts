import { new as newBody, read, write, type Body } from "fastly:compute/http-body@0.1.0";
import { binaryString } from "../wasi/text.ts";

const READ_BYTES = 65_536;

/** The next piece of a body; nothing at its end. */
export function readPiece(body: Body): Uint8Array | undefined {
  const piece = read(body, READ_BYTES);
  return piece.length === 0 ? undefined : piece;
}

/** A whole body as a binary string, or nothing when it has more bytes than allowed. */
export function readBody(body: Body, maxBytes: number): string | undefined {
  let content = "";
  for (let piece = readPiece(body); piece !== undefined; piece = readPiece(body)) {
    if (content.length + piece.length > maxBytes) return undefined;
    content += binaryString(piece);
  }
  return content;
}

/** A new body with this content. */
export function bodyOf(content: Uint8Array): Body {
  const body = newBody();
  writeAll(body, content);
  return body;
}

/** Writes all of it; the host may take less at a time. */
export function writeAll(body: Body, content: Uint8Array): void {
  let rest = content;
  while (rest.length > 0) rest = rest.subarray(write(body, rest));
}
