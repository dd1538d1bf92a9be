import { describe, expect, test } from "vitest";
import * as z from "zod";
import { definePrompt, defineResource, defineResourceTemplate, ToolError } from "../../../src/sdk/index.ts";
import { answer, failed, type Answer } from "./answer.ts";

describe("resources/read", () => {
  const resources = [
    defineResource({
      uri: "notes://index",
      name: "index",
      mimeType: "text/plain",
      read: (uri) => `At ${uri}`,
    }),
    defineResource({ uri: "notes://logo", name: "logo", read: () => new Uint8Array([0, 255, 16]) }),
    defineResource({
      uri: "notes://all",
      name: "all",
      read: () => ({ contents: [{ uri: "notes://1", text: "one" }] }),
    }),
    defineResource({ uri: "notes://gone", name: "gone", read: () => undefined }),
    defineResource({ uri: "notes://number", name: "number", read: () => 5 as never }),
    defineResource({
      uri: "notes://both",
      name: "both",
      read: () => ({ contents: [{ uri: "notes://1", text: "one", blob: "" }] }),
    }),
    defineResource({
      uri: "notes://busy",
      name: "busy",
      read: () => Promise.reject(new ToolError("The index is being written; try again")),
    }),
    defineResource({
      uri: "notes://broken",
      name: "broken",
      read: () => {
        throw new Error("secret");
      },
    }),
  ];
  const read = (uri: string): Promise<Answer> =>
    answer({ resources, resourceTemplates: templates }, "resources/read", { uri });
  const templates = [
    defineResourceTemplate({
      uriTemplate: "notes://{+path}",
      name: "any",
      read: ({ path }) => `any ${path}`,
    }),
    defineResourceTemplate({
      uriTemplate: "notes://note/{id}",
      name: "note",
      mimeType: "text/markdown",
      read: ({ id }, ctx) => (id === "0" ? undefined : `note ${id} of ${ctx.uri} for ${ctx.requestId}`),
    }),
  ];

  test("a text gets the URI and the MIME type", async () => {
    expect((await read("notes://index")).result).toEqual({
      contents: [{ uri: "notes://index", mimeType: "text/plain", text: "At notes://index" }],
    });
  });

  test("bytes become base64", async () => {
    expect((await read("notes://logo")).result).toEqual({
      contents: [{ uri: "notes://logo", blob: "AP8Q" }],
    });
  });

  test("bytes become base64 where the engine has no toBase64", async () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
    Object.defineProperty(bytes, "toBase64", { value: undefined });
    const large = defineResource({ uri: "x:large", name: "large", read: () => bytes });
    const { result } = await answer({ resources: [large] }, "resources/read", { uri: "x:large" });
    expect(result).toEqual({ contents: [{ uri: "x:large", blob: Buffer.from(bytes).toString("base64") }] });
  });

  test("complete contents pass", async () => {
    expect((await read("notes://all")).result).toEqual({ contents: [{ uri: "notes://1", text: "one" }] });
  });

  test("of two templates the one with more characters of its own is meant", async () => {
    expect((await read("notes://note/7")).result).toEqual({
      contents: [
        {
          uri: "notes://note/7",
          mimeType: "text/markdown",
          text: "note 7 of notes://note/7 for r1",
        },
      ],
    });
    expect((await read("notes://a/b")).result).toMatchObject({ contents: [{ text: "any a/b" }] });
  });

  test.for(["notes://gone", "notes://note/0", "other://x"])(
    "%s is unknown, and the error names it",
    async (uri) => {
      expect((await read(uri)).outcome).toEqual({
        tag: "failure",
        val: { code: -32602, message: "Unknown resource", data: JSON.stringify({ uri }) },
      });
    },
  );

  test("the message of a ToolError reaches the client", async () => {
    const { outcome, logged } = await read("notes://busy");
    expect(outcome).toEqual(failed(-32603, "The index is being written; try again"));
    expect(logged).toEqual([]);
  });

  test.for([
    ["notes://broken", 'Resource "notes://broken" failed: Error: secret'],
    [
      "notes://number",
      'Resource "notes://number" failed: ReturnError: it returned a value of type number, and must return a string, a Uint8Array or contents',
    ],
    [
      "notes://both",
      'Resource "notes://both" failed: ReturnError: contents[0] has not one of text and blob, as a string',
    ],
  ] as const)("%s is a generic failure with the reason in the log", async ([uri, line]) => {
    const { outcome, logged } = await read(uri);
    expect(outcome).toEqual(failed(-32603, "The resource failed"));
    expect(logged).toEqual([line]);
  });
});

describe("prompts/get", () => {
  const prompts = [
    definePrompt({
      name: "greet",
      description: "Greets",
      arguments: z.object({ who: z.string().min(2), times: z.coerce.number().default(1) }),
      get: ({ who, times }) => `Greet ${who} ${times} times`,
    }),
    definePrompt({
      name: "talk",
      get: () => [
        { role: "user", content: { type: "text", text: "Hello" } },
        { role: "assistant", content: { type: "text", text: "Hi" } },
      ],
    }),
    definePrompt({
      name: "full",
      description: "Not shown",
      get: () => ({ description: "Own", messages: [] }),
    }),
    definePrompt({
      name: "wrong-role",
      get: () => [{ role: "system", content: { type: "text", text: "" } }] as never,
    }),
    definePrompt({
      name: "wrong-content",
      get: () => [{ role: "user", content: { type: "text" } }] as never,
    }),
    definePrompt({ name: "nothing", get: () => undefined as never }),
  ];
  const get = (name: string, args?: unknown): Promise<Answer> =>
    answer({ prompts }, "prompts/get", { name, ...(args === undefined ? {} : { arguments: args }) });

  test("a text is one message of the user", async () => {
    expect((await get("greet", { who: "Ada", times: "2" })).result).toEqual({
      description: "Greets",
      messages: [{ role: "user", content: { type: "text", text: "Greet Ada 2 times" } }],
    });
  });

  test("messages and full results pass", async () => {
    expect((await get("talk")).result).toMatchObject({ messages: [{ role: "user" }, { role: "assistant" }] });
    expect((await get("full")).result).toEqual({ description: "Own", messages: [] });
  });

  test.for([
    [
      "greet",
      {},
      'Invalid arguments for prompt "greet": who: Invalid input: expected string, received undefined',
    ],
    [
      "greet",
      { who: "A", times: "many" },
      'Invalid arguments for prompt "greet": who: Too small: expected string to have >=2 characters; times: Invalid input: expected number, received NaN',
    ],
    [
      "greet",
      { who: 5 },
      'Invalid arguments for prompt "greet": who: expected a string, as all arguments of prompts are',
    ],
    ["greet", [], 'Invalid arguments for prompt "greet": arguments is not an object'],
    ["unknown", {}, "Unknown prompt"],
  ] as const)("%s %j is refused, naming each field", async ([name, args, message]) => {
    expect((await get(name, args)).outcome).toEqual(failed(-32602, message));
  });

  test.for([
    ["wrong-role", 'messages[0] has a role that is neither "user" nor "assistant"'],
    ["wrong-content", "messages[0] has wrong content: content.text is not a string"],
    ["nothing", "it returned nothing, and must return a string, messages or { messages }"],
  ] as const)("%s is a generic failure with the reason in the log", async ([name, reason]) => {
    const { outcome, logged } = await get(name);
    expect(outcome).toEqual(failed(-32603, "The prompt failed"));
    expect(logged).toEqual([`Prompt "${name}" failed: ReturnError: ${reason}`]);
  });
});

describe("completion/complete", () => {
  const offers = {
    resources: [defineResource({ uri: "notes://index", name: "index", read: () => "" })],
    resourceTemplates: [
      defineResourceTemplate({
        uriTemplate: "notes://{folder}/{id}",
        name: "note",
        complete: {
          folder: (value) => ["work", "home"].filter((name) => name.startsWith(value)),
          id: (value, ctx) => Promise.resolve([`${ctx.arguments["folder"]}-${value}`]),
        },
        read: () => "",
      }),
    ],
    prompts: [
      definePrompt({
        name: "count",
        arguments: z.object({ to: z.string(), wrong: z.string() }),
        complete: {
          to: () => Array.from({ length: 150 }, (_, index) => String(index)),
          wrong: () => [5] as never,
        },
        get: () => "",
      }),
    ],
  };
  const template = { type: "ref/resource", uri: "notes://{folder}/{id}" };
  const prompt = { type: "ref/prompt", name: "count" };
  const complete = (params: Record<string, unknown>): Promise<Answer> =>
    answer(offers, "completion/complete", params);

  test("values of a template's variable, given the others", async () => {
    const folder = await complete({ ref: template, argument: { name: "folder", value: "w" } });
    expect(folder.result).toEqual({ completion: { values: ["work"] } });
    const id = await complete({
      ref: template,
      argument: { name: "id", value: "1" },
      context: { arguments: { folder: "home", other: 5 } },
    });
    expect(id.result).toEqual({ completion: { values: ["home-1"] } });
  });

  test("at most 100 values are sent, and how many there are", async () => {
    const { result } = await complete({ ref: prompt, argument: { name: "to", value: "" } });
    const { completion } = result as { completion: { values: string[] } };
    expect(completion).toMatchObject({ total: 150, hasMore: true });
    expect(completion.values).toHaveLength(100);
  });

  test.for([
    { ref: template, argument: { name: "nothing", value: "" } },
    { ref: template, argument: { name: "toString", value: "" } },
    { ref: { type: "ref/resource", uri: "notes://index" }, argument: { name: "a", value: "" } },
  ])("%j has no values", async (params) => {
    expect((await complete(params)).result).toEqual({ completion: { values: [] } });
  });

  test.for([
    { type: "ref/prompt", name: "notes://{folder}/{id}" },
    { type: "ref/resource", uri: "count" },
    { type: "ref/other", name: "count" },
    { type: "ref/prompt" },
  ])("%j refers to nothing", async (ref) => {
    const { outcome } = await complete({ ref, argument: { name: "a", value: "" } });
    expect(outcome).toEqual(failed(-32602, "Unknown prompt or resource template"));
  });

  test.for([
    [{ ref: template, argument: { name: "id" } }, "argument must have a name and a value, as strings"],
    [{ argument: { name: "id", value: "" } }, "ref and argument must be objects"],
  ] as const)("%j is refused", async ([params, problem]) => {
    expect((await complete(params)).outcome).toEqual(failed(-32602, `Invalid params: ${problem}`));
  });

  test("values that are no strings are a generic failure", async () => {
    const { outcome, logged } = await complete({ ref: prompt, argument: { name: "wrong", value: "" } });
    expect(outcome).toEqual(failed(-32603, "The completion failed"));
    expect(logged).toEqual([
      'Completion "count#wrong" failed: ReturnError: it returned a list, and must return a list of strings',
    ]);
  });
});

describe("methods", () => {
  const resources = [defineResource({ uri: "a:b", name: "b", read: () => "" })];

  test.for(["tools/call", "prompts/get", "completion/complete", "resources/list", "x", "__proto__"])(
    "%s is unknown to a provider of resources",
    async (method) => {
      expect((await answer({ resources }, method)).outcome).toEqual(failed(-32601, "Method not found"));
    },
  );

  test.for([
    ["{", "Invalid params: not JSON"],
    ["[]", "Invalid params: not an object"],
    ["null", "Invalid params: not an object"],
  ] as const)("params %s are refused", async ([params, message]) => {
    expect((await answer({ resources }, "resources/read", params)).outcome).toEqual(failed(-32602, message));
  });
});
