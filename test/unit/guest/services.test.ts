import { beforeAll, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { compileComponent, CONTEXT, type CompiledComponent } from "../../fixtures/compiled-component.ts";

let component: CompiledComponent;

beforeAll(async () => {
  const { bytes, imports, manifest } = await buildComponent({
    entry: "test/fixtures/components/services.ts",
  });
  expect(imports.filter((name) => !name.startsWith("wasi:"))).toEqual([
    "tenon:host/config@0.1.0",
    "tenon:host/kv@0.1.0",
    "tenon:host/log@0.1.0",
    "tenon:host/secrets@0.1.0",
    "tenon:mcp/outbox@0.1.0",
  ]);
  expect(manifest.capabilities).toEqual([
    { interface: "tenon:host/config", reason: "reads units" },
    { interface: "tenon:host/kv", reason: "keeps notes" },
    { interface: "tenon:host/secrets", reason: "signs" },
  ]);
  component = await compileComponent(bytes);
});

/** Calls a method of a service over host functions that answer with `gives`, and records what they were asked. */
function callService(service: string, method: string, args: unknown[], gives: () => unknown): unknown {
  const asked: unknown[] = [];
  const functions = new Proxy(
    {},
    {
      has: () => true,
      get:
        (_, name) =>
        (...given: unknown[]): unknown => {
          asked.push([name, ...given]);
          return gives();
        },
    },
  );
  const instance = component.instantiate({ host: () => ({ [`tenon:host/${service}`]: functions }) });
  const { content, isError } = instance.call("call", { service, method, args });
  if (isError) throw new Error(JSON.stringify(instance.logs));
  return { asked, ...(JSON.parse(content[0]!.text) as object) };
}

test.for([
  ["config", "get", ["UNITS"], ["get", "UNITS"], "metric", "metric"],
  ["config", "get", ["UNITS"], ["get", "UNITS"], undefined, undefined],
  ["secrets", "get", ["KEY"], ["get", "KEY"], "s3cret", "s3cret"],
  ["kv", "get", ["k"], ["get", "k"], { value: "v", version: "1" }, "v"],
  ["kv", "get", ["k"], ["get", "k"], undefined, undefined],
  ["kv", "getEntry", ["k"], ["get", "k"], { value: "v", version: "1" }, { value: "v", version: "1" }],
  ["kv", "set", ["k", "v\ud800"], ["set", "k", "v\ufffd", undefined], undefined, undefined],
  ["kv", "set", ["k", "v", { ttlSeconds: 60 }], ["set", "k", "v", 60], undefined, undefined],
  ["kv", "delete", ["k"], ["delete", "k"], undefined, undefined],
  ["kv", "swap", ["k", 7, "v"], undefined, true, undefined],
  ["kv", "swap", ["k", null, "v"], ["swap", "k", undefined, "v", undefined], true, true],
  ["kv", "swap", ["k", "7", "v"], ["swap", "k", "7", "v", undefined], false, false],
  ["kv", "increment", ["k"], ["increment", "k", 1, undefined], 5, 5],
  ["kv", "increment", ["k", -2, { ttlSeconds: 9 }], ["increment", "k", -2, 9], 3, 3],
  [
    "kv",
    "list",
    ["p/"],
    ["list", "p/", undefined, 100],
    { keys: ["p/a"], next: "c" },
    { keys: ["p/a"], next: "c" },
  ],
  ["kv", "list", ["p/", { cursor: "c", limit: 2 }], ["list", "p/", "c", 2], { keys: [] }, { keys: [] }],
  [
    "kv",
    "features",
    [],
    ["getFeatures"],
    { swap: true, persistent: false, consistency: "strong" },
    { swap: true, persistent: false, consistency: "strong" },
  ],
] as const)("ctx.%s.%s(%o)", ([service, method, args, asked, answer, gives]) => {
  const result = callService(service, method, [...args], () => answer);
  if (asked === undefined) expect(result).toMatchObject({ asked: [], throws: "TypeError" });
  else expect(result).toEqual({ asked: [asked], ...(gives === undefined ? {} : { gives }) });
});

test.for([
  ["kv", "get", ["k"], { tag: "denied", val: 'no grant covers "k"' }, 'kv: denied: no grant covers "k"'],
  ["kv", "set", ["k", "v"], { tag: "too-large", val: "the value" }, "kv: too-large: the value"],
  ["config", "get", ["K"], { tag: "unavailable", val: "no store" }, "config: unavailable: no store"],
  [
    "secrets",
    "get",
    ["K"],
    { tag: "missing", val: '"K" has no value' },
    'secrets: missing: "K" has no value',
  ],
] as const)("ctx.%s.%s says why the host refuses", ([service, method, args, error, message]) => {
  const result = callService(service, method, [...args], () => {
    // oxlint-disable-next-line typescript/only-throw-error -- as transpiled components take errors
    throw error;
  });
  expect(result).toMatchObject({ throws: "ServiceError", code: error.tag, message });
});

test.for([
  ["get", [7], "TypeError"],
  ["set", ["k", { a: 1 }], "TypeError"],
  ["set", ["k", "v", { ttlSeconds: 0 }], "ServiceError"],
  ["set", ["k", "v", { ttlSeconds: 1.5 }], "ServiceError"],
  ["increment", ["k", 0.5], "ServiceError"],
  ["list", ["p", { limit: 0 }], "ServiceError"],
  ["list", ["p", { limit: 1001 }], "ServiceError"],
] as const)("ctx.kv.%s(%o) is refused before the host is asked", ([method, args, name]) => {
  expect(callService("kv", method, [...args], () => undefined)).toMatchObject({ asked: [], throws: name });
});

test("a service that is not declared says how to declare it", () => {
  const instance = component.instantiate();
  expect(instance.call("undeclared", {}).isError).toBe(true);
  expect(instance.logs[0]!.fields).toContain(
    'ctx.http is not declared: add capabilities: { http: \\"why\\" }',
  );
});

test("progress goes to the client that asked for it", () => {
  const sent: unknown[] = [];
  const outbox = { notify: (message: string) => sent.push(JSON.parse(message)), cancelled: () => false };
  const instance = component.instantiate({ host: () => ({ "tenon:mcp/outbox": outbox }) });
  const request = { id: "1", method: "tools/call", target: "report" };
  instance.handle(request);
  expect(sent).toEqual([]);
  instance.handle(request, JSON.stringify({ ...(JSON.parse(CONTEXT) as object), progressToken: "p" }));
  expect(sent).toEqual([
    {
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progressToken: "p", progress: 1, total: 2, message: "half" },
    },
    { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: "p", progress: 2 } },
  ]);
});
