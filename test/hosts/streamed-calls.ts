import { expect } from "vitest";

const MODERN = "2026-07-28";

/** Who calls. */
export interface Client {
  /** The MCP endpoint. */
  url: string;
  /** Fields of every request. */
  headers: Record<string, string>;
}

/** How a call is to be answered. */
export interface HeardCall {
  /** Default `legacy`. */
  era?: "legacy" | "modern";
  progressToken?: string | number;
  /** For a modern client. Default: it wants no messages. */
  logLevel?: string;
  /** Default: JSON and event streams. */
  accept?: string;
  signal?: AbortSignal;
}

/** Calls a tool of `test/fixtures/components/streaming.ts`. */
export function notify(
  { url, headers }: Client,
  name: string,
  { era = "legacy", progressToken, logLevel, accept, signal }: HeardCall,
): Promise<Response> {
  const meta = {
    ...(progressToken !== undefined && { progressToken }),
    ...(era === "modern" && {
      "io.modelcontextprotocol/protocolVersion": MODERN,
      "io.modelcontextprotocol/clientInfo": { name: "suite", version: "1.0.0" },
      "io.modelcontextprotocol/clientCapabilities": {},
      ...(logLevel !== undefined && { "io.modelcontextprotocol/logLevel": logLevel }),
    }),
  };
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: accept ?? "application/json, text/event-stream",
      ...(era === "modern" && {
        "mcp-protocol-version": MODERN,
        "mcp-method": "tools/call",
        "mcp-name": name,
      }),
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name, arguments: { name: "n" }, _meta: meta },
    }),
    ...(signal !== undefined && { signal }),
  });
}

/** A message of an event stream. */
export interface StreamedMessage {
  id?: number;
  method?: string;
  params?: { progress?: number; level?: string };
}

/** The messages of an event stream, in their order. */
export function messagesOf(stream: string): StreamedMessage[] {
  return stream
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => JSON.parse(event.replace(/^data: /, "")) as StreamedMessage);
}

/** Fails unless three steps of progress, and messages of these levels, come ahead of the answer. */
export async function expectHeard(
  client: Client,
  heard: HeardCall,
  levels: readonly string[],
): Promise<void> {
  const response = await notify(client, "work", { progressToken: "p", ...heard });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const messages = messagesOf(await response.text());
  expect(messages.map(({ method, params }) => [method, params?.progress ?? params?.level])).toEqual([
    ...[1, 2, 3].map((step) => ["notifications/progress", step]),
    ...levels.map((level) => ["notifications/message", level]),
    [undefined, undefined],
  ]);
  expect(messages.at(-1)).toMatchObject({ id: 1, result: { content: [{ text: "n" }] } });
}

/** Fails unless a notification arrives while its tool still runs; then leaves, which the tool hears of by a write that fails. */
export async function leaveMeanwhile(client: Client): Promise<void> {
  const leaving = new AbortController();
  const response = await notify(client, "persist", { signal: leaving.signal });
  const { value } = await response.body!.getReader().read();
  expect(Buffer.from(value ?? "").toString()).toMatch(/^data: .*persisting/);
  leaving.abort();
}

/** Fails unless whoever has no key is refused with the status and the challenge, though the tool would have notified. */
export async function expectRefusal({ url }: Client): Promise<void> {
  const response = await notify({ url, headers: {} }, "work", { progressToken: 1 });
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toMatch(/^Bearer/);
  expect(response.headers.get("content-type")).toBe("application/json");
}
