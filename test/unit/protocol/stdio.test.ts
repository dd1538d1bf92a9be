import { expect, test } from "vitest";
import type { Call } from "../../../src/protocol/index.ts";
import { createStdioProtocol } from "../../../src/protocol/index.ts";
import { legacy, modern, NOW } from "./requests.ts";

function connection() {
  const stdio = createStdioProtocol({
    serverInfo: { name: "s", version: "1" },
    now: () => NOW,
    newRequestId: () => "r",
  });
  return {
    refuseLine: (reason: "too-large" | "encoding") => stdio.refuseLine(reason),
    answer: (line: string) => {
      const step = stdio.handle(line);
      if (step.kind !== "answer") throw new Error("called instead");
      return step.answer;
    },
    call: (line: string): Call<string | undefined> => {
      const step = stdio.handle(line);
      if (step.kind !== "call") throw new Error(`answered instead: ${step.answer}`);
      return step.call;
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

test("handle() drops the answer of a cancelled request, and only that", () => {
  const { answer, call } = connection();
  const first = call(legacy("tools/list", undefined, "a"));
  const second = call(legacy("tools/list", undefined, 2));
  expect(answer(cancelled("a"))).toBeUndefined();
  expect(answer(cancelled("2"))).toBeUndefined();
  expect(answer(cancelled("unknown"))).toBeUndefined();
  expect(answer(cancelled(undefined))).toBeUndefined();
  expect(first.finish({ tag: "success", val: "{}" })).toBeUndefined();
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
