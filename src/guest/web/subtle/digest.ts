/// <reference lib="esnext.typedarrays" />

import { sha1, sha256, sha384, sha512 } from "tenon:mcp/crypto@0.1.0";
import { nameOf, notSupported, type Algorithm } from "./algorithm.ts";

/** A hash. */
interface Hash {
  digest: (data: Uint8Array) => Uint8Array;
  /** Bytes that it takes at a time. */
  block: number;
}

// Bytes are hexadecimal digits on their way: the engine reads and writes those natively, and lists byte by byte.
const outside =
  (compute: (data: string) => string) =>
  (data: Uint8Array): Uint8Array =>
    Uint8Array.fromHex(compute(data.toHex()));

const HASHES = {
  "SHA-1": { digest: outside(sha1), block: 64 },
  "SHA-256": { digest: outside(sha256), block: 64 },
  "SHA-384": { digest: outside(sha384), block: 128 },
  "SHA-512": { digest: outside(sha512), block: 128 },
} as const satisfies Record<string, Hash>;

/** Name of a hash. */
export type HashName = keyof typeof HASHES;

/** The hash that an algorithm names. */
export function hashName(algorithm: Algorithm): HashName {
  const name = nameOf(algorithm);
  if (!Object.hasOwn(HASHES, name)) throw notSupported(`The hash ${JSON.stringify(name)} is`);
  return name as HashName;
}

export function digest(hash: HashName, data: Uint8Array): Uint8Array {
  return HASHES[hash].digest(data);
}

/** HMAC (RFC 2104, section 2). */
export function hmac(hash: HashName, key: Uint8Array, data: Uint8Array): Uint8Array {
  const { block } = HASHES[hash];
  const short = key.length > block ? digest(hash, key) : key;
  const keyed = (pad: number, rest: Uint8Array): Uint8Array => {
    const bytes = new Uint8Array(block + rest.length).fill(pad, 0, block);
    short.forEach((byte, i) => (bytes[i] = byte ^ pad));
    bytes.set(rest, block);
    return digest(hash, bytes);
  };
  return keyed(0x5c, keyed(0x36, data));
}
