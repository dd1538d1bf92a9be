// The engine has no TextDecoder or TextEncoder. Its own escape() and encodeURIComponent() do the work natively; a binary
// string, with one character for each byte, stands between them and the bytes.

const ASCII = /^[\0-\x7f]*$/;
/** Arguments one call may have without growing the stack much. */
const PIECE = 4096;

/** One character for each byte. */
export function binaryString(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    binary += String.fromCharCode.apply(null, bytes.subarray(at, at + PIECE) as unknown as number[]);
  }
  return binary;
}

/** The byte of each character of a binary string. */
export function bytesOf(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** The text of a binary string, or nothing when its bytes are not UTF-8. */
export function decodeUtf8(binary: string): string | undefined {
  if (ASCII.test(binary)) return binary;
  try {
    return decodeURIComponent(escape(binary));
  } catch {
    return undefined;
  }
}

/** Text as UTF-8. It must not have lone surrogates, which text that crossed a component boundary never has. */
export function encodeUtf8(text: string): Uint8Array {
  return bytesOf(ASCII.test(text) ? text : unescape(encodeURIComponent(text)));
}
