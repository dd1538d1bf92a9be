import { createHash, createPublicKey, KeyObject } from "node:crypto";
import { ToolkitError } from "../errors/index.ts";
import { readPem } from "./pem.ts";

/** A key that signatures are checked with. */
export interface PublicKey {
  /** `sha256:` and 64 hex digits: the hash of the key's SubjectPublicKeyInfo. */
  readonly id: string;
  readonly key: KeyObject;
}

/**
 * Reads a public key: one PEM block `PUBLIC KEY` of an ECDSA key on P-256, the kind that `tenon keygen` and
 * `cosign generate-key-pair` make. The key alone decides how a signature is checked; nothing an artifact says does.
 *
 * @param where What errors call the text, such as `public key "acme.pub"`.
 * @throws {@link ToolkitError} `ERR_SIGNATURE` for anything else
 */
export function readPublicKey(pem: string, where: string): PublicKey {
  const { label, content } = readPem(pem, `Cannot read ${where}`, ["PUBLIC KEY"]);
  if (label !== "PUBLIC KEY") {
    throw keyError(where, `it is a "${label}"`, 'Name the public key, the file that ends with ".pub"');
  }
  let key: KeyObject;
  try {
    key = createPublicKey({ key: content, format: "der", type: "spki" });
  } catch (cause) {
    throw keyError(where, "its content is not a public key", undefined, cause);
  }
  return publicKeyOf(key, where);
}

/**
 * Identifies the public half of a key.
 *
 * @throws {@link ToolkitError} `ERR_SIGNATURE` when it is not an ECDSA key on P-256
 */
export function publicKeyOf(key: KeyObject, where: string): PublicKey {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type !== "ec" || details?.namedCurve !== "prime256v1") {
    const kind = type === "ec" ? `on the curve ${details?.namedCurve}` : `of the type ${type}`;
    throw keyError(
      where,
      `it is ${kind}`,
      'Only ECDSA keys on P-256 sign and verify; "tenon keygen" makes one',
    );
  }
  const half = key.type === "private" ? createPublicKey(key) : key;
  const spki = half.export({ type: "spki", format: "der" });
  return { id: `sha256:${createHash("sha256").update(spki).digest("hex")}`, key: half };
}

function keyError(where: string, state: string, hint?: string, cause?: unknown): ToolkitError {
  return new ToolkitError(`Cannot use ${where}: ${state}`, {
    code: "ERR_SIGNATURE",
    ...(hint !== undefined && { hint }),
    cause,
  });
}
