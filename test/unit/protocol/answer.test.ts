import { describe, expect, test } from "vitest";
import { createHttpProtocol } from "../../../src/protocol/index.ts";
import type { HttpAnswer, Outcome } from "../../../src/protocol/index.ts";
import type { AnsweredCall } from "../../fixtures/protocol-steps.ts";
import { call, head, legacy, modern, parsed } from "./requests.ts";

const JSON_FIELD = ["content-type", "application/json"];

function legacyCall(): AnsweredCall<HttpAnswer> {
  return call({}, legacy("tools/call", { name: "add" }));
}

function modernCall(): AnsweredCall<HttpAnswer> {
  const { fields, body } = modern("tools/call", { name: "add" });
  return call(fields, body);
}

function failure(code: number): Outcome {
  return { tag: "failure", val: { code, message: "m", data: '{"a":1}' } };
}

function nested(depth: number): string {
  return `{"_meta":${"[".repeat(depth)}${"]".repeat(depth)}}`;
}

describe("finish() and fail()", () => {
  test("finish() gives an error of the core HTTP status 200, apart from two since 2026-07-28", () => {
    expect(legacyCall().finish(failure(-32601)).status).toBe(200);
    expect(modernCall().finish(failure(-32601)).status).toBe(404);
    expect(modernCall().finish(failure(-32021)).status).toBe(400);
    expect(parsed(modernCall().finish(failure(-32602)))).toEqual({
      jsonrpc: "2.0",
      id: 1,
      error: { code: -32602, message: "m", data: { a: 1 } },
    });
  });

  test("finish() names the resource that is not there, unless the error says more", () => {
    const uri = 'test://"quoted"';
    const read = (): AnsweredCall<HttpAnswer> => call({}, legacy("resources/read", { uri }));
    const unknown = { code: -32602, message: "Unknown resource" };
    expect(parsed(read().finish({ tag: "failure", val: unknown })).error).toEqual({
      ...unknown,
      data: { uri },
    });
    expect(parsed(read().finish(failure(-32602))).error).toMatchObject({ data: { a: 1 } });
    expect(parsed(legacyCall().finish({ tag: "failure", val: unknown })).error).toEqual(unknown);
  });

  test("finish() drops data that is not JSON", () => {
    const val = { code: 5, message: "m", data: '1},"id":2' };
    expect(parsed(legacyCall().finish({ tag: "failure", val }))).toEqual({
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
    expect(parsed(refused).error).toEqual({ code: -31401, message: "no" });
    const odd = { status: 200, headers: [], error: { code: 1, message: "x" } };
    expect(legacyCall().finish({ tag: "refused", val: odd }).status).toBe(500);
  });

  test("finish() does not send a result that is not an object", () => {
    for (const val of ["", "1", "[]", '"{}"']) {
      expect(parsed(legacyCall().finish({ tag: "success", val })).error, val).toMatchObject({ code: -32603 });
      expect(parsed(modernCall().finish({ tag: "success", val })).error, val).toMatchObject({ code: -32603 });
    }
  });

  test("finish() does not parse a result that is nested without end", () => {
    expect(parsed(modernCall().finish({ tag: "success", val: nested(500) })).result).toBeDefined();
    expect(modernCall().finish({ tag: "success", val: nested(2_000_000) }).status).toBe(500);
  });

  test("finish() keeps the id of the request whatever the result holds", () => {
    expect(parsed(legacyCall().finish({ tag: "success", val: '{"a":1},"id":2,"x":{}' })).id).toBe(1);
  });

  test("finish() answers input-required and a stray accepted with an internal error", () => {
    expect(legacyCall().finish({ tag: "input-required", val: { requests: "{}" } }).status).toBe(500);
    expect(parsed(legacyCall().finish({ tag: "accepted" })).error).toMatchObject({ code: -32603 });
  });

  test.each([
    ["deadline", 504, -31_504],
    ["trap", 500, -32603],
    ["too-large", 500, -32603],
    ["overload", 503, -31_503],
  ] as const)("fail() answers %s with %i", (reason, status, code) => {
    const failed = legacyCall().fail(reason);
    expect(failed.status).toBe(status);
    expect(parsed(failed)).toMatchObject({ id: 1, error: { code } });
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
