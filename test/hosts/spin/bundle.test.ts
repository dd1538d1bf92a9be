import { Ajv } from "ajv";
import { parse as parseToml } from "smol-toml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { bundle, type Bundle, type BundleInput } from "../../../src/bundle/index.ts";
import { compose } from "../../../src/compose/index.ts";
import type { Grants } from "../../../src/manifest/index.ts";
import { componentResources } from "../../../src/wasm/index.ts";
import { findProgram } from "../../fixtures/programs.ts";
import { buildProvider, providerManifest } from "../../fixtures/quickjs-component.ts";
import { startRuntime, type RuntimeProcess } from "../../fixtures/runtime-process.ts";
import { SERVICES } from "../../fixtures/service-probe.ts";
import { bundleFile, type BundleFile } from "../bundle-file.ts";
import { request } from "../requests.ts";
import { askingCore } from "../suite-core.ts";
import { SPIN_APP, SPIN_TOML } from "./manifests.ts";

/** What every bundle takes of Spin. */
const ALWAYS = [
  "wasi:cli/stderr@0.2.0",
  "wasi:clocks/monotonic-clock@0.2.0",
  "wasi:clocks/wall-clock@0.2.0",
  "wasi:http/types@0.2.0",
  "wasi:io/error@0.2.0",
  "wasi:io/poll@0.2.0",
  "wasi:io/streams@0.2.0",
  "wasi:random/random@0.2.0",
];
const CONFIG = "wasi:config/store@0.2.0-draft-2024-09-27";
const KEYS = ["wasi:keyvalue/atomics@0.2.0-draft2", "wasi:keyvalue/store@0.2.0-draft2"];
const ajv = new Ajv({ strict: false });

/** Tells how a call of each service ends. */
const PROBE = `
  const request = { method: "GET", origin: "https://other.example", pathWithQuery: "/", headers: [] };
  const calls = [() => http.send(request), () => kv.get("notes/a"), () => config.get("max-age"), () => secrets.get("KEY")];
  const ends = calls.map((call) => { try { call(); return "ok"; } catch (e) { return e.payload?.tag ?? String(e); } });
  return { tag: "success", val: JSON.stringify({ content: [{ type: "text", text: ends.join() }] }) };`;

/** A core of one part, which calls every service. */
async function coreWith(grants: Grants): Promise<Uint8Array> {
  const bytes = await buildProvider(providerManifest("probe", ["probe"]), PROBE, SERVICES);
  const { bytes: core } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "probe", bytes }],
    middleware: [],
    grants: { probe: grants },
  });
  return core;
}

async function spinBundle(grants: Grants, options: Partial<BundleInput> = {}): Promise<Bundle> {
  return bundle({ core: await coreWith(grants), host: "spin", ...options });
}

/** The manifest, which has to be one that Spin documents. */
function manifestOf({ files }: Bundle): unknown {
  const manifest = parseToml(files["spin.toml"]!.text);
  ajv.validate(SPIN_TOML, manifest);
  expect(ajv.errors).toBeNull();
  return manifest;
}

describe("bundle() for Spin", () => {
  test("imports nothing that was not granted, and lists nothing in spin.toml", async () => {
    const made = await spinBundle({});
    expect(made.imports).toEqual(ALWAYS);
    expect(Object.keys(made.files)).toEqual(["spin.toml"]);
    expect(manifestOf(made)).toEqual({
      spin_manifest_version: 2,
      application: { name: "acme", version: "1.0.0", description: "MCP server acme 1.0.0" },
      trigger: { http: [{ route: "/...", component: "server" }] },
      component: { server: { source: made.artifact, allowed_outbound_hosts: [] } },
    });
    const { instances, memories, tables } = componentResources(made.bytes);
    expect(instances).toBeLessThanOrEqual(200);
    expect(memories).toBeLessThanOrEqual(32);
    expect(tables).toBeLessThanOrEqual(64);
  }, 120_000);

  test.each<[string, Grants, string[], object]>([
    ["kv", { kv: ["notes/"] }, KEYS, { key_value_stores: ["default"] }],
    [
      "config and secrets",
      { config: ["max-age"], secrets: [{ name: "KEY" }] },
      [CONFIG],
      {
        variables: {
          tenon_config_max_age: "{{ tenon_config_max_age }}",
          tenon_secret_key: "{{ tenon_secret_key }}",
        },
      },
    ],
    [
      "http",
      { http: [{ origin: "https://api.example" }] },
      ["wasi:http/outgoing-handler@0.2.0"],
      { allowed_outbound_hosts: ["https://api.example"] },
    ],
  ])(
    "imports what %s needs, and lists it",
    async (_, grants, imports, listed) => {
      const made = await spinBundle(grants);
      expect(made.imports).toEqual([...ALWAYS, ...imports].sort());
      expect(manifestOf(made)).toMatchObject({ component: { server: listed } });
    },
    120_000,
  );

  test("a core that asks takes its key from a secret variable", async () => {
    const { bytes: core } = await askingCore();
    await expect(bundle({ core, host: "spin" })).rejects.toMatchObject({
      code: "ERR_HOST_CORE",
      hint: expect.stringContaining('Pass stateKey: "variable"') as string,
    });
    await expect(bundle({ core, host: "spin", stateKey: "environment" })).rejects.toMatchObject({
      code: "ERR_CONFIG",
      hint: 'Name "variable"',
    });
    const made = await bundle({ core, host: "spin", stateKey: "variable" });
    expect(made.imports).toContain(CONFIG);
    expect(manifestOf(made)).toMatchObject({
      variables: { tenon_state_key: { required: true, secret: true } },
    });
  }, 120_000);

  test("describes the application to SpinKube where its image is known", async () => {
    const grants = { config: ["max-age"], secrets: [{ name: "KEY" }] };
    const { files } = await spinBundle(grants, { image: "registry.example/acme:1.0.0" });
    ajv.validate(SPIN_APP, parseYaml(files["spinapp.yaml"]!.text));
    expect(ajv.errors).toBeNull();
  }, 120_000);
});

const wasmtime = findProgram("wasmtime");
const onWasmtime =
  wasmtime.missing === undefined ? "on wasmtime" : `on wasmtime: NOT RUN, ${wasmtime.missing}`;

describe.skipIf(wasmtime.missing !== undefined)(`a bundle for Spin ${onWasmtime}`, () => {
  let file: BundleFile;
  let server: RuntimeProcess;

  beforeAll(async () => {
    file = await bundleFile(await coreWith({ http: [{ origin: "https://api.example" }] }), "spin");
    server = await startRuntime(wasmtime.path!, ["serve", "--addr", "127.0.0.1:0", file.path]);
  }, 300_000);
  afterAll(async () => {
    await server?.stop();
    await file?.remove();
  });

  test("answers, and denies what was not granted", async () => {
    const { body } = await request(`${server.origin}/mcp`, "tools/call", {
      name: "probe",
      arguments: {},
    });
    expect(body.result).toMatchObject({ content: [{ text: "denied,denied,denied,denied" }] });
  });
});
