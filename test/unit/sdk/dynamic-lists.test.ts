import { describe, expect, test } from "vitest";
import * as z from "zod";
import { ToolError, type Dynamic } from "../../../src/sdk/index.ts";
import { answer, failed } from "./answer.ts";

describe("dynamic lists", () => {
  const tool = { name: "add", description: "Adds", input: z.object({}), run: () => "defined" };
  const dynamic: Dynamic = {
    tools: {
      list: () => [{ name: "table_a", inputSchema: { type: "object" } }],
      call: (name, args) => {
        if (name === "table_a") return `rows ${JSON.stringify(args)}`;
        if (name === "broken") throw new Error("secret");
        if (name === "refused") throw new ToolError("Not now");
        return undefined;
      },
    },
    resources: {
      list: () => Promise.resolve([{ uri: "db:a", name: "a" }]),
      read: (uri) => (uri === "db:a" ? "A" : undefined),
    },
    resourceTemplates: {
      list: () => [{ uriTemplate: "db:{table}", name: "table" }],
      complete: (template, variable, value) => [`${template} ${variable} ${value}`],
    },
    prompts: {
      list: () => [{ name: "about_a", arguments: [{ name: "how" }] }],
      get: (name, args) => (name === "about_a" ? `About a, ${args["how"]}` : undefined),
    },
  };

  test.for([
    ["tools/list", '{"tools":[{"name":"table_a","inputSchema":{"type":"object"}}]}'],
    ["resources/list", '{"resources":[{"uri":"db:a","name":"a"}]}'],
    ["resources/templates/list", '{"resourceTemplates":[{"uriTemplate":"db:{table}","name":"table"}]}'],
    ["prompts/list", '{"prompts":[{"name":"about_a","arguments":[{"name":"how"}]}]}'],
  ] as const)("%s has one member and no white space", async ([method, json]) => {
    expect((await answer({ dynamic }, method)).outcome).toEqual({ tag: "success", val: json });
  });

  test("names that nothing else has are called, read and got", async () => {
    const offers = { tools: [tool], dynamic };
    const call = async (name: string): Promise<unknown> =>
      (await answer(offers, "tools/call", { name, arguments: { n: 1 } })).result;
    expect(await call("add")).toEqual({ content: [{ type: "text", text: "defined" }] });
    expect(await call("table_a")).toEqual({ content: [{ type: "text", text: 'rows {"n":1}' }] });
    expect(await call("refused")).toEqual({ isError: true, content: [{ type: "text", text: "Not now" }] });
    expect(await call("broken")).toEqual({
      isError: true,
      content: [{ type: "text", text: "The tool failed" }],
    });
    expect((await answer(offers, "resources/read", { uri: "db:a" })).result).toMatchObject({
      contents: [{ text: "A" }],
    });
    const prompt = await answer(offers, "prompts/get", { name: "about_a", arguments: { how: "short" } });
    expect(prompt.result).toMatchObject({ messages: [{ content: { text: "About a, short" } }] });
    const ref = { type: "ref/resource", uri: "db:{table}" };
    const completed = await answer(offers, "completion/complete", {
      ref,
      argument: { name: "table", value: "x" },
    });
    expect(completed.result).toEqual({ completion: { values: ["db:{table} table x"] } });
  });

  test.for([
    ["tools/call", { name: "b" }, "Unknown tool"],
    ["resources/read", { uri: "db:b" }, "Unknown resource"],
    ["prompts/get", { name: "b" }, "Unknown prompt"],
  ] as const)("%s of what the author does not know is refused", async ([method, params, message]) => {
    expect((await answer({ dynamic }, method, params)).outcome).toMatchObject(failed(-32602, message));
  });

  test.for([
    ["nothing", undefined, "it returned nothing, and not a list"],
    ["an entry without a name", [{}], "tools[0] has no name"],
    [
      "a bad name",
      [{ name: "a b" }],
      "tools[0] has a name that is not 1 to 128 characters of A-Z a-z 0-9 . _ -",
    ],
    ["no schema", [{ name: "a" }], "tools[0] has no inputSchema of type object"],
    [
      "a header field",
      [{ name: "a", inputSchema: { type: "object", properties: { b: { "x-mcp-header": "B" } } } }],
      "tools[0] has x-mcp-header, which hosts know of constant tools alone",
    ],
    [
      "a name that is defined",
      [{ name: "add", inputSchema: { type: "object" } }],
      'tools[0] has the name "add", which is taken',
    ],
    [
      "a name twice",
      [
        { name: "a", inputSchema: { type: "object" } },
        { name: "a", inputSchema: { type: "object" } },
      ],
      'tools[1] has the name "a", which is taken',
    ],
    ["too many", Array.from({ length: 1001 }, () => ({})), "it returned 1001 entries, and 1000 are the most"],
    [
      "too much",
      [{ name: "a", inputSchema: { type: "object" }, description: "x".repeat(2 ** 21) }],
      "its list has 2097225 characters, and 2097152 are the most",
    ],
  ] as const)(
    "a list with %s is a generic failure with the reason in the log",
    async ([, entries, reason]) => {
      const tools = { list: () => entries as never, call: () => undefined };
      const { outcome, logged } = await answer({ tools: [tool], dynamic: { tools } }, "tools/list");
      expect(outcome).toEqual(failed(-32603, "The list failed"));
      expect(logged).toEqual([`List "tools" failed: ReturnError: ${reason}`]);
    },
  );

  test.for([
    ["resources", "resources/list", [{ uri: "a", name: "a" }], "resources[0] has a URI that is not absolute"],
    ["resources", "resources/list", [{ uri: "a:b" }], "resources[0] has no name"],
    [
      "resourceTemplates",
      "resources/templates/list",
      [{ uriTemplate: "a:b", name: "a" }],
      "resourceTemplates[0] has a template that is wrong: it has no variable",
    ],
    ["prompts", "prompts/list", [{ name: "a", arguments: [{}] }], "prompts[0] has arguments without names"],
  ] as const)("%s that are wrong are a generic failure", async ([kind, method, entries, reason]) => {
    const wrong = { ...dynamic, [kind]: { ...dynamic[kind], list: () => entries } };
    const { outcome, logged } = await answer({ dynamic: wrong }, method);
    expect(outcome).toEqual(failed(-32603, "The list failed"));
    expect(logged[0]).toContain(reason);
  });
});
