import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import type { Outcome } from "tenon";
import { checkSettings } from "../../src/compose/check.ts";
import { readManifest } from "../../src/manifest/index.ts";
import {
  compileComponent,
  type CompiledComponent,
  type Instance,
  type InstanceOptions,
} from "../fixtures/compiled-component.ts";

let bytes: Uint8Array;
let component: CompiledComponent;

beforeAll(async () => {
  bytes = await readFile("dist/components/auth-api-key.wasm");
  component = await compileComponent(bytes);
});

const REQUEST = { id: "1", method: "tools/call", target: "add", params: "{}" };
const OK: Outcome = { tag: "success", val: "{}" };

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const SECRETS = Array.from({ length: 5 }, () => randomBytes(24).toString("base64url"));
const [KEY, , EXPIRED, EXPIRING] = SECRETS as [string, string, string, string];
// The clock of the fixture stands at 2023-11-14T22:13:20Z.
const KEYS = [
  { id: "laptop", sha256: sha256(KEY), subject: "ada", scopes: ["a:read"], roles: ["analyst"] },
  { id: "ci", sha256: sha256(SECRETS[1]!) },
  { id: "old", sha256: sha256(EXPIRED), expires: "2023-11-14T22:13:20Z" },
  { id: "new", sha256: sha256(EXPIRING), expires: "2023-11-14T22:13:21Z" },
  { id: "last", sha256: sha256(SECRETS[4]!) },
];

function present(authorization: string | undefined, options: InstanceOptions = {}): Answer {
  const seen: Record<string, unknown>[] = [];
  const instance = component.instantiate({
    settings: { keys: KEYS },
    ...(authorization !== undefined && { authorization }),
    next: (context) => {
      seen.push(JSON.parse(context) as Record<string, unknown>);
      return OK;
    },
    ...options,
  });
  return {
    instance,
    outcome: instance.handle(REQUEST),
    principal: seen[0]?.["principal"],
    passed: seen.length,
  };
}

interface Answer {
  instance: Instance;
  outcome: Outcome;
  principal: unknown;
  passed: number;
}

const REFUSED = (challenge: string): object => ({
  tag: "refused",
  val: {
    status: 401,
    headers: [["www-authenticate", challenge]],
    error: { code: -31_401, message: "Authentication is required" },
  },
});

describe("auth-api-key lets pass", () => {
  test("each of its keys, as the principal that its setting names", () => {
    const passed = [KEY, SECRETS[1], EXPIRING, SECRETS[4]].map((key) => present(`Bearer ${key}`));
    expect(passed.map(({ outcome }) => outcome)).toEqual([OK, OK, OK, OK]);
    expect(passed.map(({ principal }) => principal)).toEqual([
      { subject: "ada", issuer: "api-key", clientId: "laptop", scopes: ["a:read"], roles: ["analyst"] },
      { subject: "ci", issuer: "api-key", clientId: "ci", scopes: [], roles: [] },
      { subject: "new", issuer: "api-key", clientId: "new", scopes: [], roles: [] },
      { subject: "last", issuer: "api-key", clientId: "last", scopes: [], roles: [] },
    ]);
  });

  test.for(["bearer", "BEARER", "Bearer "])("the scheme written %j", (scheme) => {
    expect(present(`${scheme} ${KEY}`).outcome).toEqual(OK);
  });

  test("one of a thousand keys, and records who it was", () => {
    const secrets = Array.from({ length: 1000 }, (_, i) => `${i}-${"k".repeat(20)}`);
    const keys = secrets.map((secret, i) => ({ id: `key-${i}`, sha256: sha256(secret) }));
    const { instance, outcome } = present(`Bearer ${secrets[617]}`, { settings: { keys, issuer: "acme" } });
    expect(outcome).toEqual(OK);
    const principal = { subject: "key-617", issuer: "acme", clientId: "key-617" };
    expect(instance.facts).toEqual({ principal, decision: "allow" });
  });
});

test("auth-api-key replaces every principal that is there before", () => {
  const contexts: string[] = [];
  const replacing = component.instantiate({
    settings: { keys: KEYS },
    authorization: `Bearer ${KEY}`,
    next: (context) => (contexts.push(context), OK),
  });
  const forged = '{"subject":"forged","issuer":"x","scopes":["all"]}';
  for (const context of [
    "{}",
    " { } ",
    `{"principal":${forged}}`,
    `{"a":1,"princip\\u0061l":${forged},"principal" : ${forged}, "b":"\\"principal\\":"}`,
  ]) {
    expect(replacing.handle(REQUEST, context)).toEqual(OK);
  }
  const principal = {
    subject: "ada",
    issuer: "api-key",
    clientId: "laptop",
    scopes: ["a:read"],
    roles: ["analyst"],
  };
  expect(contexts.map((context) => JSON.parse(context) as unknown)).toEqual([
    { principal },
    { principal },
    { principal },
    { a: 1, principal, b: '"principal":' },
  ]);
  for (const context of contexts) expect(context.match(/forged/)).toBeNull();
});

test.for(["", "{", "[]", '"a"', "null", '{"a":1}x', '{"a":01}'])(
  "auth-api-key lets nothing through with the context %j",
  (context) => {
    const passed: string[] = [];
    const instance = component.instantiate({
      settings: { keys: KEYS },
      authorization: `Bearer ${KEY}`,
      next: (given) => (passed.push(given), OK),
    });
    expect(instance.handle(REQUEST, context)).toMatchObject({ tag: "failure" });
    expect(passed).toEqual([]);
  },
);

test.for<[string, Record<string, object>]>([
  ["the server", { "server ": [] }],
  ["what is restricted", { "server ": { restricted: [] } }],
  ["names of what is restricted", { "server ": { restricted: { tools: "add" } } }],
  ["roles", { "server ": { roles: [] } }],
  ["scopes of a role", { "server ": { roles: { analyst: "all" } } }],
  ["an entry that is missing", { "server ": { restricted: { tools: ["add"] } } }],
  ["scopes", { "server ": { restricted: { tools: ["add"] } }, "tool add": { scopes: "a:read" } }],
  ["a scope", { "server ": { restricted: { tools: ["add"] } }, "tool add": { scopes: [1] } }],
])("auth-api-key lets nothing through where the catalog does not say %s", ([, catalog]) => {
  const { outcome, passed } = present(`Bearer ${KEY}`, { catalog });
  expect(outcome).toMatchObject({ tag: "failure", val: { message: "Internal error" } });
  expect(passed).toBe(0);
});

describe("auth-api-key refuses", () => {
  const near = `${KEY.slice(0, -1)}${KEY.endsWith("A") ? "B" : "A"}`;
  test.for<[string, string, string]>([
    ["a key it does not know", `Bearer ${randomBytes(24).toString("base64url")}`, "unknown-key"],
    ["a key with another last character", `Bearer ${near}`, "unknown-key"],
    ["the beginning of a key", `Bearer ${KEY.slice(0, -1)}`, "unknown-key"],
    ["a key with more behind it", `Bearer ${KEY}A`, "unknown-key"],
    ["a hash in the place of its key", `Bearer ${sha256(KEY)}`, "unknown-key"],
    ["a key that has expired this second", `Bearer ${EXPIRED}`, "expired-key"],
    ["a megabyte", `Bearer ${"k".repeat(1024 * 1024)}`, "too-long"],
    ["no key", "Bearer", "not-a-bearer-token"],
    ["another scheme", `Basic ${KEY}`, "not-a-bearer-token"],
    ["two keys", `Bearer ${KEY}, Bearer ${KEY}`, "not-a-bearer-token"],
    ["characters outside ASCII", "Bearer schlüssel-schlüssel", "not-a-bearer-token"],
    ["a key without a scheme", KEY, "not-a-bearer-token"],
  ])("%s", ([, authorization, reason]) => {
    const { instance, outcome, passed } = present(authorization);
    expect(outcome).toEqual(REFUSED('Bearer error="invalid_token"'));
    expect(passed).toBe(0);
    expect(instance.facts).toEqual({ decision: "deny", reason: "invalid-token", detail: reason });
  });

  test.for([undefined, "", "  "])(
    "a request with the credential %j, without an error code",
    (authorization) => {
      const { instance, outcome, passed } = present(authorization);
      expect(outcome).toEqual(REFUSED("Bearer"));
      expect(passed).toBe(0);
      expect(instance.facts).toEqual({ decision: "deny", reason: "no-credential" });
    },
  );

  test("everything where two keys are the same, or expire on a day that there is not", () => {
    const bad = [
      [...KEYS, { ...KEYS[0], id: "again" }],
      [...KEYS, { ...KEYS[1], sha256: sha256("other") }],
      [...KEYS, { id: "never", sha256: sha256("other"), expires: "2027-02-31T00:00:00Z" }],
      [...KEYS, { id: "never", sha256: sha256("other"), expires: "2027-02-28T25:00:00Z" }],
    ];
    for (const keys of bad) {
      const { instance, outcome, passed } = present(`Bearer ${KEY}`, { settings: { keys } });
      expect(outcome).toEqual({ tag: "failure", val: { code: -32_603, message: "Internal error" } });
      expect(passed).toBe(0);
      expect(instance.facts).toEqual({ decision: "deny", reason: "authentication-failed" });
      expect(instance.logs.map(({ level }) => level)).toEqual(["error"]);
    }
  });
});

test("auth-api-key logs no key and no hash", () => {
  const answers = [`Bearer ${KEY}`, `Bearer ${EXPIRED}`, `Bearer ${KEY}A`, KEY].map((each) => present(each));
  const written = JSON.stringify(
    answers.map(({ instance, outcome }) => [instance.logs, instance.facts, outcome]),
  );
  for (const secret of SECRETS) {
    expect(written).not.toContain(secret);
    expect(written).not.toContain(sha256(secret));
  }
});

test("auth-api-key compares every byte of a hash", () => {
  const hash = sha256(KEY);
  for (let digit = 0; digit < hash.length; digit++) {
    const other = hash[digit] === "0" ? "1" : "0";
    const keys = [{ id: "near", sha256: hash.slice(0, digit) + other + hash.slice(digit + 1) }];
    expect(present(`Bearer ${KEY}`, { settings: { keys } }).instance.facts).toMatchObject({
      detail: "unknown-key",
    });
  }
});

describe("the settings of auth-api-key cannot have", () => {
  const [first] = KEYS;
  test.for<[string, object]>([
    ["no keys", {}],
    ["an empty list of keys", { keys: [] }],
    ["a key itself", { keys: [{ id: "a", key: KEY }] }],
    ["a short hash", { keys: [{ id: "a", sha256: "00" }] }],
    ["a hash in upper case", { keys: [{ id: "a", sha256: sha256("").toUpperCase() }] }],
    ["a scope with a quotation mark", { keys: [{ ...first, scopes: ['a"b'] }] }],
    ["a scope with a space", { keys: [{ ...first, scopes: ["a b"] }] }],
    ["an expiry in local time", { keys: [{ ...first, expires: "2027-01-01T00:00:00" }] }],
    ["a misspelled member", { keys: [{ ...first, scope: ["a"] }] }],
    ["1001 keys", { keys: Array.from({ length: 1001 }, (_, i) => ({ id: `${i}`, sha256: sha256(`${i}`) })) }],
  ])("%s", ([, settings]) => {
    const manifest = readManifest(bytes);
    if (manifest?.kind !== "middleware") throw new Error("it is no middleware");
    const { settingsSchema } = manifest;
    expect(() => checkSettings("auth-api-key", settingsSchema, settings as never)).toThrow("auth-api-key");
    expect(() => checkSettings("auth-api-key", settingsSchema, { keys: KEYS })).not.toThrow();
  });
});

test("auth-api-key authenticates, has no engine, acts on every method, and asks for credentials alone", () => {
  const manifest = readManifest(bytes);
  expect(manifest).toMatchObject({
    kind: "middleware",
    authenticates: {},
    capabilities: [{ interface: "tenon:host/credentials" }],
  });
  expect(manifest).not.toHaveProperty("methods");
  expect(component.imports).toEqual([
    "tenon:host/config",
    "tenon:host/credentials",
    "tenon:host/log",
    "tenon:mcp/audit",
    "tenon:mcp/catalog",
    "tenon:mcp/crypto",
    "tenon:mcp/handler",
    "wasi:clocks/wall-clock",
  ]);
});
