import { afterEach, describe, expect, test } from "vitest";
import { connect, type TestClient } from "tenon/test";
import { defineTool, provider, withJsonSchema, type Schema, type ToolContext } from "tenon";
import * as v from "valibot";
import * as z from "zod";
import * as mini from "zod/mini";

const clients: TestClient[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((each) => each.close()));
});

interface Asked {
  /** The schema that reached the client. */
  form: unknown;
  text: string;
  /** What the log says of a failure. */
  error: unknown;
}

/** Asks with a schema, and gives what the client was asked. */
function ask(schema: Schema, content: object = {}, message = "Please"): Promise<Asked> {
  return run(async (ctx) => JSON.stringify(await ctx.elicit(schema, message)), content);
}

/** Runs a tool for a client that accepts every form. */
async function run(work: (ctx: ToolContext) => Promise<unknown>, content: object = {}): Promise<Asked> {
  const tool = defineTool({
    name: "ask",
    description: "Asks",
    input: z.object({}),
    run: async (_, ctx) => String(await work(ctx)),
  });
  let form: unknown;
  const client = await connect(provider({ name: "asks", version: "1.0.0", tools: [tool] }), {
    quiet: true,
    sample: () => "sampled",
    elicit(question) {
      form = question.mode === "form" ? question.requestedSchema : undefined;
      return { action: "accept", content: content as Record<string, unknown> };
    },
  });
  clients.push(client);
  const { text } = await client.call("ask");
  return { form, text, error: client.logs[0]?.fields?.["error"] };
}

describe("a form has what MCP lets it have", () => {
  test("from zod", async () => {
    const { form } = await ask(
      z.strictObject({
        name: z
          .string()
          .min(1)
          .max(20)
          .meta({ title: "Name", examples: ["Ada"] }),
        mail: z.email().optional(),
        site: z.url(),
        day: z.iso.date(),
        id: z.uuid(),
        count: z.number().min(1).multipleOf(2).default(4),
        sure: z.boolean().describe("Really?"),
        size: z.enum(["s", "m"]).default("m"),
        only: z.literal("x"),
        kind: z.union([z.literal("a").meta({ title: "A" }), z.literal("b").meta({ title: "B" })]),
        some: z.array(z.enum(["p", "q"])).min(1),
        many: z.array(z.union([z.literal("a").meta({ title: "A" }), z.literal("b").meta({ title: "B" })])),
      }),
    );
    expect(form).toEqual({
      type: "object",
      properties: {
        name: { type: "string", minLength: 1, maxLength: 20, title: "Name" },
        mail: { type: "string", format: "email" },
        site: { type: "string", format: "uri" },
        day: { type: "string", format: "date" },
        id: { type: "string" },
        count: { type: "number", minimum: 1, default: 4 },
        sure: { type: "boolean", description: "Really?" },
        size: { type: "string", enum: ["s", "m"], default: "m" },
        only: { type: "string", enum: ["x"] },
        kind: {
          type: "string",
          oneOf: [
            { const: "a", title: "A" },
            { const: "b", title: "B" },
          ],
        },
        some: { type: "array", minItems: 1, items: { type: "string", enum: ["p", "q"] } },
        many: {
          type: "array",
          items: {
            anyOf: [
              { const: "a", title: "A" },
              { const: "b", title: "B" },
            ],
          },
        },
      },
      required: ["name", "site", "day", "id", "sure", "only", "kind", "some", "many"],
    });
  });

  const expected = {
    type: "object",
    properties: { name: { type: "string" }, size: { type: "string", enum: ["s", "m"] } },
    required: ["name"],
  };
  const size = { enum: ["s", "m"] };
  const json = { type: "object", properties: { name: { type: "string" }, size }, required: ["name"] };
  const schemas: [string, Schema][] = [
    ["zod/mini", mini.object({ name: mini.string(), size: mini.optional(mini.enum(["s", "m"])) })],
    ["valibot", v.object({ name: v.string(), size: v.optional(v.picklist(["s", "m"])) })],
    [
      "withJsonSchema",
      withJsonSchema(z.object({ name: z.string(), size: z.custom<string>().optional() }), json),
    ],
  ];
  test.each(schemas)("from %s", async (_, schema) => {
    const { form, text } = await ask(schema, { name: "Ada" });
    expect(form).toEqual(expected);
    expect(JSON.parse(text)).toEqual({ action: "accept", content: { name: "Ada" } });
  });
});

const NO_FORM = "in a form: its members are texts, numbers, booleans, and choices of texts";

describe("what is no form", () => {
  test.each<[string, Schema]>([
    ["inner", z.object({ inner: z.object({ a: z.string() }) })],
    ["list", z.object({ list: z.array(z.string()) })],
    ["either", z.object({ either: z.union([z.string(), z.number()]) })],
    ["none", z.object({ none: z.string().nullable() })],
    ["any", z.object({ any: z.any() })],
  ])("a member %s", async (member, schema) => {
    const { form, text, error } = await ask(schema);
    expect([form, text, error]).toEqual([
      undefined,
      "The tool failed",
      `TypeError: Cannot ask for "${member}" ${NO_FORM}`,
    ]);
  });

  test.each<[string, Schema, string]>([
    ["no members", z.object({}), "TypeError: Cannot ask for a form without members"],
    [
      "65 members",
      z.object(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`m${i}`, z.string()]))),
      "TypeError: Cannot ask for a form of 65 members: 64 are the most",
    ],
    ["a text", z.string(), "Error: the schema of the form does not describe an object"],
    [
      "a long schema",
      z.object({ a: z.string().describe("x".repeat(20_000)) }),
      "TypeError: Cannot ask for a form whose schema has 20088 characters: 16384 are the most",
    ],
    [
      "no schema",
      {} as Schema,
      "TypeError: Cannot ask for a form: the first argument of elicit is no schema",
    ],
  ])("%s", async (_, schema, error) => {
    expect((await ask(schema)).error).toBe(error);
  });

  test.each(["", "x".repeat(4097)])("a message of a length that is not allowed", async (message) => {
    const { error } = await ask(z.object({ a: z.string() }), {}, message);
    expect(error).toBe("TypeError: Cannot ask without a message of 1 to 4096 characters");
  });
});

describe("what cannot be asked", () => {
  const form = z.object({ a: z.string().optional() });
  const message = { role: "user", content: { type: "text", text: "a" } } as const;
  const noUrl = "TypeError: Cannot ask to open a URL: it is no http(s) URL of at most 2048 characters";
  const noKey = "TypeError: The key of a question has 1 to 64 characters of A-Z a-z 0-9 _ . -";
  const noModel = "TypeError: Cannot ask the client's model:";
  const noOnce = "TypeError: A key of once has 1 to 128 characters";

  test.each<[string, (ctx: ToolContext) => Promise<unknown>, string]>([
    ["an empty key", (ctx) => ctx.elicit(form, "a", { key: "" }), noKey],
    ["a long key", (ctx) => ctx.elicit(form, "a", { key: "k".repeat(65) }), noKey],
    ["a key with a space", (ctx) => ctx.elicit(form, "a", { key: "a b" }), noKey],
    [
      "a key twice",
      (ctx) => Promise.all([ctx.elicit(form, "a", { key: "k" }), ctx.elicit(form, "b", { key: "k" })]),
      'TypeError: Two questions of a call have the key "k"',
    ],
    ["a path", (ctx) => ctx.elicitUrl("/pay", "Pay"), noUrl],
    ["another scheme", (ctx) => ctx.elicitUrl("javascript:alert(1)", "Pay"), noUrl],
    ["a URL with a space", (ctx) => ctx.elicitUrl("https://a.example/ b", "Pay"), noUrl],
    ["a long URL", (ctx) => ctx.elicitUrl(`https://a.example/${"b".repeat(2048)}`, "Pay"), noUrl],
    ["no messages", (ctx) => ctx.sample({ messages: [], maxTokens: 1 }), `${noModel} there are no messages`],
    [
      "a message without content",
      (ctx) => ctx.sample({ messages: [message, { role: "user" } as never], maxTokens: 1 }),
      `${noModel} messages[1] has no role or content`,
    ],
    [
      "no tokens",
      (ctx) => ctx.sample({ messages: [message], maxTokens: 0 }),
      `${noModel} maxTokens is not a whole number above 0`,
    ],
    [
      "a long request",
      (ctx) => ctx.sample({ messages: [message], maxTokens: 1, systemPrompt: "a".repeat(262_144) }),
      `${noModel} the request has 262243 characters, and 262144 are the most`,
    ],
    ["an empty key of once", (ctx) => ctx.once("", () => 1), noOnce],
    ["a long key of once", (ctx) => ctx.once("k".repeat(129), () => 1), noOnce],
    ["what is not JSON", (ctx) => ctx.once("k", () => () => 1), 'TypeError: once("k") gave what is not JSON'],
    [
      "more than 32 things once",
      (ctx) => Promise.all(Array.from({ length: 33 }, (_, i) => ctx.once(`k${i}`, () => i))),
      "RangeError: Cannot do more than 32 things once in a call",
    ],
  ])("%s", async (_, work, error) => {
    const { text, error: actual } = await run(work);
    expect([text, actual]).toEqual(["The tool failed", error]);
  });

  test("a caller changes nothing for another by changing what once gave", async () => {
    const { text } = await run(async (ctx) => {
      const list = await ctx.once("list", () => [1]);
      list.push(2);
      return JSON.stringify(await ctx.once("list", () => [3]));
    });
    expect(text).toBe("[1]");
  });
});
