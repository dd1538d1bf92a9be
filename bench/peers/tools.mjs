// What every server of the comparison offers: `add`, and clones of it.
import * as z from "zod";

export const port = Number(process.env.PORT ?? 3000);

const count = Number(process.env.TOOLS ?? 1);

/** `add`, `tool_1`, `tool_2` and so on. */
export const names = ["add", ...Array.from({ length: count - 1 }, (_, i) => `tool_${i + 1}`)];

export const describe = (name) => `${name}: adds two numbers and returns the sum as text`;

export const shape = { a: z.number().describe("first addend"), b: z.number().describe("second addend") };

export const run = ({ a, b }) => ({ content: [{ type: "text", text: String(a + b) }] });
