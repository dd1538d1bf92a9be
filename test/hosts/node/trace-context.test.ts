import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose } from "tenon/compose";
import { createHostServices, loadCore, serveHttp, type HttpServer } from "tenon/hosts/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { closeServers, site, type Site } from "./outbound-site.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT_ID = "b7ad6b7169203331";
const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let api: Site;
let server: HttpServer;
let logged = "";

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
    ],
    middleware: [{ as: "access-log", bytes: await readFile("dist/components/access-log.wasm") }],
    grants: { fetching: { http: [{ origin: api.origin }] } },
  });
  server = await serveHttp(await loadCore(bytes, { cacheDir }), {
    port: 0,
    services: createHostServices,
    log: (lines) => {
      logged += Buffer.from(lines).toString();
    },
  });
});

afterAll(async () => {
  await server.close();
  await closeServers();
  rmSync(cacheDir, { recursive: true });
});

/** Calls a tool that sends requests to the site, and gives their header fields. */
async function sent(
  tool: string,
  args: object,
  { headers = {}, meta }: { headers?: Record<string, string>; meta?: object } = {},
): Promise<Site["seen"][number]["headers"][]> {
  const before = api.seen.length;
  const params = { name: tool, arguments: args, ...(meta && { _meta: meta }) };
  const response = await fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
  });
  expect(await response.json()).toMatchObject({ result: {} });
  return api.seen.slice(before).map((request) => request.headers);
}

test("what a tool fetches belongs to the trace of its call, each request with a parent of its own", async () => {
  const headers = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, tracestate: "vendor=a, b=c" };
  const seen = await sent("all", { urls: [`${api.origin}/a`, `${api.origin}/b`] }, { headers });
  const parents = seen.map(({ traceparent, tracestate }) => {
    expect(tracestate).toBe("vendor=a, b=c");
    return /^00-0af7651916cd43dd8448eb211c80319c-([0-9a-f]{16})-01$/.exec(String(traceparent))?.[1];
  });
  expect(parents).toHaveLength(2);
  expect(new Set([...parents, PARENT_ID, undefined]).size).toBe(4);
  const line = logged.split("\n").find((each) => each.includes('"message":"request"'))!;
  const { requestId, fields } = JSON.parse(line) as { requestId: string; fields: Record<string, unknown> };
  expect(fields).toMatchObject({ requestId, traceId: TRACE_ID, parentId: PARENT_ID, provider: "fetching" });
});

test("_meta names the trace before header fields, with its own state or none", async () => {
  const headers = { traceparent: `00-${"1".repeat(32)}-${PARENT_ID}-01`, tracestate: "from=header" };
  const meta = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-ff` };
  const [one] = await sent("all", { urls: [`${api.origin}/a`] }, { headers, meta });
  expect(one!["traceparent"]).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-03$/);
  expect(one).not.toHaveProperty("tracestate");
});

test("a call in no trace, or in one that is none, starts none", async () => {
  for (const traceparent of [
    undefined,
    "",
    `ff-${TRACE_ID}-${PARENT_ID}-01`,
    `00-${"0".repeat(32)}-${PARENT_ID}-01`,
    `00-${TRACE_ID}-${"0".repeat(16)}-01`,
    `00-${TRACE_ID.toUpperCase()}-${PARENT_ID}-01`,
    `00-${TRACE_ID}-${PARENT_ID}-01, b`,
  ]) {
    const headers = traceparent === undefined ? {} : { traceparent, tracestate: "a=b" };
    const [one] = await sent("all", { urls: [`${api.origin}/a`] }, { headers });
    expect(one, traceparent).not.toHaveProperty("traceparent");
    expect(one, traceparent).not.toHaveProperty("tracestate");
  }
  const headers = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, tracestate: "x".repeat(513) };
  const [long] = await sent("all", { urls: [`${api.origin}/a`] }, { headers });
  expect(long).toHaveProperty("traceparent");
  expect(long).not.toHaveProperty("tracestate");
});

test("a trace that the author sets stays as it is", async () => {
  const headers = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, tracestate: "a=b" };
  const own = `00-${"2".repeat(32)}-${PARENT_ID}-00`;
  const init = { headers: { traceparent: own } };
  const [one] = await sent("request", { url: `${api.origin}/a`, init }, { headers });
  expect(one!["traceparent"]).toBe(own);
  expect(one).not.toHaveProperty("tracestate");
});
