import { ed25519 } from "@noble/curves/ed25519.js";
import { p384, p521 } from "@noble/curves/nist.js";
import { ALGORITHMS, isAlgorithm, type Algorithm, type AlgorithmFacts, type Hash } from "./algorithms.ts";
import { decodeBase64url, type Bytes } from "./base64url.ts";
import { rsaKey, verifyPkcs1, verifyPss } from "./rsa.ts";
import { isObject } from "./strict-json.ts";

/** Curves that `crypto.subtle` of components does not have. */
const CURVES = { "P-384": p384, "P-521": p521 } as const;
/** Longest `n` in characters: 8,192 bits. */
const MAX_MEMBER_LENGTH = 1366;

// Its table of multiples takes longer to make than it saves in an instance that sees few tokens.
ed25519.Point.BASE.precompute(1);

type Verify = (message: Bytes, signature: Bytes) => Promise<boolean>;
type Members = Readonly<Record<string, unknown>>;

/** A public key that verifies signatures of one algorithm. */
export interface VerificationKey {
  readonly algorithm: Algorithm;
  readonly verify: Verify;
}

/**
 * A public key from a JWK (RFC 7517; RFC 7518, section 6; RFC 8037, section 2).
 *
 * @param algorithms Those that the settings allow. Default: any that a key names itself.
 * Rejects with an Error for a key that no signature is verified with; the message ends a sentence.
 */
export async function importKey(jwk: unknown, algorithms?: readonly Algorithm[]): Promise<VerificationKey> {
  if (!isObject(jwk)) throw new Error("is no object");
  const { use, key_ops: operations } = jwk;
  if (use !== undefined && use !== "sig") throw new Error("is not for signatures");
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) {
    throw new Error("is not for verifying");
  }
  // What signs or decrypts is no one's but the issuer's: whoever published it has lost it.
  if (["d", "k", "p", "q"].some((name) => Object.hasOwn(jwk, name))) throw new Error("is a private key");
  const algorithm = algorithmOf(jwk, algorithms);
  return { algorithm, verify: await verifier(jwk, ALGORITHMS[algorithm]) };
}

/** The algorithm of a key, from itself and the settings alone. */
function algorithmOf(jwk: Members, allowed: readonly Algorithm[] | undefined): Algorithm {
  const { alg } = jwk;
  if (alg !== undefined) {
    if (!isAlgorithm(alg)) throw new Error("is for another algorithm");
    if (allowed?.includes(alg) === false) throw new Error(`is for ${alg}, which the settings do not allow`);
    if (!fits(jwk, alg)) throw new Error(`does not fit its algorithm ${alg}`);
    return alg;
  }
  const fitting = (allowed ?? []).filter((name) => fits(jwk, name));
  if (fitting.length !== 1)
    throw new Error("names no algorithm, and the settings do not name the one for it");
  return fitting[0]!;
}

function fits({ kty, crv }: Members, name: Algorithm): boolean {
  const facts: AlgorithmFacts = ALGORITHMS[name];
  return kty === facts.kty && (facts.crv === undefined || crv === facts.crv);
}

async function verifier(jwk: Members, { crv, padding, hash }: AlgorithmFacts): Promise<Verify> {
  if (crv === undefined) {
    const key = rsaKey(bytesOf(jwk, "n"), bytesOf(jwk, "e"));
    const verify = padding === "pss" ? verifyPss : verifyPkcs1;
    return (message, signature) => verify(key, hash, message, signature);
  }
  if (crv === "Ed25519") {
    const key = bytesOf(jwk, "x", 32);
    const point = ed25519.Point.fromBytes(key);
    if (point.isSmallOrder()) throw new Error("is a point of small order");
    return async (message, signature) =>
      signature.length === 64 && ed25519.verify(signature, message, key, { zip215: false });
  }
  // Either s of a pair is valid for JOSE; a token is known by its text, not by its signature.
  if (crv === "P-256") return verifierOfP256(uncompressedPoint(jwk, 32), hash);
  const curve = CURVES[crv];
  const length = curve.Point.Fp.BYTES;
  const key = uncompressedPoint(jwk, length);
  curve.Point.fromBytes(key);
  return async (message, signature) => {
    if (signature.length !== 2 * length) return false;
    const digest = new Uint8Array(await crypto.subtle.digest(hash, message));
    return curve.verify(signature, digest, key, { prehash: false, lowS: false });
  };
}

async function verifierOfP256(point: Bytes, hash: Hash): Promise<Verify> {
  const { subtle } = crypto;
  const key = await subtle.importKey("raw", point, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  return (message, signature) => subtle.verify({ name: "ECDSA", hash }, key, signature, message);
}

/** SEC 1, section 2.3.3. */
function uncompressedPoint(jwk: Members, length: number): Bytes {
  const point = new Uint8Array(1 + 2 * length);
  point[0] = 4;
  point.set(bytesOf(jwk, "x", length), 1);
  point.set(bytesOf(jwk, "y", length), 1 + length);
  return point;
}

function bytesOf(jwk: Members, name: string, length?: number): Bytes {
  const text = jwk[name];
  const bytes =
    typeof text === "string" && text.length <= MAX_MEMBER_LENGTH ? decodeBase64url(text) : undefined;
  if (bytes === undefined || bytes.length === 0 || (length !== undefined && bytes.length !== length)) {
    throw new Error(`has no "${name}" of the right length in base64url`);
  }
  return bytes;
}
