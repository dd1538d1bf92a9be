import { describe, expect, test } from "vitest";
import type { Call, HttpAnswer, Outcome } from "../../../src/protocol/index.ts";
import { createHttpProtocol } from "../../../src/protocol/index.ts";
import { head, legacy, META, modern, NOW, protocol } from "./requests.ts";

const JSON_FIELD = ["content-type", "application/json"];

function call(fields: Record<string, string>, body: string): Call<HttpAnswer> {
  const step = protocol().handle(head(fields), body);
  if (step.kind !== "call") throw new Error(`answered instead: ${step.answer.status} ${step.answer.body}`);
  return step.call;
}

function answer(
  fields: Record<string, string>,
  body: string,
): { status: number; code: number; message: string; data?: unknown; id: unknown } {
  const step = protocol().handle(head(fields), body);
  if (step.kind !== "answer") throw new Error("called instead");
  const { error, id } = JSON.parse(step.answer.body!) as {
    error: { code: number; message: string; data?: unknown };
    id: unknown;
  };
  return { status: step.answer.status, ...error, id };
}

function body(result: HttpAnswer): {
  result?: Record<string, unknown>;
  error?: Record<string, unknown>;
  id: unknown;
} {
  return JSON.parse(result.body!) as ReturnType<typeof body>;
}

const success = (value: unknown): Outcome => ({ tag: "success", val: JSON.stringify(value) });

describe("checkHead()", () => {
  const status = (fields: Record<string, string>, options = {}, rest = {}) =>
    protocol(options).checkHead(head(fields, rest))?.status;

  test("checkHead() lets a JSON POST to the path pass", () => {
    expect(status({})).toBeUndefined();
    expect(status({ "content-type": 'application/json; charset="UTF-8"' })).toBeUndefined();
    expect(status({}, {}, { path: "/mcp?x=1" })).toBeUndefined();
  });

  test("checkHead() answers 404 elsewhere", () => {
    expect(status({}, {}, { path: "/" })).toBe(404);
    expect(status({}, {}, { path: "/mcp/" })).toBe(404);
    expect(status({}, { path: "/other" }, { path: "/other" })).toBeUndefined();
  });

  test("checkHead() answers other verbs with 405 and what is allowed", () => {
    for (const method of ["GET", "DELETE", "PUT", "OPTIONS", "HEAD"]) {
      const refused = protocol().checkHead(head({}, { method }))!;
      expect(refused.status, method).toBe(405);
      expect(refused.headers).toContainEqual(["allow", "POST"]);
    }
  });

  test("checkHead() answers 415 to content that is not plain JSON in UTF-8", () => {
    for (const type of [
      "",
      "text/plain",
      "application/json5",
      "application/json; charset=latin1",
      "application/json, text/html",
    ]) {
      expect(status({ "content-type": type }), type).toBe(415);
    }
    expect(status({ "content-encoding": "gzip" })).toBe(415);
  });

  test("checkHead() refuses a foreign host on a local server", () => {
    for (const host of [
      "evil.example",
      "127.0.0.1.evil.example",
      "localhost.evil.example:3000",
      "evil.example:80@localhost",
    ]) {
      expect(status({ host }), host).toBe(403);
    }
    expect(status({ host: "[::1]:3000" })).toBeUndefined();
    expect(status({ host: "mcp.example" }, { allowedHosts: ["mcp.example"] })).toBeUndefined();
    expect(status({ host: "mcp.example:81" }, { allowedHosts: ["mcp.example:80"] })).toBe(403);
    expect(status({ host: "mcp.example" }, { local: false })).toBeUndefined();
    expect(status({ host: "localhost" }, { local: false, allowedHosts: ["mcp.example"] })).toBe(403);
  });

  test("checkHead() compares origins whole", () => {
    expect(status({ origin: "http://localhost:6274" })).toBeUndefined();
    for (const origin of [
      "http://localhost.evil.com",
      "https://evil.example",
      "null",
      "http://localhost@evil.example",
      "",
    ]) {
      expect(status({ origin }), origin).toBe(403);
    }
    expect(status({ origin: "http://localhost" }, { local: false })).toBe(403);
    expect(
      status({ origin: "https://APP.example:443" }, { allowedOrigins: ["https://app.example"] }),
    ).toBeUndefined();
    expect(status({ origin: "https://app.example:8443" }, { allowedOrigins: ["https://app.example"] })).toBe(
      403,
    );
  });

  test("createHttpProtocol() refuses allowed origins and hosts that are none", () => {
    expect(() => protocol({ allowedOrigins: ["https://a.example/path"] })).toThrow(
      'Cannot allow origin "https://a.example/path": it is not like https://app.example',
    );
    expect(() => protocol({ allowedHosts: ["https://a.example"] })).toThrow(TypeError);
  });
});

describe("handle() and bad messages", () => {
  test.each([
    ["empty", "", 400, -32700],
    ["broken", '{"jsonrpc"', 400, -32700],
    ["byte order mark", `\uFEFF${legacy("ping")}`, 400, -32700],
    [
      "too deep",
      legacy("tools/call", {
        name: "x",
        arguments: { a: JSON.parse("[".repeat(70) + "]".repeat(70)) as unknown },
      }),
      400,
      -32700,
    ],
    ["a number", "1", 400, -32600],
    ["no jsonrpc", '{"id":1,"method":"ping"}', 400, -32600],
    ["id null", '{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600],
    ["id fractional", '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', 400, -32600],
    ["id object", '{"jsonrpc":"2.0","id":{},"method":"ping"}', 400, -32600],
    ["id huge", JSON.stringify({ jsonrpc: "2.0", id: "x".repeat(1025), method: "ping" }), 400, -32600],
    ["method not a string", '{"jsonrpc":"2.0","id":1,"method":1}', 400, -32600],
    ["no method", '{"jsonrpc":"2.0","id":1}', 400, -32600],
    ["params not an object", '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', 400, -32600],
    ["_meta not an object", '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":1}}', 400, -32602],
    ["duplicate keys", '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}', 400, -32600],
    ["__proto__", '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{}}}', 400, -32600],
    ["empty batch", "[]", 400, -32600],
    ["batch", `[${legacy("ping")}]`, 400, -32600],
    ["unknown legacy method", legacy("nope"), 200, -32601],
    ["inherited name as a method", legacy("constructor"), 200, -32601],
    ["tools/call without a name", legacy("tools/call", {}), 200, -32602],
    ["initialize without a version", legacy("initialize", {}), 200, -32602],
  ])("handle() refuses a message: %s", (_, text, status, code) => {
    expect(answer({}, text)).toMatchObject({ status, code });
  });

  test("handle() repeats the id of a request it refuses, where it is known", () => {
    expect(answer({}, '{"jsonrpc":"2.0","id":"a\\u0062","method":"nope"}').id).toBe("ab");
    expect(answer({}, '{"jsonrpc":"1.0","id":"x","method":"nope"}').id).toBe("x");
    expect(answer({}, "{").id).toBeNull();
  });

  test("handle() never repeats what the client sent in a message", () => {
    expect(answer({}, legacy("<script>")).message).toBe("Method not found");
  });

  test("refuseBody() and refuseBusy() give the status and, where there is one, the JSON-RPC code", () => {
    const { refuseBody, refuseBusy } = protocol();
    expect(refuseBody("too-large")).toMatchObject({
      status: 413,
      body: expect.stringContaining("-32600") as string,
    });
    expect(refuseBody("encoding")).toMatchObject({
      status: 400,
      body: expect.stringContaining("-32700") as string,
    });
    expect(refuseBusy()).toMatchObject({
      status: 503,
      headers: expect.arrayContaining([["retry-after", "1"]]) as unknown,
    });
  });

  test("handle() takes notifications and responses without an answer", () => {
    for (const text of [
      '{"jsonrpc":"2.0","method":"notifications/initialized"}',
      '{"jsonrpc":"2.0","method":"notifications/whatever"}',
      '{"jsonrpc":"2.0","id":3,"result":{}}',
      '{"jsonrpc":"2.0","id":3,"error":{"code":1,"message":"x"}}',
    ]) {
      expect(protocol().handle(head(), text), text).toEqual({
        kind: "answer",
        answer: { status: 202, headers: [], body: undefined },
      });
    }
  });
});

describe("handle() before 2026-07-28", () => {
  test.each([
    ["2025-03-26", "2025-03-26"],
    ["2025-06-18", "2025-06-18"],
    ["2025-11-25", "2025-11-25"],
    ["2024-11-05", "2025-11-25"],
    ["2026-07-28", "2025-11-25"],
    ["nonsense", "2025-11-25"],
  ])("handle() negotiates %s to %s", (asked, agreed) => {
    const initialize = legacy("initialize", {
      protocolVersion: asked,
      capabilities: {},
      clientInfo: { name: "c", version: "1" },
    });
    const made = call({}, initialize);
    expect(made.request).toEqual({
      id: "1",
      method: "server/discover",
      target: undefined,
      params: undefined,
    });
    expect(JSON.parse(made.context)).toMatchObject({
      protocolVersion: agreed,
      client: { info: { name: "c" }, capabilities: {} },
    });
    const result = body(
      made.finish(success({ serverInfo: { name: "s", version: "1" }, capabilities: { tools: {} } })),
    ).result;
    expect(result).toEqual({
      protocolVersion: agreed,
      serverInfo: { name: "s", version: "1" },
      capabilities: { tools: {} },
    });
  });

  test("handle() answers ping itself", () => {
    const step = protocol().handle(head(), legacy("ping", undefined, "p"));
    expect(step).toMatchObject({ kind: "answer", answer: { status: 200 } });
    expect(step.kind === "answer" && body(step.answer)).toEqual({ jsonrpc: "2.0", id: "p", result: {} });
  });

  test("handle() passes params on as the client wrote them", () => {
    const text =
      '{"jsonrpc":"2.0","id":12e1,"method":"tools/call","params":{ "name":"a\\u0064d", "arguments":{"a":1.0,"b":1e400} }}';
    const { request } = call({ "mcp-protocol-version": "2025-06-18" }, text);
    expect(request).toEqual({
      id: "12e1",
      method: "tools/call",
      target: "add",
      params: '{ "name":"a\\u0064d", "arguments":{"a":1.0,"b":1e400} }',
    });
  });

  test("handle() takes a missing version header for 2025-03-26 and refuses an unknown one", () => {
    expect(JSON.parse(call({}, legacy("tools/list")).context)).toMatchObject({
      protocolVersion: "2025-03-26",
    });
    expect(answer({ "mcp-protocol-version": "1999-01-01" }, legacy("tools/list"))).toMatchObject({
      status: 400,
      code: -32022,
      data: { supported: ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"], requested: "1999-01-01" },
    });
  });

  test("finish() puts the result into the response as it stands", () => {
    const made = call({}, legacy("tools/call", { name: "add" }));
    expect(made.finish({ tag: "success", val: '{"content":[],"x":1.50}' })).toEqual({
      status: 200,
      headers: [JSON_FIELD],
      body: '{"jsonrpc":"2.0","result":{"content":[],"x":1.50},"id":1}',
    });
  });
});

describe("handle() since 2026-07-28", () => {
  test("handle() moves what describes the request from _meta to the context", () => {
    const meta = {
      ...META,
      "io.modelcontextprotocol/clientInfo": { name: "c", version: "2" },
      "io.modelcontextprotocol/logLevel": "debug",
      progressToken: 7,
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      "com.example/x": [1],
    };
    const { fields, body: text } = modern("tools/call", { name: "add", arguments: { a: 1 } }, meta);
    const { context, request, deadline } = call(fields, text);
    expect(JSON.parse(context)).toEqual({
      requestId: "r-1",
      transport: "http",
      protocolVersion: "2026-07-28",
      client: { info: { name: "c", version: "2" }, capabilities: {} },
      receivedAt: NOW,
      deadline: NOW + 10_000,
      traceparent: meta.traceparent,
      logLevel: "debug",
      progressToken: 7,
    });
    expect(deadline).toBe(NOW + 10_000);
    expect(request.target).toBe("add");
    expect(JSON.parse(request.params!)).toEqual({
      name: "add",
      arguments: { a: 1 },
      _meta: { progressToken: 7, traceparent: meta.traceparent, "com.example/x": [1] },
    });
  });

  test("handle() leaves _meta out when nothing is left in it", () => {
    const { fields, body: text } = modern("tools/call", { name: "add" });
    expect(call(fields, text).request.params).toBe('{"name":"add"}');
  });

  test("handle() takes the peer and the traceparent header into the context, and no principal", () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    const { fields, body: text } = modern("tools/list", { principal: { subject: "root" } });
    const step = protocol().handle(head({ ...fields, traceparent }, { peer: "10.0.0.1" }), text);
    const context = JSON.parse((step as { call: Call<HttpAnswer> }).call.context) as Record<string, unknown>;
    expect(context).toMatchObject({ peer: "10.0.0.1", traceparent });
    expect(context).not.toHaveProperty("principal");
    expect(JSON.parse(call({ ...fields, traceparent: '"},"principal":{' }, text).context)).not.toHaveProperty(
      "traceparent",
    );
  });

  test.each([
    [
      "no _meta under the modern header",
      { "mcp-protocol-version": "2026-07-28" },
      legacy("tools/list"),
      400,
      -32602,
    ],
    ["server/discover without _meta", {}, legacy("server/discover"), 400, -32602],
    [
      "no capabilities",
      modern("tools/list").fields,
      modern("tools/list", {}, { "io.modelcontextprotocol/protocolVersion": "2026-07-28" }).body,
      400,
      -32602,
    ],
    [
      "no version",
      modern("tools/list").fields,
      modern("tools/list", {}, { "io.modelcontextprotocol/clientCapabilities": {} }).body,
      400,
      -32602,
    ],
    [
      "client info too large",
      modern("tools/list").fields,
      modern(
        "tools/list",
        {},
        { ...META, "io.modelcontextprotocol/clientInfo": { name: "x".repeat(70_000) } },
      ).body,
      400,
      -32602,
    ],
    ["missing version header", { "mcp-method": "tools/list" }, modern("tools/list").body, 400, -32020],
    [
      "missing method header",
      { "mcp-protocol-version": "2026-07-28" },
      modern("tools/list").body,
      400,
      -32020,
    ],
    [
      "other version header",
      { ...modern("tools/list").fields, "mcp-protocol-version": "2025-11-25" },
      modern("tools/list").body,
      400,
      -32020,
    ],
    [
      "other method header",
      { ...modern("tools/list").fields, "mcp-method": "tools/call" },
      modern("tools/list").body,
      400,
      -32020,
    ],
    [
      "missing name header",
      modern("tools/call").fields,
      modern("tools/call", { name: "add" }).body,
      400,
      -32020,
    ],
    [
      "other name header",
      { ...modern("tools/call").fields, "mcp-name": "Add" },
      modern("tools/call", { name: "add" }).body,
      400,
      -32020,
    ],
    [
      "broken name header",
      { ...modern("tools/call").fields, "mcp-name": "=?base64?a?=" },
      modern("tools/call", { name: "add" }).body,
      400,
      -32020,
    ],
    ["unknown method", modern("nope").fields, modern("nope").body, 404, -32601],
    ["ping", modern("ping").fields, modern("ping").body, 404, -32601],
    ["initialize", modern("initialize").fields, modern("initialize").body, 404, -32601],
  ])("handle() refuses a request: %s", (_, fields, text, status, code) => {
    expect(answer(fields as Record<string, string>, text)).toMatchObject({ status, code, id: 1 });
  });

  test("handle() names the revisions it speaks to a client that asks for another", () => {
    const { body: text } = modern(
      "tools/list",
      {},
      { ...META, "io.modelcontextprotocol/protocolVersion": "2099-01-01" },
    );
    expect(answer({ "mcp-protocol-version": "2099-01-01", "mcp-method": "tools/list" }, text)).toMatchObject({
      status: 400,
      code: -32022,
      data: { supported: expect.arrayContaining(["2026-07-28"]) as unknown, requested: "2099-01-01" },
    });
  });

  test("handle() reads a name header in base64", () => {
    const { fields, body: text } = modern("tools/call", { name: "grüße" });
    const name = `=?base64?${Buffer.from("grüße").toString("base64")}?=`;
    expect(call({ ...fields, "mcp-name": name }, text).request.target).toBe("grüße");
  });

  test("finish() adds resultType and serverInfo at the start and leaves the rest alone", () => {
    const { fields, body: text } = modern("tools/call", { name: "add" });
    const result = (val: string) => body(call(fields, text).finish({ tag: "success", val })).result;
    const _meta = { "io.modelcontextprotocol/serverInfo": { name: "calculator", version: "1.2.3" } };
    expect(result(' { "content":[] } ')).toEqual({ resultType: "complete", _meta, content: [] });
    expect(result("{}")).toEqual({ resultType: "complete", _meta });
    expect(result("{ }")).toEqual({ resultType: "complete", _meta });
  });

  test("finish() keeps resultType, _meta and cacheability that a result has", () => {
    const { fields, body: text } = modern("tools/list");
    const list = { tools: [{ name: "a", _meta: { x: 1 } }], ttlMs: 5, _meta: { y: 2 }, resultType: "other" };
    expect(body(call(fields, text).finish(success(list))).result).toEqual({
      ...list,
      cacheScope: "private",
      _meta: { y: 2, "io.modelcontextprotocol/serverInfo": { name: "calculator", version: "1.2.3" } },
    });
  });

  test("finish() makes cacheable results carry ttlMs and cacheScope", () => {
    const { fields, body: text } = modern("tools/list");
    expect(body(call(fields, text).finish(success({ tools: [] }))).result).toMatchObject({
      ttlMs: 0,
      cacheScope: "private",
      tools: [],
    });
    const discover = modern("server/discover");
    const found = body(
      call(discover.fields, discover.body).finish(
        success({ serverInfo: { name: "s" }, capabilities: { tools: {} } }),
      ),
    ).result!;
    expect(found).toMatchObject({
      supportedVersions: ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"],
      ttlMs: 0,
      capabilities: { tools: {} },
    });
    expect(found).not.toHaveProperty("serverInfo");
  });
});

describe("finish() and fail()", () => {
  const legacyCall = () => call({}, legacy("tools/call", { name: "add" }));
  const modernCall = () =>
    call(modern("tools/call", { name: "add" }).fields, modern("tools/call", { name: "add" }).body);

  test("finish() gives an error of the core HTTP status 200, apart from two since 2026-07-28", () => {
    const failure = (code: number): Outcome => ({
      tag: "failure",
      val: { code, message: "m", data: '{"a":1}' },
    });
    expect(legacyCall().finish(failure(-32601)).status).toBe(200);
    expect(modernCall().finish(failure(-32601)).status).toBe(404);
    expect(modernCall().finish(failure(-32021)).status).toBe(400);
    expect(body(modernCall().finish(failure(-32602)))).toEqual({
      jsonrpc: "2.0",
      id: 1,
      error: { code: -32602, message: "m", data: { a: 1 } },
    });
  });

  test("finish() drops data that is not JSON", () => {
    const val = { code: 5, message: "m", data: '1},"id":2' };
    expect(body(legacyCall().finish({ tag: "failure", val }))).toEqual({
      jsonrpc: "2.0",
      id: 1,
      error: { code: 5, message: "m" },
    });
  });

  test("finish() shows a refusal with its status and safe fields", () => {
    const refused = legacyCall().finish({
      tag: "refused",
      val: {
        status: 401,
        headers: [
          ["www-authenticate", "Bearer"],
          ["x-evil", "a\r\nb: c"],
          ["content-length", "1"],
          ["Bad Name", "x"],
        ],
        error: { code: -31401, message: "no" },
      },
    });
    expect(refused).toMatchObject({ status: 401, headers: [JSON_FIELD, ["www-authenticate", "Bearer"]] });
    expect(body(refused).error).toEqual({ code: -31401, message: "no" });
    const odd = { status: 200, headers: [], error: { code: 1, message: "x" } };
    expect(legacyCall().finish({ tag: "refused", val: odd }).status).toBe(500);
  });

  test("finish() does not send a result that is not an object", () => {
    for (const val of ["", "1", "[]", '"{}"']) {
      expect(body(legacyCall().finish({ tag: "success", val })).error, val).toMatchObject({ code: -32603 });
      expect(body(modernCall().finish({ tag: "success", val })).error, val).toMatchObject({ code: -32603 });
    }
  });

  test("finish() keeps the id of the request whatever the result holds", () => {
    expect(body(legacyCall().finish({ tag: "success", val: '{"a":1},"id":2,"x":{}' })).id).toBe(1);
  });

  test("finish() answers input-required and a stray accepted with an internal error", () => {
    expect(legacyCall().finish({ tag: "input-required", val: { requests: "{}" } }).status).toBe(500);
    expect(body(legacyCall().finish({ tag: "accepted" })).error).toMatchObject({ code: -32603 });
  });

  test.each([
    ["deadline", 504, -31_504],
    ["trap", 500, -32603],
    ["too-large", 500, -32603],
    ["overload", 503, -31_503],
  ] as const)("fail() answers %s with %i", (reason, status, code) => {
    const failed = legacyCall().fail(reason);
    expect(failed.status).toBe(status);
    expect(body(failed)).toMatchObject({ id: 1, error: { code } });
  });

  test("fail() tells when to try again", () => {
    expect(legacyCall().fail("overload").headers).toContainEqual(["retry-after", "1"]);
  });

  test("createHttpProtocol() uses the deadline it is given", () => {
    const own = createHttpProtocol({
      serverInfo: { name: "s", version: "1" },
      now: () => 5,
      newRequestId: () => "r",
      deadlineMs: 50,
    });
    const step = own.handle(head(), legacy("tools/list"));
    expect(step.kind === "call" && step.call.deadline).toBe(55);
  });
});
