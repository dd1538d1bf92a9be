import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildComponent, type BuiltComponent } from "../../src/build/index.ts";
import { ToolkitError } from "../../src/errors/index.ts";
import { compileComponent } from "../fixtures/compiled-component.ts";

// Each module of uses/ exercises a package. It runs in Node and in a component, and the two must agree. The sizes are those
// that docs/packages.md states; BLESS=1 writes them there.

const PAGE = "docs/packages.md";
const uses = (await readdir("test/packages/uses")).map((file) => basename(file, ".js")).sort();
/** Sizes change with the layout of the engine's memory, and the page is for orientation. */
const TOLERANCE_KB = 6;
const TOLERANCE = 0.3;

let root: string;
let projects = 0;
let empty: { raw: number; gzip: number };
const measured = new Map<string, string[]>();

async function build(before: string, expression: string): Promise<BuiltComponent> {
  const home = join(root, String((projects += 1)));
  await mkdir(home);
  await symlink(resolve("node_modules"), join(home, "node_modules"));
  const entry = join(home, "tool.js");
  await writeFile(
    entry,
    `import { defineTool, provider } from "tenon";
import * as z from "zod/mini";
${before}
const tool = defineTool({ name: "use", description: "Uses", input: z.object({}), run: () => ${expression} });
export default provider({ name: "use", version: "1.0.0", tools: [tool] });`,
  );
  return buildComponent({ entry });
}

/** kB that a component is larger by than one that uses nothing, and the same compressed. */
async function added({ bytes }: BuiltComponent): Promise<[raw: number, zipped: number]> {
  const zipped = (await promisify(gzip)(bytes)).length;
  return [(bytes.length - empty.raw) / 1000, (zipped - empty.gzip) / 1000];
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tenon-packages-"));
  const { bytes } = await build("", '"nothing"');
  empty = { raw: bytes.length, gzip: (await promisify(gzip)(bytes)).length };
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
  if (process.env.BLESS === "1") await writeFile(PAGE, withTable(await readFile(PAGE, "utf8")));
});

describe("a package gives in a component what it gives in Node", () => {
  test.for(uses)("%s", async (name) => {
    const file = resolve(`test/packages/uses/${name}.js`);
    const { default: use } = (await import(file)) as { default: () => unknown };
    const built = await build(`import use from ${JSON.stringify(file)};`, "JSON.stringify(use())");
    const instance = (await compileComponent(built.bytes)).instantiate();
    const [block] = instance.call("use", {}).content;
    expect(instance.logs).toEqual([]);
    expect(JSON.parse(block!.text)).toEqual(JSON.parse(JSON.stringify(use())));
    const [raw, zipped] = await added(built);
    const { version } = createRequire(import.meta.url)(resolve(`node_modules/${name}/package.json`)) as {
      version: string;
    };
    measured.set(name, [version, raw.toFixed(0), zipped.toFixed(0)]);
  });

  test("docs/packages.md lists each with its version and size", async () => {
    if (process.env.BLESS === "1") return;
    const rows = tableRows(await readFile(PAGE, "utf8"));
    expect([...rows.keys()].sort()).toEqual(uses);
    for (const [name, [version, raw, zipped]] of measured) {
      const [statedVersion, statedRaw, statedZipped] = rows.get(name)!;
      expect(statedVersion, name).toBe(version);
      expectNear(Number(raw), Number(statedRaw), `${name}, raw`);
      expectNear(Number(zipped), Number(statedZipped), `${name}, gzip`);
    }
  });
});

function expectNear(actual: number, stated: number, what: string): void {
  expect(
    Math.abs(actual - stated),
    `${what}: ${actual} kB where the page says ${stated}`,
  ).toBeLessThanOrEqual(Math.max(TOLERANCE_KB, stated * TOLERANCE));
}

const ROW = /^\| `([^`]+)` \| ([^|]+) \| (\S+) \| (-?\d+) kB \| (-?\d+) kB \|$/gm;

/** Version, raw and compressed size by package. */
function tableRows(page: string): Map<string, [string, string, string]> {
  return new Map(
    [...page.matchAll(ROW)].map(([, name, , ...rest]) => [name!, rest as [string, string, string]]),
  );
}

function withTable(page: string): string {
  return page.replaceAll(ROW, (row, name: string, purpose: string) => {
    const cells = measured.get(name);
    return cells === undefined
      ? row
      : `| \`${name}\` | ${purpose} | ${cells[0]} | ${cells[1]} kB | ${cells[2]} kB |`;
  });
}

describe("a package that cannot work says so when it is built", () => {
  test.for<[what: string, before: string, message: RegExp, place: RegExp]>([
    [
      "iconv-lite needs Buffer",
      'import * as it from "iconv-lite";',
      /"(?:buffer|string_decoder)" is a module of Node, which components do not have$/,
      /node_modules\/(?:iconv-lite|safer-buffer)\/.+:\d+:\d+$/,
    ],
    [
      "a client of MCP starts processes",
      'import * as it from "@modelcontextprotocol/sdk/client/stdio.js";',
      /is a module of Node, which components do not have$/,
      /node_modules\/.+:\d+:\d+$/,
    ],
  ])("%s", async ([, before, message, place]) => {
    const error: unknown = await build(before, "String(Object.keys(it))").catch((reason: unknown) => reason);
    if (!(error instanceof ToolkitError)) throw new Error(`The build gave ${String(error)}`);
    expect(error.message).toMatch(message);
    expect(error.details[0]).toMatch(place);
    expect(error.details[2]).toMatch(/^imported by .*tool\.js$/);
  });
});
