import { request as httpRequest } from "node:http";
import { expect } from "vitest";
import type { PortableCase } from "./portable-case.ts";

/** A request that something is wrong with, and the answer it must get. */
export interface BadInput {
  /** What is wrong. */
  name: string;
  /** Default POST. */
  method?: string;
  headers?: Record<string, string>;
  content?: string | Uint8Array;
  status: number;
  /** Of the JSON-RPC error; absent where the answer is none. */
  code?: number;
  /** The id the error must have as JSON; `null` by default. */
  id?: unknown;
  /** Further expectations. */
  check?: (answer: RawAnswer) => void;
}

/** An answer as it came. */
export interface RawAnswer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
}

const MODERN = "2026-07-28";
const META = {
  "io.modelcontextprotocol/protocolVersion": MODERN,
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** Content of the revisions before 2026-07-28. */
function legacy(method: string, params?: unknown, id: unknown = 7): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

/** Content of revision 2026-07-28. */
function modern(method: string, params: object = {}, meta: unknown = META): string {
  return JSON.stringify({ jsonrpc: "2.0", id: 7, method, params: { ...params, _meta: meta } });
}

/** The header fields of a request of revision 2026-07-28. */
function fields(method: string, name?: string): Record<string, string> {
  return {
    "mcp-protocol-version": MODERN,
    "mcp-method": method,
    ...(name === undefined ? {} : { "mcp-name": name }),
  };
}

const add = { name: "add", arguments: { a: 1, b: 2 } };
const legacyCall = { content: legacy("tools/call", add) };
const modernCall = { content: modern("tools/call", add), headers: fields("tools/call", "add") };

/** Both eras' form of one and the same mistake outside the content. */
function inBoth(wrong: Omit<BadInput, "content">): BadInput[] {
  return [
    { ...wrong, name: `legacy: ${wrong.name}`, ...legacyCall },
    {
      ...wrong,
      name: `modern: ${wrong.name}`,
      content: modernCall.content,
      headers: { ...modernCall.headers, ...wrong.headers },
    },
  ];
}

const nested = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const withText = (text: string, params: string): string =>
  text.replace(/"params":\{/, `"params":{${params},`);

const isRefusal = (answer: RawAnswer): void => {
  const { result } = JSON.parse(answer.text) as { result: { isError?: boolean; content: unknown } };
  expect(result.isError).toBe(true);
  expect(JSON.stringify(result.content)).toContain("a: ");
};
const namesVersions = (answer: RawAnswer): void => {
  expect(answer.text).toContain('"supported":["2026-07-28","2025-11-25","2025-06-18","2025-03-26"]');
};

/** The rows of the table "Bad input" in docs/protocol.md, in its order; the calls are of the suite's core. */
export const ROWS: Readonly<Record<string, readonly BadInput[]>> = {
  "foreign Origin": [
    ...inBoth({ name: "another site", headers: { origin: "https://evil.example" }, status: 403 }),
    ...inBoth({ name: "an opaque one", headers: { origin: "null" }, status: 403 }),
  ],
  "other verbs": ["GET", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"].map((method) => ({
    name: method,
    method,
    status: 405,
    check: ({ headers }) => expect(headers["allow"]).toBe("POST"),
  })),
  "wrong Content-Type": [
    ...inBoth({ name: "text", headers: { "content-type": "text/plain" }, status: 415, code: -32600 }),
    ...inBoth({ name: "none", headers: { "content-type": "" }, status: 415, code: -32600 }),
    ...inBoth({
      name: "another charset",
      headers: { "content-type": "application/json; charset=utf-16" },
      status: 415,
      code: -32600,
    }),
    ...inBoth({ name: "compressed", headers: { "content-encoding": "gzip" }, status: 415, code: -32600 }),
  ],
  "content over the limit": [
    {
      ...legacyCall,
      name: "legacy",
      content: legacyCall.content.padEnd(1_048_577),
      status: 413,
      code: -32600,
    },
    {
      ...modernCall,
      name: "modern",
      content: modernCall.content.padEnd(1_048_577),
      status: 413,
      code: -32600,
    },
  ],
  "broken JSON, invalid UTF-8, more than 64 levels": [
    { name: "nothing", content: "", status: 400, code: -32700 },
    { name: "half a message", content: legacyCall.content.slice(0, -1), status: 400, code: -32700 },
    {
      name: "two messages",
      content: `${legacyCall.content}\n${legacyCall.content}`,
      status: 400,
      code: -32700,
    },
    { name: "a comment", content: `/**/${legacyCall.content}`, status: 400, code: -32700 },
    { name: "a byte order mark", content: `\ufeff${legacyCall.content}`, status: 400, code: -32700 },
    { name: "not UTF-8", content: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), status: 400, code: -32700 },
    {
      name: "UTF-16",
      content: Buffer.from(legacyCall.content, "utf16le"),
      status: 400,
      code: -32700,
    },
    {
      name: "legacy: 65 levels",
      content: withText(legacyCall.content, `"x":${nested(63)}`),
      status: 400,
      code: -32700,
    },
    {
      name: "modern: 65 levels",
      headers: modernCall.headers,
      content: withText(modernCall.content, `"x":${nested(63)}`),
      status: 400,
      code: -32700,
    },
    { name: "100,000 levels", content: nested(100_000), status: 400, code: -32700 },
  ],
  "not JSON-RPC": [
    ...["null", "1", '"x"', "{}", "[]", '{"jsonrpc":"2.0"}'].map((content) => ({
      name: content.slice(0, 20),
      content,
      status: 400,
      code: -32600,
    })),
    {
      name: "another version",
      content: '{"jsonrpc":"1.0","id":7,"method":"ping"}',
      status: 400,
      code: -32600,
      id: 7,
    },
    {
      name: "a method that is no text",
      content: '{"jsonrpc":"2.0","id":7,"method":1}',
      status: 400,
      code: -32600,
      id: 7,
    },
    { name: "params that are a list", content: legacy("tools/call", []), status: 400, code: -32600, id: 7 },
    ...["null", "1.5", "true", "[]", "1e400", JSON.stringify("x".repeat(1025))].map((id) => ({
      name: `the id ${id.slice(0, 10)}`,
      content: `{"jsonrpc":"2.0","id":${id},"method":"ping"}`,
      status: 400,
      code: -32600,
    })),
    ...['"id":8', '"\\u0069d":8', '"__proto__":{}', '"\\u005f_proto__":{}'].map((member) => ({
      name: `legacy: the further member ${member}`,
      content: legacyCall.content.replace(/\}$/, `,${member}}`),
      status: 400,
      code: -32600,
    })),
    ...['"name":"subtract"', '"x":{"__proto__":{}}', '"x":[{"a":1,"a":2}]'].map((member) => ({
      name: `modern: the further parameter ${member}`,
      headers: modernCall.headers,
      content: withText(modernCall.content, member),
      status: 400,
      code: -32600,
    })),
  ],
  "modern: _meta incomplete": [
    { ...META, "io.modelcontextprotocol/protocolVersion": undefined },
    { ...META, "io.modelcontextprotocol/clientCapabilities": undefined },
    { ...META, "io.modelcontextprotocol/clientCapabilities": [] },
    { ...META, "io.modelcontextprotocol/clientInfo": "suite" },
    null,
    "none",
  ].map((meta) => ({
    name: JSON.stringify(meta),
    headers: modernCall.headers,
    content: modern("tools/call", add, meta),
    status: 400,
    code: -32602,
    id: 7,
  })),
  "modern: headers missing or unlike the body": [
    {},
    { ...fields("tools/call", "add"), "mcp-protocol-version": "2025-11-25" },
    fields("tools/list", "add"),
    fields("tools/call", "subtract"),
    fields("tools/call"),
    fields("tools/call", "=?base64?***?="),
    { "mcp-method": "tools/call", "mcp-name": "add" },
    { "mcp-protocol-version": MODERN, "mcp-name": "add" },
  ].map((headers) => ({
    name: JSON.stringify(headers),
    headers,
    content: modernCall.content,
    status: 400,
    code: -32020,
    id: 7,
  })),
  "a version that is not spoken": [
    {
      name: "legacy, in the header",
      headers: { "mcp-protocol-version": "1999-01-01" },
      ...legacyCall,
      status: 400,
      code: -32022,
      id: 7,
      check: namesVersions,
    },
    {
      name: "modern",
      headers: { ...modernCall.headers, "mcp-protocol-version": "2099-01-01" },
      content: modern("tools/call", add, {
        ...META,
        "io.modelcontextprotocol/protocolVersion": "2099-01-01",
      }),
      status: 400,
      code: -32022,
      id: 7,
      check: namesVersions,
    },
  ],
  "unknown method": [
    { name: "legacy", content: legacy("no/such"), status: 200, code: -32601, id: 7 },
    {
      name: "modern",
      content: modern("no/such"),
      headers: fields("no/such"),
      status: 404,
      code: -32601,
      id: 7,
    },
    {
      name: "modern: ping",
      content: modern("ping"),
      headers: fields("ping"),
      status: 404,
      code: -32601,
      id: 7,
    },
  ],
  "unknown tool, prompt or resource, a cursor that was never given out": (
    [
      ["tools/call", { name: "absent", arguments: {} }],
      ["tools/call", { name: "__proto__" }],
      ["prompts/get", { name: "absent" }],
      ["resources/read", { uri: "test://absent" }],
      ["tools/list", { cursor: "x" }],
      ["resources/list", { cursor: "" }],
      ["tools/call", {}],
    ] as const
  ).flatMap(([method, params]): BadInput[] => {
    const named = (params as { name?: string; uri?: string }).name ?? (params as { uri?: string }).uri;
    const rest = { status: 200, code: -32602, id: 7 };
    const what = `${method} ${JSON.stringify(params)}`;
    return [
      { ...rest, name: `legacy: ${what}`, content: legacy(method, params) },
      { ...rest, name: `modern: ${what}`, content: modern(method, params), headers: fields(method, named) },
    ];
  }),
  "arguments that do not match": [{ a: "two", b: 3 }, { b: 3 }, { a: null, b: 3 }].flatMap(
    (args): BadInput[] => [
      {
        name: `legacy: ${JSON.stringify(args)}`,
        content: legacy("tools/call", { name: "add", arguments: args }),
        status: 200,
        check: isRefusal,
      },
      {
        name: `modern: ${JSON.stringify(args)}`,
        headers: modernCall.headers,
        content: modern("tools/call", { name: "add", arguments: args }),
        status: 200,
        check: isRefusal,
      },
    ],
  ),
  "a notification": [
    { name: "legacy", content: '{"jsonrpc":"2.0","method":"notifications/initialized"}', status: 202 },
    { name: "legacy: an unknown one", content: '{"jsonrpc":"2.0","method":"tools/call"}', status: 202 },
    {
      name: "modern",
      content: modern("notifications/cancelled", { requestId: 7 }).replace('"id":7,', ""),
      headers: fields("notifications/cancelled"),
      status: 202,
    },
    { name: "a response", content: '{"jsonrpc":"2.0","id":7,"result":{}}', status: 202 },
  ],
  "inputResponses or requestState that is not what it must be": [
    ["answers that are none", { inputResponses: null }],
    ["an answer that is none", { inputResponses: { name: 12_345 } }],
    ["a state that is no text", { requestState: {} }],
    ["a state that nobody gave out", { requestState: "A".repeat(100) }],
    ["a state that is too long", { requestState: "A".repeat(100_000) }],
  ].map(([name, members]) => ({
    name: name as string,
    content: modern("tools/call", { ...add, ...(members as object) }),
    headers: fields("tools/call", "add"),
    status: 200,
    code: -32602,
    id: 7,
  })),
};

/** Sends a request as it is: unlike `fetch`, with any header fields. */
export function send(
  url: string,
  { method = "POST", headers, content }: Pick<BadInput, "method" | "headers" | "content">,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      url,
      { method, agent: false, headers: { "content-type": "application/json", ...headers } },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("error", reject);
        response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      },
    );
    sent.on("error", reject).end(content);
  });
}

/** One case for each row of the table, in both eras. */
export const BAD_INPUT: readonly PortableCase[] = Object.entries(ROWS).map(([row, inputs]) => ({
  name: `bad input: ${row}`,
  only: "http",
  async run({ url }) {
    for (const input of inputs) {
      const answer = await send(url, input);
      expect([input.name, answer.status, errorOf(answer)]).toEqual([
        input.name,
        input.status,
        input.code === undefined ? undefined : { code: input.code, id: input.id ?? null },
      ]);
      expect(answer.text, input.name).not.toMatch(/\n\s+at |\.[jt]s\b|\/(?:root|home|tmp|usr)\//);
      input.check?.(answer);
    }
    const next = await send(url, legacyCall);
    expect(JSON.parse(next.text)).toMatchObject({ id: 7, result: { structuredContent: { sum: 3 } } });
  },
}));

function errorOf({ headers, text }: RawAnswer): { code: number; id: unknown } | undefined {
  if (headers["content-type"] !== "application/json") return undefined;
  const { error, id } = JSON.parse(text) as { error?: { code: number }; id: unknown };
  return error && { code: error.code, id };
}
