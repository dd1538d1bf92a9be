import { beforeAll, describe, expect, test } from "vitest";
import { buildComponent, type BuiltComponent } from "../../../src/build/index.ts";
import type { ProviderManifest } from "../../../src/manifest/index.ts";
import { compileComponent, type CompiledComponent } from "../../fixtures/compiled-component.ts";

const SCHEMA = "https://json-schema.org/draft/2020-12/schema";
let built: BuiltComponent;
let component: CompiledComponent;

beforeAll(async () => {
  built = await buildComponent({ entry: "test/fixtures/components/schema-libraries.ts" });
  component = await compileComponent(built.bytes);
});

describe.each([
  ["zod", "width: Invalid input: expected number, received string"],
  ["mini", "width: Invalid input: expected number, received string"],
  ["valibot", 'width: Invalid type: Expected number but received "2"'],
  ["standard", "width: A number is needed"],
])("schemas of %s", (name, problem) => {
  test("are described in the manifest", () => {
    const { tools } = built.manifest as ProviderManifest;
    const { inputSchema, outputSchema } = tools.find((tool) => tool.name === name)!;
    expect(inputSchema).toMatchObject({
      type: "object",
      properties: { width: { type: "number" }, unit: { enum: ["mm", "cm"] } },
      required: ["width"],
    });
    expect(outputSchema).toMatchObject({ type: "object", required: ["width", "unit"] });
    // Those that libraries write by themselves say nothing; what a schema of an author says is kept.
    expect(inputSchema["$schema"]).toBe(name === "standard" ? SCHEMA : undefined);
  });

  test("check arguments in the component, and fill in defaults", () => {
    const instance = component.instantiate();
    expect(instance.call(name, { width: 2 }).structuredContent).toEqual({ width: 4, unit: "mm" });
    const { isError, content } = instance.call(name, { width: "2" });
    expect(isError).toBe(true);
    expect(content[0]!.text).toBe(`Invalid arguments for "${name}":\n${problem}`);
  });
});

test("withJsonSchema() describes a schema that cannot do so itself", () => {
  const { tools } = built.manifest as ProviderManifest;
  expect(tools.find((tool) => tool.name === "described")!.inputSchema).toEqual({
    type: "object",
    properties: { width: { type: "number" }, unit: { enum: ["mm", "cm"] } },
    required: ["width"],
  });
  expect(component.instantiate().call("described", { width: 1 }).content[0]!.text).toBe("mm");
});

test("a dialect that the author names is kept", () => {
  const { tools } = built.manifest as ProviderManifest;
  expect(tools.find((tool) => tool.name === "dialects")).toMatchObject({
    inputSchema: { $schema: SCHEMA },
    outputSchema: { $schema: "https://json-schema.org/draft/2019-09/schema" },
  });
});

test("no code that makes JSON Schema reaches the component", () => {
  const code = Buffer.from(built.bytes).toString("latin1");
  // Texts of zod's and of valibot's conversion.
  for (const text of ["cannot be represented in JSON Schema", "draft-07", "openapi-3.0"]) {
    expect(code).not.toContain(text);
  }
});
