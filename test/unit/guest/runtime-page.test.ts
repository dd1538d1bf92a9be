import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { compileComponent } from "../../fixtures/compiled-component.ts";

/** The names in the first column of the table under a heading of the page. */
function namesUnder(page: string, heading: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]!.split("\n## ")[0]!;
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) => [...row.split(" | ")[0]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
}

/** Builds a component with one tool, whose code is an expression, and gives what that evaluates to. */
async function evaluate(expression: string): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), "tenon-page-"));
  try {
    await symlink(resolve("node_modules"), join(folder, "node_modules"));
    const entry = join(folder, "tool.ts");
    await writeFile(
      entry,
      `import { defineTool, provider } from "tenon";
import * as z from "zod/mini";
export default provider({ name: "page", version: "1.0.0", capabilities: { http: "to have fetch" }, tools: [
  defineTool({ name: "evaluate", description: "Evaluates", input: z.object({}), run: () => JSON.stringify(${expression}) }),
] });`,
    );
    const { bytes } = await buildComponent({ entry });
    const { content } = (await compileComponent(bytes)).instantiate().call("evaluate", {});
    return JSON.parse(content[0]!.text);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("docs/runtime.md names what a component has and has not", async () => {
  const page = await readFile("docs/runtime.md", "utf8");
  const there = [...namesUnder(page, "Web APIs"), ...namesUnder(page, "ECMAScript")];
  const notThere = namesUnder(page, "Not there");
  expect(there.length).toBeGreaterThan(80);
  expect(notThere.length).toBeGreaterThan(20);
  const entries = [...there, ...notThere].map((name) => `[${JSON.stringify(name)}, typeof ${name}]`);
  const types = Object.fromEntries((await evaluate(`[${entries.join(",")}]`)) as [string, string][]);
  // A constant of the engine and a namespace; the rest are functions.
  const expected = { "performance.timeOrigin": "number", "crypto.subtle": "object" } as Record<
    string,
    string
  >;
  expect(types).toEqual({
    ...Object.fromEntries(there.map((name) => [name, expected[name] ?? "function"])),
    ...Object.fromEntries(notThere.map((name) => [name, "undefined"])),
  });
});

test("the syntax and the limits that docs/runtime.md names", async () => {
  const probes = `{
    v: /[\\p{Letter}--[a-z]]/v.test("Ä"),
    behind: /(?<=(?<name>a))b/d.exec("ab")?.indices?.groups?.["name"]?.[0],
    modifier: new RegExp("(?i:a)b").test("Ab"),
    normalize: "\\u00e9".normalize("NFD").length,
    compare: ["ä", "z"].sort((a, b) => a.localeCompare(b)),
    locale: (1234.5).toLocaleString("de"),
    zone: new Date(0).getTimezoneOffset(),
    using: (() => { const order = []; { using held = { [Symbol.dispose]: () => order.push("disposed") }; order.push(typeof held); } return order; })(),
  }`;
  expect(await evaluate(probes)).toEqual({
    v: true,
    behind: 0,
    modifier: true,
    normalize: 2,
    compare: ["z", "ä"],
    locale: "1234.5",
    zone: 0,
    using: ["object", "disposed"],
  });
});
