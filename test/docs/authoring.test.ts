import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildComponent } from "../../src/build/index.ts";

// The page's examples that are whole modules, built as they stand.

const page = await readFile("docs/authoring.md", "utf8");
const examples = [...page.matchAll(/^```ts\n([^]*?)^```$/gm)]
  .map(([, code]) => code!)
  .filter((code) => code.includes("export default"));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenon-docs-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(resolve("node_modules/zod"), join(folder, "node_modules/zod"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("there are examples", () => {
  expect(examples.length).toBeGreaterThan(3);
});

test.for(examples.map((code, index) => [index + 1, code] as const))(
  "example %i builds",
  async ([index, code]) => {
    const entry = join(folder, `example-${index}.ts`);
    await writeFile(entry, code);
    const { manifest, warnings } = await buildComponent({ entry });
    expect(manifest.kind).toBe("provider");
    expect(warnings).toEqual([]);
  },
);
