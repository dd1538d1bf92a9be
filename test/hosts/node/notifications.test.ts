import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { createPool, loadCore, serveHttp, serveStdio, type LoadedCore, type Pool } from "tenon/hosts/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { handlerCore } from "./handler-core.ts";

/** A core whose tools notify, and ask whether they are cancelled. */
const SOURCE = `
import { notify, cancelled } from "tenon:mcp/outbox@0.1.0";
const log = (data) => notify(JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data } }));
const text = (value) => ({ tag: "success", val: JSON.stringify({ content: [{ type: "text", text: value }] }) });
export const handler = {
  handle(context, request) {
    switch (request.target) {
      case "count": for (let i = 0; i < 5; i++) log(i); return text("counted");
      case "flood": for (let i = 0; i < 15; i++) log("x".repeat(60000)); return text("flooded");
      case "nonsense": notify("nonsense"); return text("said");
      case "obey": log("started"); while (!cancelled()); return text("obeyed");
      case "asked": return text(String(cancelled()));
      case "ignore": log("started"); for (;;);
      case "refuse": log("no"); return { tag: "refused", val: { status: 429, headers: [], error: { code: 1, message: "slow down" } } };
    }
  },
};`;

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let core: LoadedCore;
let pool: Pool;
let logged = "";
const log = (lines: Uint8Array): void => {
  logged += Buffer.from(lines).toString();
};

beforeAll(async () => {
  core = await loadCore(await handlerCore(SOURCE), { cacheDir });
  pool = await createPool(core, { workers: 1, log });
});
afterAll(async () => {
  await pool.close();
  rmSync(cacheDir, { recursive: true });
});

const request = (target: string) => ({ id: "1", method: "tools/call", target, params: "{}" });
const deadline = (): number => Date.now() + 20_000;
const answered = (text: string): object => ({
  outcome: { val: JSON.stringify({ content: [{ type: "text", text }] }) },
});

/** Runs a call, and aborts it at its first notification. */
async function abandon(target: string): Promise<unknown> {
  const client = new AbortController();
  return pool.handle("{}", request(target), {
    deadline: deadline(),
    signal: client.signal,
    notify: () => client.abort(),
  });
}

describe("handle()", () => {
  test("gives notifications in order, and all of them before the outcome", async () => {
    const seen: unknown[] = [];
    const result = pool.handle("{}", request("count"), {
      deadline: deadline(),
      notify: (message) => seen.push((JSON.parse(message) as { params: { data: unknown } }).params.data),
    });
    await result.then(() => seen.push("outcome"));
    expect(seen).toEqual([0, 1, 2, 3, 4, "outcome"]);
  });

  test("tells a guest that it is cancelled, and the next one that it is not", async () => {
    expect(await abandon("obey")).toMatchObject(answered("obeyed"));
    expect(await pool.handle("{}", request("asked"), { deadline: deadline() })).toMatchObject(
      answered("false"),
    );
  });

  test("ends a guest that goes on, long before its deadline", async () => {
    expect(await abandon("ignore")).toEqual({ failure: "cancelled" });
    expect(logged).toContain('tools/call \\"ignore\\" went on after it was cancelled');
    expect(await pool.handle("{}", request("asked"), { deadline: deadline() })).toMatchObject(
      answered("false"),
    );
  });

  test("drops a cancelled call that waits for a thread at once", async () => {
    const waiting = new AbortController();
    const busy = new AbortController();
    const waited = pool.handle("{}", request("obey"), {
      deadline: deadline(),
      signal: busy.signal,
      notify: () => waiting.abort(),
    });
    const dropped = pool.handle("{}", request("count"), { deadline: deadline(), signal: waiting.signal });
    expect(await dropped).toEqual({ failure: "cancelled" });
    busy.abort();
    expect(await waited).toMatchObject(answered("obeyed"));
  });
});

const post = (url: string, name: string, fields: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...fields,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/call", params: { name, arguments: {} } }),
  });

describe("serveHttp()", () => {
  test("answers with a stream once there is something to say, and with JSON otherwise", async () => {
    const server = await serveHttp(core, { port: 0, workers: 1, log });
    try {
      const streamed = await post(server.url, "refuse");
      expect(streamed.status).toBe(200);
      expect(streamed.headers.get("content-type")).toBe("text/event-stream");
      const events = (await streamed.text()).split("\n\n");
      expect(events).toHaveLength(3);
      expect(JSON.parse(events[0]!.slice("data: ".length))).toMatchObject({ params: { data: "no" } });
      expect(JSON.parse(events[1]!.slice("data: ".length))).toMatchObject({ id: 7, error: { code: 1 } });
      const plain = await post(server.url, "refuse", { accept: "application/json" });
      expect(plain.status).toBe(429);
      expect(await plain.json()).toMatchObject({ id: 7, error: { code: 1 } });
      await (await post(server.url, "nonsense")).json();
      expect(logged).toContain('1 notifications of tools/call \\"nonsense\\" were dropped: malformed');
    } finally {
      await server.close();
    }
  });
});

describe("serveStdio()", () => {
  test("drops what a client does not read, and answers once it does", async () => {
    const input = new PassThrough();
    const output = new PassThrough();
    let noticed: (() => void) | undefined;
    const dropped = new Promise<void>((resolve) => (noticed = resolve));
    const served = serveStdio(core, {
      input,
      output,
      workers: 1,
      log: (lines) => Buffer.from(lines).includes("the client does not read") && noticed?.(),
    });
    input.end('{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"flood","arguments":{}}}\n');
    await dropped;
    let written = "";
    output.setEncoding("utf8").on("data", (text: string) => (written += text));
    await served;
    const lines = written.trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.length).toBeLessThan(10);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ id: 7, result: { content: [{ text: "flooded" }] } });
  });

  test("leaves a client time for the last notification before it answers", async () => {
    const input = new PassThrough();
    const output = new PassThrough();
    const came: { id: number | undefined; at: number }[] = [];
    let written = "";
    output.setEncoding("utf8").on("data", (text: string) => {
      const at = performance.now();
      const lines = `${written}${text}`.split("\n");
      written = lines.pop()!;
      for (const line of lines) came.push({ id: (JSON.parse(line) as { id?: number }).id, at });
    });
    input.end('{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"count","arguments":{}}}\n');
    await serveStdio(core, { input, output, workers: 1, log });
    expect(came.map(({ id }) => id)).toEqual([undefined, undefined, undefined, undefined, undefined, 7]);
    // A slow machine makes it more, never less.
    expect(came[5]!.at - came[4]!.at).toBeGreaterThan(5);
  });
});
