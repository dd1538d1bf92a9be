import { expect, test } from "vitest";
import { checksModule, compileChecks } from "../../../src/json-schema/compile-checks.ts";

interface Check {
  (value: unknown): boolean;
  errors?: readonly { readonly instancePath: string; readonly keyword: string }[] | null;
}

const inner = {
  type: "object",
  properties: { 'a "name"': { type: "number" }, "{b}": { type: "string" } },
  additionalProperties: false,
};
const schema = {
  type: "object",
  properties: {
    a: { type: "number" },
    b: { type: "string" },
    inner,
    list: { type: "array", items: { $ref: "#/$defs/node" } },
  },
  required: ["a"],
  additionalProperties: false,
  $defs: {
    node: {
      type: "object",
      properties: { next: { $ref: "#/$defs/node" }, value: { type: "number" } },
      additionalProperties: false,
    },
  },
};
const inherited = {
  type: "object",
  properties: { constructor: { type: "string" }, a: { type: "number" } },
  additionalProperties: false,
};

const VALUES = [
  "{}",
  '{"a":1}',
  '{"a":1,"b":"x"}',
  '{"a":1,"c":2}',
  '{"c":2,"d":3}',
  '{"b":"x","c":2}',
  '{"a":null,"b":null,"c":null}',
  '{"a":1,"__proto__":{"b":2}}',
  '{"a":1,"constructor":"x"}',
  '{"a":1,"toString":1}',
  '{"a":1,"inner":{"a \\"name\\"":1,"x":2}}',
  '{"a":1,"inner":{"{b}":"y","a":2}}',
  '{"a":1,"list":[{"value":1,"x":2},{"next":{"value":"no","y":1}},3]}',
  "[]",
  "null",
  "1",
];

test.each(["schema", "inherited"])("the text of a check of %s does what the check does", async (name) => {
  const schemas = { schema, inherited };
  const text = checksModule(schemas);
  const fromText = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as Record<
    string,
    Check
  >;
  const check = compileChecks(schemas)[name] as Check;
  for (const json of VALUES) {
    const [value, same]: unknown[] = [JSON.parse(json), JSON.parse(json)];
    expect(fromText[name]!(value), json).toBe(check(same));
    expect(JSON.stringify(value)).toBe(JSON.stringify(same));
    expect(fromText[name]!.errors).toEqual(check.errors);
  }
});

test("a check in text makes no object to take defaults from, and walks through no object that has nothing to remove", () => {
  const text = checksModule({ schema });
  expect(text).not.toContain("parentData");
  expect(text.match(/for\(const key\d+ in/g)).toHaveLength(3);
  expect(text.match(/if\(Object\.keys\(data\d*\)\.length !== /g)).toHaveLength(2);
});
