import { defineTool, provider, ToolError } from "tenon";
import * as v from "valibot";

const pair = v.object({ a: v.number(), b: v.number() });

const add = defineTool({
  name: "add",
  description: "Adds two numbers",
  input: v.object({ a: v.number(), b: v.number() }),
  output: v.object({ sum: v.number() }),
  run: ({ a, b }) => ({ sum: finite(a + b) }),
});

const subtract = defineTool({
  name: "subtract",
  description: "Subtracts the second number from the first",
  input: pair,
  output: v.object({ difference: v.number() }),
  run: ({ a, b }) => ({ difference: finite(a - b) }),
});

const multiply = defineTool({
  name: "multiply",
  description: "Multiplies two numbers",
  input: pair,
  output: v.object({ product: v.number() }),
  run: ({ a, b }) => ({ product: finite(a * b) }),
});

const divide = defineTool({
  name: "divide",
  description: "Divides the first number by the second",
  input: pair,
  output: v.object({ quotient: v.number() }),
  run: ({ a, b }) => {
    if (b === 0) throw new ToolError("Cannot divide by zero");
    return { quotient: finite(a / b) };
  },
});

/** JSON has no infinity. */
function finite(value: number): number {
  if (!Number.isFinite(value)) throw new ToolError("The result is too large");
  return value;
}

export default provider({
  name: "calculator",
  version: "1.0.0",
  description: "Arithmetic with two numbers",
  tools: [add, subtract, multiply, divide],
});
