import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose } from "tenon/compose";
import {
  createHostServices,
  loadCore,
  openTracing,
  serveHttp,
  type HttpServer,
  type LoadedCore,
  type Tracing,
} from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { startCollector, type Collector, type ReceivedSpan } from "../../fixtures/otlp-collector.ts";
import { closeServers, site, type Site } from "./outbound-site.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT_ID = "b7ad6b7169203331";
const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let core: LoadedCore;
let api: Site;
let collector: Collector;
let tracing: Tracing;
let server: HttpServer;
let logged: string;

beforeAll(async () => {
  api = await site((_, response) => response.end("ok"));
  const { bytes } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [
      {
        as: "fetching",
        bytes: (await buildComponent({ entry: "test/fixtures/components/fetching.ts" })).bytes,
      },
      { as: "notes", bytes: readFileSync("dist/components/notes.wasm") },
    ],
    middleware: [],
    grants: { fetching: { http: [{ origin: api.origin }] }, notes: { kv: ["notes/"] } },
  });
  core = await loadCore(bytes, { cacheDir });
});

beforeEach(async () => {
  logged = "";
  collector = await startCollector();
  setVariables({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: "acme-tools" });
});

afterEach(async () => {
  setVariables({});
  await collector.close();
});

afterAll(async () => {
  await closeServers();
  rmSync(cacheDir, { recursive: true });
});

function setVariables(variables: Record<string, string>): void {
  for (const name of Object.keys(process.env)) if (name.startsWith("OTEL_")) delete process.env[name];
  Object.assign(process.env, variables);
}

const log = (lines: Uint8Array): void => {
  logged += Buffer.from(lines).toString();
};

async function start(): Promise<void> {
  tracing = (await openTracing(log))!;
  server = await serveHttp(core, {
    port: 0,
    workers: 1,
    services: createHostServices,
    limits: { calls: { queueMs: 60_000, deadlineMs: 60_000 } },
    observer: tracing.observer,
    log,
  });
}

/** Ends the server; the spans of it. */
async function spans(): Promise<ReceivedSpan[]> {
  await server.close();
  await tracing.close();
  return collector.spans;
}

interface Sent {
  headers?: Record<string, string>;
  meta?: object;
}

async function call(name: string, args: object, { headers = {}, meta }: Sent = {}): Promise<void> {
  const params = { name, arguments: args, ...(meta && { _meta: meta }) };
  const response = await fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/call", params }),
  });
  await response.text();
}

/** All that is in spans. */
function textOf(all: readonly ReceivedSpan[]): string {
  return JSON.stringify(all, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

const named = (all: readonly ReceivedSpan[], name: string): ReceivedSpan =>
  all.find((span) => span.name === name)!;

test("A request has a span, its call of the core one in it, and a request of a tool one in that", async () => {
  await start();
  const seen = api.seen.length;
  const headers = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, tracestate: "vendor=a" };
  await call("request", { url: `${api.origin}/a?secret=1` }, { headers });
  const all = await spans();
  expect(all.map(({ name }) => name).sort()).toEqual([
    "GET",
    "core tools/call request",
    "link fetching",
    "tools/call request",
  ]);
  const [request, inner, outbound] = ["tools/call request", "core tools/call request", "GET"].map((name) =>
    named(all, name),
  ) as [ReceivedSpan, ReceivedSpan, ReceivedSpan];
  expect(request).toMatchObject({ traceId: TRACE_ID, parentSpanId: PARENT_ID, kind: 2, status: 0 });
  expect(request.traceState).toBe("vendor=a");
  expect(request.resource).toMatchObject({ "service.name": "acme-tools" });
  expect(request.attributes).toMatchObject({
    "mcp.method.name": "tools/call",
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "request",
    "jsonrpc.request.id": "7",
    "http.request.method": "POST",
    "http.response.status_code": 200,
    "url.path": "/mcp",
    "client.address": "127.0.0.1",
  });
  expect(inner).toMatchObject({ traceId: TRACE_ID, parentSpanId: request.spanId, kind: 1 });
  expect(inner.attributes).toMatchObject({ "tenon.core.name": "acme", "tenon.core.digest": core.digest });
  expect(outbound).toMatchObject({ traceId: TRACE_ID, parentSpanId: inner.spanId, kind: 3 });
  expect(outbound.attributes).toEqual({
    "http.request.method": "GET",
    "http.response.status_code": 200,
    "server.address": "127.0.0.1",
    "server.port": Number(new URL(api.origin).port),
    "tenon.part": "fetching",
    "tenon.service": "http.send",
    "url.path": "/a",
  });
  for (const span of all) expect(span.end).toBeGreaterThanOrEqual(span.start);
  // What the site gets leads to the span of the request that it got.
  expect(api.seen[seen]!.headers).toMatchObject({
    traceparent: `00-${TRACE_ID}-${outbound.spanId}-01`,
    tracestate: "vendor=a",
  });
  expect(collector.requests[0]).toMatchObject({
    path: "/v1/traces",
    headers: { "content-type": "application/x-protobuf" },
  });
});

test("_meta names the trace before the header fields do, and a request in none begins one", async () => {
  await start();
  const seen = api.seen.length;
  const headers = { traceparent: `00-${"1".repeat(32)}-${PARENT_ID}-01` };
  await call(
    "request",
    { url: `${api.origin}/a` },
    { headers, meta: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` } },
  );
  await call("request", { url: `${api.origin}/b` });
  const all = await spans();
  const requests = all.filter(({ kind }) => kind === 2);
  expect(requests[0]).toMatchObject({ traceId: TRACE_ID, parentSpanId: PARENT_ID });
  expect(requests[1]!.parentSpanId).toBe("");
  expect(requests[1]!.traceId).not.toBe(TRACE_ID);
  expect(api.seen[seen + 1]!.headers["traceparent"]).toContain(requests[1]!.traceId);
});

test("A trace that is not sampled is passed on, and nothing of it is sent", async () => {
  await start();
  const seen = api.seen.length;
  await call(
    "request",
    { url: `${api.origin}/a` },
    { headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` } },
  );
  expect(await spans()).toEqual([]);
  expect(api.seen[seen]!.headers["traceparent"]).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
});

test("Uses of keys are spans with the part that was granted them, and without the keys", async () => {
  await start();
  await call("add_note", { title: "secret title", text: "secret text" });
  const all = await spans();
  const services = all.filter(({ attributes }) => attributes["tenon.service"] !== undefined);
  expect(services.length).toBeGreaterThan(0);
  for (const { name, attributes } of services) {
    expect(name).toMatch(/^kv\.\w+/);
    expect(attributes["tenon.part"]).toBe("notes");
  }
  expect(textOf(all)).not.toContain("secret");
});

test("Nothing that a client says in confidence is in a span", async () => {
  await start();
  const headers = {
    authorization: "Bearer secret-credential",
    cookie: "secret-cookie",
    "x-key": "secret-field",
  };
  const body = {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "add_note", arguments: { title: "secret-title", text: "secret-text" } },
  };
  const response = await fetch(`${server.url}?key=secret-query`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  await response.text();
  await call("request", { url: `${api.origin}/a?key=secret-query` }, { headers });
  const all = await spans();
  expect(all.length).toBeGreaterThan(3);
  expect(textOf(all)).not.toContain("secret");
});

test("What fails is an error in the words of the conventions", async () => {
  await start();
  await call("nothing", {});
  await call("request", { url: 1 });
  await fetch(new URL("/elsewhere", server.url));
  const all = await spans();
  expect(named(all, "tools/call nothing")).toMatchObject({
    status: 2,
    attributes: { "error.type": "-32602", "rpc.response.status_code": "-32602" },
  });
  expect(named(all, "tools/call request")).toMatchObject({
    status: 2,
    attributes: { "error.type": "tool_error" },
  });
  expect(named(all, "GET")).toMatchObject({
    status: 0,
    attributes: { "url.path": "/elsewhere", "http.response.status_code": 404 },
  });
});

test("A collector that refuses spans costs a line of the log, and no request", async () => {
  collector.status = 400;
  await start();
  await call("request", { url: `${api.origin}/a` });
  expect(await spans()).toEqual([]);
  expect(logged).toContain("Spans cannot be sent: ");
  expect(logged.split("Spans cannot be sent").length).toBe(2);
});

test("openTracing() sends nothing unless variables say where, and refuses what it cannot do", async () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  for (const variables of [
    {},
    { ...endpoint, OTEL_SDK_DISABLED: "true" },
    { ...endpoint, OTEL_TRACES_EXPORTER: "none" },
  ]) {
    setVariables(variables);
    expect(await openTracing(log)).toBe(undefined);
  }
  for (const [name, value, message] of [
    ["OTEL_TRACES_EXPORTER", "zipkin", 'OTEL_TRACES_EXPORTER is "zipkin"'],
    ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", 'the protocol of OTLP is "grpc"'],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "the endpoint of OTLP is not an http or https URL"],
  ] as const) {
    setVariables({ ...endpoint, [name]: value });
    await expect(openTracing(log)).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: `Cannot send spans: ${message}`,
    });
  }
});
