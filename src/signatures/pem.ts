import { ToolkitError } from "../errors/index.ts";
import { decodeBase64 } from "./base64.ts";

const MAX_CHARACTERS = 16 * 1024;
const BLOCK = /^-----BEGIN ([A-Z0-9 ]{1,64})-----\s+([A-Za-z0-9+/=\s]+)-----END \1-----$/;

/**
 * Reads a text of at most 16 KiB that is one PEM block and nothing else but white space around it.
 *
 * @param action What an error says could not be done.
 * @param labels The kinds of block that would do, for the error.
 * @throws {@link ToolkitError} `ERR_SIGNATURE` when it is not
 */
export function readPem(
  text: string,
  action: string,
  labels: readonly string[],
): { label: string; content: Buffer } {
  const match = text.length <= MAX_CHARACTERS ? BLOCK.exec(text.trim()) : null;
  const content = match && decodeBase64(match[2]!.replaceAll(/\s/g, ""));
  if (match && content) return { label: match[1]!, content };
  throw new ToolkitError(`${action}: it is not one PEM block`, {
    code: "ERR_SIGNATURE",
    hint: `The file holds "-----BEGIN ${labels[0]}-----" and what follows to its end line`,
  });
}

/** Writes a PEM block with lines of 64 characters. */
export function writePem(label: string, content: Uint8Array): string {
  const lines = Buffer.from(content)
    .toString("base64")
    .match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
