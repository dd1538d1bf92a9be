// A busy thread is given short calls to go on with. Nothing of that may be seen, but that it is faster.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createPool,
  loadCore,
  type CallOptions,
  type CallResult,
  type LoadedCore,
  type Pool,
  type PoolOptions,
} from "tenon/hosts/node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { coreManifest, handlerCore } from "./handler-core.ts";
import { heldCore, holdCalls } from "./held-core.ts";

const LATER_MS = 60_000;
/** Characters of a text that fits no slot. */
const LONG = 50_000;
const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let hostile: LoadedCore;
let held: LoadedCore;
let logged = "";

beforeAll(async () => {
  hostile = await loadCore(await handlerCore(), { cacheDir });
  held = await heldCore(cacheDir);
});

afterAll(() => rmSync(cacheDir, { recursive: true }));

type Call = (target: string, options?: Partial<CallOptions>) => Promise<CallResult>;

/** Runs calls against a pool that has seen enough short calls to work ahead. */
async function withPool(
  core: LoadedCore,
  options: PoolOptions,
  use: (call: Call, pool: Pool) => Promise<void>,
): Promise<void> {
  logged = "";
  const log = (lines: Uint8Array): void => {
    logged += Buffer.from(lines).toString("utf8");
  };
  const pool = await createPool(core, { workers: 1, patient: true, allReady: true, log, ...options });
  const call: Call = (target, given) =>
    pool.handle(
      "{}",
      { id: "1", method: "tools/call", target, params: '{"arguments":{}}' },
      { deadline: Date.now() + LATER_MS, ...given },
    );
  try {
    await inNoTime(() => many(100, () => call("echo")));
    await use(call, pool);
  } finally {
    await pool.close();
  }
}

/** Makes calls that are short for whoever goes by the clock, however busy the machine is. */
async function inNoTime(make: () => Promise<unknown>): Promise<void> {
  const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now());
  try {
    await make();
  } finally {
    clock.mockRestore();
  }
}

function many<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, make));
}

const succeeded = { outcome: { tag: "success" } };

test("calls behind one that runs over its deadline are answered by another thread", async () => {
  await withPool(hostile, {}, async (call) => {
    const before = many(5, () => call("echo"));
    const loop = call("loop", { deadline: Date.now() + 300 });
    const after = many(20, () => call("echo"));
    expect(await loop).toEqual({ failure: "deadline" });
    for (const result of [...(await before), ...(await after)]) expect(result).toMatchObject(succeeded);
  });
});

test("answers do not wait for the call behind them", async () => {
  await withPool(hostile, {}, async (call, pool) => {
    const before = many(3, () => call("echo"));
    const loop = call("loop", { deadline: Date.now() + 2000 });
    for (const result of await before) expect(result).toMatchObject(succeeded);
    expect(pool.stats()).toMatchObject({ busy: 1, queued: 0 });
    expect(await loop).toEqual({ failure: "deadline" });
  });
});

test.each(["throw", "recurse", "hoard"])("calls behind one that ends with %s are answered", async (fault) => {
  await withPool(hostile, {}, async (call) => {
    const before = many(3, () => call("echo"));
    const failing = call(fault);
    const after = many(20, () => call("echo"));
    expect(await failing).toEqual({ failure: "trap" });
    for (const result of [...(await before), ...(await after)]) expect(result).toMatchObject(succeeded);
  });
});

test("a call that is cancelled before it begins never runs", async () => {
  await withPool(hostile, {}, async (call) => {
    const gone = new AbortController();
    const loop = call("loop", { deadline: Date.now() + 300 });
    const waiting = many(10, () => call("log", { signal: gone.signal }));
    gone.abort();
    for (const result of await waiting) expect(result).toEqual({ failure: "cancelled" });
    await loop;
    expect(await call("echo")).toMatchObject(succeeded);
    expect(logged).not.toContain("and two");
  });
});

test("no call waits behind one that blocks while another thread is free", async () => {
  const calls = holdCalls();
  await withPool(held, { workers: 2, services: calls.services() }, async (call) => {
    const before = many(5, () => call("echo"));
    const blocked = call("wait");
    const after = many(30, () => call("echo"));
    await calls.waiting(1);
    for (const result of [...(await before), ...(await after)]) expect(result).toMatchObject(succeeded);
    calls.release();
    expect(await blocked).toMatchObject(succeeded);
  });
});

test("calls of a part that is given a rest are refused at once, wherever they wait", async () => {
  const calls = holdCalls();
  const limits = { guests: { failures: 1, restMs: LATER_MS } };
  const [fixture] = coreManifest({}).providers;
  const providers = [fixture!, { ...fixture!, as: "failing", tools: ["fail", "other"] }];
  const core = await heldCore(cacheDir, { manifest: { providers } });
  await withPool(core, { services: calls.services(), limits }, async (call, pool) => {
    const failing = call("fail");
    const blocked = call("wait");
    const behind = many(20, () => call("other"));
    expect(await failing).toEqual({ failure: "trap" });
    for (const result of await behind) {
      expect(result).toMatchObject({ outcome: { tag: "refused", val: { status: 503 } } });
    }
    expect(pool.stats()).toMatchObject({ queued: 0, resting: [{ part: '"failing"', state: "open" }] });
    calls.release();
    expect(await blocked).toMatchObject(succeeded);
    expect(await call("echo")).toMatchObject(succeeded);
  });
});

test("calls that wait at a thread count as waiting, and find no more places than the queue has", async () => {
  const calls = holdCalls();
  const options = {
    patient: false,
    services: calls.services(),
    limits: { calls: { queueLength: 5, queueMs: LATER_MS } },
  };
  // The first calls would not fit.
  const pool = await createPool(held, { workers: 1, log: () => {}, ...options });
  const call = (target: string): Promise<CallResult> =>
    pool.handle(
      "{}",
      { id: "1", method: "tools/call", target, params: "{}" },
      { deadline: Date.now() + LATER_MS },
    );
  await inNoTime(async () => {
    for (let i = 0; i < 20; i++) await many(6, () => call("echo"));
  });
  const blocked = call("wait");
  const waiting = many(5, () => call("echo"));
  expect(pool.stats()).toMatchObject({ busy: 1, queued: 5 });
  expect(pool.hasRoom(undefined)).toBe(false);
  expect(await call("echo")).toEqual({ failure: "overload" });
  calls.release();
  for (const result of [await blocked, ...(await waiting)]) expect(result).toMatchObject(succeeded);
  expect(pool.stats()).toMatchObject({ busy: 0, queued: 0 });
  await pool.close();
});

test("peers take turns, however many calls one of them has", async () => {
  await withPool(hostile, {}, async (call) => {
    const order: string[] = [];
    const as = (peer: string) => (): Promise<unknown> => call("echo", { peer }).then(() => order.push(peer));
    const blocked = call("loop", { deadline: Date.now() + 300 });
    await Promise.all([blocked, many(40, as("a")), many(2, as("b"))]);
    expect(order.indexOf("b")).toBeLessThan(4);
    expect(order.lastIndexOf("b")).toBeLessThan(8);
  });
});

test("what calls log is told of each of them, in order", async () => {
  await withPool(hostile, {}, async (call) => {
    await many(100, () => call("log"));
    const lines = logged.trimEnd().split("\n");
    expect(lines).toHaveLength(100);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ message: "line\u009b one\nand two" });
  });
});

/** A call with a text that fits no slot, to a tool that answers with it. */
function longCall(
  pool: Pool,
  letter: string,
  { target = "repeat", ...options }: { target?: string; signal?: AbortSignal } = {},
): Promise<CallResult> {
  const params = JSON.stringify({ arguments: { text: letter.repeat(LONG) } });
  return pool.handle(
    "{}",
    { id: "1", method: "tools/call", target, params },
    { deadline: Date.now() + LATER_MS, ...options },
  );
}

async function areAnswered(calls: readonly Promise<CallResult>[], letters: string): Promise<void> {
  for (const [i, result] of (await Promise.all(calls)).entries()) {
    expect(result).toMatchObject(succeeded);
    expect(JSON.stringify(result).includes(letters[i]!.repeat(LONG))).toBe(true);
  }
}

test("a long call behind one that asks the host is not taken for its answer", async () => {
  const calls = holdCalls();
  await withPool(held, { services: calls.services() }, async (call, pool) => {
    const blocked = call("wait");
    const after = ["a", "b", "c"].map((letter) => longCall(pool, letter));
    await calls.waiting(1);
    calls.release();
    expect(JSON.stringify(await blocked)).toContain("released");
    await areAnswered(after, "abc");
  });
});

test("a long call that was taken back is not begun in place of a later one", async () => {
  const calls = holdCalls();
  await withPool(held, { services: calls.services() }, async (call, pool) => {
    const gone = new AbortController();
    const blocked = call("wait");
    const taken = many(3, () => longCall(pool, "x", { signal: gone.signal }));
    gone.abort();
    for (const result of await taken) expect(result).toEqual({ failure: "cancelled" });
    const after = ["a", "b", "c"].map((letter) => longCall(pool, letter));
    await calls.waiting(1);
    calls.release();
    expect(await blocked).toMatchObject(succeeded);
    await areAnswered(after, "abc");
  });
});

test("texts that are longer than a slot go both ways, between short ones", async () => {
  await withPool(hostile, {}, async (call, pool) => {
    // An answer that comes as a message, and the call that gets its slot, meet by chance.
    for (let round = 0; round < 10; round++) {
      const short: Promise<CallResult>[] = [];
      const long: Promise<CallResult>[] = [];
      for (let i = 0; i < 10; i++) {
        long.push(longCall(pool, "ö", { target: "echo" }));
        short.push(...Array.from({ length: 3 }, () => call("echo")));
      }
      await areAnswered(long, "ö".repeat(10));
      for (const result of await Promise.all(short)) {
        expect(result).toMatchObject(succeeded);
        expect(JSON.stringify(result)).not.toContain("ö");
      }
    }
  });
});
