import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { printable } from "./printable.ts";

/** What can be redacted. */
export const REDACTABLE = [
  "peer",
  "principal.clientId",
  "principal.issuer",
  "principal.subject",
  "target",
] as const;

/** One of them. */
export type Redactable = (typeof REDACTABLE)[number];

/** Which values are not written as they are. */
export interface Redaction {
  readonly omit?: readonly Redactable[];
  readonly hash?: readonly Redactable[];
  /** Goes into every hash. */
  readonly salt?: string;
}

const HASH_BYTES = 16;
const MAX_REMEMBERED = 1000;

/** The same callers come again, and a hash takes the engine as long as the rest of a line. */
const hashes = new Map<string, string>();

/** What is written of a value: its printable text, a hash of that, or nothing. */
export function redacted(
  name: Redactable,
  value: string | null | undefined,
  redaction: Redaction | undefined,
): string | undefined {
  if (typeof value !== "string" || redaction?.omit?.includes(name)) return undefined;
  const text = printable(value);
  return redaction?.hash?.includes(name) ? hashed(text, redaction.salt ?? "") : text;
}

function hashed(text: string, salt: string): string {
  let hash = hashes.get(text);
  if (hash === undefined) {
    const bytes = sha256(utf8(`${salt}\n${text}`));
    hash = `hash:${bytesToHex(bytes.subarray(0, HASH_BYTES))}`;
    if (hashes.size === MAX_REMEMBERED) hashes.clear();
    hashes.set(text, hash);
  }
  return hash;
}

/** Spares the component a `TextEncoder`. Text that is printable is well-formed, as this needs. */
function utf8(text: string): Uint8Array {
  return Uint8Array.from(unescape(encodeURIComponent(text)), (character) => character.charCodeAt(0));
}
