const MODERN = "2026-07-28";

/** A parsed JSON-RPC answer. */
export interface Answer {
  status: number;
  type: string | null;
  body: {
    id?: unknown;
    result?: Record<string, unknown>;
    error?: { code: number; message: string };
  };
}

/** Sends content as it is. */
export async function post(
  url: string,
  content: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: content as string,
  });
  const text = await response.text();
  const type = response.headers.get("content-type");
  const body = type === "application/json" ? (JSON.parse(text) as Answer["body"]) : {};
  return { status: response.status, type, body };
}

/** Sends a request of the revisions before 2026-07-28. */
export function request(
  url: string,
  method: string,
  params?: object,
  id: number | string = 1,
): Promise<Answer> {
  return post(
    url,
    JSON.stringify({ jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) }),
  );
}

/** Sends a request of revision 2026-07-28, with the fields that go with it and further ones. */
export function modernRequest(
  url: string,
  method: string,
  params: { name?: string; uri?: string; [member: string]: unknown } = {},
  fields: Record<string, string> = {},
  capabilities: object = {},
): Promise<Answer> {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": { name: "suite", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
  const message = { jsonrpc: "2.0", id: "modern", method, params: { ...params, _meta: meta } };
  const name = params.name ?? params.uri;
  return post(url, JSON.stringify(message), {
    "mcp-protocol-version": MODERN,
    "mcp-method": method,
    ...(name !== undefined && { "mcp-name": name }),
    ...fields,
  });
}
