import type { Outcome } from "tenon";
import { beforeAll, describe, expect, test } from "vitest";
import { admitted, ALICE, call, SECOND } from "../../middleware/limited-world.ts";
import { CountingWorld, type Kv } from "./counted-world.ts";

// Viceroy's counters never count. What follows runs the service of a bundle and the middleware in front of it, on counters that
// count as Fastly's documents say.

const BOB = { ...ALICE, subject: "bob" };

/** The error of `tenon:host/kv` that something fails with. */
function failure(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as { tag?: string }).tag ?? String(error);
  }
}

/** What a refusal says of waiting. */
function retryOf(outcome: Outcome): { retryAfterMs: number } {
  const { error } = (outcome as { val: { error: { data: string } } }).val;
  return JSON.parse(error.data) as { retryAfterMs: number };
}

describe("a limit that a rate counter keeps", () => {
  test("admits what is within it in every window, for all instances together", async () => {
    const world = await CountingWorld.of({ limit: 6, windowMs: 10 * SECOND });
    expect(admitted(world.start(), 4)).toBe(4);
    world.now += 4 * SECOND;
    expect(admitted(world.start(), 4)).toBe(2);
    world.now += 6 * SECOND;
    expect(admitted(world.start(), 6)).toBe(4);
    world.now += 100 * SECOND;
    expect(admitted(world.start(), 10)).toBe(6);
    expect(new Set(world.opened)).toEqual(new Set(["tenon_limits"]));
  });

  test("tells to wait until so much of what was spent has left the window that there is room", async () => {
    const world = await CountingWorld.of({ limit: 6, windowMs: 60 * SECOND });
    const instance = world.start();
    admitted(instance, 3);
    world.now += 25 * SECOND;
    admitted(instance, 3);
    world.now += 5 * SECOND;
    expect(call(instance)).toMatchObject({
      tag: "refused",
      val: { status: 429, headers: [["retry-after", "30"]] },
    });
    world.now += 30 * SECOND - 1;
    expect(admitted(instance, 1)).toBe(0);
    world.now += 1;
    expect(admitted(instance, 9)).toBe(3);
  });

  test.each([
    { limit: 3, windowMs: 20 * SECOND },
    { limit: 20, windowMs: 60 * SECOND, burst: 3 },
    { limit: 30, windowMs: 50 * SECOND, burst: 12, cost: 3 },
  ])("has room when it said it would, and none 11 s before: %j", async (settings) => {
    const world = await CountingWorld.of(settings);
    const instance = world.start();
    let refusals = 0;
    for (let i = 0; i < 200; i++) {
      // Steps of all lengths up to 8 s, equal in each run.
      world.now += (i * 7919) % 8000;
      const outcome = call(instance);
      if (outcome.tag === "success") continue;
      refusals++;
      const { retryAfterMs } = retryOf(outcome);
      world.now += Math.max(0, retryAfterMs - 11 * SECOND);
      if (retryAfterMs > 11 * SECOND) expect(call(instance).tag).toBe("refused");
      world.now += Math.min(retryAfterMs, 11 * SECOND);
      expect(call(instance).tag).toBe("success");
    }
    expect(refusals).toBeGreaterThan(10);
  });

  test("keeps callers apart", async () => {
    const world = await CountingWorld.of({ limit: 3, windowMs: 20 * SECOND, by: ["principal"] });
    const instance = world.start();
    expect(admitted(instance, 5, "add", { principal: ALICE })).toBe(3);
    expect(admitted(instance, 5, "add", { principal: BOB })).toBe(3);
    expect(new Set(world.counted.map(({ entry }) => entry)).size).toBe(2);
  });

  test("counts what a request costs, and nothing of one that is refused", async () => {
    const cost = { tools: { search: 5, add: 2 } };
    const world = await CountingWorld.of({ limit: 10, windowMs: 10 * SECOND, cost });
    const instance = world.start();
    expect(admitted(instance, 1, "search")).toBe(1);
    expect(admitted(instance, 1, "add")).toBe(1);
    expect(admitted(instance, 1, "search")).toBe(0);
    expect(admitted(instance, 2, "add")).toBe(1);
    expect(admitted(instance, 2, "other")).toBe(1);
    expect(world.counted.map(({ delta }) => delta)).toEqual([5, 2, 2, 1]);
  });

  test("holds a burst below the limit over 10 seconds, with what comes in meanwhile", async () => {
    const world = await CountingWorld.of({ limit: 60, windowMs: 60 * SECOND, burst: 5 });
    const instance = world.start();
    const each: number[] = [];
    for (let i = 0; i < 7; i++) {
      each.push(admitted(instance, 60));
      world.now += 10 * SECOND;
    }
    // At most 5 and 10 in 10 s, 5 and 20 in 20 s; 60 in 60 s.
    expect(each).toEqual([15, 10, 10, 10, 10, 5, 15]);
    expect(call(instance).tag).toBe("success");
  });

  test("counts a request once, however long it took between reading and writing", async () => {
    const world = await CountingWorld.of({ limit: 1000, windowMs: 10 * SECOND });
    world.tickMs = 25;
    const instance = world.start();
    admitted(instance, 20);
    expect(world.counted.map(({ delta }) => delta)).toEqual(Array<number>(20).fill(1));
  });

  test("keeps the largest limit there is to the last one, in fractions of milliseconds", async () => {
    const world = await CountingWorld.of({ limit: 1_000_000, windowMs: 10 * SECOND, cost: 1000 });
    expect(admitted(world.start(), 1001)).toBe(1000);
  });

  test("admits all that look at the same moment, and then counts them all", async () => {
    const world = await CountingWorld.of({ limit: 2, windowMs: 10 * SECOND });
    const [first, second, third] = [world.kv(), world.kv(), world.kv()];
    const key = `limits/${"0".repeat(64)}`;
    const entries = [first, second, third].map((kv) => ({ kv, ...kv.get(key)! }));
    const next = String(world.now + 5 * SECOND);
    for (const { kv, version } of entries) expect(kv.swap(key, version, next, 5)).toBe(true);
    expect(world.counted).toHaveLength(3);
    expect(Number(first.get(key)!.value) - world.now).toBeGreaterThan(5 * SECOND);
  });
});

describe("a rate counter that fails", () => {
  test("has requests refused, or let through where the settings say so", async () => {
    for (const [onStoreFailure, expected] of [
      ["refuse", { tag: "refused", val: { status: 503 } }],
      ["allow", { tag: "success" }],
    ] as const) {
      const world = await CountingWorld.of({ limit: 1, windowMs: 10 * SECOND, onStoreFailure });
      const instance = world.start();
      world.isBroken = true;
      expect(call(instance)).toMatchObject(expected);
      expect(instance.logs[0]!.fields).toContain("unavailable: the rate counter does not answer");
      world.isBroken = false;
      expect(admitted(instance, 3)).toBe(1);
    }
  });
});

describe("tenon:host/kv of rate counters", () => {
  let world: CountingWorld;
  let kv: Kv;
  const key = "limits/a";

  beforeAll(async () => {
    world = await CountingWorld.of({ limit: 10, windowMs: 10 * SECOND, cost: { tools: { search: 3 } } });
    kv = world.kv();
  });

  test("offers what rate-limit counts with", () => {
    expect(kv.getFeatures()).toEqual({ swap: true, persistent: true, consistency: "eventual" });
  });

  test("does no more than read and swap", () => {
    expect(failure(() => kv.set(key, "1"))).toBe("unsupported");
    expect(failure(() => kv.delete(key))).toBe("unsupported");
    expect(failure(() => kv.increment(key, 1))).toBe("unsupported");
    expect(failure(() => kv.list("limits/", undefined, 10))).toBe("unsupported");
  });

  test("a key is never absent, and has no other versions than its own", () => {
    const later = String(world.now + SECOND);
    expect(kv.swap(key, undefined, later)).toBe(false);
    expect(kv.swap(key, "v1", later)).toBe(false);
    expect(world.counted).toEqual([]);
  });

  test("counts nothing that is no budget spent from", () => {
    const { version } = kv.get(key)!;
    const early = String(Number(version) - 10 * SECOND);
    for (const value of ["", "x", "-1", "1e99", version, early])
      expect(
        failure(() => kv.swap(key, version, value)),
        value,
      ).toBe("invalid");
    expect(world.counted).toEqual([]);
  });

  test("counts no more than the dearest request", () => {
    const { version } = kv.get(key)!;
    expect(kv.swap(key, version, "9999999999999999")).toBe(true);
    expect(world.counted.splice(0)).toMatchObject([{ entry: key, delta: 3 }]);
  });

  test("refuses keys that are not granted, or too long for an entry", () => {
    expect(failure(() => kv.get("other"))).toBe("denied");
    expect(failure(() => kv.swap("other", "1", "1001"))).toBe("denied");
    expect(failure(() => kv.get(`limits/${"é".repeat(125)}`))).toBe("too-large");
    expect(failure(() => kv.get(`limits/${"é".repeat(124)}`))).toBeUndefined();
  });
});
