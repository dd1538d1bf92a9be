import * as fc from "fast-check";

/** A message as it goes over the wire, with the header fields HTTP would send along. */
export interface Generated {
  text: string;
  headers: Record<string, string>;
}

const MODERN = "2026-07-28";
const METHODS = [
  "initialize",
  "ping",
  "server/discover",
  "tools/list",
  "tools/call",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "prompts/list",
  "prompts/get",
  "completion/complete",
  "resources/subscribe",
  "subscriptions/listen",
  "logging/setLevel",
  "notifications/initialized",
  "notifications/cancelled",
];
const KEY = fc.oneof(
  fc.constantFrom("name", "arguments", "uri", "ref", "cursor", "level", "_meta", "__proto__", "constructor"),
  fc.string({ maxLength: 10 }),
);
const anything = fc.jsonValue({ maxDepth: 4 });
const version = fc.constantFrom(MODERN, "2025-11-25", "2025-06-18", "2025-03-26", "1999-01-01", "");

const meta = fc.record(
  {
    "io.modelcontextprotocol/protocolVersion": fc.oneof({ weight: 4, arbitrary: version }, anything),
    "io.modelcontextprotocol/clientCapabilities": fc.oneof(
      { weight: 4, arbitrary: fc.constant({}) },
      anything,
    ),
    "io.modelcontextprotocol/clientInfo": anything,
    "io.modelcontextprotocol/logLevel": fc.oneof(fc.constantFrom("debug", "error"), anything),
    progressToken: fc.oneof(fc.integer(), fc.string(), anything),
    traceparent: fc.string(),
  },
  { requiredKeys: [] },
);

const params = fc.oneof(
  fc.record(
    {
      name: fc.oneof(fc.constantFrom("add", "absent", "__proto__", "toString"), anything),
      arguments: fc.oneof(fc.record({ a: fc.double(), b: fc.integer() }), anything),
      uri: fc.oneof(fc.constant("shop://hours"), fc.webUrl(), anything),
      ref: fc.oneof(fc.record({ type: fc.constant("ref/prompt"), name: fc.string() }), anything),
      argument: fc.oneof(fc.record({ name: fc.string(), value: fc.string() }), anything),
      cursor: anything,
      protocolVersion: fc.oneof(version, anything),
      requestId: anything,
      level: fc.oneof(fc.constant("info"), anything),
      inputResponses: fc.oneof(fc.dictionary(KEY, fc.dictionary(KEY, anything)), anything),
      requestState: fc.oneof(fc.base64String(), fc.stringMatching(/^[\w-]{57,200}$/), anything),
      _meta: fc.oneof({ weight: 4, arbitrary: meta }, anything),
    },
    { requiredKeys: [] },
  ),
  fc.dictionary(KEY, anything, { maxKeys: 5 }),
  anything,
);

const envelope = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 8, arbitrary: fc.constant("2.0") }, anything),
    id: fc.oneof({ weight: 4, arbitrary: fc.oneof(fc.integer(), fc.string()) }, anything),
    method: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...METHODS) }, fc.string(), anything),
    params,
    result: anything,
    error: anything,
  },
  { requiredKeys: ["jsonrpc", "method"] },
);

/** Characters that mean something to JSON, to lines or to scanners of both. */
const NOISE = [
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "\u0000",
  "\u2028",
  "\ufeff",
  "\ud800",
  "1e999",
  "//",
];

const damage = fc.oneof(
  { weight: 3, arbitrary: fc.constant((text: string) => text) },
  fc.nat().map((at) => (text: string) => text.slice(0, at % (text.length + 1))),
  fc.tuple(fc.nat(), fc.constantFrom(...NOISE)).map(
    ([at, noise]) =>
      (text: string) =>
        text.slice(0, at % (text.length + 1)) + noise + text.slice(at % (text.length + 1)),
  ),
  fc.constant((text: string) => `[${text}]`),
  fc.constant((text: string) => `[${text} ,\t{"jsonrpc":"2.0","id":"b","method":"ping"}, ${text}]`),
  fc.constant((text: string) => text.replace(/^\{/, '{"id":1,')),
  fc.integer({ min: 1, max: 200 }).map((depth) => (text: string) => {
    return text.replace(/\}$/, `,"x":${"[".repeat(depth)}${"]".repeat(depth)}}`);
  }),
);

const headers = fc.record(
  {
    "mcp-protocol-version": version,
    "mcp-method": fc.constantFrom(...METHODS),
    "mcp-name": fc.constantFrom("add", "absent", "=?base64?YWRk?=", "=?base64?=?=", ""),
  },
  { requiredKeys: [] },
);

const message: fc.Arbitrary<Generated> = fc.oneof(
  fc
    .tuple(envelope, damage, headers)
    .map(([value, harm, fields]) => ({ text: harm(JSON.stringify(value)), headers: fields })),
  // Of the modern era and with header fields that match, so that many get further.
  fc
    .tuple(
      fc.constantFrom(...METHODS),
      fc.constantFrom("add", "absent"),
      fc.dictionary(KEY, anything),
      params,
    )
    .map(([method, name, further, body]) => {
      const described = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": further,
      };
      const all = { ...(body as object), name, uri: name, _meta: described };
      return {
        text: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: all }),
        headers: { "mcp-protocol-version": MODERN, "mcp-method": method, "mcp-name": name },
      };
    }),
  fc.string().map((text) => ({ text, headers: {} })),
);

/** Messages, most of them wrong in some way. */
export const messages: fc.Arbitrary<Generated> = message;
