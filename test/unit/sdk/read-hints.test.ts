import { expect, test } from "vitest";
import type { Resource, ResourceReturn } from "../../../src/sdk/index.ts";
import { answer, failed } from "./answer.ts";

const text = { uri: "a://b", text: "x" };

function resource(read: () => ResourceReturn, rest: Partial<Resource> = {}): Resource {
  return { uri: "a://b", name: "b", read, ...rest };
}

async function hints(
  offers: Parameters<typeof answer>[0],
  uri = "a://b",
): Promise<{ json: unknown; logged: string[] }> {
  const { outcome, logged } = await answer(offers, "resources/read", { uri });
  return { json: outcome.tag === "success" ? outcome.val : outcome, logged };
}

const contents = '"contents":[{"uri":"a://b","text":"x"}]}';

test.for<[string, Partial<Resource>, ResourceReturn, string]>([
  ["nothing", {}, "x", `{${contents}`],
  ["a time", { cache: { ttlMs: 5 } }, "x", `{"ttlMs":5,"cacheScope":"private",${contents}`],
  ["a scope", { cache: { ttlMs: 5, scope: "public" } }, "x", `{"ttlMs":5,"cacheScope":"public",${contents}`],
  [
    "a time for one read",
    { cache: { ttlMs: 5, scope: "public" } },
    { contents: [text], ttlMs: 0 },
    `{"ttlMs":0,"cacheScope":"public",${contents}`,
  ],
  [
    "a scope for one read",
    { cache: { ttlMs: 5 } },
    { contents: [text], cacheScope: "public" },
    `{"ttlMs":5,"cacheScope":"public",${contents}`,
  ],
  [
    "both for one read",
    {},
    { contents: [text], ttlMs: 7, cacheScope: "public" },
    `{"ttlMs":7,"cacheScope":"public",${contents}`,
  ],
])("a resource that says %s of its caching", async ([, definition, returned, json]) => {
  expect((await hints({ resources: [resource(() => returned, definition)] })).json).toBe(json);
});

test("what a resource does not say, its provider does", async () => {
  const offers = {
    cache: { reads: { ttlMs: 9, scope: "public" as const } },
    resources: [resource(() => "x"), resource(() => "x", { uri: "a://own", cache: { ttlMs: 1 } })],
    resourceTemplates: [{ uriTemplate: "t://{id}", name: "t", read: () => "x" }],
    dynamic: { resources: { list: () => [], read: () => "x" } },
  };
  for (const uri of ["a://b", "t://1", "d://1"]) {
    expect((await hints(offers, uri)).json).toMatch(/^\{"ttlMs":9,"cacheScope":"public","contents":/);
  }
  expect((await hints(offers, "a://own")).json).toMatch(/^\{"ttlMs":1,"cacheScope":"private","contents":/);
});

test.for<[object, Partial<Resource>, string]>([
  [{ ttlMs: -1 }, {}, "its ttlMs is not a whole number from 0 to 31536000000"],
  [{ ttlMs: "5" }, {}, "its ttlMs is not a whole number from 0 to 31536000000"],
  [{ cacheScope: "all" }, {}, 'its cacheScope is neither "private" nor "public"'],
  [{ cacheScope: "public" }, { scopes: ["read"] }, "its cacheScope is public, and a caller needs scopes"],
])("a read that returns %j fails, with the reason in the log", async ([returned, definition, reason]) => {
  const read = (): ResourceReturn => ({ contents: [text], ...returned });
  const { json, logged } = await hints({ resources: [resource(read, definition)] });
  expect(json).toEqual(failed(-32603, "The resource failed"));
  expect(logged).toEqual([`Resource "a://b" failed: ReturnError: ${reason}`]);
});
