const CHUNK = 0x6000;

/** Base64 (RFC 4648, section 4) of bytes. */
export function bytesToBase64(bytes: Uint8Array): string {
  const native = (bytes as { toBase64?: () => string }).toBase64;
  if (typeof native === "function") return native.call(bytes);
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return (globalThis as unknown as { btoa: (binary: string) => string }).btoa(binary);
}
