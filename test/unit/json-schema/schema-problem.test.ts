import { describe, expect, test } from "vitest";
import { schemaProblem } from "../../../src/json-schema/index.ts";

const NONE: ReadonlySet<string> = new Set();

function problem(schema: Record<string, unknown>): Promise<string | undefined> {
  return schemaProblem({ type: "object", ...schema }, NONE);
}

describe("schemas that can be served", () => {
  test.each<[string, Record<string, unknown>]>([
    ["nothing more", {}],
    [
      "a tree",
      { $defs: { n: { properties: { kids: { items: { $ref: "#/$defs/n" } } } } }, $ref: "#/$defs/n" },
    ],
    ["itself within itself", { properties: { next: { $ref: "#" } } }],
    ["an anchor", { $defs: { a: { $anchor: "a", type: "string" } }, properties: { a: { $ref: "#a" } } }],
    [
      "a pointer with escapes",
      { $defs: { "a/b %": { type: "string" } }, properties: { a: { $ref: "#/$defs/a~1b%20%25" } } },
    ],
    [
      "members named as keywords",
      { properties: { $ref: { type: "string" }, not: { type: "object" }, enum: {}, pattern: {} } },
    ],
    ["what looks like a reference in a value", { properties: { a: { const: { $ref: "#/nowhere" } } } }],
    [
      "patterns in linear time",
      {
        properties: {
          a: { pattern: "^[a-z0-9]+(-[a-z0-9]+)*$" },
          b: { pattern: "^\\p{L}{1,20}$" },
          c: { pattern: "^[^@]+@[^@]+$" },
        },
      },
    ],
    ["another dialect", { $schema: "http://json-schema.org/draft-07/schema#", definitions: {} }],
  ])("%s", async (_name, schema) => {
    expect(await problem(schema)).toBeUndefined();
  });
});

const ENDLESS = "refers to itself without going into the value, which never ends";

describe("schemas that are refused, with the reason", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["itself", { $ref: "#" }, ENDLESS],
    ["a circle of references", { $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }, ENDLESS],
    [
      "a circle of alternatives",
      { $defs: { a: { anyOf: [{ type: "string" }, { not: { $ref: "#/$defs/a" } }] } } },
      ENDLESS,
    ],
    ["a circle by an anchor", { $defs: { a: { $anchor: "a", allOf: [{ $ref: "#a" }] } } }, ENDLESS],
    ["a circle of conditions", { if: { $ref: "#" } }, ENDLESS],
    [
      "a reference to nothing",
      { properties: { a: { $ref: "#/$defs/gone" } } },
      "is not valid: can't resolve reference #/$defs/gone from id #",
    ],
    [
      "a limit that is a text",
      { properties: { a: { minLength: "2" } } },
      "is not valid: schema is invalid: data/properties/a/minLength must be integer",
    ],
    [
      "a type that there is not",
      { properties: { a: { type: "text" } } },
      "is not valid: schema is invalid: data/properties/a/type must be equal to one of the allowed values",
    ],
  ])("%s", async (_name, schema, reason) => {
    expect(await problem(schema)).toContain(reason);
  });

  test.each(["^(a+)+$", "(a|a)*b", "^(\\w+\\s?)*$", "\\s+$", "(.*)\\1+x", "^.+@.+$", "("])(
    "a pattern that may take more than linear time: %s",
    async (pattern) => {
      const reason = await problem({ properties: { a: { anyOf: [{ pattern }] } } });
      expect(reason).toMatch(
        pattern === "(" ? /is not valid/ : /^has the pattern \/.*\/, which may take more than linear/,
      );
      expect(await problem({ patternProperties: { [pattern]: {} } })).toBeDefined();
    },
  );

  test("but for patterns that a library brings", async () => {
    const schema = { type: "object", properties: { a: { pattern: "^(a+)+$" } } };
    expect(await schemaProblem(schema, new Set(["^(a+)+$"]))).toBeUndefined();
  });

  test("with a long pattern in part", async () => {
    const reason = await problem({ properties: { a: { pattern: `(a+)+${"b".repeat(5000)}$` } } });
    expect(reason!.length).toBeLessThan(400);
  });
});
