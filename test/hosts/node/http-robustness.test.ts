import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveHttp, type HttpServer, type LimitsInput, type LoadedCore } from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { heldCore, holdCalls, type Held } from "./held-core.ts";
import { callBody, postBytes, rawClient } from "./raw-client.ts";

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

async function start(limits: LimitsInput = {}): Promise<void> {
  held = holdCalls();
  const { services } = held;
  server = await serveHttp(core, { port: 0, workers: 1, log: () => {}, services, limits });
}

/** What a server sends to bytes behind which it closes the connection. */
function sent(bytes: string): Promise<string> {
  return rawClient(server.url, bytes).closed;
}

const manyFields = (count: number): string[] => Array.from({ length: count }, (_, i) => `X-${i}: a`);
const HEAD = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
const QUICK = callBody("quick");

describe("what could be read in two ways", () => {
  test.each([
    ["two lengths", `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ["a length and chunks", `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["a coding that hides chunks", `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ["a chunk size that is none", `${HEAD}Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n`],
    ["a length with a sign", `${HEAD}Content-Length: +2\r\n\r\n{}`],
    ["a space before the colon", `${HEAD}Content-Length : 2\r\n\r\n{}`],
    ["a folded field", `${HEAD}X-Folded: a\r\n b\r\nContent-Length: 2\r\n\r\n{}`],
    ["a field with a line feed alone", `${HEAD}X-A: b\nContent-Length: 2\r\n\r\n{}`],
    ["no host", "POST /mcp HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"],
    ["two hosts", `${HEAD}Host: localhost\r\nContent-Length: 2\r\n\r\n{}`],
  ])("is refused: %s", async (_what, bytes) => {
    await start();
    const text = await sent(bytes);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).not.toMatch(/HTTP\/1\.1 200/);
  });

  test("of two types none is taken", async () => {
    await start();
    const twice = `Content-Type: application/json\r\nContent-Length: ${QUICK.length}\r\nConnection: close\r\n\r\n${QUICK}`;
    expect(await sent(`${HEAD}${twice}`)).toMatch(/^HTTP\/1\.1 415 /);
  });
});

describe("header fields", () => {
  test("are as many as there may be, and not one more", async () => {
    await start({ http: { headerFields: 20 } });
    // Three of its own, and Connection.
    const most = postBytes(QUICK, [...manyFields(16), "Connection: close"]);
    expect(await sent(most)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await sent(postBytes(QUICK, [...manyFields(17), "Connection: close"]))).toMatch(
      /^HTTP\/1\.1 431 /,
    );
    expect(await sent(postBytes(QUICK, manyFields(500)))).toMatch(/^HTTP\/1\.1 431 /);
  });

  test("are as long as they may be", async () => {
    await start({ http: { headerBytes: 2048 } });
    expect(await sent(postBytes(QUICK, [`X: ${"x".repeat(1000)}`, "Connection: close"]))).toMatch(
      /^HTTP\/1\.1 200 /,
    );
    expect(await sent(postBytes(QUICK, [`X: ${"x".repeat(3000)}`]))).toMatch(/^HTTP\/1\.1 431 /);
    expect(await sent(`POST /${"x".repeat(3000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });
});

describe("requests one behind the other", () => {
  test("are answered in their order", async () => {
    await start();
    const bytes = [1, 2, 3].map((id) => postBytes(callBody(id === 1 ? "wait" : "quick", id))).join("");
    const client = rawClient(server.url, bytes);
    await held.waiting(1);
    held.release();
    const text = await client.until(/"id":3/);
    expect([...text.matchAll(/"id":(\d)/g)].map(([, id]) => id)).toEqual(["1", "2", "3"]);
    client.socket.destroy();
  });

  test("are so many, and the connection is closed behind one too many", async () => {
    await start({ http: { requestsPerConnection: 2 } });
    const bytes = [1, 2, 3, 4].map((id) => postBytes(callBody("wait", id))).join("");
    const client = rawClient(server.url, bytes);
    await held.waiting(1);
    held.release();
    const statuses = [...(await client.closed).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(["200", "200", "503"]);
  });
});

describe("clients that ask before they send", () => {
  const expecting = (fields: string, length = QUICK.length): string =>
    `${HEAD}${fields}Content-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`;

  test("are told to go on", async () => {
    await start();
    const client = rawClient(server.url, expecting(""));
    await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    client.socket.write(QUICK);
    expect(await client.until(/at once/)).toMatch(/\r\n\r\nHTTP\/1\.1 200 /);
    client.socket.destroy();
  });

  test.each([
    ["a foreign origin", "Origin: https://evil.example\r\n", QUICK.length, 403],
    ["too much content", "", 10_000_000, 413],
  ])("are told at once where it is of no use: %s", async (_what, fields, length, status) => {
    await start();
    const text = await rawClient(server.url, expecting(fields, length)).closed;
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).not.toContain("100 Continue");
  });

  test("and expect something else are refused", async () => {
    await start();
    const bytes = `${HEAD}Content-Length: 2\r\nExpect: coffee\r\nConnection: close\r\n\r\n{}`;
    expect(await sent(bytes)).toMatch(/^HTTP\/1\.1 417 /);
  });
});

describe("clients that leave", () => {
  test("in the middle of an upload leave nothing behind", async () => {
    await start({ http: { connections: 2, arrivingBytes: 1024 * 1024 } });
    const part = postBytes(" ".repeat(900_000)).slice(0, -100);
    for (let i = 0; i < 5; i++) {
      const client = rawClient(server.url, part);
      await new Promise((resolve) => client.socket.once("connect", resolve));
      client.socket.resetAndDestroy();
      await client.closed;
    }
    await vi.waitFor(async () => {
      const response = await fetch(server.url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: `${callBody("quick")}${" ".repeat(900_000)}`,
      });
      expect(response.status).toBe(200);
    });
  });

  test("have left when they close their half of a connection", async () => {
    await start();
    const client = rawClient(server.url, postBytes(callBody("wait")));
    await held.waiting(1);
    client.socket.end();
    expect(await client.closed).toBe("");
  });
});
