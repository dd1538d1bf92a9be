import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPool, loadCore, type CallResult, type LoadedCore, type Pool } from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { McpRequest } from "../../../src/protocol/index.ts";
import { handlerCore } from "./handler-core.ts";
import { heldCore, holdCalls, type Held } from "./held-core.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
const LATER_MS = 60_000;
let core: LoadedCore;
let pool: Pool;
let logged = "";

beforeAll(async () => {
  core = await loadCore(await handlerCore(), { cacheDir });
});

afterAll(() => rmSync(cacheDir, { recursive: true }));

beforeEach(async () => {
  logged = "";
  const log = (lines: Uint8Array): void => {
    logged += Buffer.from(lines).toString("utf8");
  };
  pool = await createPool(core, { workers: 1, patient: true, log });
});

afterEach(() => pool.close());

function call(target: string): McpRequest {
  return { id: "1", method: "tools/call", target, params: "{}" };
}

/** Keeps the only worker busy for a while. */
function occupy(): Promise<unknown> {
  return pool.handle("{}", call("loop"), { deadline: Date.now() + 300 });
}

test("handle() gives the outcome of the core, whatever it is", async () => {
  const deadline = Date.now() + LATER_MS;
  expect(await pool.handle("{}", call("echo"), { deadline })).toEqual({
    outcome: { tag: "success", val: '{"content":[{"type":"text","text":"{}"}]}' },
  });
  expect(await pool.handle("{}", call("nope"), { deadline })).toMatchObject({
    outcome: { tag: "failure", val: { code: -32602, message: "Unknown tool" } },
  });
  expect(await pool.handle("{}", call("refuse"), { deadline })).toMatchObject({
    outcome: { tag: "refused", val: { status: 429, headers: [["retry-after", "7"]] } },
  });
});

test("handle() does not start a call nobody waits for any more", async () => {
  const busy = occupy();
  const deadline = Date.now() + LATER_MS;
  const gone = pool.handle("{}", call("log"), { deadline, signal: AbortSignal.abort() });
  const next = pool.handle("{}", call("echo"), { deadline });
  await Promise.all([busy, gone, next]);
  expect(logged).toContain("before the loop");
  expect(logged).not.toContain("and two");
});

test("hasRoom() looks for answers that came within the same turn of the event loop", async () => {
  // One instance serves all, so that none is started behind a call, which is told in a turn.
  const full = await createPool(core, {
    workers: 1,
    isolation: "shared",
    limits: { calls: { queueLength: 0 } },
  });
  const answered = full.handle("{}", call("echo"), { deadline: Date.now() + LATER_MS });
  expect(full.hasRoom("a peer")).toBe(false);
  const until = Date.now() + LATER_MS / 2;
  // No turn is given, and the thread needs none to answer.
  while (!full.hasRoom("a peer") && Date.now() < until);
  expect(full.hasRoom("a peer")).toBe(true);
  expect(await answered).toHaveProperty("outcome");
  await full.close();
});

test("handle() gives a waiting call up at its deadline", async () => {
  const busy = occupy();
  expect(await pool.handle("{}", call("echo"), { deadline: Date.now() + 20 })).toEqual({
    failure: "deadline",
  });
  await busy;
});

test("handle() takes a deadline far away for one a timer can wait for", async () => {
  const deadline = Number.MAX_SAFE_INTEGER;
  const slow = pool.handle("{}", call("log-flood"), { deadline });
  const waiting = pool.handle("{}", call("echo"), { deadline });
  expect(await slow).toMatchObject({ outcome: { tag: "success" } });
  expect(await waiting).toMatchObject({ outcome: { tag: "success" } });
});

test("handle() runs waiting calls in order, after a worker had to be replaced as well", async () => {
  const deadline = Date.now() + LATER_MS;
  const order: string[] = [];
  const busy = occupy();
  const waiting = ["a", "b", "c"].map(async (name) => {
    await pool.handle("{}", call("echo"), { deadline });
    order.push(name);
  });
  await Promise.all([busy, ...waiting]);
  expect(order).toEqual(["a", "b", "c"]);
});

test("close() waits for what is in flight and takes nothing more", async () => {
  const ended: string[] = [];
  const deadline = Date.now() + LATER_MS;
  const busy = occupy().then(() => ended.push("busy"));
  const waiting = pool.handle("{}", call("echo"), { deadline }).then(() => ended.push("waiting"));
  const closed = pool.close().then(() => ended.push("closed"));
  expect(await pool.handle("{}", call("echo"), { deadline })).toEqual({ failure: "overload" });
  await Promise.all([busy, waiting, closed]);
  expect(ended).toEqual(["busy", "waiting", "closed"]);
});

function context(requestId: string): string {
  return JSON.stringify({ requestId, client: { info: { requestId: "forged" } } });
}

test("every line of a call has the id of its request, and no guest can give another", async () => {
  const deadline = Date.now() + LATER_MS;
  await pool.handle(context("one"), call("log"), { deadline });
  await pool.handle(context("two"), call("throw"), { deadline });
  await pool.handle(context("three"), call("loop"), { deadline: Date.now() + 300 });
  await pool.handle(context("four"), call("log-flood"), { deadline });
  await pool.handle('{"client":{"requestId":"forged"}}', call("log"), { deadline });
  const lines = logged
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { requestId?: string; message: string });
  const of = (id: string | undefined): string[] => [
    ...new Set(lines.filter(({ requestId }) => requestId === id).map(({ message }) => message)),
  ];
  expect(of("one")).toEqual(["line\u009b one\nand two"]);
  expect(of("two")).toEqual([expect.stringContaining('tools/call "throw" trapped')]);
  expect(of("three")).toEqual([
    expect.stringContaining('A worker is replaced: tools/call "loop" took too long'),
    "before the loop",
  ]);
  expect(of("four")).toEqual([
    "x".repeat(100),
    expect.stringMatching(/^\d+ log lines of one call were dropped$/),
  ]);
  expect(of(undefined)).toEqual(["line\u009b one\nand two"]);
});

describe("calls that wait for a thread", () => {
  const QUEUE_MS = 1000;
  const deadline = Number.MAX_SAFE_INTEGER;
  let held: Held;
  let waiting: Promise<CallResult>;
  let taken: Promise<CallResult>;

  /** A pool whose only worker is busy, and a call that waits for it. */
  beforeEach(async () => {
    await pool.close();
    held = holdCalls();
    pool = await createPool(await heldCore(cacheDir), {
      workers: 1,
      limits: { calls: { queueMs: QUEUE_MS, deadlineMs: LATER_MS } },
      services: held.services(),
      log: () => {},
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    taken = pool.handle("{}", call("wait"), { deadline });
    await held.waiting(1);
    waiting = pool.handle("{}", call("quick"), { deadline });
  });

  afterEach(() => {
    vi.useRealTimers();
    held.release();
  });

  test("are given up after their time", async () => {
    vi.advanceTimersByTime(QUEUE_MS);
    expect(await waiting).toEqual({ failure: "overload" });
  });

  test("are not given up while what keeps them waiting passes, also those that waited before", async () => {
    let over!: () => void;
    const passing = new Promise<void>((resolve) => {
      over = resolve;
    });
    pool.bePatient(passing);
    const another = pool.handle("{}", call("quick"), { deadline });
    vi.advanceTimersByTime(2 * QUEUE_MS);
    over();
    await passing;
    const late = pool.handle("{}", call("quick"), { deadline });
    vi.advanceTimersByTime(QUEUE_MS);
    expect(await late).toEqual({ failure: "overload" });
    held.release();
    for (const each of [taken, waiting, another]) expect(await each).toHaveProperty("outcome");
  });

  test("are not given up for a promise that failed once it has", async () => {
    const failing = Promise.reject(new Error("no core"));
    pool.bePatient(failing);
    await expect(failing).rejects.toThrow("no core");
    const late = pool.handle("{}", call("quick"), { deadline });
    vi.advanceTimersByTime(QUEUE_MS);
    expect(await late).toEqual({ failure: "overload" });
  });

  test("are run by a pool that closes, however long that takes", async () => {
    const closed = pool.close();
    vi.advanceTimersByTime(2 * QUEUE_MS);
    held.release();
    expect(await waiting).toHaveProperty("outcome");
    await closed;
  });
});

test("close() runs what waits, also when every thread is lost meanwhile", async () => {
  // There is one thread more than calls may run at once.
  await vi.waitFor(() => expect(pool.stats().idle).toBe(2), { timeout: LATER_MS });
  const lost = [1, 2].map((nth) => pool.handle("{}", call("loop"), { deadline: Date.now() + nth * 500 }));
  const waiting = pool.handle("{}", call("echo"), { deadline: Date.now() + LATER_MS });
  const closed = pool.close();
  for (const each of lost) expect(await each).toEqual({ failure: "deadline" });
  expect(await waiting).toMatchObject({ outcome: { tag: "success" } });
  await closed;
});
