import { expect, test } from "vitest";
import { formatArguments, formatValue } from "../../../src/guest/format-value.ts";

test("formatArguments() fills directives and appends the rest", () => {
  expect(formatArguments(["%s is %d and %i of %o%%", "a", "1.5", 2.9, { b: 1 }, "more", 3])).toBe(
    "a is 1.5 and 2 of { b: 1 }% more 3",
  );
  expect(formatArguments(["%s %s", "one"])).toBe("one %s");
  expect(formatArguments([])).toBe("");
});

test("formatValue() survives circles, hostile objects and depth", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  expect(formatValue(circle)).toBe("{ self: [circular] }");
  const hostile = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error("no");
      },
    },
  );
  expect(formatValue([hostile])).toBe("[[unreadable]]");
  expect(formatValue([[[[[1]]]]])).toBe("[[[[[…]]]]]");
});

test("formatValue() bounds lists and text", () => {
  expect(formatValue(Array.from({ length: 60 }, () => 1))).toMatch(/, … 10 more\]$/);
  expect(formatValue("x".repeat(100_000)).length).toBe(8 * 1024 + 1);
});

test("formatValue() shows what objects are", () => {
  class Point {
    x = 1;
  }
  expect(formatValue(new Point())).toBe("Point { x: 1 }");
  expect(formatValue(new Uint8Array(3))).toBe("Uint8Array(3 bytes)");
  expect(formatValue(new Set(["a"]))).toBe('Set(1) {"a"}');
  expect(formatValue(Object.create(null))).toBe("{}");
  expect(formatValue(new Date(0))).toBe("1970-01-01T00:00:00.000Z");
  expect(formatValue(undefined)).toBe("undefined");
});
