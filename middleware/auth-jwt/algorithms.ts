/** A hash of the SHA-2 family. */
export type Hash = "SHA-256" | "SHA-384" | "SHA-512";

/** How signatures of an algorithm are verified, and with which keys. */
export interface AlgorithmFacts {
  readonly kty: "EC" | "OKP" | "RSA";
  readonly crv?: "Ed25519" | "P-256" | "P-384" | "P-521";
  readonly padding?: "pkcs1" | "pss";
  readonly hash: Hash;
}

const ED25519 = { kty: "OKP", crv: "Ed25519", hash: "SHA-512" } as const;

/** The signature algorithms (RFC 7518, section 3.1; RFC 8037, section 3.1; RFC 9864, section 2.2). */
export const ALGORITHMS = {
  RS256: { kty: "RSA", padding: "pkcs1", hash: "SHA-256" },
  RS384: { kty: "RSA", padding: "pkcs1", hash: "SHA-384" },
  RS512: { kty: "RSA", padding: "pkcs1", hash: "SHA-512" },
  PS256: { kty: "RSA", padding: "pss", hash: "SHA-256" },
  PS384: { kty: "RSA", padding: "pss", hash: "SHA-384" },
  PS512: { kty: "RSA", padding: "pss", hash: "SHA-512" },
  ES256: { kty: "EC", crv: "P-256", hash: "SHA-256" },
  ES384: { kty: "EC", crv: "P-384", hash: "SHA-384" },
  ES512: { kty: "EC", crv: "P-521", hash: "SHA-512" },
  EdDSA: ED25519,
  Ed25519: ED25519,
} as const satisfies Record<string, AlgorithmFacts>;

/** Name of an algorithm, as `alg` has it. */
export type Algorithm = keyof typeof ALGORITHMS;

/** All names of algorithms. */
export const ALGORITHM_NAMES = Object.keys(ALGORITHMS) as readonly Algorithm[];

/** Whether a text names one. */
export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === "string" && Object.hasOwn(ALGORITHMS, name);
}
