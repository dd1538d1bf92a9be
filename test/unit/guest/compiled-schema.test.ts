import { describe, expect, test } from "vitest";
import * as z from "zod";
import { toJSONSchema } from "zod/v4/core";
import * as mini from "zod/mini";
import { withChecks } from "../../../src/guest/compiled-schema.ts";
import { zodCheck } from "../../../src/guest/zod-check.ts";
import { compileChecks } from "../../../src/json-schema/compile-checks.ts";
import { schemasToCompile } from "../../../src/json-schema/index.ts";
import { defineTool, provider, type Schema } from "../../../src/sdk/index.ts";
import { issueTexts } from "../../../src/sdk/issues.ts";

type Io = "input" | "output";
type Verdict = { value: unknown } | { problems: string[] };

function standing(schema: unknown, io: Io = "input"): "exact" | "necessary" | "none" {
  const { check } = zodCheck(schema, io, toJSONSchema);
  if (check === undefined) return "none";
  return check.exact ? "exact" : "necessary";
}

/** The schema that a component checks by: the compiled check and, where that is not all, the schema itself. */
function compiled(schema: Schema, io: Io = "input"): Schema {
  const { check } = zodCheck(schema, io, toJSONSchema);
  const tool = defineTool({ name: "t", description: "t", input: schema, output: schema, run: () => ({}) });
  const checks = { t: compileChecks(schemasToCompile({ [io]: check })) };
  const [checking] = withChecks(provider({ name: "p", version: "1.0.0", tools: [tool] }), checks).tools!;
  return checking![io]!;
}

function judge(schema: Schema, given: unknown): Promise<Verdict> {
  return verdict(compiled(schema), given);
}

async function verdict(schema: Schema, given: unknown): Promise<Verdict> {
  const value = structuredClone(given);
  const result = await schema["~standard"].validate(value);
  return result.issues ? { problems: issueTexts(result.issues, value) } : { value: result.value };
}

const tree = z.object({
  name: z.string(),
  get children() {
    return z.array(tree).optional();
  },
});

const EXACT: [name: string, schema: Schema][] = [
  ["an object", z.object({ a: z.number(), b: z.string().optional() })],
  ["a strict object", z.strictObject({ a: z.number(), b: z.string().optional() })],
  ["a loose object", z.looseObject({ a: z.number() })],
  ["an object with a rest", z.object({ a: z.number() }).catchall(z.string())],
  ["limits of texts", z.object({ a: z.string().min(2).max(4), b: z.string().length(1).optional() })],
  ["limits of numbers", z.object({ a: z.number().min(1).lt(10), b: z.int().positive().optional() })],
  ["limits of lists", z.object({ a: z.array(z.number()).min(1).max(2) })],
  ["lists of objects", z.object({ a: z.array(z.object({ a: z.number() })) })],
  ["a tuple", z.object({ a: z.tuple([z.string(), z.number()]) })],
  ["a record", z.object({ a: z.record(z.string(), z.object({ a: z.number() })) })],
  ["literals", z.object({ a: z.literal(["x", 1, true, null]), b: z.literal("y").optional() })],
  ["an enumeration", z.object({ a: z.enum(["x", "y"]) })],
  ["null", z.object({ a: z.number().nullable(), b: z.object({ a: z.number() }).nullish() })],
  ["a union", z.object({ a: z.union([z.string(), z.boolean(), z.object({ a: z.number() })]) })],
  ["anything", z.object({ a: z.unknown(), b: z.any() })],
  ["a pattern", z.object({ a: z.string().regex(/^x+$/), b: z.string().startsWith("x").optional() })],
  ["formats", z.object({ a: z.union([z.email(), z.uuid(), z.iso.date(), z.ipv4()]) })],
  ["a tree", tree],
  ["alternatives by a tag", z.object({ a: tagged() })],
  ["zod/mini", mini.object({ a: mini.number(), b: mini.optional(mini.string().check(mini.minLength(2))) })],
];

function tagged(): Schema {
  return z.discriminatedUnion("a", [
    z.object({ a: z.literal("x"), b: z.number() }),
    z.strictObject({ a: z.literal("z"), c: z.string() }),
  ]);
}

const VALUES: unknown[] = [
  null,
  0,
  1,
  9.5,
  10,
  -3,
  "",
  "x",
  "xx",
  "xxxxx",
  true,
  [],
  ["x"],
  ["x", 1],
  [1, "x"],
  [1],
  [1, 2],
  [1, 2, 3],
  {},
  "a@b.example",
  "2030-02-28",
  "10.0.0.1",
  "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
  [{ a: 1, more: 2 }],
  [{ a: "1" }],
  { a: 1 },
  { a: "1" },
  { a: 1, b: "x", c: 3 },
  { a: { a: 1, b: 2 } },
  { a: "x", b: 1 },
  { a: "x", b: "1", c: 1 },
  { a: "z", c: "" },
  { a: "z", c: "", d: 1 },
  { a: "q" },
  { a: {} },
  2 ** 60,
  1e300,
];

const OBJECTS = [
  {},
  ...VALUES.flatMap((a) => [{ a }, { a, b: "y" }, { a, b: 2 }, { a, b: null, more: 1 }, { a: 1, b: a }]),
  { name: "x" },
  { name: "x", children: [{ name: "y", more: 1 }, { name: 1 }] },
  { name: "x", children: [{ name: "y", children: [{ name: "z", more: { deep: [1] } }] }] },
  { name: "x", children: {} },
  ...VALUES,
];

describe("a compiled check decides as the schema would, and gives what it would give", () => {
  test.each(EXACT)("%s", async (_name, schema) => {
    expect(standing(schema)).toBe("exact");
    const check = compiled(schema);
    let accepted = 0;
    for (const value of OBJECTS) {
      const expected = await verdict(schema, value);
      const actual = await verdict(check, value);
      if ("value" in expected) {
        expect(actual, JSON.stringify(value)).toEqual(expected);
        accepted += 1;
      } else {
        expect(actual, JSON.stringify(value)).toHaveProperty("problems");
      }
    }
    expect(accepted).toBeGreaterThan(0);
  });
});

test.each<[string, Schema]>([
  ["a default", z.object({ a: z.number().default(1) })],
  ["a refinement", z.object({ a: z.number() }).refine(({ a }) => a > 1, "more than one")],
  ["a transformation", z.object({ a: z.string().transform(Number) })],
  ["a pipe", z.object({ a: z.string().pipe(z.transform(Number)) })],
  ["a format that a function checks", z.object({ a: z.url() })],
  [
    "alternatives that share members",
    z.object({ a: z.union([z.object({ a: z.number() }), z.object({ b: z.number() })]) }),
  ],
])("%s leaves the last word to the library", async (_name, schema) => {
  expect(standing(schema)).toBe("necessary");
  const check = compiled(schema);
  for (const value of OBJECTS) {
    const expected = await verdict(schema, value);
    const actual = await verdict(check, value);
    if ("value" in expected) expect(actual).toEqual(expected);
    else expect(actual).toHaveProperty("problems");
  }
});

test.each<[string, unknown]>([
  ["coercion", z.object({ a: z.coerce.number() })],
  ["what comes before", z.object({ a: z.preprocess(Number, z.number()) })],
  ["what is tidied first", z.object({ a: z.string().trim().min(1) })],
  ["what catches", z.object({ a: z.number().catch(1) })],
  ["a pattern with flags", z.object({ a: z.string().regex(/^x$/i) })],
  ["an intersection", z.intersection(z.object({ a: z.number() }), z.object({ b: z.number() }))],
  ["multiples, which floats make inexact", z.object({ a: z.number().multipleOf(0.1) })],
  ["a template", z.object({ a: z.templateLiteral(["x", z.number()]) })],
  ["messages of the author", z.object({ a: z.number("A number, please") })],
  ["a message of a limit", z.object({ a: z.string().min(1, "Say something") })],
  ["a member that every object has", z.object({ constructor: z.string() })],
  ["an infinite limit", z.object({ a: z.number().max(Infinity) })],
])("%s is the library's alone", (_name, schema) => {
  expect(standing(schema)).toBe("none");
});

test("a result that a library changes is checked by the library", () => {
  expect(standing(z.object({ a: z.number().default(1) }), "output")).toBe("none");
  expect(standing(z.object({ a: z.number() }), "output")).toBe("exact");
});

test("each bad field is told by its path and its rule", async () => {
  const schema = z.strictObject({
    name: z.string().min(2).max(5),
    email: z.email(),
    code: z.string().regex(/^x+$/),
    count: z.int().min(1),
    size: z.number().gt(0).lt(5),
    unit: z.enum(["mm", "cm"]),
    kind: z.literal("box"),
    tags: z.array(z.object({ id: z.string() })).max(3),
    place: z.union([z.string(), z.number(), z.null()]),
    part: z.object({ n: z.number() }).nullable(),
    which: tagged(),
    "odd/~name": z.boolean(),
    points: z.record(z.string(), z.number()),
  });
  const given = {
    name: "x",
    email: "me",
    code: "",
    count: 0.5,
    size: 0,
    unit: "inch",
    kind: "bag",
    tags: [{}, { id: 1 }, 2, { id: "" }],
    place: true,
    part: { n: "1" },
    which: { a: "x", b: "1" },
    "odd/~name": 0,
    points: { "a.b": "1" },
    colour: 1,
    form: 2,
  };
  expect(await judge(schema, given)).toEqual({
    problems: [
      "name: Invalid input: expected at least 2 characters, received string",
      "email: Invalid input: expected a text of the format email, received string",
      "code: Invalid input: expected a text that matches /^x+$/, received string",
      "count: Invalid input: expected integer, received number",
      "count: Invalid input: expected at least 1, received number",
      "size: Invalid input: expected more than 0, received number",
      'unit: Invalid input: expected one of "mm"|"cm", received string',
      'kind: Invalid input: expected "box", received string',
      "tags: Invalid input: expected at most 3 items, received array",
      "tags[0].id: Invalid input: expected string, received undefined",
      "tags[1].id: Invalid input: expected string, received number",
      "tags[2]: Invalid input: expected object, received number",
      "place: Invalid input: expected string or number or null, received boolean",
      "part.n: Invalid input: expected number, received string",
      "which.b: Invalid input: expected number, received string",
      "odd/~name: Invalid input: expected boolean, received number",
      "points.a.b: Invalid input: expected number, received string",
      'Invalid input: unknown "colour", "form"; there are "name", "email", "code", "count", "size", "unit", "kind", "tags", "place", "part", "which", "odd/~name", "points"',
    ],
  });
});

test("what is missing is told with its type", async () => {
  const schema = z.object({
    a: z.number(),
    b: z.object({ c: z.enum(["x"]) }),
    d: z.string().nullable(),
    e: z.unknown(),
  });
  expect(await judge(schema, { b: {} })).toEqual({
    problems: [
      'b.c: Invalid input: expected one of "x", received undefined',
      "a: Invalid input: expected number, received undefined",
      "d: Invalid input: expected string or null, received undefined",
      "e: Invalid input: expected a value, received undefined",
    ],
  });
});

test("texts are bounded, however much is wrong and however large it is", async () => {
  const schema = z.strictObject({
    list: z.array(z.object({ n: z.number() })),
    word: z.enum(["a"]).optional(),
  });
  const list = Array.from({ length: 200_000 }, () => ({ n: "x".repeat(10) }));
  const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`member ${index}`, index]));
  for (const value of [{ list }, { list: [], ...many }, { list: [], word: "x".repeat(1_000_000) }]) {
    const result = await judge(schema, value);
    const { problems } = result as { problems: string[] };
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(21);
    for (const problem of problems) expect(problem.length).toBeLessThanOrEqual(501);
  }
});

test("lengths are of characters, as JSON Schema has them", async () => {
  const check = compiled(z.object({ a: z.string().min(2).max(4) }));
  const crabs = [1, 2, 3, 4, 5, 9].map((count) => "🦀".repeat(count));
  const accepted = [];
  for (const a of [...crabs, "", "x", "xy", "wxyz", "vwxyz", "x".repeat(1_000_000)]) {
    if ("value" in (await check["~standard"].validate({ a }))) accepted.push(a);
  }
  expect(accepted).toEqual([...crabs.slice(1, 4), "xy", "wxyz"]);
});

test("an object that a tool returns stays as it is", async () => {
  const schema = z.object({ a: z.number() });
  const output = compiled(schema, "output");
  const returned = Object.freeze({ a: 1, more: 2, none: undefined });
  expect(await output["~standard"].validate(returned)).toEqual({ value: { a: 1 } });
  expect(returned).toEqual({ a: 1, more: 2, none: undefined });
  for (const nothing of [undefined, null, 1, Number.NaN]) {
    expect(await output["~standard"].validate(nothing)).toHaveProperty("issues");
  }
});
