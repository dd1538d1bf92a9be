import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { ToolkitError } from "../../../src/errors/index.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenon-globals-"));
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

let count = 0;

/** A provider whose one tool has a body; `before` stands before it. */
async function provider(
  body: string,
  { before = "", members = "", input = "z.object({})" } = {},
): Promise<string> {
  const entry = join(folder, `tool-${(count += 1)}.ts`);
  await writeFile(
    entry,
    `import { defineTool, provider } from "tenon";
import * as z from "zod";
${before}
export default provider({ name: "sample", version: "1.0.0", ${members} tools: [defineTool({
  name: "try", description: "Tries", input: ${input}, run(args, ctx) { ${body} return "done"; } })] });
`,
  );
  return entry;
}

/** The modules of the guest runtime that define globals, and the interfaces, that a component of the body has. */
async function partsOf(
  body: string,
  options?: Parameters<typeof provider>[1],
): Promise<{ parts: string[]; imports: string[] }> {
  const { inputs, imports } = await buildComponent({ entry: await provider(body, options) });
  const parts = inputs.flatMap((path) => /src\/guest\/globals\/([\w-]+)\.[jt]s$/.exec(path)?.[1] ?? []);
  return { parts: parts.filter((part) => part !== "console"), imports };
}

const LOG = "tenon:host/log@0.1.0";
const CRYPTO = "tenon:mcp/crypto@0.1.0";
const RANDOM = "wasi:random/random@0.2.0";
const CLOCK = "wasi:clocks/monotonic-clock@0.2.0";

test.for([
  ["Math.random();", ["random"], [LOG, RANDOM]],
  ["const { random } = Math; random();", ["random"], [LOG, RANDOM]],
  ["globalThis.setTimeout(() => {}, 1);", ["timers"], [LOG, CLOCK]],
  ["const { setTimeout: later } = globalThis; later(() => {});", ["timers"], [LOG, CLOCK]],
  ["crypto.randomUUID();", ["crypto"], [LOG, RANDOM]],
  ["const { subtle } = crypto; void subtle.digest;", ["crypto", "subtle-crypto"], [LOG, CRYPTO, RANDOM]],
  ["new URL('https://a.example').searchParams.get('a');", ["url"], [LOG]],
  ["ctx.progress(1);", [], [LOG, "tenon:mcp/outbox@0.1.0"]],
  ["ctx.listChanged('tools');", [], [LOG, "tenon:mcp/outbox@0.1.0"]],
  ["ctx.resourceUpdated('a://b');", [], [LOG, "tenon:mcp/outbox@0.1.0"]],
  ["ctx.signal.throwIfAborted();", [], [LOG, "tenon:mcp/outbox@0.1.0", CLOCK]],
] as const)("%s brings %o and imports %o", async ([body, parts, imports]) => {
  expect(await partsOf(body)).toEqual({ parts, imports });
});

test("words in strings, names of its own and code that cannot run bring nothing", async () => {
  const body = `
    const setTimeout = (text) => text; setTimeout("crypto.randomUUID(), Math.random(), fetch and new URL");
    const own = { random: 1, URL: 2, fetch: () => 3 }; own.fetch(own.random, own.URL);
    if (false) { structuredClone(new TextEncoder()); }`;
  expect(await partsOf(body)).toEqual({ parts: [], imports: [LOG] });
});

test.for([
  ["z.string().min(1)", []],
  ["z.uuid()", []],
  ["z.url()", ["url"]],
  ["z.string().url()", ["url"]],
  ["z.ipv6()", ["url"]],
] as const)("zod brings URL only for schemas that parse with it: %s", async ([schema, parts]) => {
  expect(await partsOf("", { input: `z.object({ url: ${schema} })` })).toEqual({ parts, imports: [LOG] });
});

test.for([
  ["void fetch('https://a.example/');", ["fetch"]],
  ["void ctx.http;", []],
] as const)("where http is declared, %s brings %o", async ([body, parts]) => {
  const members = 'capabilities: { http: "asks an API" },';
  expect(await partsOf(body, { members })).toEqual({
    parts,
    // Each request has an id of its own in the trace of its call.
    imports: ["tenon:host/http@0.1.0", LOG, CLOCK, "wasi:random/random@0.2.0"],
  });
});

test("fetch that is not declared fails the build with its place", async () => {
  const entry = await provider("void fetch('https://a.example/');", { before: "\n\n" });
  const error: unknown = await buildComponent({ entry }).catch((reason: unknown) => reason);
  if (!(error instanceof ToolkitError)) throw new Error(`The build gave ${String(error)}`);
  expect(error.code).toBe("ERR_BUILD_SOURCE");
  expect(error.message).toMatch(/"fetch"/);
  expect(error.details[0]).toMatch(/tool-\d+\.ts:7:\d+$/);
  expect(error.hint).toMatch(/^Declare it: add capabilities: \{ http: "why" \} to the definition/);
});

test("a package that asks whether there is a fetch needs no declaration", async () => {
  expect(await partsOf("if (typeof fetch === 'function') void fetch('https://a.example/');")).toEqual({
    parts: [],
    imports: [LOG],
  });
});

test("fetch while the module is loaded fails the build with its place", async () => {
  const entry = await provider("", {
    before: "void fetch('https://a.example/');",
    members: 'capabilities: { http: "asks an API" },',
  });
  await expect(buildComponent({ entry })).rejects.toMatchObject({
    code: "ERR_BUILD_SOURCE",
    message: expect.stringMatching(/fetch cannot be called while the module is loaded$/) as string,
    details: [expect.stringMatching(/tool-\d+\.ts:3:\d+$/) as string, expect.anything()],
  });
});

test("what needs no host works while the module is loaded", async () => {
  const before = `
const encoded = new TextDecoder().decode(new TextEncoder().encode("é"));
const { hostname } = new URL("https://BÜCHER.example/");
const copy = structuredClone(new Map([[1, { deep: true }]]));
const signal = AbortSignal.any([new AbortController().signal]);
const sent = new Headers({ a: "b" });
if (encoded !== "é" || hostname !== "xn--bcher-kva.example" || !copy.get(1).deep || signal.aborted || sent.get("A") !== "b")
  throw new Error("not as expected");`;
  const { parts } = await partsOf("", { before });
  expect(parts).toEqual(["abort", "messages", "structured-clone", "text", "url"]);
});
