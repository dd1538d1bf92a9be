import { verify } from "node:crypto";
import type { PublicKey } from "./public-key.ts";

/**
 * Why a signature does not count, the most telling first:
 *
 * * `digest`: it is of a trusted key, and signs another digest;
 * * `repository`: it is of a trusted key, and signs the same digest for another repository;
 * * `mismatch`: it says that it is of a trusted key, and does not match what it signs;
 * * `key`: no trusted key made it;
 * * `malformed`: it is not what its media type says;
 * * `other`: it is no signature of the artifact but something else that a bundle can hold.
 */
export const REASONS = ["digest", "repository", "mismatch", "key", "malformed", "other"] as const;

export type Reason = (typeof REASONS)[number];

/** What one signature came to. */
export type Verdict = { keyId: string } | { reason: Reason; text: string };

/** What a signature must be of. */
export interface Expected {
  /** Digest of the manifest, `sha256:<hex>`. */
  digest: string;
  /** `registry/path`, without tag and digest. */
  repository: string;
  /** The tag the artifact was asked by, if it was. */
  tag?: string | undefined;
}

/** The key that made a signature (ECDSA with SHA-256, in DER), if it is one of these. */
export function keyThatSigned(
  message: Uint8Array,
  signature: Uint8Array,
  keys: readonly PublicKey[],
): PublicKey | undefined {
  return keys.find(({ key }) => verify("sha256", message, { key, dsaEncoding: "der" }, signature));
}

/** What signatures call a repository: the names of Docker's registry are one. */
export function sameRepository(named: string, expected: string): boolean {
  return withoutAlias(named) === withoutAlias(expected);
}

function withoutAlias(repository: string): string {
  return repository.replace(/^(?:index\.|registry-1\.)?docker\.io\//, "docker.io/");
}
