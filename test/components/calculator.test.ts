import { beforeAll, expect, test } from "vitest";
import { buildComponent } from "../../src/build/index.ts";
import { compileComponent, type CompiledComponent } from "../fixtures/compiled-component.ts";

let calculator: CompiledComponent;

beforeAll(async () => {
  const { bytes } = await buildComponent({ entry: "components/calculator/tool.ts" });
  calculator = await compileComponent(bytes);
});

/** A result for the model to read. */
function failed(text: string): object {
  return { isError: true, content: [{ type: "text", text }] };
}

test("calculator: add answers with text and structured content", () => {
  const outcome = calculator.instantiate().handle({
    id: "1",
    method: "tools/call",
    target: "add",
    params: '{"name":"add","arguments":{"a":2,"b":3}}',
  });
  expect(outcome).toEqual({
    tag: "success",
    val: '{"content":[{"type":"text","text":"{\\"sum\\":5}"}],"structuredContent":{"sum":5}}',
  });
});

test("calculator: each tool does its arithmetic", () => {
  const instance = calculator.instantiate();
  expect(instance.call("subtract", { a: 2, b: 3 }).structuredContent).toEqual({ difference: -1 });
  expect(instance.call("multiply", { a: 2, b: 3 }).structuredContent).toEqual({ product: 6 });
  expect(instance.call("divide", { a: 3, b: 2 }).structuredContent).toEqual({ quotient: 1.5 });
});

test("calculator: what has no answer is a failure for the model", () => {
  const instance = calculator.instantiate();
  expect(instance.call("divide", { a: 1, b: 0 })).toEqual(failed("Cannot divide by zero"));
  for (const tool of ["add", "subtract", "multiply"]) {
    expect(instance.call(tool, { a: 1.7e308, b: tool === "subtract" ? -1.7e308 : 1.7e308 })).toEqual(
      failed("The result is too large"),
    );
  }
  expect(instance.call("add", { a: 1 })).toEqual(
    failed('Invalid arguments for "add":\nb: Invalid key: Expected "b" but received undefined'),
  );
  expect(instance.logs).toEqual([]);
});

test("calculator: two calls to one instance do not mix", () => {
  const instance = calculator.instantiate();
  expect(instance.call("add", { a: 1, b: 1 }).structuredContent).toEqual({ sum: 2 });
  expect(instance.call("add", { a: 2, b: 2 }).structuredContent).toEqual({ sum: 4 });
});
