import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRepository, parseReference } from "../../src/oci/index.ts";
import { readPublicKey } from "../../src/signatures/index.ts";
import { runTenonBeside } from "../fixtures/tenon.ts";
import { copyTagged, signatureTag, startSigningBench, type SigningBench } from "./signing-bench.ts";
import { REGISTRY } from "./start-registry.ts";

// tenon keygen, push --sign and verify against a registry.

describe.skipIf(REGISTRY.missing !== undefined)("with a registry", () => {
  let bench: SigningBench;
  let host: string;
  beforeAll(async () => {
    bench = await startSigningBench();
    host = bench.registry.host;
  }, 60_000);
  afterAll(() => bench?.stop());

  const read = (name: string): string => readFileSync(join(bench.folder, name), "utf8");

  test("keygen writes a private key that only its owner reads, and overwrites nothing", async () => {
    const made = await bench.tenon("keygen", "-o", "new");
    expect(made).toMatchObject({ code: 0, stdout: `${readPublicKey(read("new.pub"), "key").id}\n` });
    expect(statSync(join(bench.folder, "new.key")).mode & 0o777).toBe(0o600);
    const before = read("new.key");
    const again = await bench.tenon("keygen", "-o", "new");
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expect(again.stderr).toContain('Cannot write "new.key": the file is there already');
    expect(read("new.key")).toBe(before);
  });

  test("keygen leaves no private key behind when the public one is there already", async () => {
    writeFileSync(join(bench.folder, "half.pub"), "mine");
    expect((await bench.tenon("keygen", "-o", "half")).stderr).toContain('Cannot write "half.pub"');
    expect(() => statSync(join(bench.folder, "half.key"))).toThrow("ENOENT");
    expect(read("half.pub")).toBe("mine");
  });

  test("what push has signed, verify verifies, by tag and by digest", async () => {
    const pushed = await bench.tenon(
      "push",
      "calculator.wasm",
      `${host}/acme/signed:1.0.0`,
      "--sign",
      "ours.key",
      "--json",
    );
    expect(pushed).toMatchObject({ code: 0 });
    const { reference, signer } = JSON.parse(pushed.stdout) as { reference: string; signer: string };
    expect(signer).toBe(bench.ours.publicKey.id);
    const byTag = await bench.tenon(
      "verify",
      `${host}/acme/signed:1.0.0`,
      "--key",
      "theirs.pub",
      "--key",
      "ours.pub",
    );
    expect(byTag).toEqual({ code: 0, stderr: "", stdout: `${reference}\n  signed by ${signer}\n` });
    const byDigest = await bench.tenon("verify", reference, "--key", "ours.pub", "--json");
    expect(JSON.parse(byDigest.stdout)).toMatchObject({
      reference,
      signer: { key: signer, layout: "bundle" },
    });
  });

  test("signing again adds nothing, and another key signs beside", async () => {
    const reference = await bench.publish("acme/twice:1.0.0", bench.ours);
    const { digest, ...rest } = parseReference(reference);
    const count = async (): Promise<number> => (await openRepository(rest).referrers(digest!)).length;
    expect(await count()).toBe(1);
    expect(await bench.publish("acme/twice:1.0.0", bench.ours)).toBe(reference);
    expect(await count()).toBe(1);
    await bench.publish("acme/twice:1.0.0", bench.theirs);
    expect(await count()).toBe(2);
    for (const key of ["ours.pub", "theirs.pub"]) {
      expect((await bench.tenon("verify", reference, "--key", key)).code).toBe(0);
    }
  });

  test("verify refuses what is not signed, and what another key signed", async () => {
    await bench.publish("acme/unsigned:1.0.0");
    const unsigned = await bench.tenon("verify", `${host}/acme/unsigned:1.0.0`, "--key", "ours.pub");
    expect(unsigned).toMatchObject({ code: 1, stdout: "" });
    expect(unsigned.stderr).toMatch(/^Error: Cannot verify "oci:\S+": it is not signed\n/);
    await bench.publish("acme/foreign:1.0.0", bench.theirs);
    const foreign = await bench.tenon("verify", `${host}/acme/foreign:1.0.0`, "--key", "ours.pub");
    expect(foreign).toMatchObject({ code: 1, stdout: "" });
    expect(foreign.stderr).toMatch(/^Error: Cannot verify "oci:\S+": it is signed by another key\n/);
    expect(foreign.stderr).toContain("[ERR_SIGNATURE]");
  });

  test("verify refuses signatures that were copied beside another artifact", async () => {
    const signed = parseReference(await bench.publish("acme/copied:1.0.0", bench.ours));
    const other = parseReference(await bench.publish("acme/copied:2.0.0", undefined, { a: "b" }));
    await copyTagged(signed, other);
    const { code, stderr } = await bench.tenon("verify", `${host}/acme/copied:2.0.0`, "--key", "ours.pub");
    expect(code).toBe(1);
    expect(stderr).toContain("it has a signature of another digest");
    expect(stderr).toContain(`signed ${signed.digest!}`);
  });

  test("verify refuses an artifact that was copied with its signatures to another repository", async () => {
    const signed = parseReference(await bench.publish("acme/moved:1.0.0", bench.ours));
    const from = openRepository(signed);
    const to = openRepository({ ...signed, repository: "acme/renamed" });
    const referrers = await from.referrers(signed.digest!);
    for (const name of [signed.digest!, signatureTag(signed), ...referrers.map(({ digest }) => digest)]) {
      const { bytes, descriptor } = await from.manifest(name);
      const { config, layers } = JSON.parse(Buffer.from(bytes).toString()) as {
        config: typeof descriptor;
        layers: (typeof descriptor)[];
      };
      for (const blob of [config, ...layers]) await to.upload(await from.blob(blob), blob.mediaType);
      await to.putManifest(bytes, descriptor.mediaType, name.startsWith("sha256:") ? undefined : name);
    }
    const index = await from.manifest(signed.digest!.replace(":", "-"));
    await to.putManifest(index.bytes, index.descriptor.mediaType, signed.digest!.replace(":", "-"));
    const copy = `${host}/acme/renamed@${signed.digest!}`;
    const { code, stderr } = await bench.tenon("verify", copy, "--key", "ours.pub");
    expect(code).toBe(1);
    expect(stderr).toContain("it is signed for another repository");
  });

  test("push asks for the passphrase before it sends anything", async () => {
    const args = ["push", "calculator.wasm", `${host}/acme/nothing:1.0.0`, "--sign", "ours.key"];
    const env = { TENON_KEY_PASSPHRASE: "wrong" };
    const { code, stderr } = await runTenonBeside(args, { cwd: bench.folder, env });
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot open private key "ours.key": the passphrase is wrong');
    const pulled = await bench.tenon("pull", `${host}/acme/nothing:1.0.0`);
    expect(pulled.stderr).toContain("ERR_OCI_NOT_FOUND");
  });

  test("verify takes the rules of a tenon.json", async () => {
    await bench.publish("acme/ruled:1.0.0", bench.ours);
    await bench.publish("other/free:1.0.0");
    const trust = [
      { repository: `${host}/acme/*`, keys: ["ours.pub"] },
      { repository: `${host}/other/free`, unsigned: true },
    ];
    const providers = { a: `oci://${host}/acme/ruled:1.0.0`, b: `oci://${host}/other/free:1.0.0` };
    const project = { name: "demo", version: "1.0.0", access: "public", providers, trust };
    writeFileSync(join(bench.folder, "tenon.json"), JSON.stringify(project));
    const { stdout } = await bench.tenon("verify", providers.a);
    expect(stdout).toMatch(/\n {2}signed by sha256:\w{64}\n$/);
    const free = await bench.tenon("verify", providers.b);
    expect(free.stdout).toMatch(/\n {2}signed by nobody, which the rules of trust allow\n$/);
    const json = await bench.tenon("verify", providers.b, "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({ signer: null });
    await bench.publish("more/thing:1.0.0", bench.ours);
    const unruled = await bench.tenon("verify", `${host}/more/thing:1.0.0`);
    expect(unruled).toMatchObject({ code: 1, stdout: "" });
    expect(unruled.stderr).toContain("no rule of tenon.json covers it");
  });
});
