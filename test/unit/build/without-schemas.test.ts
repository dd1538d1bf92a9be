import { describe, expect, test } from "vitest";
import { withoutSchemas } from "../../../src/build/without-schemas.ts";

const IMPORTS = `import { defineTool, provider } from "tenon";\nimport * as z from "zod";\n`;
const BOTH = new Map([["t", { input: true, output: true }]]);

/** A module with one tool; `tool` is the text between the name and the end of its definition. */
function module(before: string, tool: string, tools = "[tool]"): string {
  return `${IMPORTS}${before}
var tool = defineTool({ name: "t", ${tool}, run: () => 1 });
var made = provider({ name: "p", tools: ${tools} });
export { made as default };`;
}

describe("the library goes where compiled checks stand for all that it makes", () => {
  test.each<[string, string]>([
    ["schemas in place", module("", "input: z.object({ a: z.string().min(2) }), output: z.object({})")],
    ["schemas in variables", module("var a = z.string(), b = z.object({ a });", "input: b, output: b")],
    [
      "what is made of schemas",
      module("var a = z.object({ n: z.number() }), b = a.extend({ m: a.shape.n.optional() });", "input: b"),
    ],
    [
      "spread members",
      module("var a = z.object({}), more = { n: z.number() };", "input: z.object({ ...a.shape, ...more })"),
    ],
    [
      "functions that make schemas",
      module(
        "var text = (about) => z.string().describe(`It ${about}`); function list(of) { return z.array(of); }",
        'input: z.object({ a: list(text("says")) })',
      ),
    ],
    [
      "schemas that name themselves",
      module("var node = z.object({ get next() { return node.optional(); } });", "input: node"),
    ],
    [
      "schemas that nothing uses",
      module("var other = z.object({}); var more = { other };", "input: z.object({})"),
    ],
    ["a shorthand", module("var input = z.object({}); var output = input;", "input, output")],
    [
      "a name that is a constant",
      module('var N = "t";', "input: z.object({})").replace('name: "t"', "name: N"),
    ],
    [
      "tools in a list",
      module("", "input: z.object({})", "tools").replace("var made", "var tools = [tool];\nvar made"),
    ],
    [
      "tools of lists",
      module("", "input: z.object({})", "[...tools]").replace("var made", "var tools = [tool];\nvar made"),
    ],
    [
      "a tool in place",
      `${IMPORTS}var p = provider({ tools: [defineTool({ name: "t", input: z.object({}) }), { name: "t", input: z.object({}) }] });\nexport { p as default };`,
    ],
    ["named imports", module("", "input: object({ a: string() })").replace("* as z", "{ object, string }")],
    [
      "functions of the tool that use what is left",
      module("var limit = 3;", "input: z.object({}), other: () => limit"),
    ],
  ])("%s", (_name, code) => {
    const without = withoutSchemas(code, BOTH);
    expect(without).toBeDefined();
    expect(without).not.toMatch(/\bz\.|zod|object\(/);
    // Everything else stays where it was.
    expect(without!.length).toBe(code.length);
    expect(without!.split("\n").map((line) => line.length)).toEqual(
      code.split("\n").map((line) => line.length),
    );
    expect(without!.indexOf("provider({")).toBe(code.indexOf("provider({"));
  });
});

describe("it stays in doubt", () => {
  test.each<[string, string]>([
    [
      "a schema used in a function",
      module("var a = z.object({}); var f = () => a.parse(1);", "input: a, other: f"),
    ],
    ["a schema parsed with on loading", module("var a = z.object({}); a.parse({});", "input: a")],
    [
      "a tool whose schema is read",
      module("", "input: z.object({})").replace("var made", "console.log(tool.input);\nvar made"),
    ],
    [
      "a tool that something else has",
      module("", "input: z.object({})").replace("var made", "globalThis.tool = tool;\nvar made"),
    ],
    ["a tool that may read itself", module("", "input: z.object({}), other() { return this.input; }")],
    ["a definition that is spread", module("var more = {};", "...more, input: z.object({})")],
    ["a computed member", module("", '["input"]: z.object({})')],
    [
      "a provider that something else has",
      module("", "input: z.object({})").replace("export", "globalThis.p = made;\nexport"),
    ],
    ["a provider of another module", module("", "input: z.object({})").replace('"tenon"', '"other"')],
    ["tools that are mapped", module("", "input: z.object({})", "[tool].map((one) => one)")],
    ["a schema made by unknown code", module("var make = globalThis.make;", "input: make(z.object({}))")],
    [
      "a schema made with an effect",
      module("var n = 0; var a = () => { n += 1; return z.object({}); };", "input: a()"),
    ],
    ["an effect in an argument", module("", "input: z.object({ a: z.literal(next()) })")],
    ["a setting of the library", module("z.config({});", "input: z.object({})")],
    ["a schema that is set again", module("var a = z.object({}); a = other;", "input: a.extend({})")],
    [
      "another tool's schema",
      module("", "input: z.object({})", '[tool, defineTool({ name: "u", input: z.object({}) })]'),
    ],
    ["no provider", `${IMPORTS}export var made = z.object({});`],
    [
      "a name that is a parameter elsewhere",
      module("var a = z.object({}); var f = (a) => a;", "input: a, other: f"),
    ],
  ])("%s", (_name, code) => {
    expect(withoutSchemas(code, BOTH)).toBeUndefined();
  });

  test("and where no check stands for the schema", () => {
    const code = module("", "input: z.object({}), output: z.object({})");
    expect(withoutSchemas(code, new Map([["t", { input: true, output: false }]]))).toBeUndefined();
    expect(withoutSchemas(code, new Map([["u", { input: true, output: true }]]))).toBeUndefined();
    expect(withoutSchemas(code, new Map())).toBeUndefined();
  });
});
