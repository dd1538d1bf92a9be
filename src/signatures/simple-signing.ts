import { decodeBase64 } from "./base64.ts";
import type { PublicKey } from "./public-key.ts";
import { isRecord, parseStrictJson } from "./strict-json.ts";
import { keyThatSigned, sameRepository, type Expected, type Verdict } from "./verdict.ts";

/** Media type of a layer that holds a payload. */
export const SIMPLE_SIGNING_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json";
/** Annotation of the layer that holds the signature, in base64. */
export const SIGNATURE_ANNOTATION = "dev.cosignproject.cosign/signature";
const PAYLOAD_TYPE = "cosign container image signature";

/**
 * Writes the payload that a signature in the older layout signs.
 *
 * @see https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#simple-signing
 */
export function writePayload({ digest, repository }: Expected): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      critical: {
        identity: { "docker-reference": repository },
        image: { "docker-manifest-digest": digest },
        type: PAYLOAD_TYPE,
      },
      optional: null,
    }),
  );
}

/** Judges one layer of the older layout. */
export function judgePayload(
  payload: Uint8Array,
  signature: string | undefined,
  expected: Expected,
  keys: readonly PublicKey[],
): Verdict {
  const der = signature === undefined ? undefined : decodeBase64(signature);
  if (!der) return { reason: "malformed", text: "its annotation holds no signature in base64" };
  const claim = readClaim(parseStrictJson(payload));
  if (!claim) return { reason: "malformed", text: "its payload is not of simple signing" };
  const key = keyThatSigned(payload, der, keys);
  if (!key) {
    return { reason: "key", text: "it is by another key, or it or what it signs was altered" };
  }
  if (claim.digest !== expected.digest) {
    return { reason: "digest", text: `key ${key.id} signed ${claim.digest}` };
  }
  if (!namesReference(claim.reference, expected)) {
    return { reason: "repository", text: `key ${key.id} signed it as ${claim.reference}` };
  }
  return { keyId: key.id };
}

interface Claim {
  reference: string;
  digest: string;
}

function readClaim(value: unknown): Claim | undefined {
  if (!isRecord(value) || !hasOnly(value, ["critical", "optional"])) return undefined;
  const { critical, optional } = value;
  if (!isRecord(critical) || !hasOnly(critical, ["identity", "image", "type"])) return undefined;
  const { identity, image, type } = critical;
  if (!isRecord(identity) || !hasOnly(identity, ["docker-reference"])) return undefined;
  if (!isRecord(image) || !hasOnly(image, ["docker-manifest-digest"])) return undefined;
  const reference = identity["docker-reference"];
  const digest = image["docker-manifest-digest"];
  if (type !== PAYLOAD_TYPE || !(optional === undefined || optional === null || isRecord(optional)))
    return undefined;
  if (typeof reference !== "string" || typeof digest !== "string") return undefined;
  return { reference, digest };
}

/** What is critical must be understood, so a member that is not known spoils the payload. */
function hasOnly(value: Record<string, unknown>, names: readonly string[]): boolean {
  return Object.keys(value).every((name) => names.includes(name));
}

/** True for `repository`, and for `repository:tag` unless the artifact was asked by another tag. */
function namesReference(reference: string, { digest, repository, tag }: Expected): boolean {
  const [, name, ownTag, ownDigest] = /^(.+?)(?::([\w.-]+))?(?:@(.+))?$/.exec(reference) ?? [];
  if (name === undefined || !sameRepository(name, repository)) return false;
  if (ownDigest !== undefined && ownDigest !== digest) return false;
  return ownTag === undefined || tag === undefined || ownTag === tag;
}
