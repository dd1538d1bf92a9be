// Components and cores made for measuring.
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildComponent } from "tenon/build";
import { compose } from "tenon/compose";
import { readManifest, writeManifest } from "tenon/manifest";

const root = join(import.meta.dirname, "..");
const folder = join(root, "dist", "bench");

/** A provider with `add` and `tools - 1` clones of it, which answer with text. `prefix` goes before each name. */
export async function addProvider(tools = 1, prefix = "") {
  const names = ["add", ...Array.from({ length: tools - 1 }, (_, i) => `tool_${i + 1}`)];
  return build(
    `add-${tools}.ts`,
    `import { defineTool, provider } from "tenon";
import * as z from "zod";
const input = z.object({ a: z.number().describe("first addend"), b: z.number().describe("second addend") });
const tools = ${JSON.stringify(names.map((name) => prefix + name))}.map((name) =>
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

/** A core whose `add` takes some milliseconds of its thread. */
export async function workCore() {
  const bytes = await build(
    "work.ts",
    `import { defineTool, provider } from "tenon";
import * as z from "zod";
const add = defineTool({
  name: "add",
  description: "Adds two numbers, and takes its time",
  input: z.object({ a: z.number(), b: z.number() }),
  run: ({ a, b }) => {
    let sum = a + b;
    for (let i = 0; i < 100_000; i++) sum = (sum * 31 + i) | 0;
    return String(sum);
  },
});
export default provider({ name: "work", version: "1.0.0", tools: [add] });
`,
  );
  const providers = [{ as: "work", bytes }];
  return (await compose({ name: "bench", version: "1.0.0", access: "public", providers, middleware: [] }))
    .bytes;
}

/** A core of `add` behind a limit that admits everything: the cost of counting. */
export async function limitedCore() {
  const { bytes } = await compose({
    name: "bench",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "add", bytes: await addProvider() }],
    middleware: [
      {
        as: "rate-limit",
        bytes: await readyMade("rate-limit"),
        settings: { limit: 1_000_000, windowMs: 1000, by: ["peer", "tool"] },
      },
    ],
    grants: { "rate-limit": { kv: ["limits/"] } },
  });
  return bytes;
}

/** The key that {@link chainCore} lets in. */
export const KEY = "a-key-of-the-bench";

const KEYS = { keys: [{ id: "bench", sha256: createHash("sha256").update(KEY).digest("hex") }] };

/** A core of `add` behind a key and three guards, which need no store: the guards fused, or each with an engine of its own. */
export function chainCore(fuse) {
  const guards = { guard: undefined, "guard-2": undefined, "guard-3": undefined };
  return addBehind({ "auth-api-key": KEYS, ...guards }, { fuse });
}

/** Settings of the limit in {@link fullCore}, which admits everything. */
const FULL_LIMIT = { limit: 1_000_000, windowMs: 1000, by: ["principal", "tool"] };

/**
 * A core of `add` behind access-log, authentication and a limit for each caller: what a server on the internet has.
 *
 * @param jwt Settings of `auth-jwt`. Default: `auth-api-key`, which knows {@link KEY}.
 * @param approximate True for a store that does not keep values.
 * @param rest How many `tools` there are, see {@link addProvider}; the `version` of the core; `others` that provide something.
 */
export function fullCore({ jwt, approximate = false, ...rest } = {}) {
  const authentication = jwt === undefined ? { "auth-api-key": KEYS } : { "auth-jwt": jwt };
  const limit = { ...FULL_LIMIT, ...(approximate && { approximate }) };
  const grants = { "rate-limit": { kv: ["limits/"] } };
  return addBehind(
    { "access-log": undefined, ...authentication, "rate-limit": limit },
    { ...rest, grants, fuse: true },
  );
}

/** The core of {@link fullCore} with a provider besides that does whatever harm it can. */
export async function sabotagedCore({ jwt, version }) {
  const entry = join(root, "test", "fixtures", "components", "saboteur.ts");
  const { bytes } = await buildComponent({ entry });
  return fullCore({ jwt, version, others: [{ as: "saboteur", bytes }] });
}

/** `chain` gives the settings of each middleware, in order. */
async function addBehind(chain, { tools, others = [], ...options }) {
  const middleware = Object.entries(chain).map(async ([as, settings]) => ({
    as,
    // Several of one kind have a number behind the name.
    bytes: await readyMade(as.replace(/-\d$/, "")),
    ...(settings && { settings }),
  }));
  const { bytes } = await compose({
    name: "bench",
    version: "1.0.0",
    access: "authenticated",
    providers: [{ as: "add", bytes: await addProvider(tools) }, ...others],
    middleware: await Promise.all(middleware),
    ...options,
  });
  return bytes;
}

/**
 * A core of ten providers that have five tools, resources, templates and prompts each. Only their lists work: they are
 * one component under ten manifests.
 */
export async function listCore() {
  const bytes = await addProvider();
  const manifest = readManifest(bytes);
  const providers = Array.from({ length: 10 }, (_, p) => {
    const each = (thing) => Array.from({ length: 5 }, (_unused, i) => thing(`thing-${p}-${i}`));
    const description = "One of five things of its kind that a provider of this bench has";
    const lists = {
      tools: each((name) => ({ ...manifest.tools[0], name, description })),
      resources: each((name) => ({ uri: `bench://${name}`, name, description, mimeType: "text/plain" })),
      resourceTemplates: each((name) => ({ uriTemplate: `bench://${name}/{id}`, name, description })),
      prompts: each((name) => ({ name, description, arguments: [{ name: "topic", required: true }] })),
    };
    return { as: `provider-${p}`, bytes: writeManifest(bytes, { ...manifest, ...lists }) };
  });
  const input = { name: "lists", version: "1.0.0", access: "public", providers, middleware: [] };
  return (await compose(input)).bytes;
}

/** Sources lie inside the repository, so that its zod is found. */
async function build(name, source) {
  await mkdir(folder, { recursive: true });
  const entry = join(folder, name);
  await writeFile(entry, source);
  const { bytes } = await buildComponent({ entry });
  return bytes;
}
