// Checked by the compiler alone: every line after `@ts-expect-error` must be an error.
import { defineTool, provider } from "../../src/sdk/index.ts";
import * as z from "zod";

const base = { name: "t", description: "T", input: z.object({ a: z.number() }) };

const prepared = defineTool({
  ...base,
  task: "required",
  admit: ({ a }, ctx) => ({ twice: a * 2, by: ctx.principal?.subject }),
  run({ a }, ctx, { twice, by }) {
    const name: string | undefined = by;
    const task: string | undefined = ctx.task?.id;
    return `${(a + twice).toFixed()} ${name} ${task}`;
  },
});

const later = defineTool({
  ...base,
  task: "optional",
  admit: async ({ a }) => a + 1,
  run: async (_args, _ctx, next) => next.toFixed(),
});

const plain = defineTool({ ...base, task: "optional", run: ({ a }) => String(a) });

export const server = provider({ name: "all", version: "1.0.0", tools: [prepared, later, plain] });

// @ts-expect-error -- there is no such support
defineTool({ ...base, task: "forbidden", run: () => "" });

// @ts-expect-error -- what is admitted is a number
defineTool({ ...base, task: "optional", admit: () => 1, run: (_args, _ctx, admitted) => admitted.trim() });

// @ts-expect-error -- there is no argument "b"
defineTool({ ...base, task: "optional", admit: ({ b }) => String(b), run: () => "" });
