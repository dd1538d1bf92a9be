import { ToolkitError } from "../errors/index.ts";
import { formatReference, type Descriptor, type Repository } from "../oci/index.ts";
import { findBundles, findTagged, MAX_SIGNATURES, type Found, type Layout } from "./find-signatures.ts";
import type { PublicKey } from "./public-key.ts";
import { REASONS, type Expected, type Reason, type Verdict } from "./verdict.ts";

/** Who signed an artifact. */
export interface Signer {
  /** `sha256:` and 64 hex digits: the hash of the public key's SubjectPublicKeyInfo. */
  keyId: string;
  /** Where the signature lies that counted. */
  layout: Layout;
  /** Digest of the manifest that carries it. */
  manifest: string;
}

/** Why no signature of an artifact counts. */
export interface Refusal {
  reason: Reason | "unsigned" | "too-many";
  /** What is so, as the end of a sentence. */
  state: string;
  /** What each signature came to, one a line, of the first five. */
  details: string[];
}

const MAX_DETAILS = 5;

const STATES: Readonly<Record<Exclude<Reason, "other">, string>> = {
  digest: "it has a signature of another digest",
  repository: "it is signed for another repository",
  mismatch: "its signature does not match",
  key: "it is signed by another key",
  malformed: "its signature is malformed",
};

/**
 * Verifies that an artifact is signed by one of some keys: that a bundle among its referrers or a payload under the tag
 * `sha256-<hex>.sig` is signed by one, and names this digest (and, if any, this repository). One that counts is enough, whatever lies beside it; at most 50 are
 * looked at. A transparency log is not asked.
 *
 * @param subject Of the manifest; its digest is what must be signed.
 * @throws {@link ToolkitError} `ERR_SIGNATURE` when no signature counts, with the reason; `ERR_OCI_*` when the registry
 * fails
 */
export async function verifySignatures(
  subject: Descriptor,
  repository: Repository,
  keys: readonly PublicKey[],
): Promise<Signer> {
  const result = await checkSignatures(subject, repository, keys);
  if ("keyId" in result) return result;
  const reference = formatReference({ ...repository.reference, digest: subject.digest });
  throw new ToolkitError(`Cannot verify "${reference}": ${result.state}`, {
    code: "ERR_SIGNATURE",
    details: result.details,
  });
}

/** Does what {@link verifySignatures} does, and returns why it would refuse. */
export async function checkSignatures(
  subject: Descriptor,
  repository: Repository,
  keys: readonly PublicKey[],
): Promise<Signer | Refusal> {
  const { registry, repository: path, tag } = repository.reference;
  const expected: Expected = { digest: subject.digest, repository: `${registry}/${path}`, tag };
  const refused: { found: Found; verdict: Exclude<Verdict, { keyId: string }> }[] = [];
  let seen = 0;
  for (const find of [findBundles, findTagged]) {
    const all = await find(expected, repository);
    seen += all.length;
    if (seen > MAX_SIGNATURES) {
      return { reason: "too-many", state: `it has more than ${MAX_SIGNATURES} signatures`, details: [] };
    }
    for (const found of all) {
      const verdict = await found.judge(keys);
      if ("keyId" in verdict) return { ...verdict, layout: found.layout, manifest: found.manifest };
      refused.push({ found, verdict });
    }
  }
  const details = refused
    .slice(0, MAX_DETAILS)
    .map(({ found, verdict }) => `${found.layout} ${found.manifest}: ${verdict.text}`);
  if (refused.length > MAX_DETAILS) details.push(`and ${refused.length - MAX_DETAILS} more`);
  const reason = REASONS.find((one) => refused.some(({ verdict }) => verdict.reason === one)) ?? "other";
  return reason === "other"
    ? { reason: "unsigned", state: "it is not signed", details }
    : { reason, state: STATES[reason], details };
}
