import { expect, test } from "vitest";
import { ungrantedCapabilities, type CoreManifest } from "../../../src/manifest/index.ts";

const part = {
  name: "part",
  version: "1.0.0",
  digest: `sha256:${"0".repeat(64)}`,
  toolchain: { sdk: "0.1.0", engine: { name: "quickjs", version: "0.4.5" } },
};

test("ungrantedCapabilities() names what a part asks for and has not got, and not what it can do without", () => {
  const kv = { interface: "tenon:host/kv", reason: "keeps things" };
  const manifest = {
    middleware: [
      { ...part, as: "cache", capabilities: [kv, { interface: "tenon:host/secrets", optional: true }] },
      { ...part, as: "auth", capabilities: [{ interface: "tenon:host/credentials" }] },
    ],
    providers: [{ ...part, as: "notes", tools: [], capabilities: [kv], grants: { kv: ["notes/"] } }],
  } as unknown as CoreManifest;
  expect(ungrantedCapabilities(manifest)).toEqual([
    'cache asks for tenon:host/kv ("keeps things") and is granted nothing; add "grants": { "cache": { "kv": ["prefix/"] } }',
  ]);
});
