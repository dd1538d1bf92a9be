import type { Hash } from "./algorithms.ts";
import type { Bytes } from "./base64url.ts";

const MIN_BITS = 2048;
const MAX_BITS = 8192;
const MIN_EXPONENT = 65_537n;
const MAX_EXPONENT = 0xffff_ffffn;
/** `DigestInfo` up to the digest (RFC 8017, section 9.2, note 1). */
const DIGEST_INFO: Readonly<Record<Hash, string>> = {
  "SHA-256": "3031300d060960864801650304020105000420",
  "SHA-384": "3041300d060960864801650304020205000430",
  "SHA-512": "3051300d060960864801650304020305000440",
};
/** Primes below 160 of which 65537 generates few remainders: a weak modulus stays within them (CVE-2017-15361). */
const ROCA_PRIMES = [
  11n,
  13n,
  17n,
  19n,
  37n,
  53n,
  61n,
  71n,
  73n,
  79n,
  97n,
  103n,
  107n,
  109n,
  127n,
  151n,
  157n,
];

/** An RSA public key. */
export interface RsaKey {
  readonly modulus: bigint;
  readonly exponent: bigint;
  /** Length of the modulus in bits. */
  readonly bits: number;
}

/**
 * An RSA public key of 2,048 to 8,192 bits, with an odd exponent from 65537 to 2^32 - 1.
 *
 * @throws Error for any other, and for one whose factors are known to be findable; the message ends a sentence.
 */
export function rsaKey(n: Uint8Array, e: Uint8Array): RsaKey {
  // Leading zeros are another spelling of the same number (RFC 7518, section 2, Base64urlUInt).
  if (n[0] === 0 || e[0] === 0) throw new Error("has a number with leading zeros");
  const modulus = toBigInt(n);
  const exponent = toBigInt(e);
  const bits = modulus.toString(2).length;
  if (bits < MIN_BITS || bits > MAX_BITS) throw new Error(`has ${bits} bits, not ${MIN_BITS} to ${MAX_BITS}`);
  if (exponent < MIN_EXPONENT || exponent > MAX_EXPONENT || exponent % 2n === 0n) {
    throw new Error("has an exponent that is not odd, or not from 65537 to 4294967295");
  }
  if (modulus % 2n === 0n) throw new Error("has an even modulus");
  if (ROCA_PRIMES.every((prime) => isPower(modulus % prime, prime))) {
    throw new Error("is of a kind whose factors can be found (CVE-2017-15361)");
  }
  return { modulus, exponent, bits };
}

/** Whether a number is a power of 65537, modulo a prime. */
function isPower(value: bigint, prime: bigint): boolean {
  let power = 1n;
  do {
    if (power === value) return true;
    power = (power * 65_537n) % prime;
  } while (power !== 1n);
  return false;
}

/** RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2.2): what must have been signed is made anew and compared whole. */
export async function verifyPkcs1(
  key: RsaKey,
  hash: Hash,
  message: Bytes,
  signature: Uint8Array,
): Promise<boolean> {
  const length = Math.ceil(key.bits / 8);
  const signed = open(key, signature);
  if (signed === undefined) return false;
  const tail = `00${DIGEST_INFO[hash]}${(await digest(hash, message)).toHex()}`;
  return padded(signed, length) === `0001${"f".repeat(length * 2 - 4 - tail.length)}${tail}`;
}

/** RSASSA-PSS (RFC 8017, sections 8.1.2 and 9.1.2), with MGF1 of the same hash and a salt as long as its digest. */
export async function verifyPss(
  key: RsaKey,
  hash: Hash,
  message: Bytes,
  signature: Uint8Array,
): Promise<boolean> {
  const encodedBits = key.bits - 1;
  const length = Math.ceil(encodedBits / 8);
  const signed = open(key, signature);
  if (signed === undefined || signed >> BigInt(length * 8) !== 0n) return false;
  const encoded = Uint8Array.fromHex(padded(signed, length));
  const messageDigest = await digest(hash, message);
  const digestLength = messageDigest.length;
  const split = length - digestLength - 1;
  const masked = encoded.subarray(0, split);
  const claimed = encoded.subarray(split, split + digestLength);
  const unused = 8 * length - encodedBits;
  if (encoded[length - 1] !== 0xbc || masked[0]! >> (8 - unused) !== 0) return false;
  const mask = await mgf1(hash, claimed, split);
  const block = masked.map((byte, i) => byte ^ mask[i]!);
  block[0]! &= 0xff >> unused;
  const saltAt = split - digestLength;
  // Zeros, then one 1, then the salt.
  if (block.subarray(0, saltAt).some((byte, i) => byte !== (i === saltAt - 1 ? 1 : 0))) return false;
  const salted = await digest(hash, joined(new Uint8Array(8), messageDigest, block.subarray(saltAt)));
  return salted.toHex() === claimed.toHex();
}

/** MGF1 (RFC 8017, appendix B.2.1). */
async function mgf1(hash: Hash, seed: Uint8Array, length: number): Promise<Uint8Array> {
  const mask = new Uint8Array(length);
  for (let at = 0, i = 0; at < length; i++) {
    const counter = new Uint8Array([i >>> 24, i >>> 16, i >>> 8, i]);
    const block = await digest(hash, joined(seed, counter));
    mask.set(block.subarray(0, length - at), at);
    at += block.length;
  }
  return mask;
}

async function digest(hash: Hash, data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest(hash, data));
}

function joined(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** RSAVP1 (RFC 8017, section 5.2.2), for a signature that is exactly as long as the modulus. */
function open({ modulus, exponent, bits }: RsaKey, signature: Uint8Array): bigint | undefined {
  if (signature.length !== Math.ceil(bits / 8)) return undefined;
  const base = toBigInt(signature);
  if (base >= modulus) return undefined;
  let result = base;
  for (const bit of exponent.toString(2).slice(1)) {
    result = (result * result) % modulus;
    if (bit === "1") result = (result * base) % modulus;
  }
  return result;
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytes.toHex() || "0"}`);
}

function padded(value: bigint, length: number): string {
  return value.toString(16).padStart(length * 2, "0");
}
