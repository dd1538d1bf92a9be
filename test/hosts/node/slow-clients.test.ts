import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveHttp, type HttpServer, type LimitsInput, type LoadedCore } from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { heldCore, holdCalls, type Held } from "./held-core.ts";
import { callBody, postBytes, rawClient, type RawClient } from "./raw-client.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let core: LoadedCore;
let server: HttpServer;
let held: Held;

beforeAll(async () => {
  core = await heldCore(cacheDir);
});
afterEach(async () => {
  held.release();
  await server.close();
});
afterAll(() => rmSync(cacheDir, { recursive: true }));

async function start(limits: LimitsInput = {}, trustedProxies: readonly string[] = []): Promise<void> {
  held = holdCalls();
  const { services } = held;
  server = await serveHttp(core, { port: 0, workers: 1, log: () => {}, services, limits, trustedProxies });
}

/** Asks as others do. */
async function others(): Promise<number> {
  const { status } = await post("quick");
  return status;
}

/** Asks over a connection of its own, and fails at once where there may be none: `fetch` would wait for it without end. */
async function another(): Promise<number | undefined> {
  const headers = { "content-type": "application/json" };
  const sent = request(server.url, { method: "POST", headers, agent: false });
  sent.end(callBody("quick"));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

function post(name: string, fields: Record<string, string> = {}): Promise<Response> {
  const headers = { "content-type": "application/json", ...fields };
  return fetch(server.url, { method: "POST", headers, body: callBody(name) });
}

/** The same, through a proxy that says for whom. */
function from(peer: string, name: string): Promise<Response> {
  return post(name, { "x-forwarded-for": peer });
}

/** Connections that send the same, and then nothing more. */
function crowd(size: number, bytes: string): RawClient[] {
  return Array.from({ length: size }, () => rawClient(server.url, bytes));
}

const PART_OF_A_HEAD = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ";
const PART_OF_A_BODY = postBytes(callBody("quick")).slice(0, -10);

/** Takes the only connection there may be, asks for much and reads nothing; settles once the connection was taken away. */
async function stall(bytes: string): Promise<RawClient> {
  const client = rawClient(server.url);
  client.socket.pause();
  client.socket.write(bytes);
  await new Promise((resolve) => client.socket.once("connect", resolve));
  await vi.waitFor(async () => expect(await another()).toBe(200), { timeout: 60_000, interval: 100 });
  client.socket.resume();
  return client;
}

describe("clients that send slowly", () => {
  test("get 408 when their header fields have not arrived in time, and hurt nobody meanwhile", async () => {
    await start({ http: { headerMs: 200, requestMs: 60_000 } });
    const slow = crowd(50, PART_OF_A_HEAD);
    expect(await others()).toBe(200);
    for (const { closed } of slow) expect(await closed).toMatch(/^HTTP\/1\.1 408 /);
    expect(await others()).toBe(200);
  });

  test("get 408 when their content has not arrived in time", async () => {
    await start({ http: { headerMs: 200, requestMs: 400 } });
    const slow = crowd(50, PART_OF_A_BODY);
    expect(await others()).toBe(200);
    for (const { closed } of slow) expect(await closed).toMatch(/^HTTP\/1\.1 408 /);
    expect(await others()).toBe(200);
  });

  test("are closed when they connect and say nothing", async () => {
    await start({ http: { headerMs: 200 } });
    for (const { closed } of crowd(20, "")) await closed;
    expect(await others()).toBe(200);
  });

  test("are closed when they keep a connection they do not use", async () => {
    await start({ http: { idleMs: 200 } });
    const client = rawClient(server.url, postBytes(callBody("quick")));
    expect(await client.closed).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("are told of content over the limit before they have sent any of it", async () => {
    await start();
    const [head] = postBytes(" ".repeat(2 * 1024 * 1024)).split("\r\n\r\n", 1);
    const client = rawClient(server.url, `${head}\r\n\r\n`);
    expect(await client.until(/^HTTP\/1\.1 \d+ /)).toMatch(/^HTTP\/1\.1 413 /);
    client.socket.destroy();
  });

  test("do not make the server keep more of what arrives than it may", async () => {
    await start({ http: { arrivingBytes: 1024 * 1024 } });
    const size = 600 * 1024;
    const bytes = postBytes(" ".repeat(size)).slice(0, -1);
    const first = rawClient(server.url, bytes);
    const second = rawClient(server.url, bytes);
    // Whichever comes last over the limit.
    const refused = await Promise.race([first, second].map((client) => client.until(/^HTTP\/1\.1 503 /)));
    expect(refused).toMatch(/retry-after: 1/i);
    for (const { socket } of [first, second]) socket.destroy();
    expect(await others()).toBe(200);
  });
});

describe("clients that do not read", () => {
  const large = postBytes(callBody("large"));
  const calls = { resultBytes: 8 * 1024 * 1024, deadlineMs: 60_000 };

  test("are cut off when all together leave too much unread", async () => {
    await start({ http: { unreadBytes: 1024 * 1024, connections: 1 }, calls });
    const client = await stall(large);
    expect((await client.closed).length).toBeLessThan(6 * 1024 * 1024);
  });

  test("get all of it when they read it in time", async () => {
    await start({ calls });
    const client = rawClient(server.url, postBytes(callBody("large"), ["Connection: close"]));
    expect((await client.closed).length).toBeGreaterThan(6 * 1024 * 1024);
  });
});

describe("clients that take too much", () => {
  test("have so many connections, and further ones are closed", async () => {
    await start({ http: { connectionsPerPeer: 2 } });
    const [first, second] = crowd(2, postBytes(callBody("wait")));
    await held.waiting(1);
    const third = rawClient(server.url, postBytes(callBody("quick")));
    expect(await third.closed).toBe("");
    held.release();
    await Promise.all([first!.until(/released/), second!.until(/released/)]);
    first!.socket.destroy();
    await first!.closed;
    await vi.waitFor(async () => expect(await others()).toBe(200));
  });

  test("behind a trusted proxy have so many requests, and further ones get 503", async () => {
    await start({ http: { connectionsPerPeer: 1 } }, ["loopback"]);
    const one = from("192.0.2.1", "wait");
    await held.waiting(1);
    expect((await from("192.0.2.1", "quick")).status).toBe(503);
    held.release();
    expect((await one).status).toBe(200);
    expect((await from("192.0.2.1", "quick")).status).toBe(200);
  });

  test("are one peer with all addresses of their network", async () => {
    await start({ http: { connectionsPerPeer: 1 } }, ["loopback"]);
    const one = from("2001:db8::1", "wait");
    await held.waiting(1);
    expect((await from("2001:db8:0:0:ffff::2", "quick")).status).toBe(503);
    held.release();
    await one;
  });

  test("get 503 before they have sent their content when all places are taken", async () => {
    await start({ calls: { queueLength: 1, queueMs: 60_000, deadlineMs: 60_000 } });
    const first = post("wait");
    await held.waiting(1);
    // With one worker and one spare, of which one call at a time runs.
    const second = rawClient(server.url, postBytes(callBody("quick")));
    const refused = vi.waitFor(async () => {
      const client = rawClient(server.url, PART_OF_A_BODY);
      const text = await client.until(/\r\n\r\n/).finally(() => client.socket.destroy());
      expect(text).toMatch(/^HTTP\/1\.1 503 .*retry-after: 1\r\n/is);
    });
    await refused;
    held.release();
    expect((await first).status).toBe(200);
    expect(await second.until(/at once/)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("do not fill the queue for others", async () => {
    await start({ calls: { queueLength: 2, queueMs: 60_000, deadlineMs: 60_000 } }, ["loopback"]);
    const running = from("192.0.2.1", "wait");
    await held.waiting(1);
    const flood = Array.from({ length: 6 }, () => from("192.0.2.1", "quick"));
    // Two wait and four are refused.
    const refused = await firstSettled(flood, 4);
    expect(refused.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
    const other = from("192.0.2.2", "quick");
    const displaced = await firstSettled(flood, 5);
    expect(displaced.at(-1)!.status).toBe(503);
    held.release();
    expect((await other).status).toBe(200);
    expect((await running).status).toBe(200);
  });
});

/** The first answers of several. */
async function firstSettled(all: readonly Promise<Response>[], count: number): Promise<Response[]> {
  const settled: Response[] = [];
  await new Promise<void>((resolve, reject) => {
    for (const each of all) {
      each.then((response) => settled.push(response) >= count && resolve(), reject);
    }
  });
  return settled;
}
