import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { compileComponent } from "../../fixtures/compiled-component.ts";

/** The names in the first column of the table under a heading of the page. */
function namesUnder(page: string, heading: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]!.split("\n## ")[0]!;
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) => [...row.split(" | ")[0]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
}

const PROBES = `{
  v: /[\\p{Letter}--[a-z]]/v.test("Ä"),
  behind: /(?<=(?<name>a))b/d.exec("ab")?.indices?.groups?.["name"]?.[0],
  modifier: new RegExp("(?i:a)b").test("Ab"),
  normalize: "\\u00e9".normalize("NFD").length,
  compare: ["ä", "z"].sort((a, b) => a.localeCompare(b)),
  locale: (1234.5).toLocaleString("de"),
  zone: new Date(0).getTimezoneOffset(),
  using: (() => {
    const order = [];
    {
      using held = { [Symbol.dispose]: () => order.push("disposed") };
      order.push(typeof held);
    }
    return order;
  })(),
}`;

let there: string[];
let notThere: string[];
let result: { types: [name: string, type: string][]; probes: unknown };

beforeAll(async () => {
  const page = await readFile("docs/runtime.md", "utf8");
  there = [...namesUnder(page, "Web APIs"), ...namesUnder(page, "ECMAScript")];
  notThere = namesUnder(page, "Not there");
  const types = [...there, ...notThere].map((name) => `[${JSON.stringify(name)}, typeof ${name}]`);
  const folder = await mkdtemp(join(tmpdir(), "tenon-page-"));
  try {
    await symlink(resolve("node_modules"), join(folder, "node_modules"));
    const entry = join(folder, "tool.ts");
    await writeFile(
      entry,
      `import { defineTool, provider } from "tenon";
import * as z from "zod/mini";
export default provider({ name: "page", version: "1.0.0", capabilities: { http: "to have fetch" }, tools: [
  defineTool({ name: "look", description: "Looks what there is", input: z.object({}),
    run: () => JSON.stringify({ types: [${types.join(",")}], probes: ${PROBES} }) }),
] });`,
    );
    const { bytes } = await buildComponent({ entry });
    const { content } = (await compileComponent(bytes)).instantiate().call("look", {});
    result = JSON.parse(content[0]!.text) as typeof result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("docs/runtime.md names what a component has and has not", () => {
  expect(there.length).toBeGreaterThan(80);
  expect(notThere.length).toBeGreaterThan(20);
  // The rest are functions.
  const others: Record<string, string> = { "performance.timeOrigin": "number", "crypto.subtle": "object" };
  expect(Object.fromEntries(result.types)).toEqual({
    ...Object.fromEntries(there.map((name) => [name, others[name] ?? "function"])),
    ...Object.fromEntries(notThere.map((name) => [name, "undefined"])),
  });
});

test("the syntax and the limits that docs/runtime.md names", () => {
  expect(result.probes).toEqual({
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
