import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  loadCore,
  serveHttp,
  type HttpServer,
  type LoadedCore,
  type ServeHttpOptions,
} from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { handlerCore } from "./handler-core.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
const DEADLINE_MS = 4000;
/** Most tests here make a tool fail, which is not to close it for the next one. */
const SHORT = { calls: { deadlineMs: DEADLINE_MS, queueMs: 60_000 }, guests: { failures: 1000 } };
let core: LoadedCore;
let server: HttpServer;
let logged = "";
const log = (lines: Uint8Array): void => {
  logged += Buffer.from(lines).toString("utf8");
};

beforeAll(async () => {
  core = await loadCore(await handlerCore(), { cacheDir });
  server = await serveHttp(core, { port: 0, limits: SHORT, workers: 1, log });
});

afterEach(() => {
  logged = "";
});

afterAll(async () => {
  await server.close();
  rmSync(cacheDir, { recursive: true });
});

interface Reply {
  status: number;
  headers: Headers;
  body: {
    id?: unknown;
    result?: { content: { text: string }[] };
    error?: { code: number; message: string; data?: unknown };
  };
}

async function post(
  content: string | Uint8Array,
  headers: Record<string, string> = {},
  url = server.url,
): Promise<Reply> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: content,
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith("{") ? (JSON.parse(text) as Reply["body"]) : {},
  };
}

function call(name: string, args: unknown = {}, url = server.url): Promise<Reply> {
  const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } };
  return post(JSON.stringify(message), {}, url);
}

async function withServer(
  options: ServeHttpOptions,
  use: (running: HttpServer) => Promise<void>,
): Promise<void> {
  const running = await serveHttp(core, { port: 0, workers: 1, log, ...options });
  try {
    await use(running);
  } finally {
    await running.close();
  }
}

const text = (reply: Reply): string | undefined => reply.body.result?.content[0]?.text;

describe("clients", () => {
  test("serveHttp() serves the SDK's legacy client", async () => {
    const client = new Client({ name: "test", version: "1" });
    await client.connect(new StreamableHTTPClientTransport(new URL(server.url)));
    expect(client.getServerVersion()).toEqual({ name: "fixture", version: "1.0.0" });
    expect((await client.listTools()).tools.map((tool) => tool.name)).toEqual(["echo"]);
    expect(await client.callTool({ name: "echo", arguments: { text: "grüße 😀" } })).toEqual({
      content: [{ type: "text", text: '{"text":"grüße 😀"}' }],
    });
    await expect(client.callTool({ name: "nope" })).rejects.toMatchObject({ code: -32602 });
    await client.close();
  });

  test("serveHttp() serves the SDK's client since 2026-07-28", async () => {
    const client = new ModernClient(
      { name: "test", version: "1" },
      { versionNegotiation: { mode: { pin: "2026-07-28" } } },
    );
    await client.connect(new ModernTransport(new URL(server.url)));
    expect((await client.listTools()).tools.map((tool) => tool.name)).toEqual(["echo"]);
    const result = await client.callTool({ name: "echo", arguments: { a: 1 } });
    expect(result.content).toEqual([{ type: "text", text: '{"a":1}' }]);
    await client.close();
  });
});

describe("hostile tools", () => {
  test.each([
    ["loop", 504, -31_504],
    ["throw", 500, -32603],
    ["recurse", 500, -32603],
    ["big", 500, -32603],
    ["five-megabytes", 500, -32603],
    ["hoard", 500, -32603],
    ["not-json", 500, -32603],
  ])(
    "serveHttp() answers a tool that does %s with an error, and the next call as ever",
    async (name, status, code) => {
      const failed = await call(name);
      expect(failed.status).toBe(status);
      expect(failed.body).toMatchObject({ id: 1, error: { code } });
      expect(JSON.stringify(failed.body)).not.toMatch(/secret|passwd|\.js|wasm/);
      expect(text(await call("echo", { after: name }))).toBe(JSON.stringify({ after: name }));
    },
  );

  test("serveHttp() gives the call after a trap a fresh instance", async () => {
    await withServer({}, async ({ url }) => {
      expect(text(await call("calls", {}, url))).toBe("1");
      await call("throw", {}, url);
      expect(text(await call("calls", {}, url))).toBe("1");
      expect(text(await call("calls", {}, url))).toBe("2");
    });
  });

  test("serveHttp() goes on while other workers are stuck", async () => {
    await withServer({ workers: 2, limits: SHORT }, async ({ url }) => {
      const stuck = call("loop", {}, url);
      expect(text(await call("echo", { x: 1 }, url))).toBe('{"x":1}');
      expect((await stuck).status).toBe(504);
    });
  });

  test("serveHttp() keeps the log lines of a call it had to end", async () => {
    await call("loop");
    expect(logged).toContain('"message":"before the loop"');
  });
});

describe("logs", () => {
  test("serveHttp() writes log lines as JSON without control characters", async () => {
    await call("log");
    // oxlint-disable-next-line no-control-regex
    expect(logged).toMatch(/^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f]*\n$/);
    expect(JSON.parse(logged)).toMatchObject({
      time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      level: "info",
      source: "fixture",
      message: "line\u009b one\nand two",
      fields: { a: 1 },
    });
  });

  test("serveHttp() drops and counts what is over the quota of a call", async () => {
    await withServer({ limits: { calls: { deadlineMs: 20_000 } } }, async ({ url }) => {
      await call("log-flood", {}, url);
      const lines = logged
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { message: string });
      expect(Buffer.byteLength(logged)).toBeLessThan(66_000);
      const dropped = /^(\d+) log lines of one call were dropped$/.exec(lines.at(-1)!.message);
      expect(Number(dropped?.[1]) + lines.length - 1).toBe(10_000);
      logged = "";
      await call("log", {}, url);
      expect(logged.trim().split("\n")).toHaveLength(1);
    });
  });

  test("serveHttp() tells the log, and not the client, why a call trapped", async () => {
    await call("throw");
    expect(JSON.parse(logged)).toMatchObject({
      level: "error",
      source: "host",
      message: expect.stringMatching(/tools\/call "throw".* trapped/) as string,
    });
  });
});

describe("bad requests", () => {
  test("serveHttp() refuses content over the limit, declared or streamed, and keeps serving", async () => {
    const large = "x".repeat(1024 * 1024 + 1);
    expect(await post(large)).toMatchObject({ status: 413, body: { error: { code: -32600 } } });
    let chunks = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(Buffer.alloc(100_000, "x"));
        if (++chunks === 12) controller.close();
      },
    });
    const response = await fetch(server.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: stream,
      duplex: "half",
    });
    expect(response.status).toBe(413);
    await response.text();
    expect((await call("echo")).status).toBe(200);
  });

  test("serveHttp() takes content just under the limit", async () => {
    const reply = await call("echo", { text: "é".repeat(500_000) });
    expect(JSON.parse(text(reply)!)).toEqual({ text: "é".repeat(500_000) });
  });

  test("serveHttp() refuses content that is not UTF-8", async () => {
    const bytes = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\xff"}}', "latin1");
    expect(await post(bytes)).toMatchObject({ status: 400, body: { error: { code: -32700 } } });
  });

  test("serveHttp() refuses a foreign Host field and a foreign origin", async () => {
    const { port } = new URL(server.url);
    const reply = await raw(
      Number(port),
      `POST /mcp HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
    );
    expect(reply).toMatch(/^HTTP\/1\.1 403 /);
    expect(await post("{}", { origin: "http://localhost.evil.com" })).toMatchObject({ status: 403 });
  });

  test("serveHttp() refuses smuggled lengths and oversized headers", async () => {
    const port = Number(new URL(server.url).port);
    const both =
      "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    expect(await raw(port, both)).toMatch(/^HTTP\/1\.1 400 /);
    expect(
      await raw(port, `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"x".repeat(17_000)}\r\n\r\n`),
    ).toMatch(/^HTTP\/1\.1 431 /);
  });

  test("serveHttp() answers other verbs with 405", async () => {
    for (const method of ["GET", "DELETE"]) {
      const response = await fetch(server.url, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toBe("POST");
      await response.text();
    }
  });

  test("serveHttp() shows a refusal of the core with its status and fields", async () => {
    const reply = await call("refuse");
    expect(reply.status).toBe(429);
    expect(reply.headers.get("retry-after")).toBe("7");
    expect(reply.body.error).toEqual({ code: 429, message: "slow down", data: { limit: 1 } });
  });
});

describe("overload and the end", () => {
  test("serveHttp() answers 503 when workers and queue are full", async () => {
    const calls = { queueLength: 1, deadlineMs: DEADLINE_MS, queueMs: 60_000 };
    await withServer({ limits: { calls } }, async ({ url }) => {
      const replies = await Promise.all(Array.from({ length: 4 }, () => call("loop", {}, url)));
      const statuses = replies.map((reply) => reply.status).sort((a, b) => a - b);
      expect(statuses).toEqual([503, 503, 504, 504]);
      expect(replies.find((reply) => reply.status === 503)!.headers.get("retry-after")).toBe("1");
    });
  });

  test("serveHttp() answers 503 to a call that waited too long", async () => {
    await withServer({ limits: { calls: { deadlineMs: DEADLINE_MS, queueMs: 50 } } }, async ({ url }) => {
      const statuses = (await Promise.all([call("loop", {}, url), call("echo", {}, url)])).map(
        (reply) => reply.status,
      );
      expect(statuses.sort((a, b) => a - b)).toEqual([503, 504]);
    });
  });

  test("close() answers what is in flight and frees the port", async () => {
    const running = await serveHttp(core, { port: 0, workers: 1, limits: SHORT, log });
    const last = call("loop", {}, running.url);
    expect(text(await call("echo", {}, server.url))).toBe("{}");
    await running.close();
    expect((await last).status).toBe(504);
    await expect(fetch(running.url)).rejects.toThrow();
  });

  test("serveHttp() says when the port is in use", async () => {
    const port = Number(new URL(server.url).port);
    await expect(serveHttp(core, { port, workers: 1 })).rejects.toMatchObject({
      code: "ERR_HOST_LISTEN",
      message: `Cannot listen on "127.0.0.1:${port}": the port is in use`,
    });
  });
});

/** What a server sends back to bytes that no HTTP client would send. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      if (received.includes("\r\n")) socket.destroy();
    });
    socket.on("close", () => resolve(received));
    socket.on("error", reject);
  });
}
