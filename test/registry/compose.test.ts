import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTenon, TENON, type Finished } from "../fixtures/tenon.ts";
import { CERTIFICATE, PRIVATE_KEY } from "../hosts/node/tls-certificate.ts";
import { cities } from "./cities.ts";
import { REGISTRY, startRegistry, type RunningRegistry } from "./start-registry.ts";

const HTPASSWD = "tester:$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n";
const PASSWORD = "open sesame";
const TIMEOUT_MS = 180_000;

// From one end to the other by the command line, with a registry that speaks TLS and asks who one is. What moves and is
// refused is in lock.test.ts.
describe.skipIf(REGISTRY.missing !== undefined)("tenon with a registry behind TLS and a password", () => {
  let registry: RunningRegistry;
  let folder: string;
  let project: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), "tenon-chain-"));
    const tls = { certificate: join(folder, "certificate.pem"), key: join(folder, "key.pem") };
    writeFileSync(tls.certificate, CERTIFICATE);
    writeFileSync(tls.key, PRIVATE_KEY);
    registry = await startRegistry({ htpasswd: HTPASSWD, tls });
    const auth = Buffer.from(`tester:${PASSWORD}`).toString("base64");
    writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [registry.host]: { auth } } }));
    env = {
      DOCKER_CONFIG: folder,
      NODE_EXTRA_CA_CERTS: tls.certificate,
      TENON_CACHE_DIR: join(folder, "cache"),
    };
    project = join(folder, "project");
    mkdirSync(project);
    writeFileSync(join(folder, "cities.wasm"), await cities("found"));
  }, TIMEOUT_MS);
  afterAll(async () => {
    await registry?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a command to its end. Meanwhile what the registry prints is read, or it would stop in the end. */
  function tenon(...args: string[]): Promise<Finished> {
    return new Promise((resolve) => {
      const options = { cwd: project, env: { ...process.env, ...env }, timeout: TIMEOUT_MS };
      execFile(process.execPath, [TENON, ...args], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  function writeProject(reference: string): void {
    const file = { name: "demo", version: "1.0.0", access: "public", providers: { cities: reference } };
    writeFileSync(join(project, "tenon.json"), JSON.stringify(file, null, 2));
  }

  async function callServed(...args: string[]): Promise<string> {
    const serving = await startTenon(join(project, "tenon.json"), { args, env });
    try {
      const { code, stdout, stderr } = await tenon("call", serving.url, "lookup");
      expect(code, stderr).toBe(0);
      return stdout.trim();
    } finally {
      await serving.stop();
    }
  }

  let exact: string;

  test(
    "a component is pushed, pulled by its tag, locked, composed, served and called",
    async () => {
      const tagged = `oci://${registry.host}/acme/cities:1.0`;
      const pushed = await tenon("push", join(folder, "cities.wasm"), tagged);
      expect(pushed.code, pushed.stderr).toBe(0);
      const manifest = /sha256:[0-9a-f]{64}/.exec(pushed.stdout)![0];
      exact = `oci://${registry.host}/acme/cities@${manifest}`;
      writeProject(tagged);
      const composed = await tenon("compose");
      expect(composed.code, composed.stderr).toBe(0);
      expect(composed.stderr).toBe(`tenon.lock: cities: ${tagged} is locked to ${manifest}\n`);
      const lock = JSON.parse(readFileSync(join(project, "tenon.lock"), "utf8")) as unknown;
      expect(lock).toEqual({
        lockVersion: 1,
        components: {
          cities: {
            reference: tagged,
            manifest,
            component: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
            size: readFileSync(join(folder, "cities.wasm")).length,
            definitions: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
            capabilities: [],
            sdk: "0.1.0",
            engine: "quickjs 0.4.5",
          },
        },
      });
      expect(await callServed("--frozen")).toBe("found");
    },
    TIMEOUT_MS,
  );

  test(
    "commands that take a file take what is in the registry, by digest",
    async () => {
      writeProject(exact);
      const composed = await tenon("compose");
      expect(composed.stderr).toContain(`tenon.lock: cities: oci://`);
      expect(composed.code, composed.stderr).toBe(0);
      expect((await tenon("inspect", exact)).stdout).toMatch(/^cities 1\.0\.0, provider\n/);
      const named = await tenon("compose", exact, "--name", "plain", "-o", "plain.wasm");
      expect(named.stdout).toMatch(/^plain 0\.0\.0 -> plain\.wasm\n/);
      expect(await tenon("diff", exact, join(folder, "cities.wasm"))).toMatchObject({
        code: 0,
        stdout: "no difference: the same bytes\n",
      });
    },
    TIMEOUT_MS,
  );

  // Last, since the registry does not come back.
  test(
    "with the registry stopped, what is locked is served from the cache, and nothing else",
    async () => {
      await registry.stop();
      expect(await callServed("--offline", "--frozen")).toBe("found");
      rmSync(join(folder, "cache", "oci"), { recursive: true });
      const refused = await tenon("compose", "--offline");
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain("[ERR_OCI_NOT_FOUND]");
      expect(refused.stderr).toContain("tenon.json:6:5");
    },
    TIMEOUT_MS,
  );
});
