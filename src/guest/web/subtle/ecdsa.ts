/// <reference lib="esnext.typedarrays" />

import { isP256Key, verifyP256 } from "tenon:mcp/crypto@0.1.0";
import { DOMException } from "../dom-exception.ts";
import { copyOf, notSupported, type Algorithm, type KeyUsage } from "./algorithm.ts";
import { CryptoKey } from "./crypto-key.ts";
import { digest, hashName } from "./digest.ts";

const CURVE = "P-256";
const COORDINATE_BYTES = 32;
const UNCOMPRESSED = 4;

/** The members of a JSON Web Key that matter here (RFC 7517, section 4; RFC 7518, section 6.2). */
type Jwk = Readonly<Record<string, unknown>>;

/** A public key for ECDSA with P-256, from a JSON Web Key or an uncompressed point. */
export function importEcdsaKey(
  format: unknown,
  data: unknown,
  algorithm: Algorithm,
  extractable: boolean,
  usages: readonly KeyUsage[],
): CryptoKey {
  const { namedCurve } = algorithm as { namedCurve?: unknown };
  if (namedCurve !== CURVE) throw notSupported(`The curve ${JSON.stringify(String(namedCurve))} is`);
  if (usages.some((usage) => usage !== "verify")) {
    throw new DOMException("A public key for ECDSA is to verify", "SyntaxError");
  }
  const point = format === "jwk" ? pointOfJwk(data, extractable, usages) : rawPoint(copyOf(data));
  if (!isP256Key(point.toHex())) throw invalid("The key is no point of its curve");
  return new CryptoKey(point, { name: "ECDSA", namedCurve: CURVE }, extractable, usages);
}

function pointOfJwk(jwk: unknown, extractable: boolean, usages: readonly KeyUsage[]): Uint8Array {
  if (typeof jwk !== "object" || jwk === null) throw new TypeError("The key is no object");
  const { kty, crv, alg, use, key_ops: operations, ext, d } = jwk as Jwk;
  if (d !== undefined) throw notSupported("Private keys are");
  if (kty !== "EC" || crv !== CURVE || (alg !== undefined && alg !== "ES256")) {
    throw invalid("The key is for something else");
  }
  if (usages.length > 0 && use !== undefined && use !== "sig") throw invalid("The key is not for signatures");
  if (operations !== undefined) {
    const listed = Array.isArray(operations) ? (operations as unknown[]) : [];
    if (new Set(listed).size !== listed.length || usages.some((usage) => !listed.includes(usage))) {
      throw invalid("The key is for other operations");
    }
  }
  if (ext === false && extractable) throw invalid("The key is not to be extracted");
  const point = new Uint8Array(2 * COORDINATE_BYTES);
  point.set(coordinate(jwk as Jwk, "x"));
  point.set(coordinate(jwk as Jwk, "y"), COORDINATE_BYTES);
  return point;
}

function coordinate(jwk: Jwk, name: "x" | "y"): Uint8Array {
  const text = jwk[name];
  // Of 43 characters the last has four bits that belong to no byte, and must not be set.
  if (typeof text !== "string" || !/^[\w-]{42}[AEIMQUYcgkosw048]$/.test(text)) {
    throw invalid(`The key has no "${name}" of ${COORDINATE_BYTES} bytes in base64url`);
  }
  return Uint8Array.fromBase64(text, { alphabet: "base64url" });
}

function rawPoint(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== 1 + 2 * COORDINATE_BYTES || bytes[0] !== UNCOMPRESSED) {
    throw invalid("The key is no uncompressed point");
  }
  return bytes.slice(1);
}

/** Whether a signature of r and s, 32 bytes each, is that of data. */
export function verifyEcdsa(
  hash: Algorithm,
  key: Uint8Array,
  signature: Uint8Array,
  data: Uint8Array,
): boolean {
  const name = hashName(hash);
  if (name === "SHA-1") throw notSupported("ECDSA with SHA-1 is");
  const leftmost = digest(name, data).subarray(0, COORDINATE_BYTES);
  return verifyP256(key.toHex(), leftmost.toHex(), signature.toHex());
}

function invalid(message: string): Error {
  return new DOMException(message, "DataError");
}
