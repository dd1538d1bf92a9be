import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkJson } from "../../../src/json-schema/index.ts";
import { call, legacy, META, modern } from "./requests.ts";

const schema = JSON.parse(
  readFileSync(new URL("../../../schema/context.schema.json", import.meta.url), "utf8"),
) as { properties: object };

const info = { "io.modelcontextprotocol/clientInfo": { name: "suite", version: "1.0.0" } };
const { fields, body } = modern("tools/call", { name: "add" }, { ...META, ...info });
const calls = {
  "a legacy request": call({}, legacy("tools/call", { name: "add", _meta: { progressToken: 7 } })),
  "a modern request": call(fields, body),
};

test.each(Object.entries(calls))("the context of %s is what the published schema says", (_, { context }) => {
  const value = JSON.parse(context) as Record<string, unknown>;
  expect(checkJson(schema, value)).toEqual([]);
  // The schema allows unknown members, so that the context can grow; this release sends none.
  expect(Object.keys(value).filter((name) => !Object.hasOwn(schema.properties, name))).toEqual([]);
});

test("the published schema refuses a context without what every request has", () => {
  expect(checkJson(schema, { transport: "carrier pigeon" }).length).toBeGreaterThan(3);
});
