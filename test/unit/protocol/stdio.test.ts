import { expect, test } from "vitest";
import { createStdioProtocol } from "../../../src/protocol/index.ts";
import { callOf, type AnsweredCall } from "../../fixtures/protocol-steps.ts";
import { legacy, modern, NOW } from "./requests.ts";

function connection() {
  const stdio = createStdioProtocol({
    serverInfo: { name: "s", version: "1" },
    now: () => NOW,
    newRequestId: () => "r",
    notifications: true,
  });
  return {
    refuseLine: (reason: "too-large" | "encoding") => stdio.refuseLine(reason),
    answer: (line: string) => {
      const step = stdio.handle(line);
      if (step.kind !== "answer") throw new Error(`not answered: ${JSON.stringify(step)}`);
      return step.answer;
    },
    cancel: (line: string): string => {
      const step = stdio.handle(line);
      if (step.kind !== "cancel") throw new Error(`not cancelled: ${JSON.stringify(step)}`);
      return step.id;
    },
    call: (line: string): AnsweredCall<string | undefined> => {
      const step = stdio.handle(line);
      if (step.kind !== "request") throw new Error(`not called: ${JSON.stringify(step)}`);
      return callOf(step.step);
    },
  };
}

const cancelled = (requestId: unknown) =>
  JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } });

test("handle() remembers the revision that initialize agreed on", () => {
  const { call } = connection();
  const initialize = call(legacy("initialize", { protocolVersion: "2025-06-18", capabilities: {} }));
  initialize.finish({ tag: "success", val: "{}" });
  expect(JSON.parse(call(legacy("tools/list")).context)).toMatchObject({
    protocolVersion: "2025-06-18",
    transport: "stdio",
  });
  expect(JSON.parse(call(modern("tools/list").body.replace('"id":1', '"id":2')).context)).toMatchObject({
    protocolVersion: "2026-07-28",
  });
});

test("handle() answers a parse error and goes on", () => {
  const { answer, call, refuseLine } = connection();
  expect(JSON.parse(answer("{")!)).toMatchObject({ error: { code: -32700 }, id: null });
  expect(JSON.parse(refuseLine("too-large"))).toMatchObject({ error: { code: -32600 } });
  expect(JSON.parse(refuseLine("encoding"))).toMatchObject({ error: { code: -32700 } });
  expect(call(legacy("tools/list")).finish({ tag: "success", val: '{"tools":[]}' })).toBe(
    '{"jsonrpc":"2.0","result":{"tools":[]},"id":1}',
  );
});

test("handle() needs no header fields since 2026-07-28", () => {
  expect(connection().call(modern("tools/call", { name: "add" }).body).request.target).toBe("add");
});

test("finish() keeps an answer on one line", () => {
  const { call } = connection();
  const line = call(legacy("tools/list")).finish({ tag: "success", val: '{\n"tools"\r\n:[]}' })!;
  expect(line).not.toMatch(/[\n\r]/);
  expect(JSON.parse(line)).toMatchObject({ result: { tools: [] } });
});

test("handle() ends a cancelled request, and sends nothing more for it", () => {
  const { answer, call, cancel } = connection();
  const first = call(legacy("tools/list", { _meta: { progressToken: 1 } }, "a"));
  const second = call(legacy("tools/list", undefined, 2));
  expect(cancel(cancelled("a"))).toBe('"a"');
  expect(answer(cancelled("2"))).toBeUndefined();
  expect(answer(cancelled("unknown"))).toBeUndefined();
  expect(answer(cancelled(undefined))).toBeUndefined();
  const progress = {
    jsonrpc: "2.0",
    method: "notifications/progress",
    params: { progressToken: 1, progress: 1 },
  };
  expect(first.notify(JSON.stringify(progress))).toBeUndefined();
  expect(first.finish({ tag: "success", val: "{}" })).toBeUndefined();
  expect(answer(cancelled("a"))).toBeUndefined();
  expect(second.fail("trap")).toContain("-32603");
});

test("handle() refuses an id that is in flight, and takes it again afterwards", () => {
  const { answer, call } = connection();
  const first = call(legacy("tools/list"));
  expect(JSON.parse(answer(legacy("tools/list"))!)).toMatchObject({ error: { code: -32600 }, id: 1 });
  expect(first.finish({ tag: "success", val: "{}" })).toContain('"result"');
  expect(call(legacy("tools/list")).request.id).toBe("1");
});

test("handle() sends nothing for responses and notifications", () => {
  const { answer } = connection();
  expect(answer('{"jsonrpc":"2.0","id":1,"result":{}}')).toBeUndefined();
  expect(answer('{"jsonrpc":"2.0","method":"notifications/initialized"}')).toBeUndefined();
});

test("logging/setLevel holds for the connection, until 2026-07-28", () => {
  const { answer, call } = connection();
  const level = (line: string, id: number): unknown =>
    JSON.parse(call(line.replace('"id":1', `"id":${id}`)).context)["logLevel"];
  expect(level(legacy("tools/list"), 2)).toBe("info");
  expect(JSON.parse(answer(legacy("logging/setLevel", { level: "error" }))!)).toMatchObject({ result: {} });
  expect(level(legacy("tools/list"), 3)).toBe("error");
  expect(JSON.parse(answer(legacy("logging/setLevel", { level: "loud" }))!)).toMatchObject({
    error: { code: -32602 },
  });
  expect(level(legacy("tools/list"), 4)).toBe("error");
  expect(level(modern("tools/list").body, 5)).toBeUndefined();
});

test("notify() gives lines", () => {
  const { call } = connection();
  const waiting = call(legacy("tools/list"));
  const log = { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "a\nb" } };
  expect(waiting.notify(JSON.stringify(log, undefined, 2))).toBe(JSON.stringify(log));
  expect(waiting.finish({ tag: "success", val: "{}" })).toBe('{"jsonrpc":"2.0","result":{},"id":1}');
});
