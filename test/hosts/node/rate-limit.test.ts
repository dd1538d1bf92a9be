import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose } from "tenon/compose";
import { createPool, loadCore, openKvStore, serveHttp, type KvStore } from "tenon/hosts/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import type { Json } from "../../../src/manifest/index.ts";
import { REDIS, startRedis } from "../../fixtures/redis-server.ts";
import { startTenon } from "../../fixtures/tenon.ts";

const CLIENTS = 64;
/** Processes start slowly on a busy machine. */
const LONG_MS = 240_000;
const folder = mkdtempSync(join(tmpdir(), "tenon-limits-"));
const cacheDir = join(folder, "cache");
let parts: { calculator: Uint8Array; rateLimit: Uint8Array };

beforeAll(async () => {
  const calculator = await buildComponent({ entry: "components/calculator/tool.ts" });
  parts = { calculator: calculator.bytes, rateLimit: readFileSync("dist/components/rate-limit.wasm") };
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Sums behind a limit. */
async function limitedCore(settings: Record<string, Json>): Promise<Uint8Array> {
  const { bytes } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "sums", bytes: parts.calculator }],
    middleware: [{ as: "rate-limit", bytes: parts.rateLimit, settings }],
    grants: { "rate-limit": { kv: ["limits/"] } },
  });
  return bytes;
}

const CALL = { name: "add", arguments: { a: 1, b: 2 } };

function post(url: string): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: CALL }),
  });
}

test(
  "64 clients at ten times the limit get what it admits to 1 %, and one that stays at 90 % of its own is never refused",
  async () => {
    // What is ideal in `t` seconds: the burst, and the limit for each of them.
    const [limit, burst, seconds] = [16, 16, 30];
    const ideal = burst + limit * seconds;
    const core = await loadCore(await limitedCore({ limit, windowMs: 1000, burst, by: ["peer"] }), {
      cacheDir,
    });
    const start = 1_800_000_000_000;
    let now = start;
    const kv = await openKvStore("memory", { now: () => now });
    const pool = await createPool(core, {
      services: { kv, now: () => now },
      workers: 3,
      patient: true,
    });
    const call = async (peer: string): Promise<boolean> => {
      const deadline = Date.now() + LONG_MS;
      const context = {
        requestId: "r",
        transport: "http",
        protocolVersion: "2026-07-28",
        receivedAt: now,
        deadline,
      };
      const result = await pool.handle(
        JSON.stringify({ ...context, peer }),
        { id: "1", method: "tools/call", target: CALL.name, params: JSON.stringify(CALL) },
        { deadline },
      );
      if (!("outcome" in result)) throw new Error(`The call gave ${JSON.stringify(result)}`);
      expect(["success", "refused"]).toContain(result.outcome.tag);
      return result.outcome.tag === "success";
    };
    try {
      let admitted = 0;
      let nextPolite = 0;
      const eachMs = (1000 * CLIENTS) / (10 * limit);
      for (let at = 0; at <= seconds * 1000; at += eachMs) {
        for (; nextPolite <= at; nextPolite += 1000 / (0.9 * limit)) {
          now = start + Math.floor(nextPolite);
          expect(await call("192.0.2.2"), `after ${nextPolite} ms`).toBe(true);
        }
        now = start + Math.floor(at);
        const calls = await Promise.all(Array.from({ length: CLIENTS }, () => call("192.0.2.1")));
        admitted += calls.filter(Boolean).length;
      }
      expect(Math.abs(admitted / ideal - 1)).toBeLessThanOrEqual(0.01);
    } finally {
      await pool.close();
      await kv.close();
    }
  },
  LONG_MS,
);

test.skipIf(REDIS.missing)(
  "four processes with one Redis admit together what the limit says, to 1 %",
  async () => {
    const [limit, burst, seconds] = [20, 20, 10];
    const file = join(folder, "core.wasm");
    writeFileSync(file, await limitedCore({ limit, windowMs: 1000, burst }));
    const redis = await startRedis();
    const env = { TENON_KV: redis.url, TENON_CACHE_DIR: cacheDir };
    // The first one fills the cache.
    const servers = [await startTenon(file, { env })];
    try {
      servers.push(...(await Promise.all([1, 2, 3].map(() => startTenon(file, { env })))));
      const started = performance.now();
      const statuses = new Map<number, number>();
      await Promise.all(
        Array.from({ length: CLIENTS }, async (_, client) => {
          while (performance.now() - started < seconds * 1000) {
            const response = await post(servers[client % servers.length]!.url);
            await response.text();
            statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
          }
        }),
      );
      // The time that really passed, by which the limit counts as well.
      const ideal = burst + (limit * (performance.now() - started)) / 1000;
      const admitted = statuses.get(200) ?? 0;
      const found = `${JSON.stringify([...statuses])}, ideal ${ideal}`;
      expect(admitted / ideal - 1, found).toBeLessThanOrEqual(0.01);
      // A limiter that refuses everything would pass as well; a busy machine sends less than it may.
      expect(admitted / ideal, found).toBeGreaterThan(0.5);
      expect(statuses.get(429), found).toBeGreaterThan(0);
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
      await redis.stop();
    }
  },
  LONG_MS,
);

test("a client over HTTP is told when to come back, and that the store is away", async () => {
  const settings = { limit: 1, windowMs: 3_600_000, by: ["peer", "tool"] };
  const core = await loadCore(await limitedCore(settings), { cacheDir });
  const memory = await openKvStore("memory");
  let isAway = false;
  const kv: KvStore = {
    ...memory,
    get: (key) => (isAway ? Promise.reject(new Error("no route to 10.0.0.1")) : memory.get(key)),
  };
  const server = await serveHttp(core, {
    port: 0,
    log: () => {},
    services: () => ({ kv, now: () => 1_800_000_000_000 }),
  });
  try {
    expect((await post(server.url)).status).toBe(200);
    const refused = await post(server.url);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "3600"]);
    expect(await refused.json()).toEqual({
      jsonrpc: "2.0",
      id: 1,
      error: {
        code: -31_429,
        message: "Too many requests: try again in 3600 s",
        data: { retryAfterMs: 3_600_000, limit: { limit: 1, windowMs: 3_600_000, by: ["peer", "tool"] } },
      },
    });
    isAway = true;
    const away = await post(server.url);
    expect([away.status, away.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await away.json()).toEqual({
      jsonrpc: "2.0",
      id: 1,
      error: { code: -31_503, message: "Requests cannot be counted at the moment: try again later" },
    });
  } finally {
    await server.close();
    await memory.close();
  }
});
