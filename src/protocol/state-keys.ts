import { KEY_BYTES, type SealerPlatform } from "./sealer.ts";

const MAX_KEYS = 8;
const HEX = /^[0-9a-f]{64}$/i;
// 32 bytes leave two bits of the last digit unused, and one "=" of padding.
const BASE64 = /^[A-Za-z0-9+/_-]{42}[AEIMQUYcgkosw048]=?$/;

/**
 * The keys that a text holds, in base64 or hex, separated by commas or white space: 8 at most. A sentence part on what is
 * wrong when it does not hold any.
 */
export function parseStateKeys(
  text: string,
  platform: Pick<SealerPlatform, "fromBase64url">,
): Uint8Array[] | string {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  if (words.length === 0) return "there is none";
  if (words.length > MAX_KEYS) return `there are ${words.length} keys, and ${MAX_KEYS} are the most`;
  const keys: Uint8Array[] = [];
  for (const [index, word] of words.entries()) {
    const key = HEX.test(word) ? fromHex(word) : BASE64.test(word) ? fromBase64(word, platform) : undefined;
    if (key === undefined) {
      const which = words.length === 1 ? "it" : `key ${index + 1}`;
      return `${which} is not ${KEY_BYTES} bytes in base64 or hex`;
    }
    keys.push(key);
  }
  return keys;
}

function fromHex(digits: string): Uint8Array {
  return Uint8Array.from({ length: KEY_BYTES }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

function fromBase64(
  digits: string,
  { fromBase64url }: Pick<SealerPlatform, "fromBase64url">,
): Uint8Array | undefined {
  return fromBase64url(digits.replaceAll("+", "-").replaceAll("/", "_").replace("=", ""));
}
