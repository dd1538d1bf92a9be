import { expect, test } from "vitest";
import { readCalls } from "../../../../src/cli/record/calls.ts";

test("readCalls() reads calls of tools and prompts, and resources", () => {
  const calls = [
    { tool: "a", arguments: { x: [1] } },
    { tool: "b" },
    { prompt: "c", arguments: {} },
    { resource: "file:///d" },
  ];
  expect(readCalls("calls.json", JSON.stringify(calls))).toEqual(calls);
});

test.each([
  ["{", "it is not JSON"],
  ["{}", "it is not a list of calls"],
  ["[]", "it has 0 calls, and 1 to 1000 can be recorded"],
  [JSON.stringify(Array.from({ length: 1001 }, () => ({ tool: "a" }))), "it has 1001 calls"],
  ['[{ "tool": "a" }, 1]', "call 1: "],
  ['[{ "tool": "a", "args": {} }]', "call 0: "],
  ['[{ "tool": "" }]', "call 0: "],
  ['[{ "tool": "a", "arguments": [] }]', "call 0: "],
  ['[{ "tool": "a" }, { "arguments": {} }]', "call 1 names no tool, prompt or resource"],
  ['[{ "tool": "a", "prompt": "b" }]', "call 0 names tool and prompt"],
  ['[{ "resource": "a:b", "arguments": {} }]', "call 0: a resource has no arguments"],
])("readCalls() refuses %j and names the call", (text, state) => {
  expect(() => readCalls("calls.json", text)).toThrow(`Cannot record the calls in "calls.json": ${state}`);
});
