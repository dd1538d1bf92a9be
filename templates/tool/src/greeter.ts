import { defineTool, provider } from "tenon";
import * as z from "zod";

const greet = defineTool({
  name: "greet",
  description: "Greets somebody by name",
  input: z.object({ name: z.string().min(1).describe("Who to greet") }),
  run: ({ name }) => `Hello, ${name}!`,
});

export default provider({ name: "greeter", version: "1.0.0", tools: [greet] });
