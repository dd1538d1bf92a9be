import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundle } from "../../../src/build/bundle.ts";

const SOURCE = `export async function twice(work) {
  const first = await work();
  return [first, await work()];
}
export const later = async () => twice(later);
`;

let folder: string;
let entry: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenon-async-"));
  entry = join(folder, "module.js");
  await writeFile(entry, SOURCE);
});

afterAll(() => rm(folder, { recursive: true }));

test.each([true, false])("the runtime runs what async functions become, minified: %s", async (minify) => {
  const input = {
    entry,
    source: 'export * from "./module.js";',
    format: "esm",
    minify,
    plugins: [],
  } as const;
  const usual = await bundle(input);
  const { code, sourceMap } = await bundle({ ...input, runtime: true });
  expect(usual.code).toContain("new Promise(");
  // Nothing of the helper is left: another version of the bundler has another one.
  expect(code).not.toContain("new Promise(");
  expect(code).toContain("$tenonRunAsync(");
  expect(code).toHaveLength(usual.code.length);
  expect(sourceMap).toBe(usual.sourceMap);
});
