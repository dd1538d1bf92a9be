export const MODERN = "2026-07-28";
export const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
export const INFO = "io.modelcontextprotocol/clientInfo";
export const TRACE = `00-${"0a".repeat(16)}-${"0b".repeat(8)}-01`;
const VERSION = "io.modelcontextprotocol/protocolVersion";

/** A call as it is sent to the server. */
export interface SentCall {
  headers: readonly (readonly [string, string])[];
  /** Bytes, one for each character. */
  body: string;
}

interface Differences {
  id?: unknown;
  params?: object;
  meta?: object;
  headers?: readonly (readonly [string, string])[];
}

/** A call as clients of a revision send it; an empty version is none stated. The content is bytes, one for each character. */
export function call(
  version: string,
  { id = 1, params = {}, meta, headers = [] }: Differences = {},
): SentCall {
  const modern = version === MODERN;
  const described = { [VERSION]: version, [CAPABILITIES]: {}, [INFO]: { name: "suite", version: "1" } };
  const all = { ...(modern && described), ...meta };
  const given = { name: "add", arguments: { a: 1 }, ...params };
  const message = {
    method: "tools/call",
    params: Object.keys(all).length > 0 ? { ...given, _meta: all } : given,
    jsonrpc: "2.0",
    id,
  };
  return {
    headers: [
      ["content-type", "application/json"],
      ["accept", "application/json, text/event-stream"],
      ...(version === "" ? [] : [["mcp-protocol-version", version] as const]),
      ...(modern
        ? ([
            ["mcp-method", "tools/call"],
            ["mcp-name", given.name],
          ] as const)
        : []),
      ...headers,
    ],
    body: bytes(JSON.stringify(message)),
  };
}

function bytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** How calls that clients send differ. */
export const DIFFERENCES: Record<string, Differences> = {
  nothing: {},
  "an id of text": { id: 'a \u00e4 "b"' },
  progress: { meta: { progressToken: 7 } },
  "further members of _meta": { meta: { progressToken: "a", "x/y": { z: [null] } } },
  "text of all kinds": { params: { arguments: { "gr\u00f6\u00dfe": '\u20ac \u{1f600} "\\ \n \u0001' } } },
  "numbers of all kinds": { params: { arguments: { a: -1, b: 0.5, c: 1e-7, d: -0.25e20, e: [1, 2, [3]] } } },
  "further parameters": { params: { task: { ttl: 1 } } },
  "a credential": { headers: [["authorization", "Bearer abc"]] },
  "a trace": {
    headers: [
      ["traceparent", TRACE],
      ["tracestate", 'a=b,c="d\\e"'],
    ],
  },
  "a trace in the message": {
    meta: { traceparent: TRACE, tracestate: "a=b" },
    headers: [["traceparent", `${TRACE.slice(0, -1)}0`]],
  },
  // Behind one that has a state: nothing of a request before it may be told.
  "a trace in the message without a state": { meta: { traceparent: TRACE } },
  "a trace that is none": { headers: [["traceparent", "00-1-2-3"]], meta: { tracestate: "a=b" } },
  "much text": { params: { arguments: { text: "0123456789".repeat(20_000) } } },
};

/** Each of {@link DIFFERENCES} in revisions of both eras. */
export function plainCalls(): { title: string; sent: SentCall }[] {
  return ["", "2025-06-18", MODERN].flatMap((version) =>
    Object.entries(DIFFERENCES).map(([what, differences]) => ({
      title: `${what}, ${version === "" ? "no version" : version}`,
      sent: call(version, differences),
    })),
  );
}

/** `tools/list` as clients of a revision send it. */
export function list(version: string, { id = 1, params, meta, headers = [] }: Differences = {}): SentCall {
  const modern = version === MODERN;
  const all = { ...(modern && { [VERSION]: version, [CAPABILITIES]: { roots: {} } }), ...meta };
  const given = Object.keys(all).length > 0 ? { ...params, _meta: all } : params;
  return {
    headers: [
      ["content-type", "application/json"],
      ...(version === "" ? [] : [["mcp-protocol-version", version] as const]),
      ...(modern ? [["mcp-method", "tools/list"] as const] : []),
      ...headers,
    ],
    body: bytes(JSON.stringify({ jsonrpc: "2.0", id, method: "tools/list", params: given })),
  };
}

/** Lists in revisions of both eras, as they differ. */
export function plainLists(): { title: string; sent: SentCall }[] {
  const differences: Record<string, Differences> = {
    "no parameters": {},
    "empty parameters": { params: {} },
    "a cursor": { params: { cursor: "abc" } },
    "a name": { params: { name: "add" }, headers: [["mcp-name", "other"]] },
    "a client that says much": { meta: { [CAPABILITIES]: { text: "0123456789".repeat(6_600) } } },
  };
  const others = [
    "an id of text",
    "progress",
    "further members of _meta",
    "a credential",
    "a trace in the message",
  ];
  for (const what of others) differences[what] = DIFFERENCES[what]!;
  return ["", "2025-06-18", MODERN].flatMap((version) =>
    Object.entries(differences)
      .filter(([what]) => version === MODERN || what !== "a client that says much")
      .map(([what, each]) => ({
        title: `${what}, ${version === "" ? "no version" : version}`,
        sent: list(version, each),
      })),
  );
}
