import { expect, test } from "vitest";
import type { JsonSchema } from "../../../src/manifest/index.ts";
import { signature } from "../../../src/inspect/signature.ts";

function of(properties: object, more: JsonSchema = {}): JsonSchema {
  return { type: "object", properties: properties as JsonSchema, ...more };
}

test.each<[string, JsonSchema, string]>([
  ["nothing", of({}), "f()"],
  [
    "optional members",
    of({ a: { type: "number" }, b: { type: "string" } }, { required: ["a"] }),
    "f(a: number, b?: string)",
  ],
  ["arrays", of({ a: { type: "array", items: { type: "integer" } } }), "f(a?: integer[])"],
  [
    "arrays of choices",
    of({ a: { type: "array", items: { enum: ["x", 2, null] } } }),
    'f(a?: ("x" | 2 | null)[])',
  ],
  ["constants", of({ a: { const: "x" }, b: { const: null } }), 'f(a?: "x", b?: null)'],
  [
    "unions",
    of({ a: { anyOf: [{ type: "string" }, { type: "number" }, { type: "string" }] } }),
    "f(a?: string | number)",
  ],
  ["several types", of({ a: { type: ["string", "null"] } }), "f(a?: string | null)"],
  ["nested objects", of({ a: of({ b: { type: "boolean" } }) }), "f(a?: {b?: boolean})"],
  [
    "records",
    of({ a: { type: "object", additionalProperties: { type: "number" } } }),
    "f(a?: {[key]: number})",
  ],
  [
    "references",
    of({ a: { $ref: "#/$defs/point" } }, { $defs: { point: of({ x: { type: "number" } }) } }),
    "f(a?: {x?: number})",
  ],
  ["anything", of({ a: {}, b: true, c: false }), "f(a?: any, b?: any, c?: never)"],
  ["names that are no identifiers", of({ "a b": { type: "string" } }), 'f("a b"?: string)'],
])("signature() writes %s like a type", (_what, inputSchema, text) => {
  expect(signature({ name: "f", inputSchema }, 100)).toBe(text);
});

test("signature() ends where a schema refers to itself", () => {
  const inputSchema = of(
    { tree: { $ref: "#/$defs/node" } },
    { $defs: { node: of({ next: { $ref: "#/$defs/node" } }) } },
  );
  expect(signature({ name: "f", inputSchema }, 200)).toBe("f(tree?: {next?: {…}})");
  expect(signature({ name: "f", inputSchema: of({ a: { $ref: "#" } }) }, 200)).toBe("f(a?: …)");
});

test("signature() leaves out what does not fit, from the inside", () => {
  const inputSchema = of({ place: of({ latitude: { type: "number" }, longitude: { type: "number" } }) });
  const outputSchema = of({ temperature: { type: "number" } });
  const tool = { name: "forecast", inputSchema, outputSchema };
  expect([100, 70, 40, 24, 12].map((width) => signature(tool, width))).toEqual([
    "forecast(place?: {latitude?: number, longitude?: number}) → {temperature?: number}",
    "forecast(place?: {…}) → {temperature?: number}",
    "forecast(place?: {…}) → {…}",
    "forecast(…) → {…}",
    "forecast…(…)",
  ]);
});

/** A schema that refers to another so many times that writing it out does not end. */
function level(next: string): JsonSchema {
  return { anyOf: Array.from({ length: 200 }, () => ({ $ref: next })) };
}

test("signature() ends with schemas that grow when they are written out", () => {
  const $defs = { a: level("#/$defs/b"), b: level("#/$defs/c"), c: level("#/$defs/d"), d: { type: "null" } };
  const inputSchema = of({ a: { $ref: "#/$defs/a" } }, { $defs: $defs as unknown as JsonSchema });
  expect(signature({ name: "f", inputSchema }, 100)).toMatch(/^f\(a\?: .*…/);
});

test("signature() bounds what a hostile schema can make of it", () => {
  const wide = of(
    Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`m${i}`, { enum: ["x".repeat(99)] }])),
  );
  expect(signature({ name: "f", inputSchema: wide }, 100)).toBe("f(…)");
  const inputSchema = { type: "object", properties: null, required: 7 } as unknown as JsonSchema;
  expect(signature({ name: "f", inputSchema }, 100)).toBe("f()");
});
