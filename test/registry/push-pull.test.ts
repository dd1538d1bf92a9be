import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildComponent } from "../../src/build/index.ts";
import {
  formatReference,
  openRepository,
  parseReference,
  pullComponent,
  readImageManifest,
  type OciReference,
} from "../../src/oci/index.ts";
import { publishComponent, type PublishedComponent } from "../../src/publish/index.ts";
import { runTenon, runTenonBeside, type Finished } from "../fixtures/tenon.ts";
import { sha256 } from "./hostile.ts";
import { makeCertificate, OPENSSL } from "./make-certificate.ts";
import { REGISTRY, startRegistry, type RunningRegistry } from "./start-registry.ts";

// Of "correct-horse".
const HTPASSWD = "ada:$2b$05$abcdefghijklmnopqrstuuZ0Fx87Pb/Aqb0E90lfvCwzXnaFKUHpS\n";
const missing = REGISTRY.missing !== undefined || OPENSSL.missing !== undefined;

describe.skipIf(missing)("a registry", { timeout: 120_000 }, () => {
  let open: RunningRegistry;
  let closed: RunningRegistry;
  let folder: string;
  let file: string;
  let component: Uint8Array;
  let env: NodeJS.ProcessEnv;
  /** What the closed one is reached with. */
  let loggedIn: NodeJS.ProcessEnv;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tenon-oci-"));
    const tls = makeCertificate(folder);
    open = await startRegistry();
    closed = await startRegistry({ htpasswd: HTPASSWD, tls });
    component = (await buildComponent({ entry: "components/calculator/tool.ts" })).bytes;
    file = join(folder, "calculator.wasm");
    writeFileSync(file, component);
    env = { TENON_CACHE_DIR: join(folder, "cache"), DOCKER_CONFIG: join(folder, "nothing") };
    const docker = join(folder, "docker");
    mkdirSync(docker);
    const auth = Buffer.from("ada:correct-horse").toString("base64");
    writeFileSync(join(docker, "config.json"), JSON.stringify({ auths: { [closed.host]: { auth } } }));
    loggedIn = { ...env, DOCKER_CONFIG: docker, NODE_EXTRA_CA_CERTS: tls.certificate };
  });
  afterAll(async () => {
    await open?.stop();
    await closed?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const at = (path: string): OciReference => parseReference(`${open.host}/${path}`);
  const publish = (path: string): Promise<PublishedComponent> =>
    publishComponent(component, at(path), { name: "calculator.wasm", env });
  const tenon = (args: readonly string[], using: NodeJS.ProcessEnv = env): Finished =>
    runTenon(args, { cwd: folder, env: using });

  it("gives back what was pushed, by tag, by digest, and offline", async () => {
    const { reference, manifest } = await publish("acme/calculator:1.0.0");
    const cacheDir = join(folder, "one");
    const byTag = await pullComponent(at("acme/calculator:1.0.0"), { cacheDir });
    expect(byTag).toMatchObject({ reference, manifest, fromCache: false, kept: true });
    expect(Buffer.from(byTag.bytes).equals(component)).toBe(true);
    const byDigest = await pullComponent({ ...reference, tag: "gone" }, { cacheDir });
    expect(byDigest.fromCache).toBe(true);
    const offline = await pullComponent(reference, { cacheDir, offline: true });
    expect(Buffer.from(offline.bytes).equals(component)).toBe(true);
  });

  it("has one manifest of the same component, in the layout of WebAssembly artifacts", async () => {
    const first = await publish("acme/twice:1.0.0");
    const second = await publish("acme/again:2.0.0");
    expect(second.manifest).toEqual(first.manifest);
    expect(second.attached).toEqual(first.attached);
    const repository = openRepository(at("acme/twice:1.0.0"));
    const { config, layers, annotations } = readImageManifest((await repository.manifest("1.0.0")).bytes);
    expect(config.mediaType).toBe("application/vnd.wasm.config.v0+json");
    expect(layers).toMatchObject([
      { mediaType: "application/wasm", digest: sha256(component), size: component.length },
    ]);
    expect(annotations).toMatchObject({
      "org.opencontainers.image.title": "calculator",
      "org.opencontainers.image.version": "1.0.0",
    });
    const text = Buffer.from(await repository.blob(config)).toString("utf8");
    expect(JSON.parse(text)).toMatchObject({
      created: "1970-01-01T00:00:00Z",
      architecture: "wasm",
      os: "wasip2",
      layerDigests: [sha256(component)],
      component: { exports: expect.arrayContaining(["tenon:mcp/provider@0.1.0"]) as string[] },
    });
  });

  it("lists manifest and SBOM with the component, though it has no list of its own", async () => {
    const { manifest, attached } = await publish("acme/attached:1.0.0");
    const repository = openRepository(at("acme/attached"));
    expect((await repository.referrers(manifest.digest)).map(({ digest }) => digest)).toEqual(
      attached.map(({ digest }) => digest),
    );
    const [listed] = await repository.referrers(manifest.digest, "application/vnd.cyclonedx+json");
    const { layers, subject } = readImageManifest((await repository.manifest(listed!.digest)).bytes);
    expect(subject).toMatchObject({ digest: manifest.digest, size: manifest.size });
    const sbom = JSON.parse(Buffer.from(await repository.blob(layers[0]!)).toString("utf8")) as {
      components: { name: string }[];
    };
    expect(sbom).toMatchObject({
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      metadata: {
        component: { name: "calculator", hashes: [{ alg: "SHA-256", content: sha256(component).slice(7) }] },
      },
    });
    expect(sbom.components.map(({ name }) => name)).toEqual(expect.arrayContaining(["tenon", "quickjs"]));
  });

  it("has no tag of what could not be finished", async () => {
    const refusal = new Error("no key");
    const beforeTag = (): Promise<never> => Promise.reject(refusal);
    const options = { name: "calculator.wasm", env, beforeTag };
    await expect(publishComponent(component, at("acme/unsigned:1.0.0"), options)).rejects.toBe(refusal);
    await expect(
      pullComponent(at("acme/unsigned:1.0.0"), { cacheDir: join(folder, "two") }),
    ).rejects.toMatchObject({
      code: "ERR_OCI_NOT_FOUND",
    });
  });

  it("takes a component from another of its repositories instead of an upload", async () => {
    await publish("acme/source:1.0.0");
    const options = { name: "calculator.wasm", env, mountFrom: "acme/source" };
    await publishComponent(component, at("acme/mounted:1.0.0"), options);
    const uploads = open.output().match(/PUT \/v2\/acme\/mounted\/blobs\/uploads\/\S+digest=\S+/g) ?? [];
    expect(uploads.filter((line) => line.includes(sha256(component).slice(7)))).toEqual([]);
    const { bytes } = await pullComponent(at("acme/mounted:1.0.0"), { cacheDir: join(folder, "three") });
    expect(Buffer.from(bytes).equals(component)).toBe(true);
  });

  it("is pushed to and pulled from on the command line", () => {
    const pushed = tenon([
      "push",
      file,
      `${open.host}/acme/cli:1.0.0`,
      "--annotation",
      "org.opencontainers.image.licenses=MIT",
    ]);
    expect(pushed).toMatchObject({ code: 0, stderr: "" });
    expect(pushed.stdout).toContain("licenses  MIT");
    const [reference] = pushed.stdout.split("\n");
    const output = join(folder, "pulled.wasm");
    expect(tenon(["pull", `${open.host}/acme/cli:1.0.0`, "-o", output])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${reference} -> ${output}`) as string,
    });
    expect(readFileSync(output).equals(component)).toBe(true);
    expect(tenon(["pull", reference!, "--offline", "--json"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"fromCache": true') as string,
    });
  });

  it("is pulled from by two processes at once, into one cache", async () => {
    const { reference, manifest } = await publish("acme/both:1.0.0");
    const TENON_CACHE_DIR = join(folder, "both");
    const pulls = ["a.wasm", "b.wasm"].map((output) =>
      runTenonBeside(["pull", formatReference(reference), "-o", output], {
        cwd: folder,
        env: { ...env, TENON_CACHE_DIR },
      }),
    );
    for (const { code, stderr } of await Promise.all(pulls))
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const output of ["a.wasm", "b.wasm"]) {
      expect(readFileSync(join(folder, output)).equals(component)).toBe(true);
    }
    const blobs = readdirSync(join(TENON_CACHE_DIR, "oci", "blobs", "sha256"));
    const whole = [manifest.digest, sha256(component)].map((digest) => digest.slice("sha256:".length));
    expect(blobs.toSorted()).toEqual(whole.toSorted());
  });

  it("with a password and a certificate of its own lets in who is logged in", () => {
    const to = `${closed.host}/acme/closed`;
    const pushed = tenon(["push", file, to], loggedIn);
    expect(pushed).toMatchObject({ code: 0, stderr: "" });
    expect(pushed.stdout).toMatch(/^oci:\/\/localhost:\d+\/acme\/closed:latest@sha256:/);
    const output = join(folder, "closed.wasm");
    expect(tenon(["pull", to, "-o", output], loggedIn)).toMatchObject({ code: 0 });
    expect(readFileSync(output).equals(component)).toBe(true);
  });

  it("with a password turns away who is not logged in", () => {
    const { NODE_EXTRA_CA_CERTS } = loggedIn;
    const { code, stderr } = tenon(["pull", `${closed.host}/acme/closed:1.0.0`], {
      ...env,
      NODE_EXTRA_CA_CERTS,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/there are none for it\nHint: {2}Run "docker login localhost:\d+"/);
    expect(stderr).toContain("[ERR_OCI_AUTH]");
  });

  it("with a certificate that nobody vouches for is not talked to", () => {
    const { DOCKER_CONFIG } = loggedIn;
    const { code, stderr } = tenon(["pull", `${closed.host}/acme/closed:1.0.0`], { ...env, DOCKER_CONFIG });
    expect(code).toBe(1);
    expect(stderr).toMatch(/self-signed certificate[^]*\[ERR_OCI_NETWORK\]/);
  });

  const wrong: [string, string[], RegExp][] = [
    ["no file", ["push"], /no file is given/],
    ["nowhere to push to", ["push", "x.wasm"], /not said where to push to/],
    [
      "a digest to push to",
      ["push", "x.wasm", `localhost:1/x@sha256:${"0".repeat(64)}`],
      /a digest is what pushing gives/,
    ],
    [
      "an annotation without a value",
      ["push", "x.wasm", "localhost:1/x", "--annotation", "x"],
      /is not key=value/,
    ],
    [
      "a realm that is no host",
      ["pull", "localhost:1/x", "--auth-realm", "https://x"],
      /"https:\/\/x" is not a host/,
    ],
    ["no reference", ["pull"], /no reference is given/],
  ];
  it.each(wrong)("is not asked with %s", (_, args, text) => {
    const { code, stderr } = tenon(args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(text) as string });
  });
});
