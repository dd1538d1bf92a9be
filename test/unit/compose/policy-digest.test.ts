import { beforeAll, expect, test } from "vitest";
import { compose, type ComposeInput } from "../../../src/compose/index.ts";
import { writeManifest } from "../../../src/manifest/index.ts";
import { authenticating, passingWithServices } from "../../fixtures/chain-parts.ts";
import { providerManifest } from "../../fixtures/quickjs-component.ts";
import { loadComponent } from "../../fixtures/run-component.ts";
import { constantProvider } from "../../fixtures/wat-component.ts";

let input: ComposeInput;
let changes: Record<string, Partial<ComposeInput>>;

beforeAll(async () => {
  const bare = await constantProvider("{}");
  const manifest = providerManifest("weather", ["now"]);
  const scoped = { ...manifest, tools: [{ ...manifest.tools[0]!, scopes: ["weather:read"] }] };
  const provider = { as: "weather", bytes: writeManifest(bare, manifest) };
  const settingsSchema = { type: "object", properties: { limit: { type: "integer" } } };
  const limit = { as: "limit", bytes: await passingWithServices("limit", { settingsSchema }) };
  const other = await passingWithServices("limit", { settingsSchema, version: "1.0.1" });
  const methods = await passingWithServices("limit", { settingsSchema, methods: ["tools/call"] });
  const auth = { as: "auth", bytes: await authenticating() };
  input = {
    name: "acme",
    version: "1.0.0",
    access: "authenticated",
    providers: [provider],
    middleware: [auth, { ...limit, settings: { limit: 1 } }],
    grants: { limit: { kv: ["limits/"] } },
  };
  changes = {
    access: { access: "public", middleware: [{ ...limit, settings: { limit: 1 } }] },
    order: { middleware: [{ ...limit, settings: { limit: 1 } }, auth] },
    settings: { middleware: [auth, { ...limit, settings: { limit: 2 } }] },
    component: { middleware: [auth, { as: "limit", bytes: other, settings: { limit: 1 } }] },
    methods: { middleware: [auth, { as: "limit", bytes: methods, settings: { limit: 1 } }] },
    "one middleware more": { middleware: [...input.middleware, { ...limit, as: "again" }] },
    grants: { grants: { limit: { kv: ["limits/a/"] } } },
    scopes: { providers: [{ as: "weather", bytes: writeManifest(bare, scoped) }] },
    "one tool more": {
      providers: [provider, { as: "x", bytes: writeManifest(bare, providerManifest("x", ["y"])) }],
    },
  };
});

test("whatever decides who may do what changes the digest of the policy, and nothing else does", async () => {
  const digests = new Map<string, string>();
  for (const [what, change] of Object.entries({ nothing: {}, ...changes })) {
    digests.set(what, (await compose({ ...input, ...change })).manifest.policyDigest);
  }
  expect(new Set(digests.values()).size).toBe(digests.size);
  for (const digest of digests.values()) expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  const { grants = {} } = input;
  const alike = {
    ...input,
    version: "2.0.0",
    name: "other",
    title: "Other",
    grants: { ...grants, auth: {} },
  };
  expect((await compose(alike)).manifest.policyDigest).toBe(digests.get("nothing"));
});

test("the catalog has the digest of the policy", async () => {
  const { bytes, manifest } = await compose({ ...input, access: "public", middleware: [], grants: {} });
  const core = (await loadComponent(bytes))();
  const server = JSON.parse(core.catalog.get("server", "")!) as object;
  expect(server).toMatchObject({ policyDigest: manifest.policyDigest });
});
