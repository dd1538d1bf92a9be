import { defineResourceTemplate, definePrompt, defineResource, defineTool, provider } from "tenon";
import * as z from "zod/mini";

const nothing = z.object({});
const text = z.object({ text: z.string() });

const echo = defineTool({
  name: "echo",
  title: "Echo",
  description: "Gives back a text",
  input: text,
  output: text,
  annotations: { readOnlyHint: true },
  icons: [{ src: "https://example.com/echo.png", mimeType: "image/png", sizes: ["48x48"] }],
  _meta: { "example.com/unit": "m" },
  run: (given) => given,
});

const count = defineTool({
  name: "count",
  description: "Counts the characters of a text",
  input: text,
  output: z.number(),
  run: (given) => given.text.length,
});

const regional = defineTool({
  name: "regional",
  description: "Tells the region it was called for",
  input: z.object({ region: z.string().check(z.meta({ "x-mcp-header": "Region" })) }),
  run: ({ region }) => region,
});

const work = defineTool({
  name: "work",
  description: "Reports progress, and logs",
  input: nothing,
  run(_, ctx) {
    ctx.progress(1, 1);
    ctx.log.info("worked");
    return "done";
  },
});

const wait = defineTool({
  name: "wait",
  description: "Waits until the client has left",
  input: nothing,
  async run(_, ctx) {
    ctx.progress(1);
    await new Promise((resolve) => {
      ctx.signal.addEventListener("abort", resolve);
      setTimeout(resolve, 2000);
    });
    const left = ctx.signal.aborted ? "aborted" : "waited";
    await ctx.kv.set("left", left);
    return left;
  },
});

const gone = defineTool({
  name: "left",
  description: "Tells how the last wait ended",
  input: nothing,
  run: async (_, ctx) => (await ctx.kv.get("left")) ?? "waiting",
});

const touch = defineTool({
  name: "touch",
  description: "Says that a resource and the list of tools have changed",
  input: nothing,
  run(_, ctx) {
    ctx.resourceUpdated("features://one");
    ctx.listChanged("tools");
    return "touched";
  },
});

const greet = definePrompt({
  name: "greet",
  description: "Greets someone",
  arguments: z.object({ who: z.string() }),
  complete: { who: (typed) => ["Ada", "Alan"].filter((name) => name.startsWith(typed)) },
  get: ({ who }) => `Hello ${who}`,
});

const one = defineResource({
  uri: "features://one",
  name: "one",
  mimeType: "text/plain",
  cache: { ttlMs: 60_000, scope: "public" },
  read: () => "one",
});

/** More than fit on one page of a list. */
const many = Array.from({ length: 300 }, (_, number) =>
  defineResource({ uri: `features://many/${number}`, name: `many ${number}`, read: () => `many ${number}` }),
);

const item = defineResourceTemplate({
  uriTemplate: "features://item/{id}",
  name: "item",
  read: ({ id }) => `item ${id}`,
});

/** One thing for each feature of MCP that needs none of its client. */
export default provider({
  name: "features",
  version: "1.0.0",
  capabilities: { kv: "remembers how a wait has ended" },
  tools: [echo, count, regional, work, wait, gone, touch],
  resources: [one, ...many],
  resourceTemplates: [item],
  prompts: [greet],
});
