import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";

/** Makes texts that others can carry, but neither read nor change. */
export interface Sealer {
  /** Seals a text together with what it belongs to, which is needed again to open it. In base64url. */
  seal(text: string, context: string): string;
  /** The text, or nothing when it was not sealed with a key of this sealer, in this context, or was changed since. */
  open(sealed: string, context: string): string | undefined;
}

/** What engines do each in their own way. */
export interface SealerPlatform {
  /** From a cryptographic source. */
  randomBytes: (length: number) => Uint8Array;
  encodeUtf8: (text: string) => Uint8Array;
  /** Takes UTF-8 alone. */
  decodeUtf8: (bytes: Uint8Array) => string;
  /** Without padding. */
  toBase64url: (bytes: Uint8Array) => string;
  /** Takes what matches `^[\w-]+$` alone; nothing when it cannot be base64url. */
  fromBase64url: (text: string) => Uint8Array | undefined;
}

/** Bytes of a key. */
export const KEY_BYTES = 32;

const NONCE_BYTES = 24;
const ID_BYTES = 4;
const HEAD_BYTES = ID_BYTES + NONCE_BYTES;
const BASE64URL = /^[\w-]+$/;

/**
 * Creates a {@link Sealer}: XChaCha20-Poly1305 with a random nonce, which is long enough for one key to seal any number
 * of texts.
 *
 * @param keys Each of {@link KEY_BYTES} bytes. The first one seals, all of them open.
 */
export function createSealer(keys: readonly Uint8Array[], platform: SealerPlatform): Sealer {
  const known = keys.map((key) => ({ key, id: idOf(key) }));
  return {
    seal(text, context) {
      const { key, id } = known[0]!;
      const nonce = platform.randomBytes(NONCE_BYTES);
      const cipher = xchacha20poly1305(key, nonce, platform.encodeUtf8(context));
      const sealed = cipher.encrypt(platform.encodeUtf8(text));
      const bytes = new Uint8Array(HEAD_BYTES + sealed.length);
      bytes.set(id);
      bytes.set(nonce, ID_BYTES);
      bytes.set(sealed, HEAD_BYTES);
      return platform.toBase64url(bytes);
    },
    open(sealed, context) {
      const bytes = BASE64URL.test(sealed) ? platform.fromBase64url(sealed) : undefined;
      // Base64 that does not end on a whole byte has several spellings; only the one that was given out counts.
      if (bytes === undefined || platform.toBase64url(bytes) !== sealed) return undefined;
      // One key is tried: with a long context each costs milliseconds, and anybody may send anything.
      const match = known.find(({ id }) => id.every((byte, at) => byte === bytes[at]));
      if (match === undefined) return undefined;
      try {
        const nonce = bytes.subarray(ID_BYTES, HEAD_BYTES);
        const cipher = xchacha20poly1305(match.key, nonce, platform.encodeUtf8(context));
        return platform.decodeUtf8(cipher.decrypt(bytes.subarray(HEAD_BYTES)));
      } catch {
        // Changed, of another context or too short: the library has no other way to say so.
        return undefined;
      }
    },
  };
}

/** Tells keys apart and nothing of them: part of the tag of an empty text, under a nonce that is never drawn. */
function idOf(key: Uint8Array): Uint8Array {
  return xchacha20poly1305(key, new Uint8Array(NONCE_BYTES)).encrypt(new Uint8Array()).subarray(0, ID_BYTES);
}
