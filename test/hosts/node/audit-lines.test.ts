import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose } from "tenon/compose";
import { loadCore, serveHttp, type HttpServer } from "tenon/hosts/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";

const KEY = "a-key-of-ada";
const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let calculator: Uint8Array;
let policyDigest: string;
let server: HttpServer;
let logged: string[] = [];

/** A component that comes with the package. */
function ready(name: string): Uint8Array {
  return readFileSync(join("dist", "components", `${name}.wasm`));
}

beforeAll(async () => {
  calculator = ready("calculator");
  const endless = await buildComponent({ entry: "test/fixtures/components/endless.ts" });
  const sha256 = createHash("sha256").update(KEY).digest("hex");
  const { bytes } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "authenticated",
    providers: [
      { as: "sums", bytes: calculator },
      { as: "endless", bytes: endless.bytes },
    ],
    middleware: [
      { as: "access-log", bytes: ready("access-log") },
      {
        as: "keys",
        bytes: ready("auth-api-key"),
        settings: { keys: [{ id: "laptop", sha256, subject: "ada" }] },
      },
    ],
  });
  const core = await loadCore(bytes, { cacheDir });
  ({ policyDigest } = core.manifest);
  server = await serveHttp(core, {
    port: 0,
    limits: { calls: { deadlineMs: 1000 } },
    log: (lines) => logged.push(...Buffer.from(lines).toString().trimEnd().split("\n")),
  });
});

afterAll(async () => {
  await server.close();
  rmSync(cacheDir, { recursive: true });
});

interface Line {
  source: string;
  requestId?: string;
  message: string;
  fields?: Record<string, unknown>;
}

/** Calls a tool, and gives what the call has left in the log. */
async function linesOf(name: string, key: string): Promise<Line[]> {
  logged = [];
  const response = await fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name, arguments: { a: 1, b: 2 } },
    }),
  });
  await response.text();
  expect(logged.join("\n")).not.toContain(key);
  return logged.map((line) => JSON.parse(line) as Line);
}

test("the line of a call says who was let in, under which policy, and whose component answered", async () => {
  const [line, ...more] = await linesOf("add", KEY);
  expect(more).toEqual([]);
  expect(line!.fields).toMatchObject({
    requestId: line!.requestId,
    transport: "http",
    peer: "127.0.0.1",
    method: "tools/call",
    target: "add",
    provider: "sums",
    component: `sha256:${createHash("sha256").update(calculator).digest("hex")}`,
    policy: policyDigest,
    principal: { subject: "ada" },
    decision: "allow",
    outcome: "ok",
  });
});

test("the line of a refused call says why, and not with which key", async () => {
  const lines = await linesOf("add", "another-key");
  const line = lines.find(({ message }) => message === "request");
  // Whoever refuses may have said so itself.
  expect(new Set(lines.map(({ requestId }) => requestId))).toEqual(new Set([line!.requestId]));
  expect(line!.fields).toMatchObject({ decision: "deny", outcome: "refused", status: 401 });
  expect(line!.fields!["reason"]).toMatch(/^[a-z-]+$/);
  expect(line!.fields).not.toHaveProperty("principal");
});

test("a call that is ended leaves a line of the host with the id of its request", async () => {
  const lines = await linesOf("endless", KEY);
  expect(lines).toEqual([
    expect.objectContaining({
      source: "host",
      requestId: expect.any(String) as string,
      message: 'A worker is replaced: tools/call "endless" of "endless" took too long',
    }),
  ]);
});
