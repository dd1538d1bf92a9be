import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ToolkitError } from "../../src/errors/index.ts";
import { openRepository, parseReference } from "../../src/oci/index.ts";
import { composeProject, type ComposedProject, type ComposeProjectOptions } from "../../src/project/index.ts";
import { sign } from "../../src/signatures/index.ts";
import { copyTagged, startSigningBench, type SigningBench } from "./signing-bench.ts";
import { REGISTRY } from "./start-registry.ts";

// What a tenon.json does not trust is neither composed nor served, nor locked.

describe.skipIf(REGISTRY.missing !== undefined)("with a registry", () => {
  let bench: SigningBench;
  let host: string;
  beforeAll(async () => {
    bench = await startSigningBench();
    host = bench.registry.host;
  }, 60_000);
  afterAll(() => bench?.stop());
  afterEach(() => vi.unstubAllEnvs());
  beforeEach(() => {
    vi.stubEnv("TENON_CACHE_DIR", join(bench.folder, "cache"));
    for (const name of ["tenon.lock", "core.wasm"]) rmSync(join(bench.folder, name), { force: true });
    rmSync(join(bench.folder, "cache"), { recursive: true, force: true });
  });

  const lockFile = (): string => join(bench.folder, "tenon.lock");

  function writeProject(reference: string, trust: readonly object[] | undefined): void {
    const project = {
      name: "demo",
      version: "1.0.0",
      access: "public",
      providers: { calculator: reference.startsWith("oci://") ? reference : `oci://${host}/${reference}` },
      ...(trust && { trust }),
    };
    writeFileSync(join(bench.folder, "tenon.json"), `${JSON.stringify(project, null, 2)}\n`);
  }

  const trusting = (...keys: string[]): object[] => [{ repository: `${host}/acme/*`, keys }];
  const compose = (options: ComposeProjectOptions = {}): Promise<ComposedProject> =>
    composeProject(join(bench.folder, "tenon.json"), options);

  /** Composes what is refused: nothing must be there after it. @returns the message, and the details */
  async function refusal(options?: ComposeProjectOptions): Promise<{ message: string; details: string }> {
    const error: unknown = await compose(options).catch((reason: unknown) => reason);
    if (!(error instanceof ToolkitError)) throw error;
    expect(error.code).toBe("ERR_TRUST");
    expect(error.details.join("\n")).toMatch(/tenon\.json:\d+:\d+/);
    return { message: error.message, details: error.details.join("\n") };
  }

  test("what a trusted key signed is composed, and the lock file names the key", async () => {
    const reference = await bench.publish("acme/signed:1.0.0", bench.ours);
    writeProject("acme/signed:1.0.0", trusting("theirs.pub", "ours.pub"));
    await compose();
    const { components } = JSON.parse(readFileSync(lockFile(), "utf8")) as {
      components: Record<string, { manifest: string; signer?: string }>;
    };
    expect(components["calculator"]).toMatchObject({
      manifest: parseReference(reference).digest,
      signer: bench.ours.publicKey.id,
    });
  });

  test("what is not signed is refused, by compose and by serve, and its bytes are not kept", async () => {
    const reference = await bench.publish("acme/unsigned:1.0.0");
    writeProject("acme/unsigned:1.0.0", trusting("ours.pub"));
    const line = `Error: Cannot trust "${reference}": it is not signed\n`;
    const outcomes = [
      await bench.tenon("compose", "-o", "core.wasm"),
      await bench.tenon("serve", "tenon.json", "--port", "0"),
    ];
    for (const { code, stderr } of outcomes) {
      expect(code).toBe(1);
      expect(stderr.startsWith(line)).toBe(true);
      expect(stderr).toContain("[ERR_TRUST]");
      for (const name of ["tenon.lock", "core.wasm"])
        expect(existsSync(join(bench.folder, name))).toBe(false);
    }
    const offline = await bench.tenon("pull", reference, "--offline");
    expect(offline).toMatchObject({ code: 1, stdout: "" });
  });

  test("what another key signed is refused, and the trusted keys are named", async () => {
    await bench.publish("acme/foreign:1.0.0", bench.theirs);
    writeProject("acme/foreign:1.0.0", trusting("ours.pub"));
    const { message, details } = await refusal();
    expect(message).toMatch(/: it is signed by another key$/);
    expect(details).toContain(`trusted: ${bench.ours.publicKey.id}`);
  });

  test("a signature of another digest is refused", async () => {
    const signed = parseReference(await bench.publish("acme/swapped:1.0.0", bench.ours));
    const other = parseReference(await bench.publish("acme/swapped:2.0.0", undefined, { a: "b" }));
    await copyTagged(signed, other);
    writeProject("acme/swapped:2.0.0", trusting("ours.pub"));
    expect((await refusal()).message).toMatch(/: it has a signature of another digest$/);
  });

  test("a signature that does not match what it signs is refused", async () => {
    const published = parseReference(await bench.publish("acme/broken:1.0.0"));
    const repository = openRepository(published);
    const { descriptor } = await repository.manifest(published.digest!);
    const { bundle, keyId } = sign(
      { ...descriptor, digest: `sha256:${"b".repeat(64)}` },
      published,
      bench.ours,
    );
    const altered = JSON.parse(Buffer.from(bundle).toString()) as { dsseEnvelope: { payload: string } };
    const statement = Buffer.from(altered.dsseEnvelope.payload, "base64").toString();
    const other = statement.replace("b".repeat(64), published.digest!.slice(7));
    altered.dsseEnvelope.payload = Buffer.from(other).toString("base64");
    const type = "application/vnd.dev.sigstore.bundle.v0.3+json";
    const bytes = Buffer.from(JSON.stringify(altered));
    await repository.attach(descriptor, { artifactType: type, mediaType: type, bytes });
    writeProject("acme/broken:1.0.0", trusting("ours.pub"));
    const { message, details } = await refusal();
    expect(message).toMatch(/: its signature does not match$/);
    expect(details).toContain(`it names key ${keyId}`);
  });

  test("what no rule covers is refused, beside what is covered as well", async () => {
    const misspelt = await bench.publish("amce/notes:1.0.0", bench.ours);
    await bench.publish("acme/notes:1.0.0", bench.ours);
    writeProject("acme/notes:1.0.0", trusting("ours.pub"));
    const project = JSON.parse(readFileSync(join(bench.folder, "tenon.json"), "utf8")) as {
      providers: Record<string, string>;
    };
    project.providers["notes"] = `oci://${host}/amce/notes:1.0.0`;
    writeFileSync(join(bench.folder, "tenon.json"), JSON.stringify(project));
    expect((await refusal()).message).toBe(`Cannot trust "${misspelt}": no rule of tenon.json covers it`);
  });

  test("what a rule lets through unsigned is composed, and no key is locked", async () => {
    await bench.publish("acme/free:1.0.0");
    writeProject("acme/free:1.0.0", [{ repository: `${host}/acme/free`, unsigned: true }]);
    await compose();
    expect(readFileSync(lockFile(), "utf8")).not.toContain("signer");
  });

  test("a rule for none of the components is a mistake, with its line", async () => {
    writeProject("amce/notes:1.0.0", trusting("ours.pub"));
    await expect(compose()).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: `Cannot use the trust rule for "${host}/acme/*": it is for none of the components that are named here`,
      details: [expect.stringMatching(/tenon\.json:10:7$/), expect.stringContaining(`"${host}/acme/*"`)],
    });
  });

  test("a key that is trusted no more refuses what was locked with it, cached or not", async () => {
    await bench.publish("acme/revoked:1.0.0", bench.ours);
    writeProject("acme/revoked:1.0.0", trusting("ours.pub"));
    await compose();
    writeProject("acme/revoked:1.0.0", trusting("theirs.pub"));
    for (const options of [{}, { frozen: true }, { offline: true }]) {
      expect((await refusal(options)).message).toMatch(/: it is signed by another key$/);
    }
  });

  test("offline, what was verified is verified again from the cache, in either layout", async () => {
    const { digest, ...rest } = parseReference(await bench.publish("acme/offline:1.0.0", bench.ours));
    const listed = digest!.replace(":", "-");
    const type = "application/vnd.oci.image.index.v1+json";
    const none = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: [] }));
    writeProject("acme/offline:1.0.0", trusting("ours.pub"));
    await compose();
    await compose({ offline: true, frozen: true });
    await openRepository(rest).putManifest(none, type, listed);
    await compose();
    await compose({ offline: true, frozen: true });
  });
});
