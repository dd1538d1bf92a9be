import { sign as signBytes } from "node:crypto";
import type { Descriptor, OciReference } from "../oci/index.ts";
import { preAuthEncoding, writeBundle, writeStatement } from "./bundle.ts";
import type { PrivateKey } from "./private-key.ts";
import { writePayload } from "./simple-signing.ts";

/** Signatures of one manifest by one key, in both layouts, before they are in a registry. */
export interface Signed {
  /** Hash of the public key. */
  keyId: string;
  /** Sigstore bundle v0.3 with a DSSE envelope, for the referrer. */
  bundle: Uint8Array;
  /** Payload of simple signing, for the layer under the tag. */
  payload: Uint8Array;
  /** Signature of the payload: base64 of DER, for the layer's annotation. */
  signature: string;
}

/**
 * Signs a manifest by its digest, for the repository it lies in. Nothing is written to a registry; `attachSignatures` does.
 *
 * @param reference Where the artifact lies; tag and digest of it are not looked at.
 */
export function sign(subject: Descriptor, reference: OciReference, { key, publicKey }: PrivateKey): Signed {
  const expected = {
    digest: subject.digest,
    repository: `${reference.registry}/${reference.repository}`,
  };
  const signature = (message: Uint8Array): Buffer =>
    signBytes("sha256", message, { key, dsaEncoding: "der" });
  const statement = writeStatement(expected);
  const payload = writePayload(expected);
  return {
    keyId: publicKey.id,
    bundle: writeBundle(statement, signature(preAuthEncoding(statement)), publicKey.id),
    payload,
    signature: signature(payload).toString("base64"),
  };
}
