import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";

const NONCE_BYTES = 24;

/** Makes texts that a store can keep, but neither read nor change. */
export interface Seal {
  /** @param key Where it is kept: it opens there alone. */
  seal(text: string, key: string): string;
  /** Nothing when it was not sealed with this key, for this place, or was changed since. */
  open(sealed: string, key: string): string | undefined;
}

/** XChaCha20-Poly1305 with a random nonce, long enough for one key to seal any number of texts. */
export function createSeal(secret: Uint8Array): Seal {
  return {
    seal(text, key) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const sealed = xchacha20poly1305(secret, nonce, encode(key)).encrypt(encode(text));
      // The nonce is a multiple of three bytes long, so that its base64 has no padding and the rest can follow it.
      return nonce.toBase64() + sealed.toBase64();
    },
    open(sealed, key) {
      try {
        const bytes = Uint8Array.fromBase64(sealed);
        const nonce = bytes.subarray(0, NONCE_BYTES);
        const opened = xchacha20poly1305(secret, nonce, encode(key)).decrypt(bytes.subarray(NONCE_BYTES));
        return new TextDecoder().decode(opened);
      } catch {
        // Changed, cut, of another key or place: the libraries have no other way to say so.
        return undefined;
      }
    },
  };
}

/** The 32 bytes of a key in hexadecimal, base64 or base64url; nothing when it is none of them. */
export function parseKey(text: string): Uint8Array | undefined {
  const trimmed = text.trim();
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return Uint8Array.fromHex(trimmed);
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return undefined;
  return Uint8Array.fromBase64(trimmed.replaceAll("-", "+").replaceAll("_", "/"));
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
