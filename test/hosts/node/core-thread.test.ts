import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPool, loadCore, startThreadEarly, type LimitsInput, type LoadedCore } from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { handlerCore } from "./handler-core.ts";
import { servicesCore } from "./services-core.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let core: LoadedCore;
let started = 0;

function count(): void {
  started++;
}

beforeAll(async () => {
  core = await loadCore(await handlerCore(), { cacheDir });
});

afterAll(() => rmSync(cacheDir, { recursive: true }));

beforeEach(() => {
  started = 0;
  process.on("worker", count);
});

afterEach(() => {
  process.off("worker", count);
});

/** Starts one, and waits until the process says so. */
async function startEarly(limits?: LimitsInput): Promise<void> {
  const told = once(process, "worker");
  startThreadEarly(limits);
  await told;
}

/** How many threads a pool of one worker and its spare started itself, once it has answered. */
async function startedBy(limits: LimitsInput): Promise<number> {
  started = 0;
  const pool = await createPool(core, { workers: 1, limits, allReady: true });
  try {
    const request = { id: "1", method: "tools/call", target: "echo", params: "{}" };
    expect(await pool.handle("{}", request, { deadline: Date.now() + 60_000 })).toMatchObject({
      outcome: { tag: "success" },
    });
  } finally {
    await pool.close();
  }
  return started;
}

test("the thread that was started early runs the first core, and no other", async () => {
  await startEarly();
  expect(await startedBy({})).toBe(1);
  expect(await startedBy({})).toBe(2);
});

test("a thread that was started with another heap runs no core", async () => {
  await startEarly({ guests: { heapMiB: 65 } });
  expect(await startedBy({})).toBe(2);
  expect(await startedBy({ guests: { heapMiB: 65 } })).toBe(1);
});

test("a thread that was given the code of one core runs no other", async () => {
  await startEarly();
  await loadCore(await servicesCore(), { cacheDir });
  expect(await startedBy({})).toBe(2);
});

test("limits are checked before a thread is started for them", () => {
  expect(() => startThreadEarly({ guests: { heapMiB: -1 } })).toThrow(TypeError);
  expect(started).toBe(0);
});
