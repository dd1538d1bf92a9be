import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ToolkitError } from "../../../src/errors/index.ts";
import { readProject } from "../../../src/project/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tenon-project-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const valid = {
  name: "demo",
  version: "1.0.0",
  access: "public",
  providers: { calculator: "./parts/calculator.wasm" },
};

function write(value: unknown): string {
  const path = join(folder, "tenon.json");
  const text = value instanceof Uint8Array ? value : JSON.stringify(value, null, 2);
  writeFileSync(path, typeof value === "string" ? value : text);
  return path;
}

async function failure(path: string): Promise<ToolkitError> {
  const error: unknown = await readProject(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ToolkitError);
  return error as ToolkitError;
}

test("readProject() names middleware after what it uses", async () => {
  const middleware = [
    { use: "./parts/log.wasm", config: { level: "info" } },
    { use: "./src/limit.ts" },
    { use: "access-log", as: "again" },
  ];
  const project = await readProject(write({ ...valid, middleware }));
  expect(project.folder).toBe(folder);
  expect(project.providers).toEqual([
    { as: "calculator", reference: "./parts/calculator.wasm", at: ["providers", "calculator"] },
  ]);
  expect(project.middleware).toEqual([
    { as: "log", reference: "./parts/log.wasm", at: ["middleware", 0, "use"], settings: { level: "info" } },
    { as: "limit", reference: "./src/limit.ts", at: ["middleware", 1, "use"] },
    { as: "again", reference: "access-log", at: ["middleware", 2, "use"] },
  ]);
});

test("readProject() points at the line of broken JSON and shows it", async () => {
  const path = write('{\n  "name": "demo",\n}');
  const error = await failure(path);
  expect(error.code).toBe("ERR_CONFIG");
  expect(error.message).toMatch(
    /Cannot read configuration ".*tenon\.json": a key in double quotes must stand here, found "}"$/,
  );
  expect(error.details).toEqual([`${path}:3:1`, "3 | }"]);
});

test("readProject() names unknown and missing keys, the nearest known one, and the lines", async () => {
  const path = write({ ...valid, access: undefined, acess: "public" });
  const error = await failure(path);
  expect(error.message).toMatch(/missing key "access"$/);
  expect(error.details).toEqual([
    `${path}:1:1`,
    "1 | {",
    'unknown key "acess", did you mean "access"?',
    `${path}:7:3`,
    '7 |   "acess": "public"',
  ]);
});

test.each([
  [{ version: 1 }, '"version" must be string, got number', '3 |   "version": 1,'],
  [
    { name: "Demo" },
    '"name" must match "Lower-case letters, digits and single hyphens between them", got "Demo"',
    '2 |   "name": "Demo",',
  ],
  [
    { providers: { Calc: "./x.wasm" } },
    'key "Calc" in "providers" must match "Lower-case letters, digits and single hyphens between them"',
    '6 |     "Calc": "./x.wasm"',
  ],
  [{ providers: { calc: 1 } }, '"providers.calc" must be string, got number', '6 |     "calc": 1'],
  [
    { grants: { calculator: { htpp: [] } } },
    'unknown key "htpp" in "grants.calculator", did you mean "http"?',
    '10 |       "htpp": []',
  ],
  [
    { grants: { calculator: { http: [{ origin: "api.example" }] } } },
    '"grants.calculator.http[0].origin" must match "Canonical: https://host or https://host:port, lower case, no default port", got "api.example"',
    '12 |           "origin": "api.example"',
  ],
  [
    { grants: { calculator: { kv: "notes/" } } },
    '"grants.calculator.kv" must be array, got string',
    '10 |       "kv": "notes/"',
  ],
  [{ trust: [] }, '"trust" must NOT have fewer than 1 items, got []', '8 |   "trust": []'],
  [{ trust: [{ repository: "a.example/b" }] }, 'missing key "keys" in "trust[0]"', "9 |     {"],
  [
    { trust: [{ repository: "a.example/b", keys: ["b.pub"], unsigned: true }] },
    '"trust[0]" must match exactly one schema in oneOf',
    "9 |     {",
  ],
  [
    { trust: [{ repository: "a.example/b", keys: [] }] },
    '"trust[0].keys" must NOT have fewer than 1 items, got []',
    '11 |       "keys": []',
  ],
  [
    { trust: [{ repository: "a.example/b", unsigned: false }] },
    '"trust[0].unsigned" must be true, got false',
    '11 |       "unsigned": false',
  ],
  [
    { trust: [{ repositry: "a.example/b", unsigned: true }] },
    'missing key "repository" in "trust[0]"',
    "9 |     {",
  ],
])("readProject() of %j says what is wrong and shows the line", async (change, message, line) => {
  const error = await failure(write({ ...valid, ...change }));
  expect(error.code).toBe("ERR_CONFIG");
  expect(error.message).toContain(message);
  expect(error.details[1]).toBe(line);
});

test("readProject() shows at most five mistakes", async () => {
  const middleware = Array.from({ length: 8 }, () => ({ use: 1 }));
  const error = await failure(write({ ...valid, middleware }));
  expect(error.details.at(-1)).toBe("and 3 more mistakes");
  expect(error.details).toHaveLength(2 + 4 * 3 + 1);
});

test.each([
  ["that is not there", undefined, "there is no such file"],
  ["that is not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), "it is not UTF-8"],
  ["over a mebibyte", new Uint8Array(1024 * 1024 + 1), "it has more than 1048576 bytes"],
])("readProject() refuses a file %s", async (_what, bytes, state) => {
  const error = await failure(bytes === undefined ? join(folder, "tenon.json") : write(bytes));
  expect(error.code).toBe("ERR_FILE");
  expect(error.message).toContain(`tenon.json": ${state}`);
});
