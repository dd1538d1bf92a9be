import { beforeAll, describe, expect, test } from "vitest";
import type { Outcome } from "tenon";
import { buildComponent, type BuiltComponent } from "../../src/build/index.ts";
import {
  compileComponent,
  CONTEXT,
  type CompiledComponent,
  type Instance,
} from "../fixtures/compiled-component.ts";

let built: BuiltComponent;
let accessLog: CompiledComponent;

beforeAll(async () => {
  built = await buildComponent({ entry: "middleware/access-log/middleware.ts" });
  accessLog = await compileComponent(built.bytes);
});

const REQUEST = { id: "1", method: "tools/call", target: "add", params: '{"arguments":{"secret":"é"}}' };

/** An instance in front of a chain that answers one thing. */
function before(outcome: Outcome, settings?: object): Instance {
  return accessLog.instantiate({ next: () => outcome, ...(settings && { settings }) });
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
      { outcome: "refused", status: 429, code: -32602, responseBytes: 3 },
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
      method: "tools/call",
      target: "add",
      durationMs: 0,
      requestBytes: 29,
      ...expected,
    });
  });
});

test("access-log passes request, context and result on byte by byte", () => {
  const seen: unknown[] = [];
  const result = '{ "content" : [ ],\n"n":1.0, "text":"é\\u00e9😀" }';
  const instance = accessLog.instantiate({
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

test("access-log describes its settings, carries no zod, and acts on every method", () => {
  expect(built.manifest).toMatchObject({
    kind: "middleware",
    name: "access-log",
    capabilities: [],
    settingsSchema: {
      type: "object",
      properties: { level: { enum: ["debug", "info", "notice"] } },
      additionalProperties: false,
    },
  });
  expect(built.manifest).not.toHaveProperty("methods");
  expect(built.inputs.filter((path) => path.includes("zod"))).toEqual([]);
  expect(built.imports).toEqual([
    "tenon:host/config@0.1.0",
    "tenon:host/log@0.1.0",
    "tenon:mcp/handler@0.1.0",
  ]);
});
