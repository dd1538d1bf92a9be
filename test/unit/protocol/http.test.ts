import { describe, expect, test } from "vitest";
import { callOf } from "../../fixtures/protocol-steps.ts";
import { head, legacy, protocol, refusal } from "./requests.ts";

/** The status of the answer that needs no content; nothing when the head passes. */
function headStatus(fields: Record<string, string>, options = {}, rest = {}): number | undefined {
  return protocol(options).checkHead(head(fields, rest))?.status;
}

describe("checkHead()", () => {
  test("checkHead() lets a JSON POST to the path pass", () => {
    expect(headStatus({})).toBeUndefined();
    expect(headStatus({ "content-type": 'application/json; charset="UTF-8"' })).toBeUndefined();
    expect(headStatus({}, {}, { path: "/mcp?x=1" })).toBeUndefined();
  });

  test("checkHead() answers 404 elsewhere", () => {
    expect(headStatus({}, {}, { path: "/" })).toBe(404);
    expect(headStatus({}, {}, { path: "/mcp/" })).toBe(404);
    expect(headStatus({}, { path: "/other" }, { path: "/other" })).toBeUndefined();
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
      expect(headStatus({ "content-type": type }), type).toBe(415);
    }
    expect(headStatus({ "content-encoding": "gzip" })).toBe(415);
  });

  test("checkHead() refuses a foreign host on a local server", () => {
    for (const host of [
      "evil.example",
      "127.0.0.1.evil.example",
      "localhost.evil.example:3000",
      "evil.example:80@localhost",
    ]) {
      expect(headStatus({ host }), host).toBe(403);
    }
    expect(headStatus({ host: "[::1]:3000" })).toBeUndefined();
    expect(headStatus({ host: "mcp.example" }, { allowedHosts: ["mcp.example"] })).toBeUndefined();
    expect(headStatus({ host: "mcp.example:81" }, { allowedHosts: ["mcp.example:80"] })).toBe(403);
    expect(headStatus({ host: "mcp.example" }, { local: false })).toBeUndefined();
    expect(headStatus({ host: "localhost" }, { local: false, allowedHosts: ["mcp.example"] })).toBe(403);
  });

  test("checkHead() compares origins whole", () => {
    expect(headStatus({ origin: "http://localhost:6274" })).toBeUndefined();
    for (const origin of [
      "http://localhost.evil.com",
      "https://evil.example",
      "null",
      "http://localhost@evil.example",
      "",
    ]) {
      expect(headStatus({ origin }), origin).toBe(403);
    }
    expect(headStatus({ origin: "http://localhost" }, { local: false })).toBe(403);
    expect(
      headStatus({ origin: "https://APP.example:443" }, { allowedOrigins: ["https://app.example"] }),
    ).toBeUndefined();
    expect(
      headStatus({ origin: "https://app.example:8443" }, { allowedOrigins: ["https://app.example"] }),
    ).toBe(403);
  });

  test("checkHead() answers the preflight of an allowed origin and of no other", () => {
    const http = protocol({ allowedOrigins: ["https://app.example"] });
    const ask = (fields: Record<string, string>) => http.checkHead(head(fields, { method: "OPTIONS" }))!;
    const preflight = {
      origin: "https://app.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,mcp-method",
    };
    const allowed = ask(preflight);
    expect(allowed.status).toBe(204);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      "access-control-allow-origin": "https://app.example",
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "content-type,mcp-method",
      vary: "origin",
    });
    const odd = ask({ ...preflight, "access-control-request-headers": "a\r\nb: c" });
    expect(odd.headers).toContainEqual(["access-control-allow-headers", ""]);
    expect(ask({ ...preflight, origin: "https://evil.example" }).status).toBe(403);
    expect(ask({ origin: "https://app.example" }).status).toBe(405);
  });

  test("handle() lets pages of an allowed origin read answers", () => {
    const field = ["access-control-allow-origin", "http://localhost:8080"];
    const page = head({ origin: "http://localhost:8080" });
    const ping = protocol().handle(page, legacy("ping"));
    expect(ping.kind === "answer" && ping.answer.headers).toContainEqual(field);
    const listed = protocol().handle(page, legacy("tools/list"));
    expect(callOf(listed).fail("trap").headers).toContainEqual(field);
    const plain = protocol().handle(head(), legacy("ping"));
    expect(plain.kind === "answer" && plain.answer.headers).toEqual([["content-type", "application/json"]]);
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
    ["unknown legacy method", legacy("nope"), 200, -32601],
    ["inherited name as a method", legacy("constructor"), 200, -32601],
    ["tools/call without a name", legacy("tools/call", {}), 200, -32602],
    ["initialize without a version", legacy("initialize", {}), 200, -32602],
  ])("handle() refuses a message: %s", (_, text, status, code) => {
    expect(refusal({}, text)).toMatchObject({ status, code });
  });

  test("handle() repeats the id of a request it refuses, where it is known", () => {
    expect(refusal({}, '{"jsonrpc":"2.0","id":"a\\u0062","method":"nope"}').id).toBe("ab");
    expect(refusal({}, '{"jsonrpc":"1.0","id":"x","method":"nope"}').id).toBe("x");
    expect(refusal({}, "{").id).toBeNull();
  });

  test("handle() never repeats what the client sent in a message", () => {
    expect(refusal({}, legacy("<script>")).message).toBe("Method not found");
  });

  test("refuseBody() and internalError() give the status and the JSON-RPC code", () => {
    const http = protocol();
    expect(http.refuseBody("too-large")).toMatchObject({
      status: 413,
      body: expect.stringContaining("-32600"),
    });
    expect(http.refuseBody("encoding")).toMatchObject({
      status: 400,
      body: expect.stringContaining("-32700"),
    });
    expect(http.internalError()).toMatchObject({ status: 500, body: expect.stringContaining("-32603") });
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
