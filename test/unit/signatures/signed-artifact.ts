import { sign as signBytes } from "node:crypto";
import { beforeAll, beforeEach, expect } from "vitest";
import { ToolkitError } from "../../../src/errors/index.ts";
import type { Descriptor, OciReference } from "../../../src/oci/index.ts";
import {
  makeKeyPair,
  openPrivateKey,
  verifySignatures,
  type PrivateKey,
  type Signer,
} from "../../../src/signatures/index.ts";
import { memoryRepository, type MemoryRepository } from "./memory-repository.ts";

// An artifact in a repository that is new for each test, and signatures of it as others than this package would make them.

export const BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";
export const SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const REFERENCE: OciReference = {
  registry: "registry.example",
  repository: "acme/notes",
  tag: "1.0.0",
};
export const OTHER_DIGEST = `sha256:${"b".repeat(64)}`;

export let ours: PrivateKey;
export let theirs: PrivateKey;
export let repository: MemoryRepository;
export let subject: Descriptor;

/** Makes the keys and, before each test, the artifact. */
export function prepareArtifact(): void {
  beforeAll(async () => {
    [ours, theirs] = await Promise.all([newKey(), newKey()]);
  });
  beforeEach(async () => {
    repository = memoryRepository(REFERENCE);
    subject = await repository.putManifest(Buffer.from('{"schemaVersion":2}'), MANIFEST, "1.0.0");
  });
}

async function newKey(): Promise<PrivateKey> {
  return await openPrivateKey((await makeKeyPair("x")).privateKeyPem, "key", async () => "x");
}

export const verify = (keys: readonly PrivateKey[] = [ours]): Promise<Signer> =>
  verifySignatures(
    subject,
    repository,
    keys.map(({ publicKey }) => publicKey),
  );

/** What a refusal says: the reason, and what it says of each signature. */
export async function refusal(keys?: readonly PrivateKey[]): Promise<string> {
  const error = await verify(keys).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ToolkitError);
  const { code, message, details } = error as ToolkitError;
  expect(code).toBe("ERR_SIGNATURE");
  expect(message).toContain(`Cannot verify "oci://registry.example/acme/notes:1.0.0@${subject.digest}": `);
  return [message.replace(/^.*": /, ""), ...details.map((line) => line.replace(/^(\w+) \S+: /, "$1: "))].join(
    "\n",
  );
}

export async function attachBundle(bytes: string | Uint8Array, mediaType = BUNDLE): Promise<void> {
  await repository.attach(subject, { artifactType: BUNDLE, mediaType, bytes: Buffer.from(bytes) });
}

/** Puts layers under the tag of the older layout. */
export async function tagLayers(
  layers: { payload: string | Uint8Array; signature?: string; mediaType?: string }[],
): Promise<void> {
  const descriptors = await Promise.all(
    layers.map(async ({ payload, signature, mediaType = SIMPLE }) => ({
      ...(await repository.upload(Buffer.from(payload), mediaType)),
      ...(signature !== undefined && { annotations: { "dev.cosignproject.cosign/signature": signature } }),
    })),
  );
  const manifest = { schemaVersion: 2, mediaType: MANIFEST, layers: descriptors };
  await repository.putManifest(
    Buffer.from(JSON.stringify(manifest)),
    MANIFEST,
    `${subject.digest.replace(":", "-")}.sig`,
  );
}

export const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString("base64");
export const signature = (message: string | Uint8Array, { key } = ours): Buffer =>
  signBytes("sha256", Buffer.from(message), { key, dsaEncoding: "der" });

interface Claim {
  digest?: string;
  reference?: string;
  type?: string;
}
export const payloadOf = ({
  digest = subject.digest,
  reference = "registry.example/acme/notes",
  type,
}: Claim = {}): string =>
  JSON.stringify({
    critical: {
      identity: { "docker-reference": reference },
      image: { "docker-manifest-digest": digest },
      type: type ?? "cosign container image signature",
    },
    optional: { creator: "test" },
  });

export const statementOf = (change: object = {}): string =>
  JSON.stringify({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ digest: { sha256: subject.digest.slice(7) } }],
    predicateType: "https://sigstore.dev/cosign/sign/v1",
    predicate: {},
    ...change,
  });

export interface BundleParts {
  statement?: string;
  payloadType?: string;
  key?: PrivateKey;
  hint?: string;
}
export function bundleOf({
  statement = statementOf(),
  payloadType = "application/vnd.in-toto+json",
  key,
  hint,
}: BundleParts = {}) {
  const pae = `DSSEv1 ${payloadType.length} ${payloadType} ${Buffer.byteLength(statement)} ${statement}`;
  return {
    mediaType: BUNDLE,
    verificationMaterial: { publicKey: hint === undefined ? {} : { hint } } as Record<string, unknown>,
    dsseEnvelope: {
      payload: base64(statement),
      payloadType,
      signatures: [{ sig: base64(signature(pae, key)) }],
    },
  };
}

export function hex(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex");
}

/** ECDSA-Sig-Value of RFC 3279: a sequence of two integers. */
export function der(r: Buffer, s: Buffer, asIs = false, third?: Buffer): Buffer {
  const integer = (value: Buffer): Buffer => {
    const content = asIs ? value : shortest(value);
    return Buffer.concat([Buffer.from([0x02, content.length]), content]);
  };
  const body = Buffer.concat([integer(r), integer(s), ...(third ? [integer(third)] : [])]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

/** As few bytes as a positive number needs. */
function shortest(value: Buffer): Buffer {
  let start = 0;
  while (start < value.length - 1 && value[start] === 0) start += 1;
  const digits = value.subarray(start);
  return digits[0]! > 0x7f ? Buffer.concat([Buffer.alloc(1), digits]) : digits;
}
