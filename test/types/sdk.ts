// Checked by the compiler alone: every line after `@ts-expect-error` must be an error.
import { defineMiddleware, defineTool, provider, type Outcome, type Principal } from "../../src/sdk/index.ts";
import * as z from "zod";
import * as mini from "zod/mini";

const add = defineTool({
  name: "add",
  description: "Adds two numbers",
  input: z.object({ a: z.number(), b: z.number().default(1) }),
  output: z.object({ sum: z.number() }),
  run: ({ a, b }) => ({ sum: a + b }),
});

const text = defineTool({
  name: "text",
  description: "Answers with text",
  input: mini.object({ when: mini.optional(mini.string()) }),
  async run({ when }, ctx) {
    const name: string | undefined = when;
    const caller: Principal | undefined = ctx.principal;
    return `${name} ${caller?.subject} ${ctx.deadline.toFixed()}`;
  },
});

export const server = provider({ name: "all", version: "1.0.0", tools: [add, text] });

const base = { name: "t", description: "T", input: z.object({ a: z.number() }) };

// @ts-expect-error -- there is no argument "c"
defineTool({ ...base, run: ({ c }) => String(c) });

// @ts-expect-error -- a is a number
defineTool({ ...base, run: ({ a }) => a.toUpperCase() });

// @ts-expect-error -- without an output a number is no answer
defineTool({ ...base, run: ({ a }) => a });

// @ts-expect-error -- the output has no member "total"
defineTool({ ...base, output: z.object({ sum: z.number() }), run: ({ a }) => ({ total: a }) });

defineTool({ ...base, output: z.array(z.number()), run: ({ a }) => [a] });
defineTool({ ...base, output: z.string(), run: ({ a }) => `${a}` });
defineTool({
  ...base,
  icons: [{ src: "https://a.example/i.png", theme: "dark" }],
  _meta: { a: 1 },
  run: () => "",
});

// @ts-expect-error -- a theme is light or dark
defineTool({ ...base, icons: [{ src: "https://a.example/i.png", theme: "blue" }], run: () => "" });

// @ts-expect-error -- the output is a list
defineTool({ ...base, output: z.array(z.number()), run: () => ({ sum: 1 }) });

// @ts-expect-error -- with an output a string is no answer
defineTool({ ...base, output: z.object({ sum: z.number() }), run: () => "3" });

// @ts-expect-error -- a tool needs a description
defineTool({ name: "t", input: z.object({}), run: () => "" });

// @ts-expect-error -- a JSON Schema checks nothing
defineTool({ ...base, input: { type: "object" }, run: () => "" });

// @ts-expect-error -- there is no such hint
defineTool({ ...base, annotations: { readOnly: true }, run: () => "" });

defineTool({ ...base, run: () => ({ content: [{ type: "text", text: "a" }] }) });

// @ts-expect-error -- a text block has no data
defineTool({ ...base, run: () => ({ content: [{ type: "text", data: "a" }] }) });

// @ts-expect-error -- a provider has a version
provider({ name: "p", tools: [add] });

defineMiddleware({
  name: "typed",
  version: "1.0.0",
  settings: z.object({ limit: z.number().default(60) }),
  async handle(request, next, ctx) {
    const limit: number = ctx.settings.limit;
    const outcome: Outcome = await next(request, { peer: String(limit) });
    // @ts-expect-error -- there is no setting "limits"
    void ctx.settings.limits;
    // @ts-expect-error -- a scope is missing
    await next(request, { principal: { subject: "a", issuer: "b" } });
    return outcome;
  },
});

defineMiddleware<{ level?: string }>({
  name: "described",
  version: "1.0.0",
  settings: { type: "object", properties: { level: { type: "string" } } },
  handle: (request, next, ctx) => (ctx.settings.level === "off" ? { tag: "accepted" } : next(request)),
});

defineMiddleware({
  name: "plain",
  version: "1.0.0",
  // @ts-expect-error -- an outcome has one of five tags
  handle: () => ({ tag: "done" }),
});
