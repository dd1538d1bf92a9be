import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkJson } from "../../../src/json-schema/index.ts";

const schema = {
  type: "object",
  additionalProperties: false,
  required: ["level"],
  properties: {
    level: { enum: ["info", "debug"] },
    limits: {
      type: "array",
      items: { type: "object", properties: { windowMs: { type: "integer", minimum: 1 } } },
    },
  },
};

test("checkJson() finds nothing wrong with a valid value", () => {
  expect(checkJson(schema, { level: "info", limits: [{ windowMs: 1 }] })).toEqual([]);
});

test("checkJson() names the place, the key and the nearest key", () => {
  expect(checkJson(schema, { levle: "info" })).toEqual([
    'missing key "level"',
    'unknown key "levle", did you mean "level"?',
  ]);
  expect(checkJson(schema, { level: "loud", limits: [{ windowMs: "1" }] })).toEqual([
    '"level" must be one of "info", "debug", got "loud"',
    '"limits[0].windowMs" must be integer, got string',
  ]);
  expect(checkJson(schema, { level: "info", limits: [{ windowMs: 0 }] })).toEqual([
    '"limits[0].windowMs" must be >= 1, got 0',
  ]);
});

test("checkJson() lists the known keys when none is near", () => {
  expect(checkJson(schema, { level: "info", zzzzzz: 1 })).toEqual([
    'unknown key "zzzzzz", known: level, limits',
  ]);
});

test("checkJson() refuses a schema that refers to the network instead of fetching it", () => {
  expect(() => checkJson({ $ref: "https://schemas.example/x.json" }, {})).toThrow(/can't resolve reference/);
});

test("the schemas of this package are schemas", () => {
  const folder = new URL("../../../schema/", import.meta.url);
  for (const name of readdirSync(folder)) {
    const published = JSON.parse(readFileSync(new URL(name, folder), "utf8")) as object;
    expect(() => checkJson(published, {}), name).not.toThrow();
  }
});
