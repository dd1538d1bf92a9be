import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import type { Outcome, Request } from "tenon";
import { readManifest } from "../../src/manifest/index.ts";
import {
  compileComponent,
  CONTEXT,
  type CompiledComponent,
  type Instance,
} from "../fixtures/compiled-component.ts";

let bytes: Uint8Array;
let accessLog: CompiledComponent;

beforeAll(async () => {
  bytes = await readFile("dist/components/access-log.wasm");
  accessLog = await compileComponent(bytes);
});

const DIGEST = `sha256:${"a".repeat(64)}`;
const POLICY = `sha256:${"b".repeat(64)}`;
const ENTRIES: Record<string, object> = {
  "tool add": { name: "add", provider: "sums", digest: DIGEST },
  "prompt greet": { name: "greet", provider: "sums", digest: DIGEST },
  "resource note://1": { uri: "note://1", provider: "sums", digest: DIGEST },
  "resource-template note://{id}": { uriTemplate: "note://{id}", provider: "sums", digest: DIGEST },
  "server ": { policyDigest: POLICY },
};

const REQUEST = { id: "1", method: "tools/call", target: "add", params: '{"arguments":{"secret":"é"}}' };

/** What surrounds an instance: the answer of the chain, and what it records meanwhile. */
interface Chain {
  next?: (context: string, request: Request) => Outcome;
  settings?: object;
  /** As `take` gives them, one list for each time. */
  facts?: unknown[][];
  /** What the catalog was asked for. */
  asked?: string[];
}

function start({ next = () => ({ tag: "accepted" }), settings, facts = [], asked = [] }: Chain): Instance {
  const taken = facts.values();
  return accessLog.instantiate({
    next,
    ...(settings && { settings }),
    host: () => ({
      "tenon:mcp/audit": { take: () => JSON.stringify(taken.next().value ?? []) },
      "tenon:mcp/catalog": {
        get(kind: string, name: string) {
          asked.push(`${kind} ${name}`);
          const entry = ENTRIES[`${kind} ${name}`];
          return entry && JSON.stringify(entry);
        },
      },
    }),
  });
}

/** An instance in front of a chain that answers one thing. */
function before(outcome: Outcome, settings?: object): Instance {
  return start({ next: () => outcome, ...(settings && { settings }) });
}

/** The line for a request of which the chain has recorded this. */
function lineWith(facts: unknown[], chain: Omit<Chain, "facts"> = {}): Record<string, unknown> {
  const instance = start({ ...chain, facts: [[], facts] });
  instance.handle(REQUEST);
  return fields(instance);
}

function fields(instance: Instance): Record<string, unknown> {
  expect(instance.logs).toHaveLength(1);
  return JSON.parse(instance.logs[0]!.fields!) as Record<string, unknown>;
}

describe("access-log writes one line for", () => {
  const error = { code: -32602, message: "Nö" };
  test.for<[string, Outcome, object]>([
    ["a result", { tag: "success", val: '{"content":[]}' }, { outcome: "ok", responseBytes: 14 }],
    [
      "a result with isError",
      { tag: "success", val: '{"isError":true,"content":[]}' },
      { outcome: "tool-error", responseBytes: 29 },
    ],
    [
      "a result with isError elsewhere, as other toolchains write it",
      { tag: "success", val: '{"content":[], "isError" : true}' },
      { outcome: "tool-error", responseBytes: 32 },
    ],
    [
      "a result that only holds a member of that name",
      { tag: "success", val: '{"content":[],"structuredContent":{"isError":true}}' },
      { outcome: "ok", responseBytes: 51 },
    ],
    ["an error", { tag: "failure", val: error }, { outcome: "error", code: -32602, responseBytes: 3 }],
    [
      "a refusal",
      { tag: "refused", val: { status: 429, headers: [], error } },
      { outcome: "refused", decision: "deny", status: 429, code: -32602, responseBytes: 3 },
    ],
    [
      "a question to the client",
      { tag: "input-required", val: { requests: "{}" } },
      { outcome: "input-required", responseBytes: 2 },
    ],
    ["a notification", { tag: "accepted" }, { outcome: "accepted", responseBytes: 0 }],
  ])("%s, and passes the outcome on", ([, outcome, expected]) => {
    const instance = before(outcome);
    expect(instance.handle(REQUEST)).toEqual(outcome);
    expect(instance.logs[0]).toMatchObject({ level: "info", message: "request" });
    expect(fields(instance)).toEqual({
      time: "2023-11-14T22:13:20.000Z",
      requestId: "request-1",
      transport: "local",
      protocolVersion: "2026-07-28",
      method: "tools/call",
      target: "add",
      provider: "sums",
      component: DIGEST,
      policy: POLICY,
      durationMs: 0,
      requestBytes: 29,
      ...expected,
    });
  });
});

test("access-log writes who asked, from where, in which trace, and what was decided", () => {
  const instance = start({
    next: () => ({ tag: "success", val: "{}" }),
    facts: [
      [{ principal: { subject: "left behind" }, decision: "deny" }],
      [
        { principal: { subject: "ada", issuer: "https://id.example", clientId: "app", scopes: ["x"] } },
        { decision: "allow", limit: { remaining: 3 } },
        { cache: "hit" },
      ],
    ],
  });
  const context = JSON.stringify({
    ...(JSON.parse(CONTEXT) as object),
    transport: "http",
    peer: "192.0.2.1",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    retry: true,
    task: { phase: "run", id: "task-1" },
  });
  instance.handle(REQUEST, context);
  expect(fields(instance)).toEqual({
    time: "2023-11-14T22:13:20.000Z",
    requestId: "request-1",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    parentId: "b7ad6b7169203331",
    transport: "http",
    protocolVersion: "2026-07-28",
    peer: "192.0.2.1",
    method: "tools/call",
    target: "add",
    provider: "sums",
    component: DIGEST,
    policy: POLICY,
    task: "task-1",
    retry: true,
    principal: { subject: "ada", issuer: "https://id.example", clientId: "app" },
    decision: "allow",
    limit: { remaining: 3 },
    cache: "hit",
    outcome: "ok",
    responseBytes: 2,
    durationMs: 0,
    requestBytes: 29,
  });
});

test("access-log takes the later of two facts with one name, and a refusal for a denial whatever was recorded", () => {
  const denied = [{ decision: "allow" }, { decision: "deny", reason: "rate-limited" }];
  expect(lineWith(denied)).toMatchObject({ decision: "deny", reason: "rate-limited" });
  const error = { code: 1, message: "no" };
  const refused = { next: (): Outcome => ({ tag: "refused", val: { status: 403, headers: [], error } }) };
  expect(lineWith([{ decision: "allow", reason: "x" }], refused)).toMatchObject({ decision: "deny" });
  const allowed = lineWith([{ decision: "deny", reason: "x" }, { decision: "allow" }]);
  expect(allowed).toMatchObject({ decision: "allow" });
  expect(allowed).not.toHaveProperty("reason");
});

test("access-log bounds facts, keeps its own names, and says when some are missing", () => {
  const hostile = lineWith([
    { outcome: "ok", requestId: "forged", time: "never", "bad name": 1, __proto__: 1 },
    {
      guard: {
        rule: "a\u001b[31m\nb",
        deep: [[[["too deep"]]]],
        many: Array.from({ length: 100 }, (_, i) => i),
      },
    },
    { huge: Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`k${i}`, "x".repeat(1000)])) },
  ]);
  expect(hostile).toMatchObject({
    requestId: "request-1",
    outcome: "accepted",
    guard: {
      rule: "a\ufffd[31m\ufffdb",
      deep: [["…"]],
      many: Array.from({ length: 16 }, (_, i) => i),
    },
    factsDropped: true,
  });
  for (const name of ["huge", "bad name"]) expect(hostile).not.toHaveProperty([name]);
  const many = lineWith([Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`fact${i}`, i]))]);
  expect(Object.keys(many).filter((name) => name.startsWith("fact"))).toHaveLength(17);
  expect(many).toMatchObject({ fact15: 15, factsDropped: true });
  expect(lineWith([null])).toMatchObject({ factsDropped: true });
  expect(lineWith([{ principal: "ada" }])).not.toHaveProperty("principal");
});

test.for([
  ["tools/call", "add", "tool add"],
  ["tasks/get", "add", "tool add"],
  ["prompts/get", "greet", "prompt greet"],
  ["resources/read", "note://1", "resource note://1"],
  ["completion/complete", "note://{id}", "resource-template note://{id}"],
])(
  "access-log names the component that owns the target of %s, and asks for it once",
  ([method, target, entry]) => {
    const asked: string[] = [];
    const instance = start({ asked });
    for (let i = 0; i < 3; i++) instance.handle({ id: "1", method: method!, target: target! });
    expect(instance.logs).toHaveLength(3);
    for (const { fields: text } of instance.logs) {
      expect(JSON.parse(text!)).toMatchObject({ provider: "sums", component: DIGEST });
    }
    expect(asked.filter((each) => each === entry || each === "server ")).toEqual([entry, "server "]);
    instance.handle({ id: "1", method: method!, target: "unknown" });
    expect(JSON.parse(instance.logs[3]!.fields!)).not.toHaveProperty("component");
  },
);

test("access-log names the task that a request asks about", () => {
  const instance = start({});
  instance.handle({ id: "1", method: "tasks/get", target: "add", params: '{"taskId":"t\\u0007-1"}' });
  expect(fields(instance)).toMatchObject({ method: "tasks/get", task: "t\ufffd-1" });
});

test("access-log leaves out or hashes what its settings name, the same for the same value", () => {
  const facts = [{ principal: { subject: "ada", issuer: "https://id.example" } }];
  const salt = "0123456789abcdef";
  const line = (redact: object, request: Request = REQUEST): Record<string, unknown> => {
    const instance = start({ settings: { redact }, facts: [[], facts] });
    instance.handle(request, JSON.stringify({ ...(JSON.parse(CONTEXT) as object), peer: "192.0.2.1" }));
    return fields(instance);
  };
  const hash = (text: string, with_ = salt): string =>
    `hash:${createHash("sha256").update(`${with_}\n${text}`).digest("hex").slice(0, 32)}`;
  const one = line({ hash: ["principal.subject", "peer"], omit: ["target", "principal.issuer"], salt });
  expect(one).toMatchObject({ peer: hash("192.0.2.1") });
  expect(one["principal"]).toEqual({ subject: hash("ada") });
  expect(one).not.toHaveProperty("target");
  expect(one).toMatchObject({ component: DIGEST });
  const other = line({ hash: ["peer"], salt: "another salt that is long" });
  expect(other["peer"]).toBe(hash("192.0.2.1", "another salt that is long"));
  expect(other["principal"]).toEqual({ subject: "ada", issuer: "https://id.example" });
  expect(line({ hash: ["target"], salt }, { ...REQUEST, target: "é😀\ud800" })).toMatchObject({
    target: hash("é😀\ufffd"),
  });
});

test("access-log passes request, context and result on byte by byte", () => {
  const seen: unknown[] = [];
  const result = '{ "content" : [ ],\n"n":1.0, "text":"é\\u00e9😀" }';
  const instance = start({
    next: (context, request) => {
      seen.push(context, request);
      return { tag: "success", val: result };
    },
  });
  const context = `{ "extra": 1.0, ${CONTEXT.slice(1)}`;
  expect(instance.handle(REQUEST, context)).toEqual({ tag: "success", val: result });
  expect(seen).toEqual([context, REQUEST]);
  expect(fields(instance)["responseBytes"]).toBe(Buffer.byteLength(result));
});

test("access-log never writes arguments or headers", () => {
  const instance = before({ tag: "accepted" });
  const context = JSON.stringify({ ...(JSON.parse(CONTEXT) as object), headers: { "x-api-key": "secret" } });
  instance.handle(REQUEST, context);
  expect(JSON.stringify(instance.logs)).not.toContain("secret");
});

test("access-log neutralises control characters in the target, and cuts it at 256 characters", () => {
  const instance = before({ tag: "accepted" });
  const hostile = "a\n\u001b[31m\u0000\u2028\u202e\u200b\u0085b";
  instance.handle({ ...REQUEST, target: hostile });
  expect(fields(instance)["target"]).toBe("a\ufffd\ufffd[31m\ufffd\ufffd\ufffd\ufffd\ufffdb");
  const long = before({ tag: "accepted" });
  long.handle({ ...REQUEST, target: "x".repeat(100_000) });
  expect(fields(long)["target"]).toBe(`${"x".repeat(256)}…`);
});

test("access-log leaves out the target of a method without one", () => {
  const instance = before({ tag: "accepted" });
  instance.handle({ method: "notifications/initialized" });
  expect(fields(instance)).toMatchObject({ method: "notifications/initialized", requestBytes: 0 });
  expect(fields(instance)).not.toHaveProperty("target");
});

test("access-log writes at the level of its settings", () => {
  const instance = before({ tag: "accepted" }, { level: "debug" });
  instance.handle(REQUEST);
  expect(instance.logs[0]!.level).toBe("debug");
});

test("access-log describes its settings, has no engine, and acts on every method", () => {
  const manifest = readManifest(bytes);
  expect(manifest).toMatchObject({
    kind: "middleware",
    name: "access-log",
    capabilities: [],
    settingsSchema: {
      type: "object",
      properties: {
        level: { enum: ["debug", "info", "notice"] },
        redact: { dependentRequired: { hash: ["salt"] }, additionalProperties: false },
      },
      additionalProperties: false,
    },
  });
  expect(manifest).not.toHaveProperty("methods");
  expect(accessLog.imports).toEqual([
    "tenon:host/config",
    "tenon:host/log",
    "tenon:mcp/audit",
    "tenon:mcp/catalog",
    "tenon:mcp/crypto",
    "tenon:mcp/handler",
    "wasi:clocks/wall-clock",
  ]);
});
