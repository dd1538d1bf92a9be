import { describe, expect, test } from "vitest";
import * as z from "zod";
import { provider } from "../../../src/sdk/index.ts";

const tool = { name: "add", description: "Adds", input: z.object({}), run: () => "" };
const resource = { uri: "notes://index", name: "index", read: () => "" };
const template = { uriTemplate: "notes://{id}", name: "note", read: () => "" };
const prompt = { name: "sum", get: () => "" };

/** Defines one thing of each kind, with the members given. */
function define(members: object, ...kinds: ("prompt" | "resource" | "template" | "tool")[]): void {
  for (const kind of kinds) {
    provider({
      name: "p",
      version: "1.0.0",
      ...(kind === "tool" && { tools: [{ ...tool, ...members }] }),
      ...(kind === "resource" && { resources: [{ ...resource, ...members }] }),
      ...(kind === "template" && { resourceTemplates: [{ ...template, ...members }] }),
      ...(kind === "prompt" && { prompts: [{ ...prompt, ...members }] }),
    });
  }
}

const icon = { src: "https://acme.example/i.png" };
const SOURCE = "is no http or https URL and no data URL of an image in base64, of at most 32768 characters";

describe("every thing", () => {
  test.for<object>([
    { icons: [] },
    { icons: [icon, { ...icon, mimeType: "image/svg+xml", sizes: ["any", "48x48"], theme: "dark" }] },
    { icons: [{ src: "data:image/png;base64,iVBORw0KGgo=" }, { src: "http://localhost:3000/a?b#c" }] },
    { _meta: {} },
    {
      _meta: {
        size: 1,
        "com.example/a-b_c.d": { deep: [null, true, "x"] },
        "io.modelcontextprotocol/ui": {},
        "a/": 1,
      },
    },
  ])("may have %j", (members) => {
    expect(() => define(members, "tool", "resource", "template", "prompt")).not.toThrow();
  });

  test.for<[object, string]>([
    [{ icons: icon }, "its icons are not a list"],
    [{ icons: Array.from({ length: 17 }, () => icon) }, "it has 17 icons, and 16 are the most"],
    [{ icons: ["a.png"] }, "its icons[0] is not an object"],
    [{ icons: [{}] }, "its icons[0] has no src"],
    [
      { icons: [icon, { ...icon, size: "48x48" }] },
      'its icons[1] has "size"; there are src, mimeType, sizes, theme',
    ],
    [{ icons: [{ src: "javascript:alert(1)" }] }, `its icons[0].src ${SOURCE}`],
    [{ icons: [{ src: "file:///etc/passwd" }] }, `its icons[0].src ${SOURCE}`],
    [{ icons: [{ src: "https://user@acme.example/" }] }, `its icons[0].src ${SOURCE}`],
    [{ icons: [{ src: "data:text/html;base64,AAAA" }] }, `its icons[0].src ${SOURCE}`],
    [{ icons: [{ src: "data:image/png,raw" }] }, `its icons[0].src ${SOURCE}`],
    [{ icons: [{ src: `https://a/${"x".repeat(32_768)}` }] }, `its icons[0].src ${SOURCE}`],
    [{ icons: [{ ...icon, mimeType: "text/html" }] }, "its icons[0].mimeType is not one such as image/png"],
    [
      { icons: [{ ...icon, sizes: ["big"] }] },
      'its icons[0].sizes is not a list of sizes such as "48x48", or "any"',
    ],
    [{ icons: [{ ...icon, theme: "blue" }] }, 'its icons[0].theme is none of "light", "dark"'],
    [{ _meta: [] }, "its _meta is not an object"],
    [{ _meta: { "a b": 1 } }, 'its _meta has the key "a b"; one is a name such as size, or com.example/size'],
    [
      { _meta: { "-x/a": 1 } },
      'its _meta has the key "-x/a"; one is a name such as size, or com.example/size',
    ],
    [{ _meta: { a: undefined } }, "its _meta is not JSON nested at most 32 deep"],
    [{ _meta: { a: new Date() } }, "its _meta is not JSON nested at most 32 deep"],
    [{ _meta: { a: Number.NaN } }, "its _meta is not JSON nested at most 32 deep"],
    [{ _meta: { a: "x".repeat(65_536) } }, "its _meta has 65544 characters, and 65536 are the most"],
  ])("may not have %j", ([members, problem]) => {
    for (const kind of ["tool", "resource", "template", "prompt"] as const) {
      expect(() => define(members, kind)).toThrow(problem);
    }
  });
});

test.for<[object, string]>([
  [
    { annotations: { readonlyHint: true } },
    'its annotations has "readonlyHint"; there are title, readOnlyHint',
  ],
  [{ annotations: { readOnlyHint: 1 } }, "its annotations.readOnlyHint is not true or false"],
  [{ annotations: { title: 1 } }, "its annotations.title is not a string"],
  [{ annotations: "none" }, "its annotations is not an object"],
  [{ cache: {} }, "its cache has no ttlMs"],
  [{ cache: { ttlMs: -1 } }, "its cache.ttlMs is not a whole number from 0 to 31536000000"],
  [{ cache: { ttlMs: 1, scope: "all" } }, 'its cache.scope is neither "private" nor "public"'],
  [{ cache: { ttlMs: 1, cacheScope: "public" } }, 'its cache has "cacheScope"; there are ttlMs, scope'],
])("a tool may not have %j", ([members, problem]) => {
  expect(() => define(members, "tool")).toThrow(problem);
});

test("a tool that needs scopes may have results for everyone: who may call it is decided before", () => {
  const members = { cache: { ttlMs: 1, scope: "public" }, scopes: ["read"] };
  expect(() => define(members, "tool")).not.toThrow();
});

test.for<[object, string]>([
  [
    { annotations: { audiences: [] } },
    'its annotations has "audiences"; there are audience, priority, lastModified',
  ],
  [{ annotations: { audience: ["me"] } }, 'its annotations.audience is not a list of "user" and "assistant"'],
  [{ annotations: { priority: 2 } }, "its annotations.priority is not a number from 0 to 1"],
  [{ annotations: { lastModified: "now" } }, "its annotations.lastModified is not a time such as"],
  [{ cache: 5 }, "its cache is not an object"],
  [{ cache: {} }, "its cache has no ttlMs"],
  [{ cache: { ttlMs: -1 } }, "its cache.ttlMs is not a whole number from 0 to 31536000000"],
  [{ cache: { ttlMs: 1.5 } }, "its cache.ttlMs is not a whole number"],
  [{ cache: { ttlMs: 31_536_000_001 } }, "its cache.ttlMs is not a whole number"],
  [{ cache: { ttlMs: 1, scope: "all" } }, 'its cache.scope is neither "private" nor "public"'],
  [{ cache: { ttlMs: 1, cacheScope: "public" } }, 'its cache has "cacheScope"; there are ttlMs, scope'],
  [
    { cache: { ttlMs: 1, scope: "public" }, scopes: ["read"] },
    "its cache is public, and a caller needs scopes for it",
  ],
])("a resource and a template may not have %j", ([members, problem]) => {
  expect(() => define(members, "resource")).toThrow(problem);
  expect(() => define(members, "template")).toThrow(problem);
});

test.for<[unknown, string]>([
  [5, "its cache is not an object"],
  [{ list: { ttlMs: 1 } }, 'its cache has "list"; there are lists, reads'],
  [{ lists: { ttlMs: "1" } }, "its cache.lists.ttlMs is not a whole number"],
  [{ reads: { scope: "public" } }, "its cache.reads has no ttlMs"],
])("a provider may not have the cache %j", ([cache, problem]) => {
  const definition = { name: "p", version: "1.0.0", tools: [tool], cache: cache as object };
  expect(() => provider(definition)).toThrow(`Cannot define provider "p": ${problem}`);
});
