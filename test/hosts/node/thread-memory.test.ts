// What threads share with the main thread goes from one that has ended to the next: dropped memory would stay for long.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { createPool, loadCore } from "tenon/hosts/node";
import { afterEach, expect, test, vi } from "vitest";
import { createThreadMemories } from "../../../hosts/node/thread-memory.ts";
import { handlerCore } from "./handler-core.ts";

const LATER_MS = 60_000;
const LIMITS = { logBytes: 65_536, reservedLogBytes: 8192 };

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Counts the bytes that are shared between threads from now on. */
function countShared(): () => number {
  let made = 0;
  const Counted = class extends SharedArrayBuffer {
    constructor(length: number) {
      super(length);
      made += length;
    }
  };
  vi.stubGlobal("SharedArrayBuffer", Counted);
  return () => made;
}

test("memory that is given back is the next one, and nothing of a call is left in it", () => {
  const memories = createThreadMemories(LIMITS);
  const first = memories.take();
  const request = { id: "1", method: "tools/call", target: "echo", params: "{}" };
  first.slots.hand({ context: "secret", request, authorization: "secret", key: "k", isObserved: false });
  for (const log of [...first.logs, first.startLog]) log.add("secret", true);
  memories.giveBack(first);
  const second = memories.take();
  expect(second.slots.shared).toBe(first.slots.shared);
  expect(second.logs.map(({ shared }) => shared)).toEqual(first.logs.map(({ shared }) => shared));
  const all = [second.slots, second.startLog, ...second.logs].map(({ shared }) => Buffer.from(shared));
  expect(Buffer.concat(all).includes("secret")).toBe(false);
  for (const log of second.logs) expect(log.take()).toEqual({ lines: undefined, dropped: 0 });
  expect([second.slots.turn, second.slots.hasRoom]).toEqual([0, true]);
  expect(memories.take().slots.shared).not.toBe(first.slots.shared);
});

test("no more is kept than threads end at the same time", () => {
  const memories = createThreadMemories(LIMITS);
  const taken = Array.from({ length: 10 }, () => memories.take());
  for (const each of taken) memories.giveBack(each);
  const before = new Set(taken.map(({ slots }) => slots.shared));
  const again = Array.from({ length: 10 }, () => memories.take());
  expect(again.filter(({ slots }) => before.has(slots.shared))).toHaveLength(4);
});

test("threads that are replaced again and again take no more memory than those that run", async () => {
  const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
  const core = await loadCore(await handlerCore(), { cacheDir });
  const made = countShared();
  let ends = 0;
  const onThread = (thread: Worker): void => void thread.once("exit", () => ends++);
  process.on("worker", onThread);
  const guests = { failures: 1_000_000 };
  const pool = await createPool(core, {
    workers: 1,
    patient: true,
    allReady: true,
    log: () => {},
    limits: { guests },
  });
  const ofTwo = made();
  const loop = { id: "1", method: "tools/call", target: "loop", params: "{}" };
  try {
    for (let i = 1; i <= 6; i++) {
      expect(await pool.handle("{}", loop, { deadline: Date.now() + 50 })).toEqual({ failure: "deadline" });
      await vi.waitFor(() => expect([ends, pool.stats().idle]).toEqual([i, 2]), { timeout: LATER_MS });
    }
    expect(made()).toBeLessThan(2 * ofTwo);
  } finally {
    await pool.close();
    process.off("worker", onThread);
    rmSync(cacheDir, { recursive: true });
  }
}, 120_000);
