import { expect, test } from "vitest";

import {
  MANIFEST_SECTION,
  parseManifest,
  readManifest,
  writeManifest,
  type CoreManifest,
  type Manifest,
  type MiddlewareManifest,
  type ProviderManifest,
} from "../../../src/manifest/index.ts";
import { readCustomSection, replaceCustomSection } from "../../../src/wasm/index.ts";

const COMPONENT = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00);
const toolchain = { sdk: "0.1.0", engine: { name: "quickjs", version: "0.4.5" } };

const provider: ProviderManifest = {
  manifestVersion: 1,
  kind: "provider",
  name: "calculator",
  version: "1.0.0",
  tools: [{ name: "add", description: "Adds é", inputSchema: { type: "object" }, scopes: ["math"] }],
  capabilities: [{ interface: "tenon:host/http", reason: "Looks up rates" }],
  toolchain,
};
const middleware: MiddlewareManifest = {
  manifestVersion: 1,
  kind: "middleware",
  name: "access-log",
  version: "1.0.0-rc.1",
  methods: ["tools/call"],
  settingsSchema: {},
  capabilities: [],
  toolchain,
};
const digest = `sha256:${"0".repeat(64)}`;
const core: CoreManifest = {
  manifestVersion: 1,
  kind: "core",
  name: "acme",
  version: "1.0.0",
  access: "public",
  policyDigest: `sha256:${"0".repeat(64)}`,
  cache: { scope: "public", lists: { tools: { ttlMs: 60_000, scope: "public" } } },
  middleware: [
    {
      as: "log",
      name: "access-log",
      version: "1.0.0",
      digest,
      capabilities: [],
      toolchain,
      methods: ["tools/call"],
    },
  ],
  providers: [
    { as: "calc", name: "calculator", version: "1.0.0", digest, capabilities: [], toolchain, tools: ["add"] },
  ],
  tools: provider.tools,
  stubs: ["tenon:host/kv#get"],
};

test.each<[string, Manifest]>([
  ["provider", provider],
  ["middleware", middleware],
  ["core", core],
])("readManifest() reads the %s manifest writeManifest() wrote", (_kind, manifest) => {
  expect(readManifest(writeManifest(COMPONENT, manifest))).toEqual(manifest);
});

test("readManifest() returns nothing for a component without a manifest", () => {
  expect(readManifest(COMPONENT)).toBeUndefined();
});

test("writeManifest() writes the same bytes whatever order the members were set in", () => {
  const reversed = Object.fromEntries(Object.entries(provider).toReversed()) as unknown as ProviderManifest;
  expect(writeManifest(COMPONENT, reversed)).toEqual(writeManifest(COMPONENT, provider));
});

test("writeManifest() keeps the order of a schema's members", () => {
  const inputSchema = { type: "object", properties: { to: { type: "string" }, amount: { type: "number" } } };
  const bytes = writeManifest(COMPONENT, { ...provider, tools: [{ name: "pay", inputSchema }] });
  expect(new TextDecoder().decode(readCustomSection(bytes, MANIFEST_SECTION))).toContain(
    JSON.stringify(inputSchema),
  );
});

test("writeManifest() refuses a manifest that readManifest() would refuse", () => {
  expect(() => writeManifest(COMPONENT, { ...provider, name: "Calc" })).toThrow(
    'Cannot write manifest: "name" must match "Lower-case letters, digits and single hyphens between them", got "Calc"',
  );
});

test.each<[string, object, string]>([
  ["an unknown member", { ...provider, tolls: [] }, 'unknown key "tolls", did you mean "tools"?'],
  ["a missing member", { ...provider, tools: undefined }, 'missing key "tools"'],
  ["another format", { ...provider, manifestVersion: 2 }, '"manifestVersion" must be 1, got 2'],
  [
    "a tool name",
    { ...provider, tools: [{ name: "a b", inputSchema: {} }] },
    '"tools[0].name" must match pattern',
  ],
  [
    "two tools of one name",
    { ...provider, tools: [provider.tools[0], provider.tools[0]] },
    'tool "add" occurs twice',
  ],
  [
    "a header field in a place that it cannot be read from",
    {
      ...provider,
      tools: [{ name: "a", inputSchema: { type: "object", items: { type: "string", "x-mcp-header": "A" } } }],
    },
    'the input of tool "a": x-mcp-header "A" stands where only properties',
  ],
  [
    "results for everyone of a server for some",
    { ...core, access: "authenticated" },
    'its cache scope is "public", and its access "authenticated"',
  ],
  [
    "a list that is for more than anything is",
    { ...core, cache: { ...core.cache, scope: "private" } },
    'its list of tools is "public", and its cache scope "private"',
  ],
  ["a settings schema of a provider", { ...provider, settingsSchema: {} }, 'unknown key "settingsSchema"'],
  ["a version", { ...core, version: "1.0" }, '"version" must match "A semantic version'],
  [
    "a digest",
    { ...core, providers: [{ ...core.providers[0], digest: "sha256:00" }] },
    '"providers[0].digest" must',
  ],
])("parseManifest() refuses %s and says where", (_what, manifest, message) => {
  expect(() => parseManifest(JSON.stringify(manifest))).toThrow(message);
});

test("parseManifest() lists several mistakes as details", () => {
  expect(() => parseManifest('{"manifestVersion":1,"kind":"provider","name":"","version":""}')).toThrow(
    expect.objectContaining({
      code: "ERR_MANIFEST",
      message: "Cannot read manifest: it does not match its schema",
      details: expect.arrayContaining([expect.stringContaining('"name" must match "Lower-case')]),
    }),
  );
});

test("parseManifest() bounds depth and refuses what is not JSON", () => {
  const deep = `${'{"a":'.repeat(200)}1${"}".repeat(200)}`;
  const text = JSON.stringify({ ...provider, tools: [{ name: "x", inputSchema: "SCHEMA" }] });
  expect(() => parseManifest(text.replace('"SCHEMA"', deep))).toThrow("it is nested deeper than 128");
  expect(() => parseManifest("{")).toThrow("Cannot read manifest: it is not JSON");
});

test("readManifest() refuses bytes that are not UTF-8", () => {
  const bytes = replaceCustomSection(COMPONENT, MANIFEST_SECTION, Uint8Array.of(0xff));
  expect(() => readManifest(bytes)).toThrow("Cannot read manifest: it is not UTF-8");
});
