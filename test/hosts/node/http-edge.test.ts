import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  loadCore,
  serveHttp,
  type HttpServer,
  type LoadedCore,
  type ServeHttpOptions,
} from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { handlerCore } from "./handler-core.ts";

/** A core whose tools tell their context, or tell of a change. */
const SOURCE = `
import { notify } from "tenon:mcp/outbox@0.1.0";
const text = (value) => ({ tag: "success", val: JSON.stringify({ content: [{ type: "text", text: value }] }) });
export const handler = {
  handle(context, { method, target }) {
    if (method === "server/discover") return { tag: "success", val: '{"capabilities":{"tools":{}}}' };
    if (method !== "tools/call") return { tag: "success", val: "{}" };
    if (target === "change") notify('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}');
    return text(context);
  },
};`;

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
const cores: LoadedCore[] = [];
let server: HttpServer;

beforeAll(async () => {
  const tools = [{ name: "other", inputSchema: { type: "object" } }];
  for (const manifest of [{}, { tools }]) {
    cores.push(await loadCore(await handlerCore(SOURCE, { manifest }), { cacheDir }));
  }
});
afterEach(() => server.close());
afterAll(() => rmSync(cacheDir, { recursive: true }));

async function start(options: ServeHttpOptions = {}): Promise<void> {
  server = await serveHttp(cores[0]!, { port: 0, workers: 1, log: () => {}, ...options });
}

function post(
  message: unknown,
  fields: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(server.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...fields,
    },
    body: JSON.stringify(message),
    ...(signal && { signal }),
  });
}

const call = (name: string, id: unknown = 1): object => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: {} },
});

async function contextOf(fields: Record<string, string>): Promise<unknown> {
  const { result } = (await (await post(call("context"), fields)).json()) as {
    result: { content: [{ text: string }] };
  };
  return JSON.parse(result.content[0].text);
}

/** Reads the events of a stream one by one. */
function events(response: Response): () => Promise<string | undefined> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return async () => {
    while (!text.includes("\n\n")) {
      const { value, done } = await reader.read();
      if (done) return undefined;
      text += value;
    }
    const end = text.indexOf("\n\n") + 2;
    const event = text.slice(0, end);
    text = text.slice(end);
    return event;
  };
}

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

async function listen(signal?: AbortSignal): Promise<() => Promise<string | undefined>> {
  const params = { notifications: { toolsListChanged: true }, _meta: META };
  const method = "subscriptions/listen";
  const fields = { "mcp-protocol-version": "2026-07-28", "mcp-method": method };
  const response = await post({ jsonrpc: "2.0", id: "l", method, params }, fields, signal);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const next = events(response);
  expect(await next()).toContain("notifications/subscriptions/acknowledged");
  return next;
}

describe("subscriptions/listen", () => {
  test("hears of changes of calls and of a core that is swapped, and ends with a result", async () => {
    await start();
    const next = await listen();
    await post(call("change"));
    expect(await next()).toContain("notifications/tools/list_changed");
    await server.replace(cores[1]!);
    expect(await next()).toContain("notifications/tools/list_changed");
    const closed = server.close();
    expect(await next()).toMatch(/"result":\{"resultType":"complete".*"id":"l"/);
    expect(await next()).toBeUndefined();
    await closed;
  });

  test("does not hold a thread, and a client that leaves frees its place", async () => {
    await start();
    const client = new AbortController();
    // Each needs one call, of which not as many may wait at once.
    for (let open = 0; open < 100; open += 20) {
      await Promise.all(Array.from({ length: 20 }, () => listen(client.signal)));
    }
    const method = "subscriptions/listen";
    const fields = { "mcp-protocol-version": "2026-07-28", "mcp-method": method };
    const message = { jsonrpc: "2.0", id: 1, method, params: { notifications: {}, _meta: META } };
    expect((await post(message, fields)).status).toBe(503);
    expect((await post(call("context"))).status).toBe(200);
    client.abort();
    await vi.waitFor(async () =>
      expect((await post(message, fields, AbortSignal.timeout(5000))).status).toBe(200),
    );
  });

  test("is kept from being taken for dead", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      await start();
      const next = await listen();
      vi.advanceTimersByTime(15_000);
      expect(await next()).toBe(":\n\n");
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("sessions", () => {
  const initialize = {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } },
  };

  test("hear of changes on their stream, whose end is the server's", async () => {
    await start({ sessions: true });
    const id = (await post(initialize)).headers.get("mcp-session-id")!;
    const fields = { "mcp-session-id": id };
    expect((await post({ jsonrpc: "2.0", method: "notifications/initialized" }, fields)).status).toBe(202);
    const stream = await fetch(server.url, { headers: { accept: "text/event-stream", ...fields } });
    const next = events(stream);
    expect(await next()).toBe("retry: 1000\nid: 0\ndata: \n\n");
    await post(call("change"), fields);
    expect(await next()).toBe(
      'id: 1\ndata: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n',
    );
    expect(await contextOf(fields)).toMatchObject({ client: { info: { name: "c" } } });
    await server.replace(cores[1]!);
    expect(await next()).toContain("id: 2\n");
    expect((await fetch(server.url, { method: "DELETE", headers: fields })).status).toBe(204);
    expect(await next()).toBeUndefined();
    expect((await post(call("context"), fields)).status).toBe(404);
  });

  test("are none unless they are asked for", async () => {
    await start();
    expect((await post(initialize)).headers.get("mcp-session-id")).toBeNull();
    expect((await fetch(server.url)).status).toBe(405);
  });
});

test("the messages of a batch run as calls of their own", async () => {
  await start();
  const answer = await post([
    call("context", 1),
    call("context", 2),
    { jsonrpc: "2.0", method: "notifications/x" },
  ]);
  expect(await answer.json()).toMatchObject([
    { id: 1, result: {} },
    { id: 2, result: {} },
  ]);
});

describe("behind a proxy", () => {
  const fields = { "x-forwarded-for": "198.51.100.1, 203.0.113.9" };

  test("the peer is whom a trusted one names, and whoever connects otherwise", async () => {
    await start({ trustedProxies: ["loopback"] });
    expect(await contextOf(fields)).toMatchObject({ peer: "203.0.113.9" });
    await server.close();
    await start();
    expect(await contextOf(fields)).toMatchObject({ peer: "127.0.0.1" });
  });

  test("the host of the public URL is served, and no other", async () => {
    await start({ publicUrl: "https://mcp.example/mcp" });
    expect(server.publicUrl).toBe("https://mcp.example/mcp");
    const { port } = new URL(server.url);
    const status = (host: string): Promise<number | undefined> =>
      new Promise((resolve) =>
        request({ port, path: "/mcp", method: "GET", headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).end(),
      );
    expect(await status("mcp.example")).toBe(405);
    expect(await status("other.example")).toBe(403);
  });

  test.each<[ServeHttpOptions, string]>([
    [{ publicUrl: "mcp.example" }, 'Cannot be reached at "mcp.example"'],
    [{ publicUrl: "https://user@mcp.example/" }, "Cannot be reached at"],
    [{ publicUrl: "https://mcp.example/?a" }, "Cannot be reached at"],
    [{ trustedProxies: ["everyone"] }, 'Cannot trust proxy "everyone"'],
  ])("a typo is refused: %j", async (options, message) => {
    await expect(serveHttp(cores[0]!, { port: 0, ...options })).rejects.toThrow(message);
  });
});
