import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request, Agent, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCore, serveHttp, type HttpServer, type LoadedCore } from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { handlerCore } from "./handler-core.ts";

const SOURCE = `
import { get } from "tenon:host/config@0.1.0";
export const handler = {
  handle(context, request) {
    const text = request.target === "long" ? "x".repeat(3 << 20) : get("key");
    return { tag: "success", val: JSON.stringify({ content: [{ type: "text", text }] }) };
  },
};`;
const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let core: LoadedCore;
let server: HttpServer;
let logged: string;
/** Settles once a call has asked for the value that the test holds. */
let asked: Promise<void>;
let answer: (value: string) => void;

beforeAll(async () => {
  const imports = ["tenon:host/config@0.1.0", "tenon:mcp/outbox@0.1.0"];
  core = await loadCore(await handlerCore(SOURCE, { imports }), { cacheDir });
});

beforeEach(async () => {
  logged = "";
  let ask!: () => void;
  asked = new Promise((resolve) => (ask = resolve));
  const value = new Promise<string>((resolve) => (answer = resolve));
  const config = (): Promise<string> => {
    ask();
    return value;
  };
  server = await serveHttp(core, {
    port: 0,
    workers: 2,
    limits: { calls: { queueMs: 60_000, deadlineMs: 60_000 } },
    services: () => ({ config }),
    log: (lines) => {
      logged += Buffer.from(lines).toString();
    },
  });
});

afterEach(() => server.close({ drainMs: 0 }));

afterAll(() => rmSync(cacheDir, { recursive: true }));

const body = (name: string): string =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {} } });

/** Calls a tool; settles with the head of the answer. */
async function begin(name: string, agent?: Agent): Promise<IncomingMessage> {
  const sent = request(server.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    ...(agent && { agent }),
  });
  sent.end(body(name));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
  return (JSON.parse(text) as { result: { content: { text: string }[] } }).result.content[0]!.text;
}

test("close() answers what is in flight, says that the connection ends, and takes nobody new", async () => {
  const agent = new Agent({ keepAlive: true });
  const inFlight = begin("wait", agent);
  await asked;
  const closed = server.close();
  await expect(fetch(server.url)).rejects.toThrow();
  answer("at last");
  const response = await inFlight;
  expect(response.headers.connection).toBe("close");
  expect(await textOf(response)).toBe("at last");
  await closed;
  agent.destroy();
});

test("close() lets a client read an answer to its end", async () => {
  const agent = new Agent({ keepAlive: true });
  // The head is there, and most of the content is not.
  const response = await begin("long", agent);
  const closed = server.close();
  expect(await textOf(response)).toHaveLength(3 << 20);
  await closed;
  agent.destroy();
});

test("close() answers a request whose content is still on its way", async () => {
  const content = body("long");
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.write(
    `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${content.length}\r\n\r\n`,
  );
  // The server has read the head.
  await once(socket, "data");
  const closed = server.close();
  socket.write(content);
  let received = "";
  for await (const chunk of socket.setEncoding("latin1")) received += String(chunk);
  expect(received).toMatch(/^HTTP\/1\.1 200 /);
  expect(received).toMatch(/connection: close\r\n/i);
  await closed;
});

test("close() cuts off what is not answered in its time, and says how many", async () => {
  const inFlight = begin("wait");
  await asked;
  await Promise.all([expect(inFlight).rejects.toThrow("socket hang up"), server.close({ drainMs: 0 })]);
  expect(logged).toContain('"message":"1 request was cut off"');
});
