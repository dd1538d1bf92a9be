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
