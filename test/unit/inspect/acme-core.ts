import { compose, type ComposeInput, type Composition } from "../../../src/compose/index.ts";
import type { Grants, ProviderManifest } from "../../../src/manifest/index.ts";
import { writeManifest } from "../../../src/manifest/index.ts";
import { middlewareManifest, providerManifest } from "../../fixtures/quickjs-component.ts";
import { constantProvider, passingMiddleware } from "../../fixtures/wat-component.ts";

const FUNCTIONS: Record<string, string> = {
  "tenon:host/http@0.1.0": '"cancel" (func (param i32))',
  "tenon:host/kv@0.1.0": '"delete" (func (param i32 i32 i32))',
  "tenon:host/secrets@0.1.0": '"get" (func (param i32 i32 i32))',
};

/** What `pay` is granted; the rest of the parts are granted nothing. */
export const GRANTS: Grants = {
  http: [{ origin: "https://api.example", methods: ["GET"] }],
  kv: ["prefix-a/"],
  secrets: [{ name: "token", header: "authorization", origin: "https://api.example" }, { name: "salt" }],
};

/** The manifest of `pay`, which has something of every kind. */
export const PAY: ProviderManifest = {
  ...providerManifest("pay", []),
  tools: [
    {
      name: "charge",
      description: "Charges an account",
      inputSchema: {
        type: "object",
        properties: { account: { type: "string" }, cents: { type: "integer" } },
        required: ["account", "cents"],
      },
      outputSchema: { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] },
      scopes: ["pay:write"],
    },
  ],
  resources: [{ uri: "pay://rates", name: "rates", mimeType: "text/csv" }],
  resourceTemplates: [{ uriTemplate: "pay://receipts/{id}", name: "receipt", completes: ["id"] }],
  prompts: [{ name: "dun", arguments: [{ name: "account", required: true }, { name: "tone" }] }],
  dynamic: ["resources"],
  asks: true,
  capabilities: [
    { interface: "tenon:host/http", reason: "talks to the bank" },
    { interface: "tenon:host/kv" },
    { interface: "tenon:host/secrets" },
  ],
};

/** A provider and a middleware without engines, as files. */
export async function acmeParts(): Promise<{ pay: Uint8Array; watch: Uint8Array; pass: Uint8Array }> {
  const imports = Object.entries(FUNCTIONS).map(([id, each]) => `(import "${id}" ${each})`);
  const provider = await constantProvider("{}", Object.keys(FUNCTIONS), imports.join("\n"));
  const middleware = await passingMiddleware();
  return {
    pay: writeManifest(provider, PAY),
    watch: writeManifest(middleware, { ...middlewareManifest("watch"), methods: ["tools/call"] }),
    pass: writeManifest(middleware, middlewareManifest("pass")),
  };
}

/** A server of two providers behind two middleware, one of which acts on `tools/call` alone. */
export async function acmeCore(change: Partial<ComposeInput> = {}): Promise<Composition> {
  const { pay, watch, pass } = await acmeParts();
  const spare: ProviderManifest = {
    ...providerManifest("spare", []),
    tools: [{ ...PAY.tools[0]!, name: "spare" }],
    capabilities: PAY.capabilities,
  };
  return compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [
      { as: "pay", bytes: pay },
      { as: "spare", bytes: writeManifest(pay, spare) },
    ],
    middleware: [
      { as: "pass", bytes: pass },
      { as: "watch", bytes: watch },
    ],
    grants: { pay: GRANTS },
    ...change,
  });
}
