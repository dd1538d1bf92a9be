import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseReference, type Descriptor } from "../../../src/oci/index.ts";
import { readPublicKey, verifySignatures } from "../../../src/signatures/index.ts";
import { digestOf, memoryRepository, type MemoryRepository } from "./memory-repository.ts";

// What cosign wrote into a registry, and nothing of this package had a hand in.

interface Recorded {
  publicKey: string;
  reference: string;
  manifests: Record<string, string>;
  blobs: Record<string, string>;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const FILE = new URL("../../fixtures/cosign/signatures.json", import.meta.url);
const recorded = JSON.parse(readFileSync(FILE, "utf8")) as Recorded;
const reference = parseReference(recorded.reference);
const key = readPublicKey(recorded.publicKey, "the recorded key");

function asRecorded(): { subject: Descriptor; repository: MemoryRepository } {
  const repository = memoryRepository(reference);
  for (const [name, text] of Object.entries({ ...recorded.manifests, ...recorded.blobs })) {
    repository.content.set(name, { bytes: Buffer.from(text), mediaType: MANIFEST });
  }
  const digest = reference.digest!;
  const index = JSON.parse(recorded.manifests[digest.replace(":", "-")]!) as { manifests: Descriptor[] };
  repository.referrersOf.set(digest, index.manifests);
  return { subject: { digest, mediaType: MANIFEST, size: recorded.manifests[digest]!.length }, repository };
}

test("a bundle of cosign is verified", async () => {
  const { subject, repository } = asRecorded();
  expect(digestOf(Buffer.from(recorded.manifests[subject.digest]!))).toBe(subject.digest);
  await expect(verifySignatures(subject, repository, [key])).resolves.toMatchObject({
    keyId: key.id,
    layout: "bundle",
  });
});

test("a payload of cosign under the tag is verified", async () => {
  const { subject, repository } = asRecorded();
  repository.referrersOf.clear();
  await expect(verifySignatures(subject, repository, [key])).resolves.toMatchObject({
    keyId: key.id,
    layout: "tag",
  });
});

test("neither is taken for a signature of another artifact", async () => {
  const { repository } = asRecorded();
  const other = await repository.putManifest(Buffer.from("{}"), MANIFEST);
  const from = reference.digest!;
  repository.referrersOf.set(other.digest, repository.referrersOf.get(from)!);
  const tagged = repository.content.get(`${from.replace(":", "-")}.sig`)!;
  repository.content.set(`${other.digest.replace(":", "-")}.sig`, tagged);
  await expect(verifySignatures(other, repository, [key])).rejects.toMatchObject({
    code: "ERR_SIGNATURE",
    message: expect.stringMatching(/: it has a signature of another digest$/),
  });
});
