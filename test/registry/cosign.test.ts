import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRepository, parseReference } from "../../src/oci/index.ts";
import { findProgram } from "../fixtures/programs.ts";
import { PASSPHRASE, startSigningBench, type SigningBench } from "./signing-bench.ts";
import { REGISTRY } from "./start-registry.ts";

// cosign verifies what is signed here, and the other way round, with keys of both.

const COSIGN = findProgram("cosign", { ask: "version", optional: true });
const LAYOUTS: [string, string[]][] = [
  ["under the tag", []],
  ["as bundles", ["--new-bundle-format"]],
];

describe.skipIf(COSIGN.missing !== undefined || REGISTRY.missing !== undefined)("cosign", () => {
  let bench: SigningBench;
  beforeAll(async () => {
    bench = await startSigningBench();
    await cosign("generate-key-pair");
    // Bundles want one even where a key decides; nothing of it is used.
    const mediaType = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";
    writeFileSync(join(bench.folder, "root.json"), JSON.stringify({ mediaType }));
  }, 60_000);
  afterAll(() => bench?.stop());

  const cosign = async (...args: string[]): Promise<string> => {
    const env = { ...process.env, COSIGN_PASSWORD: PASSPHRASE, COSIGN_YES: "true" };
    const { stdout } = await promisify(execFile)(COSIGN.path!, args, { cwd: bench.folder, env });
    return stdout;
  };
  const verifyWithCosign = (key: string, reference: string, ...args: string[]): Promise<string> =>
    cosign("verify", "--key", key, "--insecure-ignore-tlog=true", ...args, reference.replace("oci://", ""));

  test.each(["ours", "cosign"])(
    "verifies what push signed with the key %s, in both layouts",
    async (key) => {
      const name = `${bench.registry.host}/acme/${key}:1.0.0`;
      const pushed = await bench.tenon("push", "calculator.wasm", name, "--sign", `${key}.key`, "--json");
      const { reference } = JSON.parse(pushed.stdout) as { reference: string };
      const bundled = ["--new-bundle-format", "--trusted-root", "root.json"];
      expect(await verifyWithCosign(`${key}.pub`, reference, ...bundled)).toContain(
        "sigstore.dev/cosign/sign/v1",
      );
      await expect(verifyWithCosign("theirs.pub", reference, ...bundled)).rejects.toThrow("no matching");
      // With no bundle in sight it looks under the tag.
      const parsed = parseReference(reference);
      const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [] };
      const tag = parsed.digest!.replace(":", "-");
      await openRepository(parsed).putManifest(Buffer.from(JSON.stringify(index)), index.mediaType, tag);
      expect(await verifyWithCosign(`${key}.pub`, reference)).toContain("cosign container image signature");
      await expect(verifyWithCosign("theirs.pub", reference)).rejects.toThrow("no matching signatures");
    },
    60_000,
  );

  test.each(LAYOUTS)(
    "makes signatures %s that verify verifies, with keys of both",
    async (layout, args) => {
      const name = `acme/${args.length > 0 ? "bundled" : "tagged"}:1.0.0`;
      const reference = await bench.publish(name);
      for (const key of ["ours", "cosign"]) {
        expect((await bench.tenon("verify", reference, "--key", `${key}.pub`)).code).toBe(1);
        await cosign(
          "sign",
          "--key",
          `${key}.key`,
          "--tlog-upload=false",
          ...args,
          reference.replace("oci://", ""),
        );
        const { code, stdout } = await bench.tenon("verify", reference, "--key", `${key}.pub`, "--json");
        expect(code).toBe(0);
        const { signer } = JSON.parse(stdout) as { signer: { layout: string } };
        expect(signer.layout).toBe(layout === "as bundles" ? "bundle" : "tag");
      }
      expect((await bench.tenon("verify", reference, "--key", "theirs.pub")).code).toBe(1);
    },
    60_000,
  );
});
