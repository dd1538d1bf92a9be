import { decodeBase64url, type Bytes } from "./base64url.ts";
import { parseStrictObject } from "./strict-json.ts";

/** Longest `kid` that is looked for, in characters. */
const MAX_KID_LENGTH = 256;
const PLAIN_TYPES: ReadonlySet<unknown> = new Set([undefined, "jwt", "at+jwt"]);

/** What types of tokens are accepted: RFC 9068 alone, or others as well. */
export type TokenType = "jwt" | "at+jwt";

/** A token, taken apart and not yet verified. */
export interface CompactJws {
  /** The `alg` of its header: to be compared with that of the key, never to choose by. */
  readonly algorithm: string;
  readonly kid: string | undefined;
  readonly payload: Uint8Array;
  readonly signature: Bytes;
  /** What the signature is of. */
  readonly signed: string;
}

/** Why a token is refused: a short code for log and audit. */
export interface Refused {
  readonly refused: string;
}

/**
 * Takes a JWS in compact serialization apart (RFC 7515, section 7.1). Of its header nothing counts but `alg`, `kid` and
 * `typ`; one with `crit` or `b64` is refused, because whoever wrote it relies on them.
 */
export function parseCompactJws(token: string, type: TokenType): CompactJws | Refused {
  const parts = token.split(".", 4);
  const [head, body, tail] = parts;
  if (parts.length !== 3 || !head || body === undefined || !tail) return { refused: "malformed-token" };
  const header = decodeBase64url(head);
  const payload = decodeBase64url(body);
  const signature = decodeBase64url(tail);
  if (header === undefined || payload === undefined || signature === undefined) {
    return { refused: "malformed-token" };
  }
  const members = parseUtf8Object(header);
  if (members === undefined) return { refused: "malformed-header" };
  const { alg, kid, typ } = members;
  if (Object.hasOwn(members, "crit") || Object.hasOwn(members, "b64")) return { refused: "critical-header" };
  if (typeof alg !== "string") return { refused: "malformed-header" };
  if (kid !== undefined && (typeof kid !== "string" || kid.length > MAX_KID_LENGTH)) {
    return { refused: "malformed-header" };
  }
  if (!isAccepted(typ, type)) return { refused: "wrong-type" };
  return { algorithm: alg, kid, payload, signature, signed: `${head}.${body}` };
}

/** The object that JSON in UTF-8 says; see {@link parseStrictObject}. */
export function parseUtf8Object(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    // A byte order mark stays in the text, where the parser refuses it.
    return parseStrictObject(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** Types are compared in any case, with `application/` in front or without (RFC 7515, section 4.1.9). */
function isAccepted(typ: unknown, type: TokenType): boolean {
  const name = typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : typ;
  return type === "jwt" ? PLAIN_TYPES.has(name) : name === type;
}
