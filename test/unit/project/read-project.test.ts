import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
}

async function failure(path: string): Promise<ToolkitError> {
  const error: unknown = await readProject(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ToolkitError);
  return error as ToolkitError;
}

test("readProject() loads components relative to the file and names middleware after what it uses", async () => {
  mkdirSync(join(folder, "parts"));
  writeFileSync(join(folder, "parts", "calculator.wasm"), "c");
  writeFileSync(join(folder, "parts", "log.wasm"), "l");
  const middleware = [
    { use: "./parts/log.wasm", config: { level: "info" } },
    { use: "./parts/log.wasm", as: "again" },
  ];
  const input = await readProject(write({ ...valid, middleware }));
  expect(input.providers).toEqual([{ as: "calculator", bytes: Buffer.from("c") }]);
  expect(input.middleware).toEqual([
    { as: "log", bytes: Buffer.from("l"), settings: { level: "info" } },
    { as: "again", bytes: Buffer.from("l") },
  ]);
});

test("readProject() points at the line of broken JSON", async () => {
  const error = await failure(write('{\n  "name": "demo",\n}'));
  expect(error.code).toBe("ERR_CONFIG");
  expect(error.message).toMatch(
    /Cannot read configuration ".*tenon\.json": line 3, column 1: unexpected "}"/,
  );
});

test("readProject() names unknown and missing keys and the nearest known one", async () => {
  const error = await failure(write({ ...valid, access: undefined, acess: "public" }));
  expect(error.message).toMatch(/missing key "access"$/);
  expect(error.details).toEqual(['unknown key "acess", did you mean "access"?']);
});

test("readProject() refuses grants, which nothing would enforce", async () => {
  const error = await failure(write({ ...valid, grants: {} }));
  expect(error.message).toMatch(/"grants" is not supported in this version$/);
});

test("readProject() suggests the ready-made middleware a name is close to", async () => {
  mkdirSync(join(folder, "parts"));
  writeFileSync(join(folder, "parts", "calculator.wasm"), "c");
  const error = await failure(write({ ...valid, middleware: [{ use: "acess-log" }] }));
  expect(error.hint).toBe('Did you mean "access-log"?');
});

test("readProject() says which component file is not there", async () => {
  const error = await failure(write(valid));
  expect(error.code).toBe("ERR_FILE");
  expect(error.message).toBe('Cannot load component "./parts/calculator.wasm": there is no such file');
});

test("readProject() says that there is no configuration file", async () => {
  const error = await failure(join(folder, "other.json"));
  expect(error.message).toMatch(/other\.json": there is no such file$/);
});
