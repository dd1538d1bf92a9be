import { describe, expect, test } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import { callTool } from "../../../src/sdk/call-tool.ts";
import { CallContext } from "../../../src/sdk/context.ts";
import { defineTool, ToolError, type LogFields, type Schema, type Tool } from "../../../src/sdk/index.ts";
import { createLog } from "../../../src/sdk/log.ts";

interface Line {
  level: string;
  message: string;
  fields: LogFields | undefined;
}

async function run(
  tool: Tool,
  args: unknown = {},
): Promise<{ json: string; result: unknown; lines: Line[] }> {
  const lines: Line[] = [];
  const log = createLog((level, message, fields) => lines.push({ level, message, fields }));
  const json = await callTool(tool, args, new CallContext("{}", { log, services: {} }));
  return { json, result: JSON.parse(json), lines };
}

/** A tool that returns a value of any type. */
function returning(value: unknown, output?: Schema): Tool {
  const definition = { name: "returns", description: "Returns", input: z.object({}), run: () => value };
  return output === undefined ? definition : { ...definition, output };
}

describe("values", () => {
  test("an object that matches the output is structured content and its JSON as text", async () => {
    const { result } = await run(returning({ sum: 3, extra: 1 }, z.object({ sum: z.number() })));
    expect(result).toEqual({ content: [{ type: "text", text: '{"sum":3}' }], structuredContent: { sum: 3 } });
  });

  test.for<[unknown, Schema]>([
    [[1, 2], z.array(z.number())],
    ["a", z.string()],
    [0, z.number()],
    [false, z.boolean()],
    [null, z.null()],
    [{ content: "x" }, z.object({ content: z.string() })],
  ])("%j that matches the output is structured content, whatever it is", async ([value, output]) => {
    const { result } = await run(returning(value, output));
    const text = JSON.stringify(value);
    expect(result).toEqual({ content: [{ type: "text", text }], structuredContent: value });
  });

  test("blocks carry structured content of any kind", async () => {
    const blocks = { content: [{ type: "text", text: "two" }], structuredContent: [1, 2] };
    expect((await run(returning(blocks, z.array(z.number())))).result).toEqual(blocks);
  });

  test("what has no JSON is a failure of the tool", async () => {
    const { result, lines } = await run(returning(undefined, z.undefined()));
    expect(result).toMatchObject({ isError: true });
    expect(lines[0]!.fields!["error"]).toContain("it returned nothing, which has no JSON");
  });

  test("a string is text content", async () => {
    const { result } = await run(returning("hello"));
    expect(result).toEqual({ content: [{ type: "text", text: "hello" }] });
  });

  test("content blocks pass", async () => {
    const blocks = {
      content: [
        { type: "image", data: "AA==", mimeType: "image/png" },
        { type: "resource", resource: { uri: "file:///a", text: "a" } },
      ],
    };
    const { result } = await run(returning(blocks));
    expect(result).toEqual(blocks);
  });

  test("content blocks with structured content are checked against the output", async () => {
    const output = z.object({ n: z.number() });
    const content = [{ type: "text", text: "a" }];
    const good = await run(returning({ content, structuredContent: { n: 1 } }, output));
    expect(good.result).toEqual({ content, structuredContent: { n: 1 } });
    const bad = await run(returning({ content, structuredContent: { n: "1" } }, output));
    expect(bad.result).toMatchObject({ isError: true });
  });

  test("isError comes first in the JSON of content blocks", async () => {
    const { json } = await run(returning({ content: [{ type: "text", text: "a" }], isError: true }));
    expect(json).toBe('{"isError":true,"content":[{"type":"text","text":"a"}]}');
  });

  test.for([
    [undefined, "it returned nothing"],
    [null, "it returned null"],
    [5, "it returned a value of type number"],
    [["a"], "it returned a list"],
    [{ content: [{ type: "video" }] }, "content[0] has no known type"],
    [{ content: [{ type: "text", text: 5 }] }, "content[0].text is not a string"],
    [{ content: [{ type: "resource", resource: {} }] }, "content[0].resource has no uri with text or blob"],
  ] as const)("%j is a generic failure with the reason in the log", async ([value, reason]) => {
    const { result, lines } = await run(returning(value));
    expect(result).toEqual({ isError: true, content: [{ type: "text", text: "The tool failed" }] });
    expect(lines[0]!.fields!["error"]).toContain(reason);
  });

  test("an object that does not match the output is a generic failure with the reason in the log", async () => {
    const { result, lines } = await run(returning({ sum: "3" }, z.object({ sum: z.number() })));
    expect(result).toEqual({ isError: true, content: [{ type: "text", text: "The tool failed" }] });
    expect(lines).toMatchObject([{ level: "error", message: 'Tool "returns" failed' }]);
    expect(lines[0]!.fields!["error"]).toContain("sum: Invalid input: expected number, received string");
  });
});

describe("arguments", () => {
  const tool = defineTool({
    name: "shape",
    description: "Takes a shape",
    input: z.object({
      size: z.number().min(1),
      unit: z.enum(["mm", "cm"]).default("mm"),
      points: z
        .array(z.object({ x: z.number() }))
        .max(2)
        .optional(),
    }),
    run: ({ size, unit }) => `${size}${unit}`,
  });

  test("reach run parsed, with defaults", async () => {
    expect((await run(tool, { size: 2 })).result).toEqual({ content: [{ type: "text", text: "2mm" }] });
  });

  test("that do not match name each field and what was expected", async () => {
    const { result, lines } = await run(tool, { unit: "km", points: [{ x: "1" }] });
    expect(result).toEqual({
      isError: true,
      content: [
        {
          type: "text",
          text: [
            'Invalid arguments for "shape":',
            "size: Invalid input: expected number, received undefined",
            'unit: Invalid option: expected one of "mm"|"cm"',
            "points[0].x: Invalid input: expected number, received string",
          ].join("\n"),
        },
      ],
    });
    expect(lines).toEqual([]);
  });

  test("of zod/mini, which has no texts, are told what was expected all the same", async () => {
    const small = defineTool({
      name: "small",
      description: "Small",
      input: mini.object({ n: mini.number() }),
      run: ({ n }) => String(n),
    });
    expect(JSON.stringify((await run(small, {})).result)).toContain("n: Invalid input: expected number");
  });

  test("with hundreds of problems give at most 20 lines", async () => {
    const many = defineTool({
      name: "many",
      description: "Many",
      input: z.object({ list: z.array(z.number()) }),
      run: () => "",
    });
    const { result } = await run(many, { list: Array.from({ length: 100 }, () => "x") });
    const { text } = (result as { content: [{ text: string }] }).content[0];
    expect(text.split("\n")).toHaveLength(22);
    expect(text).toMatch(/and more$/);
  });

  test("may be checked by a schema that waits", async () => {
    const slow = defineTool({
      name: "slow",
      description: "Slow",
      input: z.object({ n: z.number().refine(async (n) => n > 1, "too small") }),
      run: ({ n }) => String(n),
    });
    expect((await run(slow, { n: 2 })).result).toMatchObject({ content: [{ text: "2" }] });
    expect((await run(slow, { n: 1 })).result).toMatchObject({ isError: true });
  });
});

test("a ToolError from an async function is for the model, and not logged", async () => {
  const { json, lines } = await run({
    ...returning(""),
    run: () => Promise.reject(new ToolError("No city of that name")),
  });
  expect(json).toBe('{"isError":true,"content":[{"type":"text","text":"No city of that name"}]}');
  expect(lines).toEqual([]);
});
