import { expect } from "vitest";
import type { PortableCase } from "./portable-case.ts";
import { modernRequest, request, type Answer } from "./requests.ts";

type Fields = Record<string, string>;

const TAKEN: readonly [args: object, fields: Fields][] = [
  [{ item: "tea" }, { "mcp-param-item": "tea" }],
  [{ item: "tea" }, { "Mcp-Param-Item": "=?base64?dGVh?=" }],
  [{ item: "ä" }, { "mcp-param-item": "=?base64?w6Q=?=" }],
  [{ item: "=?base64?dGVh" }, { "mcp-param-item": "=?base64?dGVh" }],
  [
    { item: "tea", count: 42 },
    { "mcp-param-item": "tea", "mcp-param-count": "42.0" },
  ],
  [
    { item: "tea", delivery: { street: "A" } },
    { "mcp-param-item": "tea", "mcp-param-street": "A" },
  ],
  [{ item: "tea" }, { "mcp-param-item": "tea", "mcp-param-other": "x" }],
];

const REFUSED: readonly [args: object, fields: Fields, message: string][] = [
  [{ item: "tea" }, {}, "Mcp-Param-Item is missing"],
  [{ item: "tea" }, { "mcp-param-item": "Tea" }, "Mcp-Param-Item does not match the body"],
  [{ item: "tea" }, { "mcp-param-item": "=?base64?dGV?=" }, "Mcp-Param-Item does not match the body"],
  [{ item: "tea" }, { "mcp-param-item": "=?base64?dG!h?=" }, "Mcp-Param-Item does not match the body"],
  [{ item: "ä" }, { "mcp-param-item": "\xe4" }, "Mcp-Param-Item does not match the body"],
  [{ item: "tea", count: 2 }, { "mcp-param-item": "tea" }, "Mcp-Param-Count is missing"],
  [
    { item: "tea" },
    { "mcp-param-item": "tea", "mcp-param-count": "2" },
    "Mcp-Param-Count has no argument in the body",
  ],
  [
    { item: "tea", count: null },
    { "mcp-param-item": "tea", "mcp-param-count": "null" },
    "Mcp-Param-Count has no argument in the body",
  ],
];

const FRESH: readonly [method: string, params: { uri?: string }, hints: object][] = [
  ["server/discover", {}, { ttlMs: 60_000, cacheScope: "public" }],
  ["tools/list", {}, { ttlMs: 60_000, cacheScope: "public" }],
  ["resources/list", {}, { ttlMs: 120_000, cacheScope: "public" }],
  ["resources/templates/list", {}, { ttlMs: 60_000, cacheScope: "public" }],
  ["prompts/list", {}, { ttlMs: 120_000, cacheScope: "public" }],
  ["resources/read", { uri: "shop://hours" }, { ttlMs: 3_600_000, cacheScope: "public" }],
  ["resources/read", { uri: "shop://offer" }, { ttlMs: 500, cacheScope: "private" }],
  ["resources/read", { uri: "shop://shelf/7" }, { ttlMs: 2000, cacheScope: "private" }],
];

function order(url: string, args: object, fields: Fields): Promise<Answer> {
  return modernRequest(url, "tools/call", { name: "order", arguments: args }, fields);
}

/** What definitions declare, as every host shows and enforces it. */
export const DECLARATIONS: readonly PortableCase[] = [
  {
    name: "`Mcp-Param-*` fields that equal the arguments are taken",
    only: "http",
    async run({ url }) {
      for (const [args, fields] of TAKEN) {
        const { status, body } = await order(url, args, fields);
        expect([fields, status, body.result]).toMatchObject([fields, 200, { resultType: "complete" }]);
        expect(body.result).not.toHaveProperty("isError");
      }
    },
  },
  {
    name: "`Mcp-Param-*` fields that are missing or differ are refused",
    only: "http",
    async run({ url }) {
      for (const [args, fields, message] of REFUSED) {
        const { status, body } = await order(url, args, fields);
        expect({ status, error: body.error }).toEqual({
          status: 400,
          error: { code: -32020, message: `Header mismatch: ${message}` },
        });
      }
      const earlier = await request(url, "tools/call", { name: "order", arguments: { item: "tea" } });
      expect(earlier.body.result).toEqual({ content: [{ type: "text", text: "1 of tea" }] });
    },
  },
  {
    name: "lists show what definitions say, for clients of every revision what theirs knows",
    only: "http",
    async run({ url }) {
      const described = {
        name: "stock",
        title: "Stock",
        annotations: { readOnlyHint: true },
        icons: [{ src: "data:image/svg+xml;base64,PHN2Zy8+" }],
        _meta: { "shop.example/aisle": 3 },
      };
      const legacy = toolOf(await request(url, "tools/list"), "stock");
      expect(legacy).toMatchObject(described);
      expect(legacy).not.toHaveProperty("outputSchema");
      const modern = await modernRequest(url, "tools/list");
      expect(toolOf(modern, "stock")).toMatchObject({
        ...described,
        outputSchema: { type: "array", items: { type: "string" } },
      });
      expect(toolOf(modern, "add")).toHaveProperty("outputSchema.type", "object");
      const { body } = await request(url, "resources/list");
      expect((body.result!["resources"] as unknown[])[0]).toEqual({
        uri: "shop://hours",
        name: "hours",
        mimeType: "text/plain",
        icons: [
          { src: "https://shop.example/clock.png", mimeType: "image/png", sizes: ["48x48"], theme: "light" },
        ],
        annotations: { audience: ["user"], priority: 0.5, lastModified: "2026-01-31T12:00:00Z" },
        _meta: { "shop.example/closed": ["sunday"] },
      });
    },
  },
  {
    name: "structured output that is no object reaches clients since 2026-07-28 alone",
    only: "http",
    async run({ url }) {
      const content = [{ type: "text", text: '["tea","milk"]' }];
      const legacy = await request(url, "tools/call", { name: "stock", arguments: {} });
      expect(legacy.body.result).toEqual({ content });
      const modern = await modernRequest(url, "tools/call", { name: "stock", arguments: {} });
      expect(modern.body.result).toMatchObject({ content, structuredContent: ["tea", "milk"] });
    },
  },
  {
    name: "results say how long they stay fresh, to clients that know",
    only: "http",
    async run({ url }) {
      for (const [method, params, hints] of FRESH) {
        expect((await modernRequest(url, method, params)).body.result, method).toMatchObject(hints);
        if (method === "server/discover") continue;
        const { body } = await request(url, method, params);
        expect(Object.keys(body.result!).filter((key) => key === "ttlMs" || key === "cacheScope")).toEqual(
          [],
        );
      }
    },
  },
  {
    name: "a long list comes in pages, by cursors that were given out and no others",
    only: "http",
    async run({ url }) {
      for (const ask of [request, modernRequest]) {
        const first = (await ask(url, "resources/list")).body.result!;
        const cursor = first["nextCursor"] as string;
        const { body } = await ask(url, "resources/list", { cursor });
        expect(body.result).not.toHaveProperty("nextCursor");
        const listed = [first, body.result!].flatMap((page) => page["resources"] as { uri: string }[]);
        expect(listed.map(({ uri }) => uri)).toEqual([
          "shop://hours",
          "shop://offer",
          ...Array.from({ length: 260 }, (_, i) => `shop://shelf/${i}`),
        ]);
        expect((await ask(url, "tools/list", { cursor })).body.error).toEqual({
          code: -32602,
          message: 'Invalid params: "cursor" is not one this server gave out',
        });
      }
    },
  },
];

function toolOf({ body }: Answer, name: string): object | undefined {
  return (body.result!["tools"] as { name: string }[]).find((tool) => tool.name === name);
}
