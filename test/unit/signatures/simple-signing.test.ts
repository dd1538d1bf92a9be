import { sign as signBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { digestOf } from "./memory-repository.ts";
import {
  OTHER_DIGEST,
  SIMPLE,
  base64,
  der,
  ours,
  payloadOf,
  prepareArtifact,
  refusal,
  repository,
  signature,
  tagLayers,
} from "./signed-artifact.ts";

prepareArtifact();

const refused = async (payload: string, sig?: string): Promise<string> => {
  await tagLayers([{ payload, signature: sig ?? base64(signature(payload)) }]);
  return await refusal();
};

describe("verifySignatures() of payloads of simple signing", () => {
  test("refuses a signature of another digest", async () => {
    expect(await refused(payloadOf({ digest: OTHER_DIGEST }))).toBe(
      `it has a signature of another digest\ntag: key ${ours.publicKey.id} signed ${OTHER_DIGEST}`,
    );
  });

  test.each([
    "registry.example/acme/other",
    "other.example/acme/notes",
    "registry.example/acme/notes:2.0.0",
    `registry.example/acme/notes@${OTHER_DIGEST}`,
    "acme/notes",
    "",
  ])("refuses a signature for %j", async (reference) => {
    expect(await refused(payloadOf({ reference }))).toMatch(
      /^it is signed for another repository\ntag: key sha256:\S+ signed it as /,
    );
  });

  test("refuses a payload that was altered after it was signed", async () => {
    const payload = payloadOf({ digest: OTHER_DIGEST });
    expect(await refused(payloadOf(), base64(signature(payload)))).toMatch(/^it is signed by another key\n/);
  });

  test.each<[string, () => string]>([
    ["of another type", () => payloadOf({ type: "atomic container signature" })],
    [
      "that names the digest twice",
      () => payloadOf().replace('"image":{', `"image":{"docker-manifest-digest":"${OTHER_DIGEST}",`),
    ],
    [
      "that names the digest twice in other cases",
      () => payloadOf().replace('"image":{', `"image":{"Docker-Manifest-Digest":"${OTHER_DIGEST}",`),
    ],
    [
      "with something critical that is not known",
      () => payloadOf().replace('"type":', '"expires":1,"type":'),
    ],
    [
      "with a member beside critical and optional",
      () => payloadOf().replace('"optional":', '"more":1,"optional":'),
    ],
    ["with a digest that is no text", () => payloadOf().replace(/"(sha256:\w+)"/, '["$1"]')],
    ["with an own __proto__", () => payloadOf().replace('"creator":', '"__proto__":')],
    ["with text after it", () => `${payloadOf()} {}`],
    ["with a comment", () => `${payloadOf()}//`],
    ["that is cut short", () => payloadOf().slice(0, -1)],
    ["that is null", () => "null"],
    ["that is nested deeply", () => `${"[".repeat(30_000)}${"]".repeat(30_000)}`],
    ["that is empty", () => ""],
  ])("refuses a payload %s", async (_what, payload) => {
    expect(await refused(payload())).toBe(
      "its signature is malformed\ntag: its payload is not of simple signing",
    );
  });

  test("refuses a payload that is not UTF-8", async () => {
    const payload = Buffer.from(payloadOf().replace("test", "te\u00ffst"), "latin1");
    await tagLayers([{ payload, signature: base64(signature(payload)) }]);
    expect(await refusal()).toContain("its payload is not of simple signing");
  });

  test("refuses a payload beyond 64 KiB without fetching it", async () => {
    const payload = payloadOf().padEnd(65 * 1024);
    await tagLayers([{ payload, signature: base64(signature(payload)) }]);
    repository.content.delete(digestOf(Buffer.from(payload)));
    expect(await refusal()).toContain("its payload has more than 65536 bytes");
  });

  test("refuses a layer whose content is gone or another", async () => {
    const payload = payloadOf();
    await tagLayers([{ payload, signature: base64(signature(payload)) }]);
    const digest = digestOf(Buffer.from(payload));
    repository.content.set(digest, {
      bytes: Buffer.from(payloadOf({ reference: "x" })),
      mediaType: SIMPLE,
    });
    expect(await refusal()).toContain("it is something else");
    repository.content.delete(digest);
    expect(await refusal()).toContain("it is not there");
  });

  test("refuses a layer of another kind, and one without a signature", async () => {
    const payload = payloadOf();
    await tagLayers([
      { payload, signature: base64(signature(payload)), mediaType: "application/json" },
      { payload },
    ]);
    expect(await refusal()).toBe(
      "its signature is malformed\ntag: its layer is not of simple signing\ntag: its annotation holds no signature in base64",
    );
  });

  test.each<[string, (sig: Buffer) => string]>([
    ["in base64url", () => "_-_-"],
    ["with white space", (sig) => `${base64(sig)}\n`],
    ["without padding", (sig) => base64(Buffer.concat([sig, sig]).subarray(0, 70)).replace(/=*$/, "")],
    ["that is empty", () => ""],
  ])("refuses a signature %s", async (_what, encode) => {
    expect(await refused(payloadOf(), encode(signature(payloadOf())))).toContain(
      "holds no signature in base64",
    );
  });

  test.each<[string, (r: Buffer, s: Buffer) => Buffer]>([
    ["with bytes after it", (r, s) => Buffer.concat([der(r, s), Buffer.from([0])])],
    ["cut short", (r, s) => der(r, s).subarray(0, -1)],
    [
      "with a length in two bytes",
      (r, s) => Buffer.concat([Buffer.from([0x30, 0x81]), der(r, s).subarray(1)]),
    ],
    ["with a zero in front of r", (r, s) => der(Buffer.concat([Buffer.alloc(2), r]), s, true)],
    ["with r of zero", (_r, s) => der(Buffer.alloc(1), s)],
    ["with s of zero", (r) => der(r, Buffer.alloc(1))],
    ["with r and s of zero", () => der(Buffer.alloc(1), Buffer.alloc(1))],
    ["in the form of JWS", (r, s) => Buffer.concat([r, s])],
    ["with three numbers", (r, s) => der(r, s, false, s)],
    ["of one byte", () => Buffer.from([0x30])],
  ])("refuses DER %s", async (_what, encode) => {
    const payload = payloadOf();
    const raw = signBytes("sha256", Buffer.from(payload), { key: ours.key, dsaEncoding: "ieee-p1363" });
    const sig = encode(raw.subarray(0, 32), raw.subarray(32));
    expect(await refused(payload, base64(sig))).toMatch(/^it is signed by another key\n/);
  });
});
