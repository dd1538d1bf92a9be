const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const TEXT = /^[A-Za-z0-9_-]*$/;
/** Bits of the last character that belong to no byte, by the characters beyond the last group of four. */
const UNUSED_BITS = [0, 0, 0b1111, 0b11] as const;

/** Bytes with a buffer of their own. */
export type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Bytes of base64url without padding (RFC 7515, section 2; RFC 4648, section 5).
 *
 * @returns nothing for a text that is not exactly what the bytes encode to: padding, whitespace, other characters, or bits
 *   beyond the last byte.
 */
export function decodeBase64url(text: string): Bytes | undefined {
  const rest = text.length % 4;
  // The engine's own decoder takes whitespace as well.
  if (rest === 1 || !TEXT.test(text)) return undefined;
  // Two texts would stand for the same bytes if the bits that are left over could be anything.
  if ((ALPHABET.indexOf(text.at(-1) ?? "A") & UNUSED_BITS[rest]!) !== 0) return undefined;
  return Uint8Array.fromBase64(text, { alphabet: "base64url" });
}
