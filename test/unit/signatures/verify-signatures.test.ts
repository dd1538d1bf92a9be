import { sign as signBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ToolkitError } from "../../../src/errors/index.ts";
import { attachSignatures, sign, verifySignatures, type PrivateKey } from "../../../src/signatures/index.ts";
import {
  REFERENCE,
  attachBundle,
  base64,
  bundleOf,
  der,
  hex,
  ours,
  payloadOf,
  prepareArtifact,
  refusal,
  repository,
  signature,
  statementOf,
  subject,
  tagLayers,
  theirs,
  verify,
} from "./signed-artifact.ts";

prepareArtifact();

const attach = (key: PrivateKey): Promise<void> =>
  attachSignatures(subject, repository, sign(subject, REFERENCE, key), key.publicKey);
const read = async (name: string): Promise<any> =>
  JSON.parse(Buffer.from((await repository.manifest(name)).bytes).toString());

describe("sign() and attachSignatures()", () => {
  test("make what verifySignatures() finds, in both layouts", async () => {
    await attachSignatures(subject, repository, sign(subject, REFERENCE, ours), ours.publicKey);
    await expect(verify()).resolves.toMatchObject({ keyId: ours.publicKey.id, layout: "bundle" });
    repository.referrersOf.clear();
    await expect(verify()).resolves.toMatchObject({ keyId: ours.publicKey.id, layout: "tag" });
  });

  test("add nothing the second time, and keep what others signed", async () => {
    await attach(theirs);
    await attach(ours);
    const before = repository.content.size;
    await attach(ours);
    await attach(theirs);
    expect(repository.content.size).toBe(before);
    expect(repository.referrersOf.get(subject.digest)).toHaveLength(2);
    repository.referrersOf.clear();
    await expect(verify([ours])).resolves.toMatchObject({ keyId: ours.publicKey.id });
    await expect(verify([theirs])).resolves.toMatchObject({ keyId: theirs.publicKey.id });
  });

  test("write an image configuration that lists the payloads, as cosign reads it", async () => {
    await attachSignatures(subject, repository, sign(subject, REFERENCE, ours), ours.publicKey);
    const manifest = await read(`${subject.digest.replace(":", "-")}.sig`);
    expect(manifest.config.mediaType).toBe("application/vnd.oci.image.config.v1+json");
    expect((await read(manifest.config.digest)).rootfs).toEqual({
      type: "layers",
      diff_ids: [manifest.layers[0].digest],
    });
  });
});

describe("verifySignatures()", () => {
  test("refuses what nobody signed", async () => {
    expect(await refusal()).toBe("it is not signed");
  });

  test("takes what cosign makes: no name of the subject, no transparency log", async () => {
    await attachBundle(JSON.stringify(bundleOf()));
    await expect(verify([theirs, ours])).resolves.toMatchObject({
      keyId: ours.publicKey.id,
      layout: "bundle",
    });
  });

  test("takes a reference with the tag that was asked for, or without one", async () => {
    for (const reference of [
      "registry.example/acme/notes:1.0.0",
      `registry.example/acme/notes@${subject.digest}`,
    ]) {
      const payload = payloadOf({ reference });
      await tagLayers([{ payload, signature: base64(signature(payload)) }]);
      await expect(verify()).resolves.toMatchObject({ layout: "tag" });
    }
  });

  test("takes a signature with a high s, as cosign does: nothing depends on its bytes", async () => {
    const payload = payloadOf();
    const raw = signBytes("sha256", Buffer.from(payload), { key: ours.key, dsaEncoding: "ieee-p1363" });
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const s = BigInt(`0x${raw.subarray(32).toString("hex")}`);
    for (const value of [s, order - s]) {
      await tagLayers([{ payload, signature: base64(der(raw.subarray(0, 32), hex(value))) }]);
      await expect(verify()).resolves.toMatchObject({ layout: "tag" });
    }
  });

  test("refuses a signature by another key", async () => {
    await attachSignatures(subject, repository, sign(subject, REFERENCE, theirs), theirs.publicKey);
    expect(await refusal()).toBe(
      "it is signed by another key\nbundle: it is by another key\ntag: it is by another key, or it or what it signs was altered",
    );
  });

  test("one good signature is enough among many bad ones", async () => {
    const payload = payloadOf();
    const bad = { payload, signature: base64(signature(payload, theirs)) };
    await tagLayers([
      ...Array.from({ length: 49 }, () => bad),
      { payload, signature: base64(signature(payload)) },
    ]);
    await expect(verify()).resolves.toMatchObject({ layout: "tag" });
  });

  test("refuses more than 50 signatures unseen, whatever they are", async () => {
    const payload = payloadOf();
    const good = { payload, signature: base64(signature(payload)) };
    await tagLayers(Array.from({ length: 51 }, () => good));
    expect(await refusal()).toBe("it has more than 50 signatures");
    await tagLayers(Array.from({ length: 50 }, () => good));
    await attachBundle("{}");
    expect(await refusal()).toBe("it has more than 50 signatures");
  });

  test("says of the first five what is wrong with them", async () => {
    for (let i = 0; i < 7; i += 1) await attachBundle(`{"n":${i}}`);
    expect((await refusal()).split("\n")).toEqual([
      "its signature is malformed",
      ...Array.from({ length: 5 }, () => "bundle: it is not a bundle"),
      "and 2 more",
    ]);
  });

  test("says the most telling reason first", async () => {
    await attachBundle("{}");
    await attachBundle(JSON.stringify(bundleOf({ key: theirs })));
    const subjects = [{ digest: { sha256: "b".repeat(64) } }];
    await attachBundle(JSON.stringify(bundleOf({ statement: statementOf({ subject: subjects }) })));
    expect(await refusal()).toMatch(/^it has a signature of another digest\n/);
  });

  test("passes on that the registry fails, which says nothing of signatures", async () => {
    const failure = new ToolkitError("Cannot reach it", { code: "ERR_OCI_NETWORK" });
    const broken = { ...repository, manifest: () => Promise.reject(failure) };
    await expect(verifySignatures(subject, broken, [ours.publicKey])).rejects.toBe(failure);
  });
});
