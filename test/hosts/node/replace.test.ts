import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCore, serveHttp, type HostServices, type HttpServer, type LoadedCore } from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { writeManifest } from "../../../src/manifest/index.ts";
import { coreManifest, handlerCore } from "./handler-core.ts";
import { holdCalls } from "./held-core.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
const cores: LoadedCore[] = [];
let server: HttpServer;

/** A core of one name, whose calls ask the host for a value, or answer at once. */
function source(name: string): string {
  return `
import { get } from "tenon:host/config@0.1.0";
export const handler = {
  handle(context, request) {
    if (request.method === "server/discover")
      return { tag: "success", val: '{"serverInfo":{"name":"${name}","version":"1.0.0"},"capabilities":{"tools":{}}}' };
    if (request.method === "tools/list")
      return { tag: "success", val: '{"tools":[{"name":"${name}","inputSchema":{"type":"object"}}]}' };
    const value = request.target === "wait" ? get("key") : "";
    return { tag: "success", val: JSON.stringify({ content: [{ type: "text", text: "${name} " + value }] }) };
  },
};`;
}

async function core(name: string): Promise<LoadedCore> {
  const imports = ["tenon:host/config@0.1.0", "tenon:mcp/outbox@0.1.0"];
  const bytes = await handlerCore(source(name), { imports });
  return loadCore(writeManifest(bytes, { ...coreManifest({}), name }), { cacheDir });
}

beforeAll(async () => {
  cores.push(await core("one"), await core("two"), await core("three"));
});

afterEach(() => server.close());

afterAll(() => rmSync(cacheDir, { recursive: true }));

/** Services whose `config.get` waits until the test answers. */
function held(): { services: () => HostServices; asked: Promise<void>; answer: (value: string) => void } {
  let answer!: (value: string) => void;
  let ask!: () => void;
  const value = new Promise<string>((resolve) => {
    answer = resolve;
  });
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const config = (): Promise<string> => {
    ask();
    return value;
  };
  return { services: () => ({ config }), asked, answer };
}

async function start(services?: () => HostServices, queueMs = 60_000): Promise<void> {
  const options = {
    port: 0,
    workers: 1,
    limits: { calls: { queueMs, deadlineMs: 60_000 } },
    log: () => {},
    ...(services && { services }),
  };
  server = await serveHttp(cores[0]!, options);
}

async function post(method: string, params: object = {}): Promise<{ status: number; result: unknown }> {
  const response = await fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result } = (await response.json()) as { result: unknown };
  return { status: response.status, result };
}

async function call(name = "say"): Promise<string> {
  const { status, result } = await post("tools/call", { name, arguments: {} });
  expect(status).toBe(200);
  return (result as { content: { text: string }[] }).content[0]!.text;
}

test("replace() lets a call in flight end on the core that took it, and gives new ones to the other", async () => {
  const { services, asked, answer } = held();
  await start(services);
  const inFlight = call("wait");
  // The one worker is busy, so this one waits on the old core as well.
  await asked;
  const waiting = call();
  await server.replace(cores[1]!);
  expect(await call()).toBe("two ");
  answer("late");
  expect(await inFlight).toBe("one late");
  expect(await waiting).toMatch(/^(one|two) $/);
});

test("replace() changes what the server says of itself", async () => {
  await start();
  await server.replace(cores[1]!);
  expect(server.digest).toBe(cores[1]!.digest);
  const client = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "t", version: "1" } };
  expect((await post("initialize", client)).result).toMatchObject({ serverInfo: { name: "two" } });
  expect((await post("tools/list")).result).toMatchObject({ tools: [{ name: "two" }] });
});

test("replace() drops none of the requests that arrive while cores change", async () => {
  await start();
  const swapped = new AbortController();
  const seen = new Set<string>();
  const callers = Array.from({ length: 4 }, async () => {
    while (!swapped.signal.aborted) seen.add(await call());
  });
  for (const next of [1, 2, 0, 1]) await server.replace(cores[next]!);
  swapped.abort();
  await Promise.all(callers);
  expect(await call()).toBe("two ");
  expect(seen.size).toBeGreaterThan(1);
});

test("replace() refuses no call for the time that it waits while there are two cores", async () => {
  const both = holdCalls();
  await start(both.services, 1);
  const calls = [call("wait")];
  await both.waiting(1);
  const replaced = server.replace(cores[1]!);
  calls.push(call());
  await replaced;
  // The old core is busy with the first call still, the new one with this one.
  calls.push(call("wait"));
  await both.waiting(2);
  calls.push(call());
  await vi.waitFor(() => expect(server.stats().queued).toBe(1), { timeout: 10_000 });
  expect((await fetch(new URL("/nothing", server.url))).status).toBe(404);
  both.release();
  expect(await Promise.all(calls)).toEqual([
    "one released",
    expect.stringMatching(/^(one|two) $/),
    "two released",
    "two ",
  ]);
});

test("replace() takes one core after another, in the order asked for", async () => {
  await start();
  await Promise.all([cores[1]!, cores[2]!].map((next) => server.replace(next)));
  expect(server.digest).toBe(cores[2]!.digest);
  expect(await call()).toBe("three ");
});

test("replace() leaves the core in place when the other does not start", async () => {
  await start();
  const failing: LoadedCore = { ...cores[1]!, glue: "export function instantiate() { throw 1 }" };
  await expect(server.replace(failing)).rejects.toMatchObject({ code: "ERR_HOST_CORE" });
  expect(server.digest).toBe(cores[0]!.digest);
  expect(await call()).toBe("one ");
  await server.replace(cores[1]!);
  expect(await call()).toBe("two ");
});

test("Each core gets the services of its own manifest", async () => {
  await start();
  await server.close();
  const asked: string[] = [];
  server = await serveHttp(cores[0]!, {
    port: 0,
    workers: 1,
    log: () => {},
    services: ({ name }) => {
      asked.push(name);
      return { config: async () => `for ${name}` };
    },
  });
  expect(await call("wait")).toBe("one for one");
  await server.replace(cores[1]!);
  expect(await call("wait")).toBe("two for two");
  expect(asked).toEqual(["one", "two"]);
});

test("close() waits for calls of a core that was replaced, and takes no other core", async () => {
  const { services, asked, answer } = held();
  await start(services);
  const inFlight = call("wait");
  await asked;
  await server.replace(cores[1]!);
  const closed = server.close();
  await expect(server.replace(cores[2]!)).rejects.toMatchObject({
    code: "ERR_HOST_CORE",
    message: 'Cannot serve core "three": the server is closed',
  });
  answer("at last");
  expect(await inFlight).toBe("one at last");
  await closed;
});
