import { decodeBase64, encodeBase64 } from "./base64.ts";
import type { PublicKey } from "./public-key.ts";
import { isRecord, parseStrictJson } from "./strict-json.ts";
import { keyThatSigned, sameRepository, type Expected, type Verdict } from "./verdict.ts";

/** Media type of a Sigstore bundle, and artifact type of the referrer that carries it. */
export const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
/** What a statement must say to be a signature, not an attestation of something else. */
export const SIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1";
const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
const PAYLOAD_TYPE = "application/vnd.in-toto+json";

/** Writes the in-toto statement that a bundle signs. The subject is named by the repository, so that a copy elsewhere is not taken for it. */
export function writeStatement({ digest, repository }: Expected): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      _type: STATEMENT_TYPE,
      subject: [{ name: repository, digest: { sha256: digest.slice("sha256:".length) } }],
      predicateType: SIGN_PREDICATE,
      predicate: {},
    }),
  );
}

/**
 * What is signed of a statement.
 *
 * @see https://github.com/secure-systems-lab/dsse/blob/master/protocol.md#signature-definition
 */
export function preAuthEncoding(statement: Uint8Array, payloadType = PAYLOAD_TYPE): Uint8Array {
  const type = Buffer.from(payloadType);
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${statement.length} `),
    statement,
  ]);
}

/** Writes a bundle of a statement and its signature, with the hash of the key as its hint. */
export function writeBundle(statement: Uint8Array, signature: Uint8Array, keyId: string): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      mediaType: BUNDLE_TYPE,
      verificationMaterial: { publicKey: { hint: hintOf(keyId) } },
      dsseEnvelope: {
        payload: encodeBase64(statement),
        payloadType: PAYLOAD_TYPE,
        signatures: [{ sig: encodeBase64(signature) }],
      },
    }),
  );
}

/** Judges one bundle. Entries of a transparency log and timestamps are not looked at. */
export function judgeBundle(bytes: Uint8Array, expected: Expected, keys: readonly PublicKey[]): Verdict {
  const bundle = parseStrictJson(bytes);
  if (!isRecord(bundle) || bundle["mediaType"] !== BUNDLE_TYPE) return malformed("it is not a bundle");
  const material = bundle["verificationMaterial"];
  if (!isRecord(material)) return malformed("it has no verification material");
  if (!isRecord(material["publicKey"])) {
    return { reason: "other", text: "it is by a certificate, and only keys are trusted here" };
  }
  const envelope = readEnvelope(bundle["dsseEnvelope"]);
  if (!envelope) {
    return "messageSignature" in bundle
      ? { reason: "other", text: "it signs a message, which no artifact is verified by" }
      : malformed("it has no envelope with one signature");
  }
  const { payload, payloadType, signature } = envelope;
  const key = keyThatSigned(preAuthEncoding(payload, payloadType), signature, keys);
  if (!key) {
    const named = keys.find(
      ({ id }) => hintOf(id) === (material["publicKey"] as Record<string, unknown>)["hint"],
    );
    return named
      ? { reason: "mismatch", text: `it names key ${named.id}, and does not match what it signs` }
      : { reason: "key", text: "it is by another key" };
  }
  return judgeStatement(payloadType, parseStrictJson(payload), key.id, expected);
}

function judgeStatement(type: string, statement: unknown, keyId: string, expected: Expected): Verdict {
  if (type !== PAYLOAD_TYPE || !isRecord(statement) || statement["_type"] !== STATEMENT_TYPE) {
    return malformed("it signs no in-toto statement");
  }
  const { predicateType, subject } = statement;
  if (predicateType !== SIGN_PREDICATE) {
    return { reason: "other", text: "it is an attestation, which says more or less than that it is signed" };
  }
  const first = Array.isArray(subject) && subject.length === 1 ? (subject[0] as unknown) : undefined;
  const name = isRecord(first) ? (first["name"] ?? "") : undefined;
  const digests = isRecord(first) ? first["digest"] : undefined;
  if (typeof name !== "string" || !isRecord(digests) || typeof digests["sha256"] !== "string") {
    return malformed("its statement is not about one SHA-256 digest");
  }
  const digest = `sha256:${digests["sha256"]}`;
  if (digest !== expected.digest) return { reason: "digest", text: `key ${keyId} signed ${digest}` };
  // Cosign leaves the name out, and then signs the digest wherever it lies.
  if (name !== "" && !sameRepository(name, expected.repository)) {
    return { reason: "repository", text: `key ${keyId} signed it as ${name}` };
  }
  return { keyId };
}

interface Envelope {
  payload: Buffer;
  payloadType: string;
  signature: Buffer;
}

function readEnvelope(value: unknown): Envelope | undefined {
  if (!isRecord(value) || typeof value["payloadType"] !== "string") return undefined;
  const { payload, payloadType, signatures } = value;
  const one = Array.isArray(signatures) && signatures.length === 1 ? (signatures[0] as unknown) : undefined;
  if (typeof payload !== "string" || !isRecord(one) || typeof one["sig"] !== "string") return undefined;
  const [content, signature] = [decodeBase64(payload), decodeBase64(one["sig"])];
  return content && signature ? { payload: content, payloadType, signature } : undefined;
}

/** What a bundle calls a key, as cosign does: its hash in base64. */
function hintOf(keyId: string): string {
  return Buffer.from(keyId.slice("sha256:".length), "hex").toString("base64");
}

function malformed(text: string): Verdict {
  return { reason: "malformed", text };
}
