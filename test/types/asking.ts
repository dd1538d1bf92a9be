// Checked by the compiler alone: every line after `@ts-expect-error` must be an error.
import {
  defineMiddleware,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  type Elicited,
  type Root,
} from "../../src/sdk/index.ts";
import * as v from "valibot";
import * as z from "zod";
import * as mini from "zod/mini";

const person = z.object({ name: z.string(), seats: z.coerce.number().default(1) });

defineTool({
  name: "t",
  description: "T",
  input: z.object({}),
  async run(_, ctx) {
    const who = await ctx.elicit(person, "Who?", { key: "who" });
    if (who.action === "accept") {
      const seats: number = who.content.seats;
      // @ts-expect-error -- the form has no member "age"
      void who.content.age;
      return who.content.name + seats.toFixed();
    }
    // @ts-expect-error -- what was not accepted has no content
    void who.content;
    // @ts-expect-error -- a form has a schema, not a JSON Schema
    await ctx.elicit({ type: "object" }, "Who?");
    // @ts-expect-error -- a form has a message
    await ctx.elicit(person);
    const small: Elicited<{ ok: boolean }> = await ctx.elicit(mini.object({ ok: mini.boolean() }), "Sure?");
    const other: Elicited<{ ok: boolean }> = await ctx.elicit(v.object({ ok: v.boolean() }), "Sure?");
    const { action } = await ctx.elicitUrl("https://pay.example", "Pay");
    // @ts-expect-error -- there is no such action
    void (action === "refuse");
    const count: number = await ctx.once("count", () => 3);
    const later: string = await ctx.once("later", async () => "x");
    // @ts-expect-error -- it gives what the function gives
    const wrong: string = await ctx.once("wrong", () => 3);
    return `${small.action}${other.action}${action}${count}${later}${wrong}`;
  },
});

definePrompt({
  name: "p",
  async get(_, ctx) {
    const sampled = await ctx.sample({
      messages: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
      maxTokens: 10,
      modelPreferences: { hints: [{ name: "small" }], speedPriority: 1 },
    });
    // @ts-expect-error -- how much may be sampled is said
    await ctx.sample({ messages: [] });
    // @ts-expect-error -- messages have no role "system"
    await ctx.sample({ messages: [{ role: "system", content: { type: "text", text: "a" } }], maxTokens: 1 });
    const text: string = sampled.text;
    return `${text}${sampled.model}${sampled.stopReason ?? ""}`;
  },
});

defineResource({
  uri: "a://b",
  name: "r",
  async read(_, ctx) {
    const roots: readonly Root[] = await ctx.roots();
    return roots.map(({ uri, name }) => uri + (name ?? "")).join();
  },
});

defineResourceTemplate({
  uriTemplate: "a://{id}",
  name: "r",
  complete: {
    // @ts-expect-error -- a completion asks nothing
    id: (_, ctx) => ctx.roots(),
  },
  read: async ({ id }, ctx) => id + (await ctx.roots()).length,
});

defineMiddleware({
  name: "m",
  version: "1.0.0",
  async handle(request, next, ctx) {
    // @ts-expect-error -- middleware asks nothing
    await ctx.elicit(person, "Who?");
    return next(request);
  },
});
