import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, type TestClient } from "tenon/test";
import { buildComponent, type BuiltComponent } from "../../src/build/index.ts";
import checked from "../fixtures/components/checked.ts";
import libraries from "../fixtures/components/schema-libraries.ts";

// The checks that a component has by heart, and those that Node compiles for a definition, must say the same.

let folder: string;
let built: BuiltComponent;
let definition: TestClient;
let component: TestClient;

async function componentOf(provider: typeof checked, name: string): Promise<TestClient> {
  built = await buildComponent({ entry: `test/fixtures/components/${name}.ts` });
  const path = join(folder, `${name}.wasm`);
  await writeFile(path, built.bytes);
  return connect(provider, { quiet: true, component: path });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenon-checks-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const CORNERS = [{ x: 1, y: 2 }];
const ROUND = { kind: "round", radius: 1 };

/** A tree of values, one below the other. */
function deep(levels: number): object {
  return levels === 0 ? { value: 1 } : { value: 1, children: [deep(levels - 1)] };
}

describe("a provider whose schemas are no more than their JSON Schema", () => {
  beforeAll(async () => {
    definition = await connect(checked, { quiet: true });
    component = await componentOf(checked, "checked");
  });

  afterAll(async () => {
    await Promise.all([definition.close(), component.close()]);
  });

  test("is built without the library of its schemas", () => {
    const code = Buffer.from(built.bytes).toString("latin1");
    for (const text of ["_zod", "invalid_type", "ZodError"]) expect(code).not.toContain(text);
    expect(built.inputs.filter((path) => path.includes("zod"))).toEqual([]);
    expect(built.inputs).toContain("checked.ts");
  });

  test.each<[string, string, Record<string, unknown>, string[]]>([
    [
      "all that is wrong",
      "describe-box",
      { name: "", corners: [{ x: "1" }, 2], unit: "m", shape: { kind: "square", side: 1.5, radius: 1 } },
      [
        "name: Invalid input: expected at least 1 characters, received string",
        "corners[0].x: Invalid input: expected number, received string",
        "corners[0].y: Invalid input: expected number, received undefined",
        "corners[1]: Invalid input: expected object, received number",
        'unit: Invalid input: expected one of "mm"|"cm", received string',
        "shape.side: Invalid input: expected integer, received number",
        'shape: Invalid input: unknown "radius"; there are "kind", "side"',
      ],
    ],
    [
      "nothing given",
      "describe-box",
      {},
      [
        "name: Invalid input: expected string, received undefined",
        "corners: Invalid input: expected array, received undefined",
        "shape: Invalid input: expected object, received undefined",
      ],
    ],
    [
      "an unknown alternative",
      "describe-box",
      { name: "a", corners: CORNERS, shape: { kind: "flat" } },
      ['shape.kind: Invalid input: expected one of "round"|"square", received string'],
    ],
    [
      "a fault far down",
      "sum-tree",
      { value: 1, children: [{ value: 2, children: [{ value: "3" }] }] },
      ["children[0].children[0].value: Invalid input: expected number, received string"],
    ],
    [
      "an unknown member of a strict object",
      "misbehave",
      { returns: "text", more: 1 },
      ['Invalid input: unknown "more"; there are "returns"'],
    ],
    [
      "a huge text",
      "describe-box",
      { name: "x".repeat(100_000), corners: CORNERS, shape: ROUND },
      ["name: Invalid input: expected at most 20 characters, received string"],
    ],
  ])("tells %s in the same words", async (_name, tool, args, problems) => {
    const result = await component.call(tool, args);
    expect(result).toEqual(await definition.call(tool, args));
    expect(result).toMatchObject({
      isError: true,
      text: [`Invalid arguments for "${tool}":`, ...problems].join("\n"),
    });
  });

  test("members that the schema does not have reach neither the code nor the client", async () => {
    const args = { name: "a", corners: [{ x: 1, y: 2, z: 3 }], shape: { ...ROUND, more: 1 }, extra: true };
    const structured = { given: { name: "a", corners: CORNERS, shape: ROUND }, corners: 1 };
    for (const client of [definition, component]) {
      expect((await client.call("describe-box", args)).structured).toEqual(structured);
    }
  });

  test.each([
    ["text", "n: Invalid input: expected number, received string"],
    ["nothing", "Invalid input: expected object, received undefined"],
    ["members", 'Invalid input: unknown "more"; there are "n"'],
  ])("a result with wrong %s is a failure, told in the log", async (returns, problem) => {
    for (const client of [definition, component]) {
      const result = await client.call("misbehave", { returns });
      expect(result).toMatchObject({ isError: true, text: "The tool failed" });
      expect(client.logs.at(-1)!.fields!["error"]).toBe(
        `ReturnError: what it returned does not match its output: ${problem}`,
      );
    }
  });

  test("lists with a fault in each element are answered with the first of them", async () => {
    const args = { name: "a", corners: Array.from({ length: 100_000 }, () => ({ x: "" })), shape: ROUND };
    const result = await component.call("describe-box", args);
    expect(result).toEqual(await definition.call("describe-box", args));
    expect(result.text.split("\n")).toHaveLength(22);
    expect(result.text).toMatch(/\nand more$/);
    expect(result.text.length).toBeLessThan(3000);
    // The instance goes on.
    expect((await component.call("sum-tree", { value: 1 })).text).toBe("1");
  });

  test("nested values are checked to the depth that hosts take", async () => {
    expect((await component.call("sum-tree", deep(30) as Record<string, unknown>)).text).toBe("31");
  });
});

describe("a provider whose schemas do more", () => {
  test("checks by the library what JSON Schema cannot say", async () => {
    const [inMemory, inside] = await Promise.all([
      connect(libraries, { quiet: true }),
      componentOf(libraries, "schema-libraries"),
    ]);
    for (const tool of ["zod", "mini", "valibot", "standard", "described"]) {
      for (const args of [
        { width: 2 },
        { width: "2" },
        {},
        { width: 2, unit: "inch" },
        { width: 2, more: 1 },
      ]) {
        expect(await inside.call(tool, args)).toEqual(await inMemory.call(tool, args));
      }
    }
    await Promise.all([inMemory.close(), inside.close()]);
  });
});
