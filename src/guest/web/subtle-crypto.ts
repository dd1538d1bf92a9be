import { DOMException } from "./dom-exception.ts";
import { copyOf, hashOf, nameOf, notSupported, type Algorithm, type KeyUsage } from "./subtle/algorithm.ts";
import { CryptoKey, readKey } from "./subtle/crypto-key.ts";
import { digest, hashName, hmac } from "./subtle/digest.ts";
import { importEcdsaKey, verifyEcdsa } from "./subtle/ecdsa.ts";

export { CryptoKey };

/** Formats of keys, by what they are for. */
const FORMATS: Readonly<Record<string, readonly unknown[]>> = { HMAC: ["raw"], ECDSA: ["jwk", "raw"] };

/**
 * Digests, HMAC with raw keys, and verifying ECDSA with P-256. Anything else is a `NotSupportedError`.
 *
 * @see https://w3c.github.io/webcrypto/#subtlecrypto-interface
 */
export const subtle = {
  /** SHA-1, SHA-256, SHA-384 or SHA-512. */
  async digest(algorithm: Algorithm, data: unknown): Promise<ArrayBuffer> {
    return exactly(digest(hashName(algorithm), copyOf(data)));
  },

  /** A key for HMAC, or a public one for ECDSA. */
  async importKey(
    format: unknown,
    data: unknown,
    algorithm: Algorithm,
    extractable: unknown,
    usages: Iterable<string>,
  ): Promise<CryptoKey> {
    const name = nameOf(algorithm);
    const formats = Object.hasOwn(FORMATS, name) ? FORMATS[name]! : unsupported(algorithm);
    if (!formats.includes(format)) {
      throw notSupported(`Keys of the format ${JSON.stringify(String(format))} are`);
    }
    const asked = [...new Set(usages)] as KeyUsage[];
    if (name === "ECDSA") return importEcdsaKey(format, data, algorithm, Boolean(extractable), asked);
    const hash = hashName(hashOf(algorithm));
    if (asked.length === 0 || asked.some((usage) => usage !== "sign" && usage !== "verify")) {
      throw new DOMException("A key for HMAC is to sign, to verify or both", "SyntaxError");
    }
    const bytes = copyOf(data);
    if (bytes.length === 0) throw new DOMException("The key has no bytes", "DataError");
    const described = { name: "HMAC", hash: { name: hash }, length: bytes.length * 8 } as const;
    return new CryptoKey(bytes, described, Boolean(extractable), asked);
  },

  /** HMAC. */
  async sign(algorithm: Algorithm, key: CryptoKey, data: unknown): Promise<ArrayBuffer> {
    if (nameOf(algorithm) !== "HMAC") unsupported(algorithm);
    return exactly(mac(key, "sign", copyOf(data)));
  },

  /** HMAC, compared in a time that does not depend on where signatures differ, or ECDSA. */
  async verify(algorithm: Algorithm, key: CryptoKey, signature: unknown, data: unknown): Promise<boolean> {
    const given = copyOf(signature);
    const signed = copyOf(data);
    switch (nameOf(algorithm)) {
      case "ECDSA":
        return verifyEcdsa(hashOf(algorithm), readKey(key, "ECDSA", "verify").bytes, given, signed);
      case "HMAC": {
        const expected = mac(key, "verify", signed);
        if (given.length !== expected.length) return false;
        return expected.reduce((difference, byte, i) => difference | (byte ^ given[i]!), 0) === 0;
      }
      default:
        return unsupported(algorithm);
    }
  },

  get [Symbol.toStringTag](): string {
    return "SubtleCrypto";
  },
};

function mac(key: CryptoKey, usage: KeyUsage, data: Uint8Array): Uint8Array {
  const { bytes, algorithm } = readKey(key, "HMAC", usage);
  return hmac(algorithm.hash.name, bytes, data);
}

function unsupported(algorithm: Algorithm): never {
  throw notSupported(`The algorithm ${JSON.stringify(nameOf(algorithm))} is`);
}

function exactly(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}
