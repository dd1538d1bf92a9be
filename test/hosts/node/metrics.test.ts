import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createMetrics,
  loadCore,
  serveAdmin,
  serveHttp,
  type AdminServer,
  type HttpServer,
  type Metrics,
} from "tenon/hosts/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCounter, createHistogram } from "../../../hosts/node/observe/metric.ts";
import { readMetrics } from "../../fixtures/read-metrics.ts";
import { handlerCore } from "./handler-core.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let server: HttpServer;
let admin: AdminServer;
let metrics: Metrics;
let ready = true;
let logged = "";

const SOURCE = `
import { write } from "tenon:host/log@0.1.0";
const success = (result) => ({ tag: "success", val: JSON.stringify(result) });
export const handler = {
  handle(context, request) {
    const { task } = JSON.parse(request.params ?? "{}").arguments ?? {};
    switch (task) {
      case "fail": return success({ content: [], isError: true });
      case "quote": return success({ content: [{ type: "text", text: '"isError":true' }], structuredContent: { isError: true } });
      case "refuse": return { tag: "refused", val: { status: 429, headers: [], error: { code: 429, message: "slow", data: undefined } } };
      case "throw": throw new Error("trap");
      case "deny":
        for (const name of ["tenon:host/http", "anything\\n\\"at\\" all"])
          write({ level: "warning", source: "fixture", message: "denied", fields: JSON.stringify({ interface: name }) });
        write({ level: "warning", source: "somebody", message: "denied", fields: "null" });
        write({ level: "info", source: "fixture", message: 'not "message":"denied"', fields: '{"message":"denied"}' });
    }
    return task === undefined && request.method === "tools/call" && request.target !== "echo"
      ? { tag: "failure", val: { code: -32602, message: "Unknown tool", data: undefined } }
      : success({ content: [] });
  },
};`;

beforeAll(async () => {
  metrics = createMetrics();
  const core = await loadCore(await handlerCore(SOURCE), { cacheDir });
  server = await serveHttp(core, {
    port: 0,
    workers: 1,
    limits: { calls: { queueMs: 60_000, deadlineMs: 60_000 } },
    observer: metrics.observer,
    log: metrics.log((lines) => {
      logged += Buffer.from(lines).toString();
    }),
  });
  admin = await serveAdmin({ port: 0, isReady: () => ready, metrics: () => metrics.text() });
});

afterAll(async () => {
  await admin.close();
  await server.close();
  rmSync(cacheDir, { recursive: true });
});

async function call(name: string, args: object = {}): Promise<number> {
  const response = await fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } }),
  });
  await response.text();
  return response.status;
}

async function get(path: string, init: RequestInit = {}): Promise<[number, string, string | null]> {
  const response = await fetch(admin.url + path, init);
  return [response.status, await response.text(), response.headers.get("content-type")];
}

test("Metrics count calls by name and by how they ended, and no name that the core does not have", async () => {
  for (const task of [undefined, "fail", "quote", "refuse", "throw"]) await call("echo", { task });
  for (const name of ["nothing", "else", '\n"}']) await call(name);
  const { samples } = readMetrics(metrics.text());
  const calls = samples.filter(({ name }) => name === "tenon_calls_total");
  expect(calls.map(({ labels, value }) => [labels["name"], labels["outcome"], value])).toEqual([
    ["echo", "success", 2],
    ["echo", "tool-error", 1],
    ["echo", "refused-429", 1],
    ["echo", "trap", 1],
    ["other", "rpc-error", 3],
  ]);
  const count = samples.find(
    ({ name, labels }) => name === "tenon_call_duration_seconds_count" && labels["name"] === "echo",
  );
  expect(count?.value).toBe(5);
});

test("Metrics tell of requests, threads, and what serves", async () => {
  expect((await fetch(new URL("/nothing", server.url))).status).toBe(404);
  const { samples, types } = readMetrics(await (await fetch(`${admin.url}/metrics`)).text());
  const value = (name: string, labels: object = {}): number | undefined =>
    samples.find((each) => each.name === name && expect.objectContaining(labels).asymmetricMatch(each.labels))
      ?.value;
  expect(value("tenon_http_requests_total", { status: "404" })).toBe(1);
  expect(value("tenon_http_requests_in_flight")).toBe(0);
  expect(value("tenon_calls_in_flight")).toBe(0);
  expect(value("tenon_queue_length")).toBe(0);
  expect(value("tenon_worker_limit")).toBe(1);
  expect(value("tenon_workers", { state: "busy" })).toBe(0);
  expect(value("tenon_core_info", { name: "fixture", digest: server.digest })).toBe(1);
  expect(value("process_resident_memory_bytes")).toBeGreaterThan(1e6);
  expect(value("process_start_time_seconds")).toBeLessThan(Date.now() / 1000);
  expect(types.get("tenon_call_duration_seconds")).toBe("histogram");
  expect(types.get("process_cpu_seconds_total")).toBe("counter");
});

test("Denials are counted by the part that signs the line, and by known interfaces", async () => {
  await call("echo", { task: "deny" });
  const { samples } = readMetrics(metrics.text());
  const denials = samples.filter(({ name }) => name === "tenon_denials_total");
  expect(denials.map(({ labels, value }) => [labels["part"], labels["interface"], value])).toEqual([
    ["fixture", "tenon:host/http", 1],
    ["fixture", "other", 1],
    ["other", "other", 1],
  ]);
  expect(logged.split("\n").filter((line) => line.includes("denied"))).toHaveLength(4);
});

test("A thread that is given up is counted", async () => {
  const looping = await loadCore(await handlerCore("export const handler = { handle() { for (;;); } };"), {
    cacheDir,
  });
  const other = createMetrics();
  const slow = await serveHttp(looping, {
    port: 0,
    workers: 1,
    limits: { calls: { deadlineMs: 300 } },
    observer: other.observer,
    log: () => {},
  });
  const response = await fetch(slow.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  expect(response.status).toBe(504);
  await slow.close();
  const { samples } = readMetrics(other.text());
  expect(samples).toContainEqual({ name: "tenon_worker_replacements_total", labels: {}, value: 1 });
  expect(samples).toContainEqual({
    name: "tenon_calls_total",
    labels: { method: "tools/list", name: "", outcome: "deadline" },
    value: 1,
  });
});

test("A histogram counts what is below each bound, and the text escapes what labels hold", () => {
  const times = createHistogram({
    name: "t_seconds",
    help: "A \\ and\na line",
    labels: ["a"],
    bounds: [0.1, 1],
  });
  for (const value of [0.05, 0.1, 0.5, 7]) times.observe(['\\ " \n \ud800'], value);
  expect(times.text()).toBe(`# HELP t_seconds A \\\\ and\\na line
# TYPE t_seconds histogram
t_seconds_bucket{a="\\\\ \\" \\n \ufffd",le="0.1"} 2
t_seconds_bucket{a="\\\\ \\" \\n \ufffd",le="1"} 3
t_seconds_bucket{a="\\\\ \\" \\n \ufffd",le="+Inf"} 4
t_seconds_sum{a="\\\\ \\" \\n \ufffd"} 7.65
t_seconds_count{a="\\\\ \\" \\n \ufffd"} 4
`);
});

test("A metric has 2,000 series at most: what comes beyond counts as other", () => {
  const many = createCounter({ name: "many_total", help: "Many", labels: ["a"] });
  for (let i = 0; i < 3000; i++) many.add([String(i)]);
  const { samples } = readMetrics(many.text());
  expect(samples).toHaveLength(2000);
  expect(samples.at(-1)).toEqual({ name: "many_total", labels: { a: "other" }, value: 1001 });
});

test("serveAdmin() is on 127.0.0.1 alone", async () => {
  // Of the addresses of this machine another one that does not leave it.
  const elsewhere = admin.url.replace("127.0.0.1", "127.0.0.2");
  await expect(fetch(`${elsewhere}/healthz`)).rejects.toThrow();
});

test("serveAdmin() answers who asks on this machine, and says whether the server is ready", async () => {
  expect(await get("/healthz")).toEqual([200, "ok\n", "text/plain; charset=utf-8"]);
  expect(await get("/readyz?verbose")).toEqual([200, "ready\n", "text/plain; charset=utf-8"]);
  ready = false;
  expect(await get("/readyz")).toEqual([503, "not ready\n", expect.any(String)]);
  expect(await get("/healthz")).toEqual([200, "ok\n", expect.any(String)]);
  expect((await get("/metrics"))[2]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await get("/metrics", { method: "HEAD" })).toEqual([200, "", expect.any(String)]);
  expect(await get("/metrics", { method: "POST", body: "x" })).toEqual([
    405,
    expect.any(String),
    expect.any(String),
  ]);
  expect(await get("/constructor")).toEqual([404, expect.any(String), expect.any(String)]);
  const status = await new Promise((resolve, reject) => {
    request(`${admin.url}/metrics`, { headers: { host: "evil.example" } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
  expect(status).toBe(403);
});
