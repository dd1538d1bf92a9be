import { defineTool, provider } from "tenon";
import * as z from "zod";

const echo = defineTool({
  name: "echo",
  description: "Says again what it is told",
  input: z.object({ text: z.string() }),
  run: ({ text }) => text,
});

const shred = defineTool({
  name: "shred",
  description: "Forgets what it is told",
  input: z.object({ text: z.string() }),
  run: () => "It is gone.",
});

/** Something for the middleware to stand in front of. */
export default provider({ name: "demo", version: "1.0.0", tools: [echo, shred] });
