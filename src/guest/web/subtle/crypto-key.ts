import { DOMException } from "../dom-exception.ts";
import type { KeyUsage } from "./algorithm.ts";
import type { HashName } from "./digest.ts";

/** What a key is for, as it says itself. */
export type KeyAlgorithm =
  | {
      readonly name: "HMAC";
      readonly hash: { readonly name: HashName };
      /** In bits. */
      readonly length: number;
    }
  | { readonly name: "ECDSA"; readonly namedCurve: "P-256" };

const keyBytes = new WeakMap<CryptoKey, Uint8Array>();

/** @see https://w3c.github.io/webcrypto/#cryptokey-interface */
export class CryptoKey {
  readonly type: "public" | "secret";
  readonly extractable: boolean;
  readonly algorithm: KeyAlgorithm;
  readonly usages: readonly KeyUsage[];

  constructor(bytes: Uint8Array, algorithm: KeyAlgorithm, extractable: boolean, usages: readonly KeyUsage[]) {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("A CryptoKey comes from importKey");
    this.type = algorithm.name === "HMAC" ? "secret" : "public";
    this.algorithm = algorithm;
    this.extractable = extractable;
    this.usages = usages;
    keyBytes.set(this, bytes);
  }

  get [Symbol.toStringTag](): string {
    return "CryptoKey";
  }
}

/** The bytes of a key, and the algorithm with that name which it is for. */
export function readKey<Name extends KeyAlgorithm["name"]>(
  key: CryptoKey,
  name: Name,
  usage: KeyUsage,
): { bytes: Uint8Array; algorithm: KeyAlgorithm & { name: Name } } {
  const bytes = keyBytes.get(key);
  if (bytes === undefined) throw new TypeError("The key is not a CryptoKey");
  const { algorithm, usages } = key;
  if (algorithm.name !== name) {
    throw new DOMException(`The key is for ${algorithm.name}, not for ${name}`, "InvalidAccessError");
  }
  if (!usages.includes(usage)) throw new DOMException(`The key is not to ${usage}`, "InvalidAccessError");
  return { bytes, algorithm: algorithm as KeyAlgorithm & { name: Name } };
}
