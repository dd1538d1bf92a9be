// The store in memory is used by threads without asking for it: what each of them does must hold for all.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createHostServices,
  createPool,
  loadCore,
  openKvStore,
  type CallResult,
  type KvStore,
  type LoadedCore,
  type Pool,
} from "tenon/hosts/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../../hosts/node/limits/resolve-limits.ts";
import { createMemoryKv } from "../../../hosts/node/services/kv-store.ts";
import { attachSharedKv, createSharedKv } from "../../../hosts/node/services/shared-kv.ts";
import { attachSharedRecords } from "../../../hosts/node/services/shared-records.ts";
import { threadStoresOf, type SharedKvSetup } from "../../../hosts/node/services/thread-stores.ts";
import { handlerCore } from "./handler-core.ts";
import { runSteps, servicesCore } from "./services-core.ts";

const LATER_MS = 60_000;
const THREADS = 3;
const CALLS = 24;
const ROUNDS = 200;
const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));

/** Counts in two ways, one of which reads before it writes; `loop` counts without end. */
const COUNTER = `
import * as kv from "tenon:host/kv@0.1.0";
const add = (key) => {
  for (;;) {
    const found = kv.get(key);
    if (kv.swap(key, found?.version, String(Number(found?.value ?? "0") + 1), undefined)) return;
  }
};
export const handler = {
  handle(context, request) {
    const rounds = request.target === "loop" ? Infinity : ${ROUNDS};
    for (let round = 0; round < rounds; round++) {
      kv.increment("incremented", 1, undefined);
      add("swapped");
      kv.set("set/" + (round % 50), "x".repeat(round % 500), undefined);
      kv.delete("set/" + ((round + 7) % 50));
    }
    return { tag: "success", val: "{}" };
  },
};`;

let counter: LoadedCore;

beforeAll(async () => {
  const imports = ["tenon:mcp/outbox@0.1.0", "tenon:host/kv@0.1.0"];
  counter = await loadCore(await handlerCore(COUNTER, { imports }), { cacheDir });
});

afterAll(() => rmSync(cacheDir, { recursive: true }));

async function withPool(core: LoadedCore, kv: KvStore, use: (pool: Pool) => Promise<void>): Promise<void> {
  const pool = await createPool(core, { workers: THREADS, patient: true, log: () => {}, services: { kv } });
  try {
    await use(pool);
  } finally {
    await pool.close();
  }
}

function call(pool: Pool, target: string, deadline: number): Promise<CallResult> {
  return pool.handle("{}", { id: "1", method: "tools/call", target, params: "{}" }, { deadline });
}

describe("threads", () => {
  test("lose no change of each other, nor of the main thread", async () => {
    const kv = await openKvStore("memory");
    await withPool(counter, kv, async (pool) => {
      const counted = Promise.all(
        Array.from({ length: CALLS }, () => call(pool, "count", Date.now() + LATER_MS)),
      );
      for (let i = 0; i < ROUNDS; i++) await kv.increment("incremented", 1, undefined);
      for (const result of await counted) expect(result).toHaveProperty("outcome");
    });
    expect((await kv.get("incremented"))!.value).toBe(String((CALLS + 1) * ROUNDS));
    expect((await kv.get("swapped"))!.value).toBe(String(CALLS * ROUNDS));
  });

  test("that are ended while they write leave a store that is as good as before", async () => {
    const kv = await openKvStore("memory");
    await withPool(counter, kv, async (pool) => {
      for (let i = 0; i < 6; i++) {
        const before = Number((await kv.get("incremented"))?.value ?? "0");
        const stopped = Array.from({ length: THREADS }, () => call(pool, "loop", Date.now() + 150));
        for (const each of stopped) expect(await each).toEqual({ failure: "deadline" });
        expect(await call(pool, "count", Date.now() + LATER_MS)).toHaveProperty("outcome");
        expect(Number((await kv.get("incremented"))!.value)).toBeGreaterThanOrEqual(before + ROUNDS);
      }
    });
    const { keys } = await kv.list("set/", undefined, 1000);
    expect(keys).toEqual([...new Set(keys)].sort());
    for (const key of keys) expect((await kv.get(key))!.value).toMatch(/^x*$/);
  });

  test("see what the main thread has set, and are refused the keys of the host as it is", async () => {
    const kv = await openKvStore("memory");
    const core = await loadCore(await servicesCore({ kv: ["k"] }), { cacheDir });
    const services = createHostServices(core.manifest, { kv });
    const pool = await createPool(core, { workers: 1, log: () => {}, services });
    await kv.set("k", "é😀", undefined);
    await kv.set("\0tenon/own", "secret", undefined);
    const denied = { error: { tag: "denied" } };
    expect(
      await runSteps(pool, [
        ["kv", "get", "k"],
        ["kv", "get", "\0tenon/own"],
        ["kv", "set", "\0tenon/own", "x", null],
        ["kv", "list", "", null, 10],
        ["kv", "list", "\0te", null, 10],
        ["kv", "list", "k", null, 10],
        ["kv", "increment", "k", 1, null],
        ["kv", "get", ""],
        ["kv", "set", "k", "from a thread", 60],
      ]),
    ).toMatchObject([
      { ok: { value: "é😀" } },
      denied,
      denied,
      denied,
      denied,
      { ok: { keys: ["k"] } },
      { error: { tag: "invalid" } },
      { error: { tag: "invalid" } },
      {},
    ]);
    expect((await kv.get("k"))!.value).toBe("from a thread");
    expect((await kv.get("\0tenon/own"))!.value).toBe("secret");
    await pool.close();
  });

  test("ask whatever a program has put around a store", async () => {
    const memory = await openKvStore("memory");
    const kv: KvStore = { ...memory, get: () => Promise.resolve({ value: "wrapped", version: "1" }) };
    const core = await loadCore(await servicesCore(), { cacheDir });
    await withPool(core, kv, async (pool) => {
      expect(await runSteps(pool, [["kv", "get", "k"]])).toMatchObject([{ ok: { value: "wrapped" } }]);
    });
  });

  test("leave what is asked for to the main thread while somebody listens", async () => {
    const kv = await openKvStore("memory");
    const core = await loadCore(await servicesCore(), { cacheDir });
    await withPool(core, kv, async (pool) => {
      const heard: string[] = [];
      const observer = {
        service: (name: string) => {
          heard.push(name);
          return undefined;
        },
      };
      const params = JSON.stringify({ arguments: { steps: [["kv", "get", "k"]] } });
      const request = { id: "1", method: "tools/call", target: "echo", params };
      for (const each of [{ observer }, {}]) {
        await pool.handle("{}", request, { deadline: Date.now() + LATER_MS, ...each });
      }
      expect(heard).toEqual(["kv.get"]);
    });
  });
});

function withThread(limits = DEFAULT_LIMITS.kv): { store: KvStore; setup: SharedKvSetup; end: () => void } {
  const store = createSharedKv(limits);
  const threads = threadStoresOf(store)!;
  const setup = threads.forThread();
  return { store, setup, end: () => threads.threadEnded(setup) };
}

/** What came of it, errors as well. */
async function said(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    return String(error);
  }
}

describe("createSharedKv()", () => {
  test("goes on once a thread that had the lock has ended, with the change it was at or without", async () => {
    const { store, setup, end } = withThread();
    await store.set("a", "1", undefined);
    const { table, lock } = attachSharedKv(setup);
    lock.acquire();
    const { change } = table.planSet("b", "2", undefined);
    let answered = false;
    const got = store.get("a").finally(() => {
      answered = true;
    });
    await new Promise(setImmediate);
    expect(answered).toBe(false);
    // Not all of what belongs to a change.
    attachSharedRecords(setup.memory).set("b", change!.record!);
    end();
    expect((await got)!.value).toBe("1");
    expect((await store.get("b"))!.value).toBe("2");
    expect(await store.list("", undefined, 10)).toEqual({ keys: ["a", "b"], next: undefined });
  });

  test("counts anew what a thread has left that was ended", async () => {
    const { store, setup, end } = withThread({ keys: 100, totalBytes: 1 << 20 });
    const value = "x".repeat(500_000);
    await store.set("a", value, undefined);
    const { table, lock } = attachSharedKv(setup);
    lock.acquire();
    const { change } = table.planSet("b", value, undefined);
    attachSharedRecords(setup.memory).set("b", change!.record!);
    end();
    await expect(store.set("c", value, undefined)).rejects.toThrow("too-large");
    await store.delete("b");
    await store.set("c", value, undefined);
  });

  test("takes the lock over from nobody else", async () => {
    const { store, setup } = withThread();
    const { lock } = attachSharedKv(setup);
    lock.acquire();
    threadStoresOf(store)!.threadEnded({ ...setup, holder: setup.holder + 1 });
    let answered = false;
    const got = store.get("a").finally(() => {
      answered = true;
    });
    await new Promise(setImmediate);
    expect(answered).toBe(false);
    lock.release();
    expect(await got).toBeUndefined();
  });

  test("does what a store of one thread does, whatever comes in whichever order", async () => {
    let now = 1_800_000_000_000;
    const limits = { keys: 300, totalBytes: 1 << 20 };
    const stores = [createSharedKv(limits, () => now), createMemoryKv(() => now, limits)] as const;
    let seed = 7;
    const below = (most: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % most;
    };
    for (let step = 0; step < 6000; step++) {
      const key = `${"k".repeat(1 + below(3))}${below(200)}é`;
      const value = below(9) === 0 ? "v".repeat(below(60_000)) : String(below(1000));
      const ttl = below(3) === 0 ? 1 + below(20) : undefined;
      const kind = below(6);
      const knows = below(3) > 0;
      now += below(300);
      const answers = await Promise.all(
        stores.map(async (store) => {
          switch (kind) {
            case 0:
              return said(store.set(key, value, ttl));
            case 1:
              return said(store.delete(key));
            case 2:
              return said(store.increment(key, 3, ttl));
            case 3: {
              const version = (await store.get(key))?.version;
              return said(store.swap(key, knows ? version : "other", value, ttl));
            }
            case 4:
              return said(store.list(key.slice(0, 2), knows ? key : undefined, 10));
            default:
              return (await store.get(key))?.value;
          }
        }),
      );
      expect(answers[0], `step ${step}, ${kind}, ${key}`).toEqual(answers[1]);
    }
  });
});
