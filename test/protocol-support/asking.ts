import { defineTool, provider, type ToolContext } from "tenon";
import * as z from "zod/mini";

const asks: Record<string, (ctx: ToolContext) => Promise<string>> = {
  async form(ctx) {
    const form = await ctx.elicit(z.object({ name: z.string() }), "Who are you?");
    return form.action === "accept" ? form.content.name : form.action;
  },
  async url(ctx) {
    return (await ctx.elicitUrl("https://example.com/login", "Please sign in")).action;
  },
  async sample(ctx) {
    const messages = [{ role: "user", content: { type: "text", text: "Greet me" } }] as const;
    return (await ctx.sample({ messages, maxTokens: 10 })).text;
  },
  async roots(ctx) {
    return (await ctx.roots()).map(({ uri }) => uri).join();
  },
};

const ask = defineTool({
  name: "ask",
  description: "Asks the client for something of a kind",
  input: z.object({ kind: z.enum(["form", "url", "sample", "roots"]) }),
  run: ({ kind }, ctx) => asks[kind]!(ctx),
});

const later = defineTool({
  name: "later",
  description: "Takes long",
  input: z.object({}),
  task: "optional",
  run: () => "done",
});

/** What asks its client, and what takes long. */
export default provider({ name: "asking", version: "1.0.0", tools: [ask, later] });
