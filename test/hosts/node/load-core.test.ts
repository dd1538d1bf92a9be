import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPool, loadCore } from "tenon/hosts/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeManifest } from "../../../src/manifest/index.ts";
import { providerManifest } from "../../fixtures/quickjs-component.ts";
import { coreManifest, handlerCore } from "./handler-core.ts";

const EMPTY_COMPONENT = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0);
const root = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let core: Uint8Array;

beforeAll(async () => {
  core = await handlerCore();
});

afterAll(() => rmSync(root, { recursive: true }));

function folder(name: string): string {
  return join(root, name);
}

function entry(cacheDir: string): string {
  const [only, ...others] = readdirSync(cacheDir);
  expect(others).toEqual([]);
  return join(cacheDir, only!);
}

test("loadCore() gives the digest and the manifest", async () => {
  const loaded = await loadCore(core, { cacheDir: folder("plain") });
  expect(loaded.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(loaded.manifest).toMatchObject({ kind: "core", name: "fixture" });
});

test("loadCore() takes from the cache what it put there", async () => {
  const cacheDir = folder("again");
  const first = await loadCore(core, { cacheDir });
  const again = await loadCore(core, { cacheDir });
  expect(again.glue).toBe(first.glue);
  expect([...again.modules.keys()].sort()).toEqual([...first.modules.keys()].sort());
  expect(readdirSync(cacheDir)).toHaveLength(1);
});

test("loadCore() keeps nothing when it is told so", async () => {
  const before = process.env["TENON_CACHE_DIR"];
  process.env["TENON_CACHE_DIR"] = folder("unused");
  try {
    expect((await loadCore(core, { cacheDir: false })).digest).toMatch(/^sha256:/);
    expect(existsSync(folder("unused"))).toBe(false);
  } finally {
    if (before === undefined) delete process.env["TENON_CACHE_DIR"];
    else process.env["TENON_CACHE_DIR"] = before;
  }
});

test("loadCore() makes anew what was changed in the cache", async () => {
  const cacheDir = folder("tampered");
  const { glue } = await loadCore(core, { cacheDir });
  for (const file of ["core.js", "core.core.wasm", "index.json"]) {
    const path = join(entry(cacheDir), file);
    const intact = readFileSync(path);
    writeFileSync(path, Buffer.concat([intact.subarray(0, -1), Buffer.from("x")]));
    expect((await loadCore(core, { cacheDir })).glue, file).toBe(glue);
    expect(readFileSync(path), file).toEqual(intact);
  }
});

test("loadCore() may run several times at once", async () => {
  const cacheDir = folder("concurrent");
  const loaded = await Promise.all([1, 2, 3].map(() => loadCore(core, { cacheDir })));
  expect(new Set(loaded.map(({ glue }) => glue)).size).toBe(1);
  expect(entry(cacheDir)).toMatch(/[0-9a-f]{64}$/);
});

test.skipIf(process.getuid === undefined)(
  "loadCore() refuses a cache folder others may write to",
  async () => {
    const cacheDir = folder("open");
    mkdirSync(cacheDir);
    chmodSync(cacheDir, 0o777);
    await expect(loadCore(core, { cacheDir })).rejects.toMatchObject({
      code: "ERR_FILE",
      message: `Cannot use cache folder "${cacheDir}": others may write to it`,
    });
  },
);

test("loadCore() does without a cache where it cannot have one", async () => {
  const file = folder("a-file");
  writeFileSync(file, "");
  expect((await loadCore(core, { cacheDir: join(file, "below") })).manifest.name).toBe("fixture");
});

test("loadCore() refuses what is not a core", async () => {
  await expect(loadCore(EMPTY_COMPONENT)).rejects.toMatchObject({
    code: "ERR_HOST_CORE",
    message: "Cannot load core: it is a file without a manifest",
  });
  const provider = writeManifest(EMPTY_COMPONENT, providerManifest("calculator", ["add"]));
  await expect(loadCore(provider)).rejects.toThrow("Cannot load core: it is a provider");
});

test("loadCore() names an import it does not provide", async () => {
  const source =
    'import { get } from "tenon:mcp/catalog@0.1.0"; export const handler = { handle: () => get("server", "") };';
  const needy = await handlerCore(source, { imports: ["tenon:mcp/catalog@0.1.0"] });
  await expect(loadCore(needy, { cacheDir: folder("needy") })).rejects.toMatchObject({
    code: "ERR_HOST_CORE",
    message: 'Cannot load core: it imports "tenon:mcp/catalog", which this host does not provide',
  });
});

test("loadCore() refuses memory that starts over the limit", async () => {
  const limits = { guests: { memoryMiB: 1 } };
  await expect(loadCore(core, { cacheDir: folder("small"), limits })).rejects.toThrow(
    /^Cannot load core: a memory starts with \d+ pages, over the limit of 16$/,
  );
});

test("createPool() says why a core does not start", async () => {
  // A component that exports nothing is instantiated, but has no handler to call.
  const mute = await loadCore(writeManifest(EMPTY_COMPONENT, coreManifest({})), { cacheDir: folder("mute") });
  await expect(createPool(mute)).rejects.toMatchObject({
    code: "ERR_HOST_CORE",
    message: 'Cannot start core "fixture": the core does not export "tenon:mcp/handler@0.1.0"',
  });
});

test("createPool() ends a core that does not finish starting", async () => {
  const loaded = await loadCore(core, { cacheDir: folder("plain") });
  const endless = { ...loaded, glue: "for (;;);" };
  await expect(createPool(endless, { limits: { guests: { startMs: 200 } } })).rejects.toThrow(
    'Cannot start core "fixture": it was not ready within 200 ms',
  );
});

test("loadCore() keeps its cache where the environment says", () => {
  const script =
    'import { loadCore } from "tenon/hosts/node"; import { readFileSync } from "node:fs"; await loadCore(readFileSync(process.argv[1]));';
  const file = folder("core.wasm");
  writeFileSync(file, core);
  for (const [name, below] of [
    ["TENON_CACHE_DIR", ""],
    ["XDG_CACHE_HOME", "tenon"],
  ] as const) {
    if (name === "XDG_CACHE_HOME" && process.platform !== "linux") continue;
    const cacheDir = folder(name);
    const env = { ...process.env, TENON_CACHE_DIR: "", [name]: cacheDir };
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script, file], {
      env,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(entry(join(cacheDir, below))).toMatch(/[0-9a-f]{64}$/);
  }
});
