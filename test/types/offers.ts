// Checked by the compiler alone: every line after `@ts-expect-error` must be an error.
import {
  defineMiddleware,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  provider,
  withJsonSchema,
  type Schema,
  type TemplateVariables,
} from "../../src/sdk/index.ts";
import * as v from "valibot";
import * as z from "zod";
import * as mini from "zod/mini";

const schema = z.object({ text: z.string() });

const index = defineResource({ uri: "notes://index", name: "index", read: async (uri) => `At ${uri}` });

defineResource({
  uri: "notes://kept",
  name: "kept",
  cache: { ttlMs: 1000, scope: "public" },
  annotations: { audience: ["user"], priority: 1 },
  read: (uri) => ({ contents: [{ uri, text: "" }], ttlMs: 5, cacheScope: "private" }),
});

// @ts-expect-error -- a scope is private or public
defineResource({ uri: "notes://kept", name: "kept", cache: { ttlMs: 1, scope: "all" }, read: () => "" });

// @ts-expect-error -- a resource has a name
defineResource({ uri: "notes://index", read: () => "" });

// @ts-expect-error -- a number is no content
defineResource({ uri: "notes://index", name: "index", read: () => 5 });

const note = defineResourceTemplate({
  uriTemplate: "notes://{+folder}/{id}{?page,size}",
  name: "note",
  complete: { id: (value, ctx) => [`${value}${ctx.arguments["folder"]}`], size: async () => ["10"] },
  read({ folder, id, page }, ctx) {
    const of: string = folder + id + ctx.uri;
    // @ts-expect-error -- a variable of the query may be absent
    const first: string = page;
    return of + first;
  },
});

const names: TemplateVariables<"a:{x}{/y,z}{#f}"> = "z";
void names;

const template = { uriTemplate: "notes://{id}", name: "note" } as const;

// @ts-expect-error -- there is no variable "ids"
defineResourceTemplate({ ...template, read: ({ ids }) => ids });

// @ts-expect-error -- there is no variable "ids" to complete
defineResourceTemplate({ ...template, complete: { ids: () => [] }, read: ({ id }) => id });

// @ts-expect-error -- suggestions are strings
defineResourceTemplate({ ...template, complete: { id: () => [1] }, read: ({ id }) => id });

const greet = definePrompt({
  name: "greet",
  arguments: z.object({ who: z.string(), times: z.coerce.number().default(1) }),
  complete: { who: (value) => [value], times: () => ["1"] },
  get: ({ who, times }) => `${who.toUpperCase()} ${times.toFixed()}`,
});

definePrompt({ name: "plain", get: () => [{ role: "user", content: { type: "text", text: "" } }] });

// @ts-expect-error -- there is no argument "whom"
definePrompt({ name: "p", arguments: schema, get: ({ whom }) => whom });

// @ts-expect-error -- there is no argument "whom" to complete
definePrompt({ name: "p", arguments: schema, complete: { whom: () => [] }, get: ({ text }) => text });

// @ts-expect-error -- without arguments nothing can be completed
definePrompt({ name: "p", complete: { who: () => [] }, get: () => "" });

// @ts-expect-error -- a message is of the user or of the assistant
definePrompt({ name: "p", get: () => [{ role: "system", content: { type: "text", text: "" } }] });

const small = defineTool({
  name: "small",
  description: "Schemas of other libraries",
  input: v.object({ n: v.number(), unit: v.optional(v.picklist(["mm", "cm"]), "mm") }),
  output: mini.object({ n: mini.number() }),
  run: ({ n, unit }) => ({ n: n + unit.length }),
});

defineTool({
  name: "small",
  description: "Schemas of other libraries",
  input: v.object({ n: v.number() }),
  // @ts-expect-error -- n is a number
  run: ({ n }) => n.toUpperCase(),
});

defineTool({
  name: "described",
  description: "A schema with its JSON Schema",
  input: withJsonSchema({} as Schema<{ a?: string }, { a: string }>, { type: "object" }),
  async run({ a }, ctx) {
    await ctx.kv.set("a", a, { ttlSeconds: 60 });
    // @ts-expect-error -- a value is a text
    await ctx.kv.set("a", 5);
    const entry = await ctx.kv.getEntry("a");
    const swapped: boolean = await ctx.kv.swap("a", entry?.version, a);
    const unit: string | undefined = await ctx.config.get("UNIT");
    const key: string = await ctx.secrets.get("KEY");
    ctx.progress(1, 2, "half");
    // @ts-expect-error -- progress is a number
    ctx.progress("half");
    ctx.resourceUpdated("demo://a");
    ctx.listChanged("tools");
    // @ts-expect-error -- there is no such list
    ctx.listChanged("templates");
    const response = await ctx.http.fetch("https://api.example/", { signal: ctx.signal });
    return `${swapped} ${unit} ${key} ${await response.text()}`;
  },
});

// @ts-expect-error -- a JSON Schema is an object
withJsonSchema(schema, "object");

const base = { name: "all", version: "1.0.0" };

provider({
  ...base,
  tools: [small],
  resources: [index],
  resourceTemplates: [note],
  prompts: [greet],
  capabilities: { http: "loads pages", kv: "keeps notes" },
});

// @ts-expect-error -- there is no capability "network"
provider({ ...base, tools: [small], capabilities: { network: "why" } });

// @ts-expect-error -- a capability has a reason
provider({ ...base, tools: [small], capabilities: { http: true } });

// @ts-expect-error -- a resource is no tool
provider({ ...base, tools: [index] });

provider({
  ...base,
  dynamic: {
    tools: {
      list: () => [{ name: "a", inputSchema: { type: "object" } }],
      call: (name, args) => (name === "a" ? String(args["x"]) : undefined),
    },
    resources: { list: async () => [{ uri: "a:b", name: "b" }], read: (uri) => uri },
  },
});

// @ts-expect-error -- a list without a call is of no use
provider({ ...base, dynamic: { tools: { list: () => [] } } });

provider({
  ...base,
  // @ts-expect-error -- a tool is listed with its input schema
  dynamic: { tools: { list: () => [{ name: "a" }], call: () => undefined } },
});

defineMiddleware({
  name: "guard",
  version: "1.0.0",
  capabilities: { kv: "counts" },
  async handle(request, next, ctx) {
    const who: string | undefined = ctx.principal?.subject;
    await ctx.kv.increment(`calls/${who}`);
    ctx.log.info("call", { method: request.method });
    // @ts-expect-error -- a middleware reads no URI
    void ctx.uri;
    return next(request);
  },
});
