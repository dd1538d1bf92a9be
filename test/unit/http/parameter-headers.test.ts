import { describe, expect, test } from "vitest";
import { parameterHeaders } from "../../../src/http/parameter-headers.ts";

const annotated = (name: unknown, type: unknown = "string"): object => ({ type, "x-mcp-header": name });
const inputOf = (properties: object, rest: object = {}): object => ({ type: "object", properties, ...rest });

const members = (count: number): object =>
  inputOf(Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, annotated(`A${i}`)])));

describe("parameterHeaders()", () => {
  test("finds members at any depth of properties, in their order", () => {
    const schema = inputOf({
      region: annotated("Region"),
      plain: { type: "number" },
      place: inputOf({ floor: annotated("X-Floor!", "integer"), open: annotated("open", "boolean") }),
    });
    expect(parameterHeaders(schema)).toEqual({
      headers: [
        { name: "Region", path: ["region"] },
        { name: "X-Floor!", path: ["place", "floor"] },
        { name: "open", path: ["place", "open"] },
      ],
    });
  });

  test("a property of that name, and data, are no annotations", () => {
    const schema = inputOf({
      "x-mcp-header": { type: "string", default: annotated("A"), enum: [annotated("B")] },
      other: { const: annotated("C"), examples: [annotated("D")] },
      odd: true,
    });
    expect(parameterHeaders(schema)).toEqual({ headers: [] });
  });

  test.each([
    [
      "an empty name",
      inputOf({ a: annotated("") }),
      /"a" has x-mcp-header "", and it must be 1 to 64 characters/,
    ],
    ["a space", inputOf({ a: annotated("My Region") }), /"My Region", and it must be/],
    ["a line feed", inputOf({ a: annotated("A\nB") }), /"A\\nB", and it must be/],
    ["a name that is no text", inputOf({ a: annotated(1) }), /x-mcp-header 1, and it must be/],
    ["65 characters", inputOf({ a: annotated("a".repeat(65)) }), /and it must be 1 to 64/],
    [
      "a number",
      inputOf({ a: annotated("A", "number") }),
      /the type "number", and it must be string, integer/,
    ],
    ["several types", inputOf({ a: annotated("A", ["string", "null"]) }), /the type \["string","null"\]/],
    ["no type", inputOf({ a: { "x-mcp-header": "A" } }), /the type of no name/],
    [
      "the same name twice",
      inputOf({ a: annotated("Id"), b: inputOf({ c: annotated("iD") }) }),
      /"b.c" has x-mcp-header "iD", and so has "a"/,
    ],
    ["the root", { ...inputOf({}), "x-mcp-header": "A" }, /stands where only properties/],
    ["items", inputOf({ a: { type: "array", items: annotated("A") } }), /stands where only properties/],
    ["items with properties", inputOf({ a: { items: inputOf({ b: annotated("A") }) } }), /stands where only/],
    ["anyOf", inputOf({ a: { anyOf: [annotated("A")] } }), /stands where only properties/],
    ["if", inputOf({}, { if: inputOf({ a: annotated("A") }) }), /stands where only properties/],
    ["$defs", inputOf({}, { $defs: { a: annotated("A") } }), /stands where only properties/],
    ["pattern properties", inputOf({}, { patternProperties: { a: annotated("A") } }), /stands where only/],
    ["an unknown keyword", inputOf({}, { "x-else": { a: annotated("A") } }), /stands where only properties/],
  ])("refuses %s", (_, schema, problem) => {
    expect(parameterHeaders(schema).problem).toMatch(problem);
  });

  test("refuses more than 16", () => {
    expect(parameterHeaders(members(16)).problem).toBeUndefined();
    expect(parameterHeaders(members(17)).problem).toMatch(
      /17 members with x-mcp-header, and 16 are the most/,
    );
  });
});
