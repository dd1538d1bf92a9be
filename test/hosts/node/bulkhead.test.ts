// A provider whose last call failed leaves a thread to the others of its core.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createPool,
  loadCore,
  type CallResult,
  type HostServices,
  type LoadedCore,
  type Pool,
} from "tenon/hosts/node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createBulkhead } from "../../../hosts/node/bulkhead.ts";
import { coreManifest, handlerCore } from "./handler-core.ts";
import { heldCore, holdCalls } from "./held-core.ts";

const LATER_MS = 60_000;
const NEVER = 1_000_000;
const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
const [fixture] = coreManifest({}).providers;
const manifest = {
  providers: [fixture!, { ...fixture!, as: "other", tools: ["loop", "wait", "fail"] }],
};
let hostile: LoadedCore;
let held: LoadedCore;

beforeAll(async () => {
  hostile = await loadCore(await handlerCore(undefined, { manifest }), { cacheDir });
  held = await heldCore(cacheDir, { manifest });
});

afterAll(() => rmSync(cacheDir, { recursive: true }));

function call(pool: Pool, target: string, timeMs = LATER_MS): Promise<CallResult> {
  return pool.handle(
    "{}",
    { id: "1", method: "tools/call", target, params: "{}" },
    { deadline: Date.now() + timeMs },
  );
}

/** A pool whose threads are all ready, and whose circuits stay closed. */
function startPool(core: LoadedCore, workers: number, services?: HostServices): Promise<Pool> {
  return createPool(core, {
    workers,
    patient: true,
    allReady: true,
    limits: { guests: { failures: NEVER } },
    log: () => {},
    ...(services && { services }),
  });
}

const succeeded = { outcome: { tag: "success" } };

test("a part that has just lost a thread does not get the last one that is ready", async () => {
  const pool = await startPool(hostile, 1);
  expect(await call(pool, "loop", 100)).toEqual({ failure: "deadline" });
  const order: string[] = [];
  const again = call(pool, "loop", 5000).then(() => order.push("loop"));
  const good = Array.from({ length: 3 }, async () => {
    expect(await call(pool, "echo")).toMatchObject(succeeded);
    order.push("echo");
  });
  await Promise.all([again, ...good]);
  expect(order).toEqual(["echo", "echo", "echo", "loop"]);
  await pool.close();
});

test("a part whose last call failed leaves room for a call of another", async () => {
  const calls = holdCalls();
  const pool = await startPool(held, 2, calls.services());
  expect(await call(pool, "fail")).toEqual({ failure: "trap" });
  await vi.waitFor(() => expect(pool.stats().idle).toBe(3), { timeout: LATER_MS });
  const waiting = [call(pool, "wait"), call(pool, "wait"), call(pool, "wait")];
  await calls.waiting(1);
  expect(pool.stats()).toMatchObject({ busy: 1, queued: 2 });
  for (let i = 0; i < 10; i++) expect(await call(pool, "echo")).toMatchObject(succeeded);
  calls.release();
  for (const result of await Promise.all(waiting)) expect(result).toMatchObject(succeeded);
  await pool.close();
});

test("a call that succeeds gives a part all threads again", async () => {
  const calls = holdCalls();
  const pool = await startPool(held, 2, calls.services());
  expect(await call(pool, "fail")).toEqual({ failure: "trap" });
  calls.release();
  expect(await call(pool, "wait")).toMatchObject(succeeded);
  await vi.waitFor(() => expect(pool.stats().idle).toBe(3), { timeout: LATER_MS });
  const both = [call(pool, "wait"), call(pool, "wait")];
  expect(pool.stats()).toMatchObject({ busy: 2, queued: 0 });
  await Promise.all(both);
  await pool.close();
});

describe("createBulkhead()", () => {
  test("admits a part that fails while another thread is idle, and one call can run besides", () => {
    let idle = 3;
    const bulkhead = createBulkhead({ workers: 3, isSound: (part) => part === "good", idle: () => idle });
    for (let i = 0; i < 2; i++) {
      expect(bulkhead.admits("bad", true)).toBe(true);
      bulkhead.begin("bad");
    }
    expect([
      bulkhead.admits("bad", true),
      bulkhead.admits("worse", true),
      bulkhead.admits("good", true),
    ]).toEqual([false, true, true]);
    bulkhead.end("bad");
    expect(bulkhead.admits("bad", true)).toBe(true);
    idle = 1;
    expect([bulkhead.admits("bad", true), bulkhead.admits("good", true)]).toEqual([false, true]);
  });

  test("admits no call of a part that fails whose end would say nothing", () => {
    const bulkhead = createBulkhead({ workers: 3, isSound: (part) => part === "good", idle: () => 3 });
    expect([bulkhead.admits("bad", false), bulkhead.admits("good", false)]).toEqual([false, true]);
  });

  test("lets a part that fails run where one call runs at a time", () => {
    const bulkhead = createBulkhead({ workers: 1, isSound: () => false, idle: () => 2 });
    expect(bulkhead.admits("bad", true)).toBe(true);
  });
});
