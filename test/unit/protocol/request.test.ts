import { describe, expect, test } from "vitest";
import type { Call, HttpAnswer } from "../../../src/protocol/index.ts";
import { call, head, legacy, META, modern, NOW, parsed, protocol, refusal, success } from "./requests.ts";

const JSON_FIELD = ["content-type", "application/json"];

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
    const result = parsed(
      made.finish(success({ serverInfo: { name: "s", version: "1" }, capabilities: { tools: {} } })),
    ).result;
    expect(result).toEqual({
      protocolVersion: agreed,
      serverInfo: { name: "s", version: "1" },
      capabilities: { tools: {}, logging: {} },
    });
  });

  test("handle() answers ping itself", () => {
    const step = protocol().handle(head(), legacy("ping", undefined, "p"));
    expect(step).toMatchObject({ kind: "answer", answer: { status: 200 } });
    expect(step.kind === "answer" && parsed(step.answer)).toEqual({ jsonrpc: "2.0", id: "p", result: {} });
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
    expect(refusal({ "mcp-protocol-version": "1999-01-01" }, legacy("tools/list"))).toMatchObject({
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

test.each(["tools/list", "resources/list", "resources/templates/list", "prompts/list"])(
  "handle() takes the cursor of %s for its target, and refuses one that is no string",
  (method) => {
    expect(call({}, legacy(method)).request.target).toBeUndefined();
    expect(call({}, legacy(method, { cursor: "" })).request.target).toBe("");
    const { fields, body: text } = modern(method, { cursor: "eyJwYWdlIjogMn0=" });
    expect(call(fields, text).request.target).toBe("eyJwYWdlIjogMn0=");
    for (const cursor of [1, null, {}, ["a"]]) {
      const error = { code: -32602, message: 'Invalid params: "cursor" must be a string' };
      expect(refusal({}, legacy(method, { cursor }))).toMatchObject({ status: 200, ...error });
    }
  },
);

describe("handle() since 2026-07-28", () => {
  test("handle() refuses a log level that is none", () => {
    const meta = { ...META, "io.modelcontextprotocol/logLevel": "verbose" };
    const { fields, body: text } = modern("tools/call", { name: "add" }, meta);
    expect(refusal(fields, text)).toMatchObject({ code: -32602 });
  });

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
    expect(refusal(fields, text)).toMatchObject({ status, code, id: 1 });
  });

  test("handle() names the revisions it speaks to a client that asks for another", () => {
    const { body: text } = modern(
      "tools/list",
      {},
      { ...META, "io.modelcontextprotocol/protocolVersion": "2099-01-01" },
    );
    expect(refusal({ "mcp-protocol-version": "2099-01-01", "mcp-method": "tools/list" }, text)).toMatchObject(
      {
        status: 400,
        code: -32022,
        data: { supported: expect.arrayContaining(["2026-07-28"]) as unknown, requested: "2099-01-01" },
      },
    );
  });

  test("handle() reads a name header in base64", () => {
    const { fields, body: text } = modern("tools/call", { name: "grüße" });
    const name = `=?base64?${Buffer.from("grüße").toString("base64")}?=`;
    expect(call({ ...fields, "mcp-name": name }, text).request.target).toBe("grüße");
  });

  test("finish() adds resultType and serverInfo at the start and leaves the rest alone", () => {
    const { fields, body: text } = modern("tools/call", { name: "add" });
    const result = (val: string) => parsed(call(fields, text).finish({ tag: "success", val })).result;
    const meta = { "io.modelcontextprotocol/serverInfo": { name: "calculator", version: "1.2.3" } };
    expect(result(' { "content":[] } ')).toEqual({ resultType: "complete", _meta: meta, content: [] });
    expect(result("{}")).toEqual({ resultType: "complete", _meta: meta });
    expect(result("{ }")).toEqual({ resultType: "complete", _meta: meta });
  });

  test("finish() keeps resultType, _meta and cacheability that a result has", () => {
    const { fields, body: text } = modern("tools/list");
    const list = { tools: [{ name: "a", _meta: { x: 1 } }], ttlMs: 5, _meta: { y: 2 }, resultType: "other" };
    expect(parsed(call(fields, text).finish(success(list))).result).toEqual({
      ...list,
      cacheScope: "private",
      _meta: { y: 2, "io.modelcontextprotocol/serverInfo": { name: "calculator", version: "1.2.3" } },
    });
  });

  test("finish() makes cacheable results carry ttlMs and cacheScope", () => {
    const { fields, body: text } = modern("tools/list");
    expect(parsed(call(fields, text).finish(success({ tools: [] }))).result).toMatchObject({
      ttlMs: 0,
      cacheScope: "private",
      tools: [],
    });
    const discover = modern("server/discover");
    const found = parsed(
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
