// Components and cores made for measuring.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildComponent } from "tenon/build";
import { compose } from "tenon/compose";

const root = join(import.meta.dirname, "..");
const folder = join(root, "dist", "bench");

/** A provider with `add` and `tools - 1` clones of it, which answer with text. */
export async function addProvider(tools = 1) {
  const names = ["add", ...Array.from({ length: tools - 1 }, (_, i) => `tool_${i + 1}`)];
  return build(
    `add-${tools}.ts`,
    `import { defineTool, provider } from "tenon";
import * as z from "zod";
const input = z.object({ a: z.number().describe("first addend"), b: z.number().describe("second addend") });
const tools = ${JSON.stringify(names)}.map((name) =>
  defineTool({
    name,
    description: name + ": adds two numbers and returns the sum as text",
    input,
    run: ({ a, b }) => String(a + b),
  }),
);
export default provider({ name: "add", version: "1.0.0", tools });
`,
  );
}

/** A middleware that passes every request on: the cost of one more engine, and nothing else. */
export async function passMiddleware() {
  return build(
    "pass.ts",
    `import { defineMiddleware } from "tenon";
export default defineMiddleware({ name: "pass", version: "1.0.0", handle: (request, next) => next(request) });
`,
  );
}

/** The middleware that comes with the package, built before. */
export function readyMade(name) {
  return readFile(join(root, "dist", "components", `${name}.wasm`));
}

/** A core of `add` behind some middleware. */
export async function addCore({ tools = 1, middleware = [] } = {}) {
  const { bytes } = await compose({
    name: "bench",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "add", bytes: await addProvider(tools) }],
    middleware: middleware.map((part, i) => ({ as: `link-${i + 1}`, bytes: part })),
  });
  return bytes;
}

/** Sources lie inside the repository, so that its zod is found. */
async function build(name, source) {
  await mkdir(folder, { recursive: true });
  const entry = join(folder, name);
  await writeFile(entry, source);
  const { bytes } = await buildComponent({ entry });
  return bytes;
}
