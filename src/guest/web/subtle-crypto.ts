import { hmac } from "@noble/hashes/hmac.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { bytesOf } from "./buffer-source.ts";
import { DOMException } from "./dom-exception.ts";

const HASHES = { "SHA-1": sha1, "SHA-256": sha256, "SHA-384": sha384, "SHA-512": sha512 } as const;
type HashName = keyof typeof HASHES;

type Algorithm = string | { readonly name?: unknown; readonly hash?: Algorithm };

interface KeyAlgorithm {
  readonly name: "HMAC";
  readonly hash: { readonly name: HashName };
  /** In bits. */
  readonly length: number;
}

const keyBytes = new WeakMap<CryptoKey, Uint8Array>();

/** @see https://w3c.github.io/webcrypto/#cryptokey-interface */
export class CryptoKey {
  readonly type = "secret";
  readonly extractable: boolean;
  readonly algorithm: KeyAlgorithm;
  readonly usages: readonly string[];

  constructor(bytes: Uint8Array, algorithm: KeyAlgorithm, extractable: boolean, usages: readonly string[]) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("A CryptoKey comes from importKey");
    this.algorithm = algorithm;
    this.extractable = extractable;
    this.usages = usages;
    keyBytes.set(this, bytes);
  }

  get [Symbol.toStringTag](): string {
    return "CryptoKey";
  }
}

/**
 * Digests, and HMAC with raw keys. Anything else is a `NotSupportedError`.
 *
 * @see https://w3c.github.io/webcrypto/#subtlecrypto-interface
 */
export const subtle = {
  /** SHA-1, SHA-256, SHA-384 or SHA-512. */
  async digest(algorithm: Algorithm, data: unknown): Promise<ArrayBuffer> {
    return exactly(HASHES[hashName(algorithm)](copyOf(data)));
  },

  /** A key for HMAC. */
  async importKey(
    format: unknown,
    data: unknown,
    algorithm: Algorithm,
    extractable: unknown,
    usages: Iterable<string>,
  ): Promise<CryptoKey> {
    if (format !== "raw") throw notSupported(`Keys of the format ${JSON.stringify(String(format))} are`);
    requireHmac(algorithm);
    const hash = hashName((typeof algorithm === "object" && algorithm.hash) || "");
    const asked = [...usages];
    if (asked.length === 0 || asked.some((usage) => usage !== "sign" && usage !== "verify")) {
      throw new DOMException("A key for HMAC is to sign, to verify or both", "SyntaxError");
    }
    const bytes = copyOf(data);
    if (bytes.length === 0) throw new DOMException("The key has no bytes", "DataError");
    const described: KeyAlgorithm = { name: "HMAC", hash: { name: hash }, length: bytes.length * 8 };
    return new CryptoKey(bytes, described, Boolean(extractable), [...new Set(asked)]);
  },

  async sign(algorithm: Algorithm, key: CryptoKey, data: unknown): Promise<ArrayBuffer> {
    return exactly(mac(algorithm, key, "sign", data));
  },

  /** Compares in a time that does not depend on where signatures differ. */
  async verify(algorithm: Algorithm, key: CryptoKey, signature: unknown, data: unknown): Promise<boolean> {
    const given = copyOf(signature);
    const expected = mac(algorithm, key, "verify", data);
    if (given.length !== expected.length) return false;
    return expected.reduce((difference, byte, i) => difference | (byte ^ given[i]!), 0) === 0;
  },

  get [Symbol.toStringTag](): string {
    return "SubtleCrypto";
  },
};

function mac(algorithm: Algorithm, key: CryptoKey, usage: string, data: unknown): Uint8Array {
  requireHmac(algorithm);
  const bytes = keyBytes.get(key);
  if (bytes === undefined) throw new TypeError("The key is not a CryptoKey");
  if (!key.usages.includes(usage)) {
    throw new DOMException(`The key is not to ${usage}`, "InvalidAccessError");
  }
  return hmac(HASHES[key.algorithm.hash.name], bytes, copyOf(data));
}

function nameOf(algorithm: Algorithm): string {
  return String(typeof algorithm === "object" && algorithm !== null ? algorithm.name : algorithm);
}

function hashName(algorithm: Algorithm): HashName {
  const name = nameOf(algorithm).toUpperCase();
  if (!Object.hasOwn(HASHES, name)) throw notSupported(`The hash ${JSON.stringify(name)} is`);
  return name as HashName;
}

function requireHmac(algorithm: Algorithm): void {
  const name = nameOf(algorithm);
  if (name.toUpperCase() !== "HMAC") throw notSupported(`The algorithm ${JSON.stringify(name)} is`);
}

function notSupported(what: string): Error {
  return new DOMException(`${what} not supported in components`, "NotSupportedError");
}

/** A copy: the caller may change its own before the result is there. */
function copyOf(data: unknown): Uint8Array {
  const bytes = bytesOf(data);
  if (bytes === undefined) throw new TypeError("The data is neither an ArrayBuffer nor a view of one");
  return bytes.slice();
}

function exactly(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}
