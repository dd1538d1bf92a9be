import { describe, expect, test } from "vitest";
import type { HttpProtocolOptions } from "../../../src/protocol/index.ts";
import { callOf } from "../../fixtures/protocol-steps.ts";
import { head, legacy, modern, parsed, protocol, success } from "./requests.ts";

/** The result a client gets for what the core gives as text. */
function shaped(
  era: "legacy" | "modern",
  method: string,
  val: string,
  options: Partial<HttpProtocolOptions> = {},
): Record<string, unknown> | undefined {
  const params =
    method === "tools/call" ? { name: "t" } : method === "resources/read" ? { uri: "a://b" } : {};
  const { fields, body } = modern(method, params);
  const step =
    era === "modern"
      ? protocol(options).handle(head(fields), body)
      : protocol(options).handle(head(), legacy(method, params));
  return parsed(callOf(step).finish({ tag: "success", val })).result;
}

const HINTS = '"ttlMs":5000,"cacheScope":"public",';

describe("caching hints", () => {
  test.each<[string, string, object]>([
    ["none", '{"contents":[]}', { ttlMs: 0, cacheScope: "private" }],
    ["first", `{${HINTS}"contents":[]}`, { ttlMs: 5000, cacheScope: "public" }],
    ["last", '{"contents":[],"cacheScope":"public","ttlMs":5000}', { ttlMs: 5000, cacheScope: "public" }],
    ["with white space", '{ "ttlMs": 5000, "contents":[] }', { ttlMs: 5000, cacheScope: "private" }],
    [
      "twice, of which the last counts",
      `{${HINTS}"contents":[],"ttlMs":1}`,
      { ttlMs: 1, cacheScope: "public" },
    ],
    [
      "in a content alone",
      '{"contents":[{"ttlMs":1,"cacheScope":"public"}]}',
      { ttlMs: 0, cacheScope: "private" },
    ],
    ["beside _meta", `{${HINTS}"contents":[],"_meta":{"a":1}}`, { ttlMs: 5000, cacheScope: "public" }],
    [
      "of a wrong kind",
      '{"ttlMs":"5","cacheScope":"all","contents":[]}',
      { ttlMs: 0, cacheScope: "private" },
    ],
    ["below zero", '{"ttlMs":-1,"contents":[]}', { ttlMs: 0, cacheScope: "private" }],
    [
      "of centuries",
      '{"ttlMs":999999999999999,"contents":[]}',
      { ttlMs: 31_536_000_000, cacheScope: "private" },
    ],
  ])("%s", (_, val, hints) => {
    const result = shaped("modern", "resources/read", val, { cacheScope: "public" });
    expect(result).toMatchObject({
      resultType: "complete",
      contents: expect.any(Array) as unknown[],
      ...hints,
    });
    expect(result!["_meta"]).toHaveProperty(["io.modelcontextprotocol/serverInfo"]);
  });

  test("are never wider than the server allows, by default private", () => {
    for (const val of [`{${HINTS}"contents":[]}`, `{"contents":[],${HINTS.slice(0, -1)}}`]) {
      for (const options of [{}, { cacheScope: "private" as const }]) {
        const result = shaped("modern", "resources/read", val, options);
        expect(result).toMatchObject({ ttlMs: 5000, cacheScope: "private" });
      }
    }
  });

  test.each(["tools/list", "resources/list", "resources/templates/list", "resources/read", "prompts/list"])(
    "%s of earlier revisions has none",
    (method) => {
      for (const val of [
        `{${HINTS}"x":[{"ttlMs":1}]}`,
        `{"x":[{"ttlMs":1}],${HINTS.slice(0, -1)}}`,
        '{"x":[{"ttlMs":1}]}',
      ]) {
        expect(shaped("legacy", method, val)).toEqual({ x: [{ ttlMs: 1 }] });
      }
    },
  );

  test("a result that an answer of the client led to is never fresh", () => {
    const { fields, body } = modern("resources/read", { uri: "a://b", inputResponses: {} });
    const step = protocol({ cacheScope: "public" }).handle(head(fields), body);
    for (const val of [
      `{${HINTS}"contents":[]}`,
      `{"_meta":{},"contents":[],"ttlMs":5}`,
      '{"contents":[]}',
    ]) {
      const { result } = parsed(callOf(step).finish({ tag: "success", val }));
      expect(result).toMatchObject({ ttlMs: 0, cacheScope: "private" });
    }
  });

  test("results that nobody caches keep members of those names", () => {
    for (const era of ["legacy", "modern"] as const) {
      expect(shaped(era, "tools/call", `{${HINTS}"content":[]}`)).toMatchObject({ ttlMs: 5000 });
    }
  });
});

test("discovery describes the server in full, and initialize without hints", () => {
  const serverInfo = { name: "acme", version: "1.0.0", icons: [{ src: "https://acme.example/a.png" }] };
  const val = JSON.stringify({
    ttlMs: 7,
    cacheScope: "public",
    serverInfo,
    capabilities: {},
    instructions: "Ask.",
  });
  const discovered = shaped("modern", "server/discover", val, { cacheScope: "public" });
  expect(discovered).toMatchObject({
    ttlMs: 7,
    cacheScope: "public",
    instructions: "Ask.",
    _meta: { "io.modelcontextprotocol/serverInfo": serverInfo },
  });
  expect(discovered).not.toHaveProperty("serverInfo");
  const step = protocol().handle(head(), legacy("initialize", { protocolVersion: "2025-11-25" }));
  expect(parsed(callOf(step).finish({ tag: "success", val })).result).toEqual({
    protocolVersion: "2025-11-25",
    serverInfo,
    capabilities: { logging: {} },
    instructions: "Ask.",
  });
});

const tool = (outputSchema: object): object => ({ name: "t", inputSchema: {}, outputSchema });

describe("structured content of any kind", () => {
  test.each(["[1]", '"a"', "1", "null", "false", "[{}]"])(
    "%s reaches clients since 2026-07-28 alone",
    (json) => {
      const content = [{ type: "text", text: json }];
      for (const val of [
        `{"content":${JSON.stringify(content)},"structuredContent":${json}}`,
        `{ "structuredContent" : ${json}, "content":${JSON.stringify(content)} }`,
      ]) {
        expect(shaped("legacy", "tools/call", val)).toEqual({ content });
        expect(shaped("modern", "tools/call", val)).toMatchObject({
          structuredContent: JSON.parse(json) as unknown,
        });
      }
    },
  );

  test("objects reach every client, unparsed", () => {
    const val = '{"content":[],"structuredContent":{"n":1.50,"structuredContent":{}}}';
    expect(shaped("legacy", "tools/call", val)).toEqual(JSON.parse(val));
    const nested = '{"content":[{"structuredContent":[1]}],"structuredContent":{"a":1}}';
    expect(shaped("legacy", "tools/call", nested)).toEqual(JSON.parse(nested));
  });

  test("tools of earlier revisions have no schema of anything but objects", () => {
    const kept = [
      { type: "object" },
      { $schema: "x", type: "object", properties: { outputSchema: { type: "string" } } },
      { properties: {}, type: "object" },
    ];
    const dropped = [{ type: "array" }, { type: "objects" }, { anyOf: [{ type: "object" }] }, {}];
    for (const schema of kept) {
      const list = { tools: [tool(schema)] };
      expect(shaped("legacy", "tools/list", JSON.stringify(list))).toEqual(list);
    }
    for (const schema of dropped) {
      const val = `{${HINTS}"tools":${JSON.stringify([tool(schema), tool(kept[0]!)])},"nextCursor":"c"}`;
      expect(shaped("legacy", "tools/list", val)).toEqual({
        tools: [{ name: "t", inputSchema: {} }, tool(kept[0]!)],
        nextCursor: "c",
      });
      expect(shaped("modern", "tools/list", val)).toMatchObject({ tools: [tool(schema), tool(kept[0]!)] });
    }
  });
});

test("a list before 2026-07-28 is the one the core gave last, whatever it gave before", () => {
  const server = protocol();
  const names = ["a", "b", "a"].map((name) => {
    const step = callOf(server.handle(head(), legacy("tools/list")));
    const answered = parsed(step.finish(success({ ttlMs: 1, cacheScope: "public", tools: [{ name }] })));
    return answered.result;
  });
  expect(names).toEqual(["a", "b", "a"].map((name) => ({ tools: [{ name }] })));
});
