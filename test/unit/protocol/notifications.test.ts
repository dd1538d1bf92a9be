import { describe, expect, test } from "vitest";
import type { HttpAnswer } from "../../../src/protocol/index.ts";
import { answerOf, callOf, type AnsweredCall } from "../../fixtures/protocol-steps.ts";
import { head, legacy, META, modern, parsed, protocol, success } from "./requests.ts";

const LOG_LEVEL = "io.modelcontextprotocol/logLevel";

function waiting(
  meta: Record<string, unknown>,
  fields: Record<string, string> = {},
  options: Parameters<typeof protocol>[0] = {},
): AnsweredCall<HttpAnswer> {
  const request = modern("tools/call", { name: "add" }, { ...META, ...meta });
  return callOf(protocol(options).handle(head({ ...request.fields, ...fields }), request.body));
}

function waitingLegacy(params: Record<string, unknown> = {}): AnsweredCall<HttpAnswer> {
  return callOf(protocol().handle(head(), legacy("tools/call", { name: "add", ...params })));
}

function setLevel(params: Record<string, unknown>): ReturnType<typeof parsed> {
  return parsed(answerOf(protocol().handle(head(), legacy("logging/setLevel", params))));
}

const notification = (method: string, params: unknown): string =>
  JSON.stringify({ jsonrpc: "2.0", method: `notifications/${method}`, params });
const progress = (params: unknown): string => notification("progress", params);
const log = (level: unknown, rest: object = { data: "x" }): string =>
  notification("message", { level, ...rest });

function eventOf(answer: HttpAnswer | undefined): unknown {
  const text = /^data: ([^\r\n]*)\n\n$/.exec(answer?.body ?? "")?.[1];
  return text === undefined ? undefined : JSON.parse(text);
}

describe("progress", () => {
  test("goes to the client that named its token, and grows", () => {
    const call = waiting({ progressToken: "t" });
    const step = { progressToken: "t", progress: 0.5, total: 2, message: "half" };
    expect(eventOf(call.notify(progress({ ...step, secret: 1 })))).toEqual({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: step,
    });
    expect(call.notify(progress({ progressToken: "t", progress: 0.5 }))).toBeUndefined();
    expect(call.notify(progress({ progressToken: "t", progress: 0.4 }))).toBeUndefined();
    expect(call.dropped).toBe(2);
    expect(call.notify(progress({ progressToken: "t", progress: 1 }))).toBeDefined();
  });

  test.each([
    ["another request's token", { progressToken: 7, progress: 1 }],
    ["the token in another type", { progressToken: ["t"], progress: 1 }],
    ["no progress", { progressToken: "t" }],
    ["progress that is no number", { progressToken: "t", progress: "1" }],
    ["a total that is no number", { progressToken: "t", progress: 1, total: "2" }],
    ["a message that is no text", { progressToken: "t", progress: 1, message: {} }],
  ])("with %s is dropped", (_, params) => {
    const call = waiting({ progressToken: "t" });
    expect(call.notify(progress(params))).toBeUndefined();
    expect(call.dropped).toBe(1);
  });

  test("is not sent to a client that did not ask", () => {
    const call = waiting({ [LOG_LEVEL]: "debug" });
    expect(call.notify(progress({ progressToken: "t", progress: 1 }))).toBeUndefined();
    expect(JSON.parse(call.context)).not.toHaveProperty("progressToken");
  });
});

describe("log messages", () => {
  test("go out at the level the request asks for, or above", () => {
    const call = waiting({ [LOG_LEVEL]: "notice" });
    const sent = ["debug", "info", "notice", "error", "emergency"].filter(
      (level) => call.notify(log(level)) !== undefined,
    );
    expect(sent).toEqual(["notice", "error", "emergency"]);
    expect(call.dropped).toBe(0);
    expect(eventOf(call.notify(log("error", { logger: "sums", data: { a: [1] }, extra: 1 })))).toEqual({
      jsonrpc: "2.0",
      method: "notifications/message",
      params: { level: "error", logger: "sums", data: { a: [1] } },
    });
  });

  test("are not sent since 2026-07-28 unless the request asks", () => {
    const call = waiting({ progressToken: 1 });
    expect(call.notify(log("emergency"))).toBeUndefined();
    expect(JSON.parse(call.context)).not.toHaveProperty("logLevel");
  });

  test("go to older clients from info up", () => {
    const call = waitingLegacy();
    expect(JSON.parse(call.context)).toMatchObject({ logLevel: "info" });
    expect(call.notify(log("debug"))).toBeUndefined();
    expect(call.notify(log("info"))).toBeDefined();
    expect(waitingLegacy({ _meta: { [LOG_LEVEL]: "error" } }).notify(log("info"))).toBeDefined();
  });

  test.each([
    ["an unknown level", log("loud")],
    ["no data", log("error", {})],
    ["a logger that is no text", log("error", { logger: 1, data: "x" })],
  ])("with %s are dropped", (_, message) => {
    const call = waiting({ [LOG_LEVEL]: "debug" });
    expect(call.notify(message)).toBeUndefined();
    expect(call.dropped).toBe(1);
  });

  test("logging/setLevel is answered before 2026-07-28, and its level checked", () => {
    expect(setLevel({ level: "debug" })).toEqual({ jsonrpc: "2.0", id: 1, result: {} });
    expect(setLevel({ level: "loud" })).toMatchObject({ error: { code: -32602 } });
    expect(setLevel({})).toMatchObject({ error: { code: -32602 } });
    const request = modern("logging/setLevel", { level: "debug" });
    expect(protocol().handle(head(request.fields), request.body)).toMatchObject({ answer: { status: 404 } });
  });
});

describe("what is no notification of the request", () => {
  test.each([
    "",
    "null",
    "[]",
    "{",
    '"x"',
    progress(1),
    progress([]),
    `${"[".repeat(100)}${"]".repeat(100)}`,
  ])("%s is dropped and counted", (message) => {
    const call = waiting({ progressToken: 1 });
    expect(call.notify(message)).toBeUndefined();
    expect(call.dropped).toBe(1);
  });

  test("a request or a response is dropped and counted", () => {
    const call = waiting({ progressToken: 1 });
    const params = { progressToken: 1, progress: 1 };
    const request = { jsonrpc: "2.0", id: 1, method: "notifications/progress", params };
    expect(call.notify(JSON.stringify(request))).toBeUndefined();
    expect(call.notify('{"jsonrpc":"2.0","id":1,"result":{}}')).toBeUndefined();
    expect(call.dropped).toBe(2);
  });

  test("changed lists are not sent", () => {
    const call = waiting({ progressToken: 1 });
    expect(call.notify(notification("tools/list_changed", {}))).toBeUndefined();
    expect(call.dropped).toBe(0);
  });
});

describe("limits", () => {
  test("one notification has 64 Ki characters at most", () => {
    const call = waiting({ [LOG_LEVEL]: "debug" });
    expect(call.notify(log("info", { data: "x".repeat(65_000) }))).toBeDefined();
    expect(call.notify(log("info", { data: "x".repeat(65_536) }))).toBeUndefined();
    expect(call.dropped).toBe(1);
  });

  test("a call has 1,000 at most, and 1 Mi characters", () => {
    const many = waiting({ progressToken: 1 });
    for (let i = 1; i <= 1010; i++) many.notify(progress({ progressToken: 1, progress: i }));
    expect(many.dropped).toBe(10);
    const long = waiting({ [LOG_LEVEL]: "debug" });
    for (let i = 1; i <= 20; i++) long.notify(log("info", { data: "x".repeat(60_000) }));
    expect(long.dropped).toBe(3);
  });
});

describe("over HTTP", () => {
  test("the answer of a call with notifications is a stream", () => {
    const call = waiting({ progressToken: 1 }, { origin: "http://localhost:5000" });
    const first = call.notify(progress({ progressToken: 1, progress: 1 }))!;
    expect(first.status).toBe(200);
    expect(Object.fromEntries(first.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "access-control-allow-origin": "http://localhost:5000",
    });
    const last = call.finish({ tag: "success", val: '{\n"content"\r\n:[]}' });
    expect(eventOf(last)).toMatchObject({ id: 1, result: { content: [] } });
  });

  test("an error after a notification is the last event", () => {
    const call = waiting({ progressToken: 1 });
    call.notify(progress({ progressToken: 1, progress: 1 }));
    const last = call.fail("deadline");
    expect(last.status).toBe(200);
    expect(eventOf(last)).toMatchObject({ id: 1, error: { code: -31_504 } });
  });

  test("an answer without a notification before it is JSON with its own status", () => {
    const call = waiting({ progressToken: 1 });
    call.notify("nonsense");
    const answer = call.fail("deadline");
    expect(answer.status).toBe(504);
    expect(answer.headers).toContainEqual(["content-type", "application/json"]);
    expect(parsed(call.finish(success({ content: [] })))).toMatchObject({ id: 1 });
  });

  test.each([
    ["text/event-stream", true],
    ["application/json,text/event-stream", true],
    ["Text/Event-Stream ; q=0.5, application/json", true],
    ["application/json", false],
    ["*/*", false],
    ["application/json, text/event-stream;q=0", false],
    ["application/json, text/event-stream;charset=utf-8; q=0.000", false],
    ["text/event-streams", false],
  ])("Accept: %s allows a stream: %s", (accept, allowed) => {
    const call = waiting({ progressToken: 1 }, { accept });
    expect(call.notify(progress({ progressToken: 1, progress: 1 })) !== undefined).toBe(allowed);
    expect("progressToken" in (JSON.parse(call.context) as object)).toBe(allowed);
  });

  test("a host that sends none has components make none, and declares no logging", () => {
    const options = { notifications: false };
    const call = waiting({ progressToken: 1, [LOG_LEVEL]: "debug" }, {}, options);
    expect(call.notify(log("error"))).toBeUndefined();
    expect(JSON.parse(call.context)).not.toHaveProperty("logLevel");
    const declared = (given: typeof options | undefined): unknown => {
      const request = modern("server/discover");
      const discover = callOf(protocol(given).handle(head(request.fields), request.body));
      return parsed(discover.finish(success({ capabilities: { tools: {} } }))).result?.["capabilities"];
    };
    expect(declared(options)).toEqual({ tools: {} });
    expect(declared(undefined)).toEqual({ tools: {}, logging: {} });
  });

  test("initialize declares logging", () => {
    const request = legacy("initialize", { protocolVersion: "2025-11-25", capabilities: {} });
    const initialize = callOf(protocol().handle(head(), request));
    expect(parsed(initialize.finish(success({ capabilities: { tools: {} } }))).result).toEqual({
      protocolVersion: "2025-11-25",
      capabilities: { tools: {}, logging: {} },
    });
  });
});
