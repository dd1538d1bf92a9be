const START = "=?base64?";
const END = "?=";
const SENTINEL = /^=\?base64\?([A-Za-z0-9+/]*)(={0,2})\?=$/;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * The text of an `Mcp-*` field: as it stands, or decoded where it is wrapped in `=?base64?…?=`. Nothing when what is
 * wrapped is not base64 of valid UTF-8.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports
 */
export function decodeHeaderValue(value: string): string | undefined {
  if (!value.startsWith(START) || !value.endsWith(END)) return value;
  const match = SENTINEL.exec(value);
  if (!match) return undefined;
  const digits = match[1]!;
  if ((digits.length + match[2]!.length) % 4 !== 0) return undefined;
  let percentEncoded = "";
  let bits = 0;
  let count = 0;
  for (const digit of digits) {
    bits = ((bits << 6) | ALPHABET.indexOf(digit)) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      percentEncoded += `%${((bits >> count) & 0xff).toString(16).padStart(2, "0")}`;
    }
  }
  try {
    return decodeURIComponent(percentEncoded);
  } catch {
    return undefined;
  }
}
