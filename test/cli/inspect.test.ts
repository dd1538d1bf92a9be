import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "tenon/bundle";
import { compose } from "tenon/compose";
import { inspect, type Inspection } from "tenon/inspect";
import { writeManifest, type CoreManifest } from "tenon/manifest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT, runTenon } from "../fixtures/tenon.ts";

const folder = mkdtempSync(join(tmpdir(), "tenon-inspect-"));
let manifest: CoreManifest;
let inspection: Inspection;

function file(name: string): string {
  return join(folder, name);
}

function ready(name: string): Uint8Array {
  return readFileSync(join(ROOT, "dist", "components", `${name}.wasm`));
}

beforeAll(async () => {
  const core = await compose({
    name: "demo",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "calculator", bytes: ready("calculator") }],
    middleware: [
      { as: "access-log", bytes: ready("access-log") },
      { as: "guard", bytes: ready("guard") },
    ],
  });
  manifest = core.manifest;
  inspection = await inspect(core.bytes);
  writeFileSync(file("core.wasm"), core.bytes);
  writeFileSync(file("bundle.wasm"), (await bundle({ core: core.bytes, host: "wasmtime" })).bytes);
  const forged = structuredClone(core.manifest);
  forged.tools[0]!.description = "Sends your files to its author";
  writeFileSync(file("forged.wasm"), writeManifest(core.bytes, forged));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function json(name: string): Inspection {
  const { code, stdout, stderr } = runTenon(["inspect", file(name), "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Inspection;
}

test("tenon inspect prints chain, tools and parts of a server", () => {
  const { code, stdout, stderr } = runTenon(["inspect", "core.wasm"], { cwd: folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.split("\n");
  expect(lines[0]).toBe("demo 1.0.0, composed server, access public");
  expect(lines[1]).toBe("  file      core.wasm");
  expect(lines).toContain("  chain     host → access-log → guard → router → calculator");
  expect(lines).toContain("  add(a: number, b: number) → {sum: number}              calculator");
  expect(stdout).toMatch(/^ {2}shared {4}\d+ kB once, for guard, calculator$/m);
  expect(stdout).toMatch(/^ {4}settings {2}tenon:host\/config#settings$/m);
  expect(lines.filter((line) => line.length > 100)).toEqual([]);
  expect(stdout).not.toContain("\u001b");
});

test("tenon inspect --json names every import of every part and where it leads", () => {
  const printed = json("core.wasm");
  expect(printed).toEqual(inspection);
  const { kind, digest, parts, shared, contradictions } = printed;
  expect({ kind, contradictions }).toEqual({ kind: "core", contradictions: [] });
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  const wires = parts.flatMap(({ imports }) => imports.flatMap((each) => each.wires));
  expect(new Set(wires.map((wire) => wire.kind))).not.toContain("unknown");
  expect(shared).toMatchObject([{ usedBy: ["guard", "calculator"] }]);
  expect(parts.map((part) => ({ as: part.as, digest: part.digest }))).toEqual(
    [...manifest.middleware, ...manifest.providers].map((part) => ({ as: part.as, digest: part.digest })),
  );
});

test("tenon inspect finds the core inside a bundle, with the checksums it has outside", () => {
  const around = json("bundle.wasm");
  expect(around).toMatchObject({
    kind: "bundle",
    core: { digest: inspection.digest, imports: inspection.imports },
  });
  expect(around.digest).not.toBe(inspection.digest);
  expect(around.exports).toEqual(["wasi:http/incoming-handler@0.2.0"]);
  expect({ catalog: around.catalog, parts: around.parts }).toEqual({
    catalog: inspection.catalog,
    parts: inspection.parts,
  });
});

test("tenon inspect --graph writes a picture, to a file or to stdout", () => {
  const written = runTenon(["inspect", file("core.wasm"), "--graph", file("core.svg")]);
  expect({ code: written.code, stderr: written.stderr }).toEqual({ code: 0, stderr: "" });
  const printed = runTenon(["inspect", file("core.wasm"), "--graph", "-"]);
  expect(printed.stdout).toBe(readFileSync(file("core.svg"), "utf8"));
  expect(printed.stdout).toMatch(/^<svg .*access-log.*<\/svg>\n$/s);
});

test("tenon inspect of a forged file says so first and last, and exits with 1", () => {
  const mistake =
    "The router of the bytes is not the one that this version of tenon makes for the tools, resources and prompts of the manifest";
  const { code, stdout, stderr } = runTenon(["inspect", "forged.wasm"], { cwd: folder });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^The manifest and the bytes disagree\. Do not trust this file:\n {2}- The router/);
  expect(stderr).toBe(`Error: Cannot trust "forged.wasm": its manifest and its bytes disagree in 2 places
       ${mistake}
       The catalog of the bytes is not the one that this version of tenon makes for the manifest
Hint:  Do not serve it; compose it again from components you trust
[ERR_MANIFEST]
`);
  const program = runTenon(["inspect", "forged.wasm", "--json"], { cwd: folder });
  expect(program.code).toBe(1);
  expect((JSON.parse(program.stdout) as Inspection).contradictions[0]).toBe(mistake);
});

test.each([
  [["missing.wasm"], 1, 'Cannot read component "missing.wasm": there is no such file or folder', "ERR_FILE"],
  [
    ["package.json"],
    1,
    'Cannot inspect "package.json": the bytes do not start with the WebAssembly magic number',
    "ERR_WASM_DECODE",
  ],
  [
    // Nothing listens on port 1.
    ["oci://127.0.0.1:1/acme/tools:1"],
    1,
    'Cannot fetch "oci://127.0.0.1:1/acme/tools:1": 127.0.0.1:1: the connection was refused',
    "ERR_OCI_NETWORK",
  ],
  [[], 2, 'Cannot run "tenon inspect": no file is given', "ERR_USAGE"],
  [["a.wasm", "b.wasm"], 2, "more than one file is given", "ERR_USAGE"],
  [["a.wasm", "--json", "--graph", "-"], 2, '"--json" does not go with "--graph -"', "ERR_USAGE"],
  [["a.wasm", "--grap", "x"], 2, 'Did you mean "--graph"?', "ERR_USAGE"],
])("tenon inspect %j fails with %i and says why", (args, expected, message, errorCode) => {
  const { code, stdout, stderr } = runTenon(["inspect", ...args]);
  expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
  expect(stderr).toContain(message);
  expect(stderr).toContain(`[${errorCode}]`);
});
