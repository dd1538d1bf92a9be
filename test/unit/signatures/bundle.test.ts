import { describe, expect, test } from "vitest";
import type { Descriptor } from "../../../src/oci/index.ts";
import { sign } from "../../../src/signatures/index.ts";
import { digestOf } from "./memory-repository.ts";
import {
  BUNDLE,
  OTHER_DIGEST,
  REFERENCE,
  attachBundle,
  base64,
  bundleOf,
  ours,
  prepareArtifact,
  refusal,
  repository,
  signature,
  statementOf,
  subject,
  theirs,
  verify,
  type BundleParts,
} from "./signed-artifact.ts";

prepareArtifact();

const refused = async (bundle: object | string): Promise<string> => {
  await attachBundle(typeof bundle === "string" ? bundle : JSON.stringify(bundle));
  return await refusal();
};
const changed = (change: (bundle: any) => void): object => {
  const bundle = bundleOf();
  change(bundle);
  return bundle;
};

const attach = (artifactType: string): Promise<Descriptor> =>
  repository.attach(subject, { artifactType, mediaType: "application/json", bytes: Buffer.from("{}") });

describe("verifySignatures() of bundles", () => {
  test("refuses a signature of another digest", async () => {
    const statement = statementOf({ subject: [{ digest: { sha256: "b".repeat(64) } }] });
    expect(await refused(bundleOf({ statement }))).toBe(
      `it has a signature of another digest\nbundle: key ${ours.publicKey.id} signed ${OTHER_DIGEST}`,
    );
  });

  test("refuses a signature for another repository, where it names one", async () => {
    const signed = sign(subject, { ...REFERENCE, repository: "acme/other" }, ours);
    await attachBundle(signed.bundle);
    expect(await refusal()).toBe(
      `it is signed for another repository\nbundle: key ${ours.publicKey.id} signed it as registry.example/acme/other`,
    );
  });

  test("tells a signature that names the key and does not match from one by another key", async () => {
    const hint = base64(Buffer.from(ours.publicKey.id.slice(7), "hex"));
    expect(await refused(bundleOf({ key: theirs, hint }))).toBe(
      `its signature does not match\nbundle: it names key ${ours.publicKey.id}, and does not match what it signs`,
    );
  });

  test.each<[string, (bundle: any) => void]>([
    ["its payload", (bundle) => (bundle.dsseEnvelope.payload = base64(statementOf({ predicate: { a: 1 } })))],
    [
      "the type of its payload",
      (bundle) => (bundle.dsseEnvelope.payloadType = "application/vnd.in-toto+jso"),
    ],
    ["its signature", (bundle) => (bundle.dsseEnvelope.signatures[0].sig = base64(signature("other")))],
  ])("refuses a bundle when %s was altered", async (_what, change) => {
    expect(await refused(changed(change))).toBe("it is signed by another key\nbundle: it is by another key");
  });

  test.each<[string, (bundle: any) => void]>([
    ["no payload", (bundle) => delete bundle.dsseEnvelope.payload],
    ["no type of its payload", (bundle) => delete bundle.dsseEnvelope.payloadType],
    ["no signatures", (bundle) => (bundle.dsseEnvelope.signatures = [])],
    ["two signatures", (bundle) => bundle.dsseEnvelope.signatures.push(bundle.dsseEnvelope.signatures[0])],
    ["a payload in base64url", (bundle) => (bundle.dsseEnvelope.payload = "_-_-")],
    ["a signature that is no text", (bundle) => (bundle.dsseEnvelope.signatures = [{ sig: 1 }])],
    ["no envelope", (bundle) => delete bundle.dsseEnvelope],
  ])("refuses a bundle with %s", async (_what, change) => {
    expect(await refused(changed(change))).toBe(
      "its signature is malformed\nbundle: it has no envelope with one signature",
    );
  });

  test.each<[string, () => string]>([
    ["cut short", () => JSON.stringify(bundleOf()).slice(0, -1)],
    ["of another version", () => JSON.stringify({ ...bundleOf(), mediaType: BUNDLE.replace("0.3", "0.9") })],
    ["with two envelopes", () => JSON.stringify(bundleOf()).replace("{", '{"dsseEnvelope":{},')],
    ["that is an array", () => "[]"],
    ["that is empty", () => ""],
  ])("refuses a bundle %s", async (_what, text) => {
    expect(await refused(text())).toBe("its signature is malformed\nbundle: it is not a bundle");
  });

  test.each<[string, BundleParts | (() => BundleParts), string]>([
    ["with another payload type", { payloadType: "application/json" }, "it signs no in-toto statement"],
    ["that is no JSON", { statement: "hello" }, "it signs no in-toto statement"],
    [
      "of another version",
      () => ({ statement: statementOf({ _type: "https://in-toto.io/Statement/v2" }) }),
      "it signs no in-toto statement",
    ],
    [
      "without a subject",
      () => ({ statement: statementOf({ subject: [] }) }),
      "its statement is not about one SHA-256 digest",
    ],
    [
      "with two subjects",
      () => ({
        statement: statementOf({
          subject: [{ digest: { sha256: subject.digest.slice(7) } }, { digest: { sha256: "b".repeat(64) } }],
        }),
      }),
      "its statement is not about one SHA-256 digest",
    ],
    [
      "with another hash",
      () => ({ statement: statementOf({ subject: [{ digest: { sha512: "b".repeat(128) } }] }) }),
      "its statement is not about one SHA-256 digest",
    ],
    [
      "with a name that is no text",
      () => ({
        statement: statementOf({ subject: [{ name: 1, digest: { sha256: subject.digest.slice(7) } }] }),
      }),
      "its statement is not about one SHA-256 digest",
    ],
    [
      "with two subject members",
      () => ({ statement: statementOf().replace("{", '{"subject":[],') }),
      "it signs no in-toto statement",
    ],
  ])("refuses a statement %s", async (_what, parts, text) => {
    expect(await refused(bundleOf(typeof parts === "function" ? parts() : parts))).toBe(
      `its signature is malformed\nbundle: ${text}`,
    );
  });

  test.each<[string, () => object, string]>([
    [
      "an attestation of something else by the same key",
      () =>
        bundleOf({
          statement: statementOf({ predicateType: "https://cosign.sigstore.dev/attestation/vuln/v1" }),
        }),
      "it is an attestation, which says more or less than that it is signed",
    ],
    [
      "a certificate of a keyless signature",
      () => changed((bundle) => (bundle.verificationMaterial = { certificate: { rawBytes: "AAAA" } })),
      "it is by a certificate, and only keys are trusted here",
    ],
    [
      "the signature of a message",
      () =>
        changed((bundle) => {
          delete bundle.dsseEnvelope;
          bundle.messageSignature = {};
        }),
      "it signs a message, which no artifact is verified by",
    ],
  ])("does not take for a signature %s", async (_what, bundle, text) => {
    expect(await refused(bundle())).toBe(`it is not signed\nbundle: ${text}`);
  });

  test("does not look at the transparency log's entries, which keys do not need", async () => {
    await attachBundle(
      JSON.stringify(changed((bundle) => (bundle.verificationMaterial.tlogEntries = [{ logIndex: "1" }]))),
    );
    await expect(verify()).resolves.toMatchObject({ layout: "bundle" });
  });

  test("refuses a bundle beyond 256 KiB without fetching it", async () => {
    const text = JSON.stringify(bundleOf()).padEnd(257 * 1024);
    await attachBundle(text);
    repository.content.delete(digestOf(Buffer.from(text)));
    expect(await refusal()).toContain("its bundle has more than 262144 bytes");
  });

  test("refuses a bundle whose manifest is about another artifact", async () => {
    const other = { ...subject, digest: OTHER_DIGEST };
    await repository.attach(other, {
      artifactType: BUNDLE,
      mediaType: BUNDLE,
      bytes: Buffer.from(JSON.stringify(bundleOf())),
    });
    repository.referrersOf.set(subject.digest, repository.referrersOf.get(OTHER_DIGEST)!);
    expect(await refusal()).toContain("its manifest names another subject");
  });

  test("refuses a layer of another media type", async () => {
    await attachBundle(JSON.stringify(bundleOf()), "application/json");
    expect(await refusal()).toContain("it is not one bundle");
  });

  test("finds a bundle that is listed under the type of its configuration, as cosign lists it", async () => {
    await attachBundle(JSON.stringify(bundleOf()));
    const [entry] = repository.referrersOf.get(subject.digest)!;
    const listed = { ...entry!, artifactType: "application/vnd.oci.empty.v1+json" };
    repository.referrersOf.set(subject.digest, [listed]);
    await expect(verify()).resolves.toMatchObject({ layout: "bundle" });
  });

  test("passes over what else is attached, however it is listed", async () => {
    const listed = { ...(await attach("application/vnd.cyclonedx+json")), artifactType: BUNDLE };
    repository.referrersOf.set(subject.digest, [listed]);
    expect(await refusal()).toBe("it is not signed\nbundle: it is no bundle");
    repository.referrersOf.clear();
    for (let i = 0; i < 60; i += 1) await attach("application/vnd.cyclonedx+json");
    expect(await refusal()).toBe("it is not signed");
  });
});
