import { beforeAll, describe, expect, test } from "vitest";
import type { CompiledComponent } from "../fixtures/compiled-component.ts";
import { admitted, ALICE, call, compileRateLimit, PASSED, SECOND, World } from "./limited-world.ts";

let rateLimit: CompiledComponent;

beforeAll(async () => {
  rateLimit = await compileRateLimit();
});

describe("one limit", () => {
  test("admits its burst at once, then one for each part of the window", () => {
    const world = new World(rateLimit);
    const instance = world.start({ limit: 6, windowMs: 60 * SECOND });
    expect(admitted(instance, 10)).toBe(6);
    world.now += 9 * SECOND;
    expect(admitted(instance, 2)).toBe(0);
    world.now += SECOND;
    expect(admitted(instance, 2)).toBe(1);
    world.now += 1000 * SECOND;
    expect(admitted(instance, 10)).toBe(6);
  });

  test("refuses with 429, a time to wait that is right, and facts for the audit log", () => {
    const world = new World(rateLimit);
    const instance = world.start({ limit: 3, windowMs: 10 * SECOND, burst: 1, by: ["peer"] });
    call(instance);
    world.now += 400;
    const limit = { limit: 3, windowMs: 10_000, by: ["peer"] };
    expect(call(instance)).toEqual({
      tag: "refused",
      val: {
        status: 429,
        headers: [["retry-after", "3"]],
        error: {
          code: -31_429,
          message: "Too many requests: try again in 3 s",
          data: JSON.stringify({ retryAfterMs: 2934, limit }),
        },
      },
    });
    expect(world.facts).toEqual([
      { decision: "deny", reason: "rate-limited", limit: { ...limit, retryAfterMs: 2934 } },
    ]);
    world.now += 2932;
    expect(call(instance).tag).toBe("refused");
    world.now += 1;
    expect(call(instance)).toEqual(PASSED);
  });

  test("a client that keeps to its limit is never refused, in fractions of milliseconds as well", () => {
    for (const [limit, windowMs] of [
      [7, 1000],
      [1_000_000, 86_400_000],
      [600, 60_000],
    ] as const) {
      const world = new World(rateLimit);
      const instance = world.start({ limit, windowMs, burst: 1 });
      const start = world.now;
      for (let i = 0; i < 100; i++) {
        world.now = start + Math.ceil((i * windowMs) / limit);
        expect(call(instance).tag, `${i}th of ${limit}`).toBe("success");
      }
    }
  });

  test("keys tell nothing of the caller, and vanish once the budget is whole", () => {
    const world = new World(rateLimit);
    const instance = world.start({ limit: 2, windowMs: 10 * SECOND, by: ["peer", "principal", "tool"] });
    call(instance, "add", { peer: "192.0.2.1", principal: ALICE });
    const [key] = world.entries.keys();
    expect(key).toMatch(/^limits\/[0-9a-f]{64}$/);
    expect(world.entries.get(key!)!.ttlSeconds).toBe(5);
    call(instance, "add", { peer: "192.0.2.1", principal: ALICE });
    expect([...world.entries.values()].map(({ ttlSeconds }) => ttlSeconds)).toEqual([10]);
  });

  test("a request costs one read and one write", () => {
    const world = new World(rateLimit);
    const instance = world.start({ limit: 2, windowMs: 10 * SECOND });
    call(instance);
    expect(world.operations).toEqual(["get", "swap"]);
  });

  test("instances share what is spent, and an empty store is a whole budget", () => {
    const world = new World(rateLimit);
    const settings = { limit: 4, windowMs: 10 * SECOND };
    const [first, second] = [world.start(settings), world.start(settings)];
    expect(admitted(first, 3) + admitted(second, 3)).toBe(4);
    world.entries.clear();
    expect(admitted(second, 10)).toBe(4);
  });
});

describe("budgets", () => {
  test("by default there is one for the whole server", () => {
    const world = new World(rateLimit);
    const instance = world.start({ limit: 3, windowMs: 10 * SECOND });
    expect(admitted(instance, 2, "add", { peer: "192.0.2.1" })).toBe(2);
    expect(admitted(instance, 2, "search", { peer: "192.0.2.2", principal: ALICE })).toBe(1);
  });

  test.each<[by: string[], same: object, other: object]>([
    [["peer"], { principal: ALICE }, { peer: "192.0.2.2" }],
    [["principal"], { peer: "192.0.2.2" }, { principal: ALICE }],
    [["peer", "principal"], {}, { principal: ALICE }],
  ])("by %j, what differs in these has one of its own", (by, same, other) => {
    const instance = new World(rateLimit).start({ limit: 2, windowMs: 10 * SECOND, by });
    expect(admitted(instance, 1)).toBe(1);
    expect(admitted(instance, 2, "add", same)).toBe(1);
    expect(admitted(instance, 3, "add", other)).toBe(2);
  });

  test("principals of two issuers are two, however their names are cut", () => {
    const instance = new World(rateLimit).start({ limit: 1, windowMs: 10 * SECOND, by: ["principal"] });
    const principals = [
      ["https://a.example", "b"],
      ["https://b.example", "b"],
      ["https://a.example,b", ""],
      ["", "https://a.example,b"],
      ['https://a.example","b', ""],
      ["https://a.examp", "leb"],
    ].map(([issuer, subject]) => ({ issuer, subject, scopes: [] }));
    const counts = principals.map((principal) => admitted(instance, 2, "add", { principal }));
    expect(counts).toEqual([1, 1, 1, 1, 1, 1]);
    expect(
      admitted(instance, 1, "add", { principal: { ...principals[0]!, scopes: ["more"], clientId: "x" } }),
    ).toBe(0);
  });

  test("by tool, each tool has one, tasks count with their tool, and everything else shares one", () => {
    const instance = new World(rateLimit).start({ limit: 2, windowMs: 10 * SECOND, by: ["tool"] });
    expect([admitted(instance, 3, "add"), admitted(instance, 1, "search")]).toEqual([2, 1]);
    const ask = (method: string, target?: string): string =>
      instance.handle({ id: "1", method, ...(target !== undefined && { target }) }).tag;
    expect(ask("tasks/get", "search")).toBe("success");
    expect(ask("tasks/get", "search")).toBe("refused");
    expect(ask("resources/read", "add")).toBe("success");
    expect(ask("tools/list")).toBe("success");
    expect(ask("prompts/get", "search")).toBe("refused");
  });

  test("names that a client makes up share one", () => {
    const world = new World(rateLimit);
    const instance = world.start({ limit: 2, windowMs: 10 * SECOND, by: ["tool"] });
    const made = Array.from({ length: 10 }, (_, i) => call(instance, `tool-${i}`).tag);
    expect(made.filter((tag) => tag === "success")).toHaveLength(2);
    expect(world.entries.size).toBe(1);
  });

  test.each([
    ["2001:db8:1:2::1", "2001:0DB8:0001:0002:ffff:0:0:1", true],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
    ["2001:db8::1", "2001:db8:0:0:1::", true],
    ["2001:db8::1:2:3:4", "2001:db8:0:0:1:2:3:4", true],
    ["::1", "::2", true],
    ["::1", "1::", false],
    ["fe80::1%eth0", "fe80::2", true],
    ["::ffff:192.0.2.1", "192.0.2.1", true],
    ["::FFFF:192.0.2.1", "::ffff:192.0.2.2", false],
    ["64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", true],
    ["192.0.2.1", "192.0.2.2", false],
  ])("the peers %s and %s share one: %s", (one, other, shared) => {
    const instance = new World(rateLimit).start({ limit: 1, windowMs: 10 * SECOND, by: ["peer"] });
    expect(admitted(instance, 1, "add", { peer: one })).toBe(1);
    expect(admitted(instance, 1, "add", { peer: other })).toBe(shared ? 0 : 1);
  });

  test("limits that differ in anything share none, and those of another prefix neither", () => {
    const world = new World(rateLimit);
    const settings = { limit: 1, windowMs: 10 * SECOND };
    for (const other of [
      settings,
      { ...settings, windowMs: 20 * SECOND },
      { ...settings, burst: 2 },
      { ...settings, cost: 0.5 },
      { ...settings, methods: ["tools/call"] },
      { ...settings, by: ["peer"] },
      { ...settings, keyPrefix: "limits/b/" },
    ]) {
      expect(call(world.start(other)).tag, JSON.stringify(other)).toBe("success");
      expect(call(world.start({ limits: [settings] })).tag).toBe("refused");
    }
    expect(world.entries.size).toBe(7);
  });
});

describe("costs", () => {
  test("a tool may cost more, and what costs nothing is not counted", () => {
    const world = new World(rateLimit);
    const instance = world.start({
      limit: 10,
      windowMs: 10 * SECOND,
      cost: { tools: { search: 5, add: 0 } },
    });
    expect(admitted(instance, 5, "add")).toBe(5);
    expect(world.operations).toEqual([]);
    expect(admitted(instance, 3, "search")).toBe(2);
    expect(instance.handle({ id: "1", method: "tools/list" }).tag).toBe("refused");
    expect(admitted(instance, 1, "add")).toBe(1);
    world.now += SECOND;
    expect(instance.handle({ id: "1", method: "tools/list" }).tag).toBe("success");
  });

  test("a cost over the burst waits for a whole budget, and is paid in full", () => {
    const world = new World(rateLimit);
    const instance = world.start({
      limit: 10,
      windowMs: 10 * SECOND,
      burst: 2,
      cost: { tools: { search: 5 } },
    });
    expect(admitted(instance, 2, "search")).toBe(1);
    world.now += 4999;
    expect(admitted(instance, 1, "search")).toBe(0);
    world.now += 1;
    expect(admitted(instance, 2, "search")).toBe(1);
  });

  test("a cost for a tool that does not exist refuses everything, and says so", () => {
    const world = new World(rateLimit);
    const instance = world.start({ limit: 10, windowMs: 10 * SECOND, cost: { tools: { serach: 5 } } });
    expect(call(instance)).toMatchObject({ tag: "refused", val: { status: 503 } });
    expect(instance.logs).toMatchObject([
      { level: "error", message: expect.stringContaining('"cost" names the tool "serach"') as string },
    ]);
  });
});

describe("several limits", () => {
  const settings = {
    limits: [
      { limit: 3, windowMs: 10 * SECOND, by: ["tool"] },
      { limit: 4, windowMs: 100 * SECOND },
    ],
  };

  test("each must let a request through, and one that is refused spends nothing", () => {
    const world = new World(rateLimit);
    const instance = world.start(settings);
    expect(admitted(instance, 5, "add")).toBe(3);
    // Had the two refusals been counted by the second limit, there would be nothing left.
    expect(admitted(instance, 5, "search")).toBe(1);
    expect(call(instance, "search")).toMatchObject({
      val: {
        headers: [["retry-after", "25"]],
        error: { data: expect.stringContaining('"limit":4') as string },
      },
    });
    expect(admitted(instance, 1, "add")).toBe(0);
    world.now += 25 * SECOND;
    expect(admitted(instance, 3, "search")).toBe(1);
  });

  test("the longest wait is the one that is told", () => {
    const world = new World(rateLimit);
    const instance = world.start({
      limits: [
        { limit: 1, windowMs: 60 * SECOND },
        { limit: 1, windowMs: 5 * SECOND },
      ],
    });
    call(instance);
    expect(call(instance)).toMatchObject({ val: { headers: [["retry-after", "60"]] } });
  });

  test("a limit counts the methods it names alone", () => {
    const world = new World(rateLimit);
    const instance = world.start({
      limits: [
        { limit: 1, windowMs: 10 * SECOND, methods: ["tools/call"] },
        { limit: 3, windowMs: 10 * SECOND, methods: ["tools/list", "tools/call"] },
      ],
    });
    const ask = (method: string): string => instance.handle({ id: "1", method }).tag;
    expect(ask("tools/list")).toBe("success");
    expect([call(instance).tag, call(instance).tag]).toEqual(["success", "refused"]);
    expect([ask("tools/list"), ask("tools/list")]).toEqual(["success", "refused"]);
    expect([ask("prompts/list"), ask("server/discover")]).toEqual(["success", "success"]);
  });
});

test("what continues a request, or does its work as a task, is not counted again", () => {
  const world = new World(rateLimit);
  const instance = world.start({ limit: 1, windowMs: 10 * SECOND });
  expect(admitted(instance, 2, "add", { task: { phase: "admit" } })).toBe(1);
  expect(admitted(instance, 2, "add", { retry: true, inputs: { responses: {} } })).toBe(2);
  expect(admitted(instance, 1, "add", { retry: true, task: { phase: "run", id: "t" } })).toBe(1);
  expect(admitted(instance, 1, "add", { inputs: { responses: {} } })).toBe(0);
  expect(admitted(instance, 1, "add", { retry: false })).toBe(0);
});
