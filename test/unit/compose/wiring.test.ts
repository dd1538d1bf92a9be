import { beforeAll, expect, test } from "vitest";
import { compose, readWiring, type Wire, type Wiring } from "../../../src/compose/index.ts";
import { readManifest, writeManifest, type CoreManifest, type Grants } from "../../../src/manifest/index.ts";
import { middlewareManifest, providerManifest } from "../../fixtures/quickjs-component.ts";
import { constantProvider, passingMiddleware } from "../../fixtures/wat-component.ts";

const FUNCTIONS: Record<string, string[]> = {
  "tenon:host/http@0.1.0": ['"cancel" (func (param i32))'],
  "tenon:host/kv@0.1.0": ['"get-features" (func (param i32))', '"delete" (func (param i32 i32 i32))'],
  "tenon:host/config@0.1.0": ['"settings" (func (param i32))', '"get" (func (param i32 i32 i32))'],
  "tenon:host/secrets@0.1.0": ['"get" (func (param i32 i32 i32))'],
  "tenon:host/log@0.1.0": [`"write" (func (param ${"i32 ".repeat(9)}))`],
  "tenon:mcp/catalog@0.1.0": ['"get" (func (param i32 i32 i32 i32 i32))'],
  "tenon:mcp/crypto@0.1.0": ['"sha256" (func (param i32 i32 i32))'],
  "tenon:mcp/outbox@0.1.0": ['"cancelled" (func (result i32))'],
};
const INTERFACES = Object.keys(FUNCTIONS);
const IMPORTS = Object.entries(FUNCTIONS)
  .flatMap(([id, functions]) => functions.map((each) => `(import "${id}" ${each})`))
  .join("\n");

const GRANTS: Grants = {
  http: [{ origin: "https://api.example", methods: ["GET"] }],
  kv: ["prefix-a/"],
  config: ["region"],
  secrets: [{ name: "token", header: "authorization", origin: "https://api.example" }],
};

let core: Uint8Array;
let wiring: Wiring;

beforeAll(async () => {
  const provider = await constantProvider("{}", INTERFACES, IMPORTS);
  const middleware = await passingMiddleware(INTERFACES, IMPORTS);
  const composition = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [
      { as: "pay", bytes: writeManifest(provider, providerManifest("pay", ["a"])) },
      { as: "denied", bytes: writeManifest(provider, providerManifest("denied", ["b"])) },
    ],
    middleware: [
      { as: "outer", bytes: writeManifest(middleware, middlewareManifest("outer")), settings: {} },
      {
        as: "inner",
        bytes: writeManifest(middleware, { ...middlewareManifest("inner"), methods: ["tools/call"] }),
      },
    ],
    grants: { pay: GRANTS, outer: { secrets: [{ name: "key" }] } },
  });
  core = composition.bytes;
  wiring = await readWiring(core);
});

function wiresOf(of: Wiring, as: string): Record<string, Wire> {
  const part = of.parts.find((each) => each.as === as)!;
  return Object.fromEntries(
    part.imports.flatMap(({ interface: id, wires }) =>
      wires.flatMap(({ wire, functions }) =>
        functions.map((name) => [`${id.replace(/^.*\/|@.*$/g, "")}#${name}`, wire] as const),
      ),
    ),
  );
}

test("readWiring() lists the parts from the outside in", () => {
  expect(wiring.parts.map(({ as, kind }) => `${kind} ${as}`)).toEqual([
    "part outer",
    "part inner",
    "router router",
    "part pay",
    "part denied",
  ]);
  expect(wiring.parts.every(({ bytes }) => bytes.length > 100)).toBe(true);
});

test("readWiring() says what stands behind each function that a part imports", () => {
  const { http, secrets } = GRANTS;
  expect(wiresOf(wiring, "pay")).toEqual({
    "catalog#get": { kind: "catalog" },
    "config#get": { kind: "gate", grant: { config: ["region"] } },
    "config#settings": { kind: "settings" },
    "crypto#sha256": { kind: "crypto" },
    "http#cancel": { kind: "gate", grant: { http, secrets } },
    "kv#delete": { kind: "gate", grant: { kv: ["prefix-a/"] } },
    "kv#get-features": { kind: "gate", grant: { kv: ["prefix-a/"] } },
    "log#write": { kind: "log" },
    "outbox#cancelled": { kind: "host" },
    "secrets#get": { kind: "stub" },
  });
  expect(wiresOf(wiring, "denied")).toEqual({
    "catalog#get": { kind: "catalog" },
    "config#get": { kind: "stub" },
    "config#settings": { kind: "settings" },
    "crypto#sha256": { kind: "crypto" },
    "http#cancel": { kind: "stub" },
    "kv#delete": { kind: "stub" },
    "kv#get-features": { kind: "stub" },
    "log#write": { kind: "log" },
    "outbox#cancelled": { kind: "host" },
    "secrets#get": { kind: "stub" },
  });
  expect(wiresOf(wiring, "outer")).toMatchObject({
    "secrets#get": { kind: "gate", grant: { secrets: [{ name: "key" }] } },
    "kv#delete": { kind: "stub" },
    "handler#handle": { kind: "next", part: "inner" },
  });
  expect(wiresOf(wiring, "inner")["handler#handle"]).toEqual({ kind: "next", part: "router" });
  expect(wiresOf(wiring, "router")).toEqual({
    "p0#handle": { kind: "part", part: "pay" },
    "p1#handle": { kind: "part", part: "denied" },
  });
});

test("readWiring() says what the core asks of its host", () => {
  expect(wiring.host).toEqual([
    { interface: "tenon:host/config@0.1.0", functions: ["get"] },
    { interface: "tenon:host/http@0.1.0", functions: ["cancel", "send", "start", "wait-any"] },
    {
      interface: "tenon:host/kv@0.1.0",
      functions: ["delete", "get", "get-features", "increment", "list", "set", "swap"],
    },
    { interface: "tenon:host/log@0.1.0", functions: ["write"] },
    { interface: "tenon:host/secrets@0.1.0", functions: ["get"] },
    { interface: "tenon:mcp/outbox@0.1.0", functions: ["cancelled"] },
    { interface: "tenon:mcp/types@0.1.0", functions: [] },
  ]);
});

test("readWiring() does not believe the manifest", async () => {
  const manifest = readManifest(core) as CoreManifest;
  const forged = writeManifest(core, {
    ...manifest,
    stubs: [],
    providers: manifest.providers.map((part) => ({ ...part, grants: { kv: ["everything"] } })),
  });
  expect(await readWiring(forged)).toEqual(wiring);
});

/** The core with bytes inside it replaced by others of the same length. */
function patched(from: string, to: string): Uint8Array {
  const bytes = Buffer.from(core);
  const at = bytes.indexOf(from);
  expect(at).toBeGreaterThan(0);
  bytes.write(to, at);
  return bytes;
}

test("readWiring() does not believe what a gate says of itself", async () => {
  const claim = '{"kv":["prefix-a/"]}';
  const widerClaim = await readWiring(patched(claim, claim.replace("x-a", "x-b")));
  expect(wiresOf(widerClaim, "pay")["kv#delete"]).toEqual({ kind: "gate" });
  // The first occurrence is the table in the gate's memory.
  const otherTable = await readWiring(patched("prefix-a/", "prefix-b/"));
  expect(wiresOf(otherTable, "pay")["kv#delete"]).toEqual({ kind: "gate" });
});

test("readWiring() does not believe names: what reaches the host is no stub", async () => {
  const renamed = await readWiring(patched("kv gate of pay", "generated stub"));
  expect(wiresOf(renamed, "pay")["kv#delete"]).toEqual({ kind: "unknown" });
});

test("readWiring() knows what computes digests byte for byte", async () => {
  expect(wiresOf(wiring, "inner")["crypto#sha256"]).toEqual({ kind: "crypto" });
  const other = await readWiring(patched("0123456789abcdef", "1023456789abcdef"));
  expect(wiresOf(other, "inner")["crypto#sha256"]).toEqual({ kind: "unknown" });
});

test("readWiring() refuses what is not put together from components", async () => {
  await expect(readWiring(new Uint8Array(4))).rejects.toMatchObject({ code: "ERR_WASM_DECODE" });
  await expect(readWiring(await constantProvider("{}"))).rejects.toMatchObject({ code: "ERR_WASM_DECODE" });
});
