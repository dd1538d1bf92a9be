import type { Outcome } from "tenon";
import { beforeAll, describe, expect, test } from "vitest";
import { buildComponent, type BuiltComponent } from "../../src/build/index.ts";
import { checkJson } from "../../src/json-schema/index.ts";
import {
  compileComponent,
  CONTEXT,
  type CompiledComponent,
  type Instance,
} from "../fixtures/compiled-component.ts";

let built: BuiltComponent;
let rateLimit: CompiledComponent;

beforeAll(async () => {
  built = await buildComponent({ entry: "middleware/rate-limit/middleware.ts" });
  rateLimit = await compileComponent(built.bytes);
});

const TOOLS = new Set(["add", "search"]);
const PASSED: Outcome = { tag: "success", val: "{}" };
const SECOND = 1000;

/** What several instances share: a store, a clock and an audit log. */
class World {
  now = 1_700_000_000_000;
  readonly entries = new Map<string, { value: string; version: string; ttlSeconds: number | undefined }>();
  readonly facts: unknown[] = [];
  features = { swap: true, persistent: true, consistency: "strong" };
  /** Operations on the store, such as `get`. */
  operations: string[] = [];
  /** Set to have the store fail. */
  failure: { tag: string; val: string } | undefined;
  /** Called before each swap. */
  beforeSwap: (key: string) => void = () => {};
  #written = 0;

  #write(key: string, value: string, ttlSeconds: number | undefined): void {
    this.entries.set(key, { value, version: `v${++this.#written}`, ttlSeconds });
  }

  #operation(name: string): void {
    this.operations.push(name);
    if (this.failure) throw this.failure;
  }

  /** Another writer, who spends from the budget of a key. */
  push(key: string, ms: number): void {
    const value = Number(this.entries.get(key)?.value ?? this.now) + ms;
    this.#write(key, String(value), 1);
  }

  start(settings: object): Instance {
    const handed = rateLimit.instantiate({
      next: () => PASSED,
      settings,
      host: () => ({
        "wasi:clocks/wall-clock": {
          now: () => ({
            seconds: BigInt(Math.floor(this.now / 1000)),
            nanoseconds: (this.now % 1000) * 1e6,
          }),
        },
        "tenon:mcp/audit": { record: (facts: string) => this.facts.push(JSON.parse(facts)) },
        "tenon:mcp/catalog": {
          get: (kind: string, name: string) => (kind === "tool" && TOOLS.has(name) ? "{}" : undefined),
        },
        "tenon:host/kv": {
          getFeatures: () => this.features,
          get: (key: string) => {
            this.#operation("get");
            return this.entries.get(key);
          },
          set: (key: string, value: string, ttlSeconds?: number) => {
            this.#operation("set");
            this.#write(key, value, ttlSeconds);
          },
          swap: (key: string, expected: string | undefined, value: string, ttlSeconds?: number) => {
            this.#operation("swap");
            this.beforeSwap(key);
            if (this.entries.get(key)?.version !== expected) return false;
            this.#write(key, value, ttlSeconds);
            return true;
          },
        },
      }),
    });
    return handed;
  }
}

function context(members: object): string {
  return JSON.stringify({ ...(JSON.parse(CONTEXT) as object), ...members });
}

const ALICE = { subject: "alice", issuer: "https://id.example", scopes: [] };

function call(instance: Instance, tool = "add", members: object = {}): Outcome {
  return instance.handle({ id: "1", method: "tools/call", target: tool, params: "{}" }, context(members));
}

function settingsSchema(): object {
  if (built.manifest.kind !== "middleware") throw new Error("It is no middleware");
  return built.manifest.settingsSchema ?? {};
}

/** How many of so many calls at this moment are let through. */
function admitted(instance: Instance, count: number, tool?: string, members?: object): number {
  return Array.from({ length: count }, () => call(instance, tool, members)).filter(
    ({ tag }) => tag === "success",
  ).length;
}

describe("one limit", () => {
  test("admits its burst at once, then one for each part of the window", () => {
    const world = new World();
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
    const world = new World();
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
      const world = new World();
      const instance = world.start({ limit, windowMs, burst: 1 });
      const start = world.now;
      for (let i = 0; i < 300; i++) {
        world.now = start + Math.ceil((i * windowMs) / limit);
        expect(call(instance).tag, `${i}th of ${limit}`).toBe("success");
      }
    }
  });

  test("keys tell nothing of the caller, and vanish once the budget is whole", () => {
    const world = new World();
    const instance = world.start({ limit: 2, windowMs: 10 * SECOND, by: ["peer", "principal", "tool"] });
    call(instance, "add", { peer: "192.0.2.1", principal: ALICE });
    const [key] = world.entries.keys();
    expect(key).toMatch(/^limits\/[0-9a-f]{64}$/);
    expect(world.entries.get(key!)!.ttlSeconds).toBe(5);
    call(instance, "add", { peer: "192.0.2.1", principal: ALICE });
    expect([...world.entries.values()].map(({ ttlSeconds }) => ttlSeconds)).toEqual([10]);
  });

  test("a request costs one read and one write", () => {
    const world = new World();
    const instance = world.start({ limit: 2, windowMs: 10 * SECOND });
    call(instance);
    expect(world.operations).toEqual(["get", "swap"]);
  });

  test("instances share what is spent, and an empty store is a whole budget", () => {
    const world = new World();
    const settings = { limit: 4, windowMs: 10 * SECOND };
    const [first, second] = [world.start(settings), world.start(settings)];
    expect(admitted(first, 3) + admitted(second, 3)).toBe(4);
    world.entries.clear();
    expect(admitted(second, 10)).toBe(4);
  });
});

describe("budgets", () => {
  test("by default there is one for the whole server", () => {
    const world = new World();
    const instance = world.start({ limit: 3, windowMs: 10 * SECOND });
    expect(admitted(instance, 2, "add", { peer: "192.0.2.1" })).toBe(2);
    expect(admitted(instance, 2, "search", { peer: "192.0.2.2", principal: ALICE })).toBe(1);
  });

  test.each<[by: string[], same: object, other: object]>([
    [["peer"], { principal: ALICE }, { peer: "192.0.2.2" }],
    [["principal"], { peer: "192.0.2.2" }, { principal: ALICE }],
    [["peer", "principal"], {}, { principal: ALICE }],
  ])("by %j, what differs in these has one of its own", (by, same, other) => {
    const instance = new World().start({ limit: 2, windowMs: 10 * SECOND, by });
    expect(admitted(instance, 1)).toBe(1);
    expect(admitted(instance, 2, "add", same)).toBe(1);
    expect(admitted(instance, 3, "add", other)).toBe(2);
  });

  test("principals of two issuers are two, however their names are cut", () => {
    const instance = new World().start({ limit: 1, windowMs: 10 * SECOND, by: ["principal"] });
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
    const instance = new World().start({ limit: 2, windowMs: 10 * SECOND, by: ["tool"] });
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
    const world = new World();
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
    const instance = new World().start({ limit: 1, windowMs: 10 * SECOND, by: ["peer"] });
    expect(admitted(instance, 1, "add", { peer: one })).toBe(1);
    expect(admitted(instance, 1, "add", { peer: other })).toBe(shared ? 0 : 1);
  });

  test("limits that differ in anything share none, and those of another prefix neither", () => {
    const world = new World();
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
    const world = new World();
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
    const world = new World();
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
    const world = new World();
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
    const world = new World();
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
    const world = new World();
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
    const world = new World();
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
  const world = new World();
  const instance = world.start({ limit: 1, windowMs: 10 * SECOND });
  expect(admitted(instance, 2, "add", { task: { phase: "admit" } })).toBe(1);
  expect(admitted(instance, 2, "add", { retry: true, inputs: { responses: {} } })).toBe(2);
  expect(admitted(instance, 1, "add", { retry: true, task: { phase: "run", id: "t" } })).toBe(1);
  expect(admitted(instance, 1, "add", { inputs: { responses: {} } })).toBe(0);
  expect(admitted(instance, 1, "add", { retry: false })).toBe(0);
});

describe("races", () => {
  test("a lost race is run again against what is there now", () => {
    const world = new World();
    const instance = world.start({ limit: 10, windowMs: 10 * SECOND });
    let others = 3;
    world.beforeSwap = (key) => others-- > 0 && world.push(key, SECOND);
    expect(admitted(instance, 1)).toBe(1);
    expect([...world.entries.values()].map(({ value }) => Number(value) - world.now)).toEqual([4 * SECOND]);
    world.beforeSwap = () => {};
    expect(admitted(instance, 10)).toBe(6);
  });

  test("a race that others use the budget up in is a refusal", () => {
    const world = new World();
    const instance = world.start({ limit: 2, windowMs: 10 * SECOND });
    world.beforeSwap = (key) => world.push(key, 10 * SECOND);
    expect(call(instance)).toMatchObject({
      tag: "refused",
      val: { status: 429, headers: [["retry-after", "5"]] },
    });
  });

  test("a race that is lost nine times is a refusal", () => {
    const world = new World();
    const instance = world.start({ limit: 1_000_000, windowMs: 10 * SECOND });
    world.beforeSwap = (key) => world.push(key, 0);
    expect(call(instance)).toMatchObject({
      tag: "refused",
      val: { status: 429, headers: [["retry-after", "1"]] },
    });
    expect(world.operations.filter((name) => name === "swap")).toHaveLength(9);
  });
});

describe("a store that fails", () => {
  test("has every request refused, by default", () => {
    const world = new World();
    const instance = world.start({ limit: 2, windowMs: 10 * SECOND });
    world.failure = { tag: "unavailable", val: "no connection to 10.0.0.1" };
    const outcome = call(instance);
    expect(outcome).toEqual({
      tag: "refused",
      val: {
        status: 503,
        headers: [["retry-after", "1"]],
        error: { code: -31_503, message: "Requests cannot be counted at the moment: try again later" },
      },
    });
    expect(world.facts).toEqual([
      { decision: "deny", reason: "limit-unavailable", limit: { counted: false, error: "unavailable" } },
    ]);
    expect(instance.logs).toMatchObject([
      { level: "error", message: "A request was not counted, and refused" },
    ]);
    expect(instance.logs[0]!.fields).toContain("no connection to 10.0.0.1");
    world.failure = undefined;
    expect(call(instance)).toEqual(PASSED);
  });

  test("lets requests through where the settings say so, and says that they were not counted", () => {
    const world = new World();
    const instance = world.start({ limit: 1, windowMs: 10 * SECOND, onStoreFailure: "allow" });
    world.failure = { tag: "too-large", val: "full" };
    expect(admitted(instance, 3)).toBe(3);
    expect(world.facts[0]).toEqual({ limit: { counted: false, error: "too-large" } });
    expect(instance.logs).toHaveLength(3);
    world.failure = undefined;
    expect(admitted(instance, 3)).toBe(1);
  });

  test("that holds something else has requests refused, also where failures let them through", () => {
    const world = new World();
    const instance = world.start({ limit: 1, windowMs: 10 * SECOND, onStoreFailure: "allow" });
    call(instance);
    const [key] = [...world.entries.keys()];
    for (const value of ["", "x", "-1", "1e9", "Infinity", "1 "]) {
      world.entries.set(key!, { value, version: "x", ttlSeconds: undefined });
      expect(call(instance).tag, value).toBe("failure");
    }
  });
});

describe("a store that cannot swap, or forgets", () => {
  test.each([
    [{ swap: false, persistent: true }, "cannot swap"],
    [{ swap: true, persistent: false }, "forgets between requests"],
    [{ swap: false, persistent: false }, "cannot swap"],
  ])("with %j every request is refused, and one line says why", (features, why) => {
    const world = new World();
    world.features = { ...world.features, ...features };
    const instance = world.start({ limit: 5, windowMs: 10 * SECOND, onStoreFailure: "allow" });
    expect(admitted(instance, 3)).toBe(0);
    expect(call(instance)).toMatchObject({ val: { status: 503 } });
    expect(instance.logs).toMatchObject([
      { level: "error", message: expect.stringContaining(why) as string },
    ]);
    expect(instance.logs[0]!.message).toContain('"approximate": true');
    expect(world.facts[0]).toMatchObject({ decision: "deny", reason: "limit-unavailable" });
  });

  test("approximate limits read, then write, where there is no swap", () => {
    const world = new World();
    world.features = { ...world.features, swap: false };
    const instance = world.start({ limit: 2, windowMs: 10 * SECOND, approximate: true });
    expect(admitted(instance, 3)).toBe(2);
    expect(world.operations).toEqual(["get", "set", "get", "set", "get"]);
  });

  test("approximate limits still swap where that is possible", () => {
    const world = new World();
    world.features = { ...world.features, persistent: false };
    const instance = world.start({ limit: 2, windowMs: 10 * SECOND, approximate: true });
    expect(admitted(instance, 3)).toBe(2);
    expect(world.operations).toEqual(["get", "swap", "get", "swap", "get"]);
  });
});

describe("settings", () => {
  const one = { limit: 1, windowMs: 1000 };

  test.each([
    one,
    { ...one, by: [], burst: 3, cost: 2.5, methods: ["tasks/get"], approximate: false },
    { ...one, cost: { tools: { a: 1 }, default: 0 }, keyPrefix: "x/", onStoreFailure: "allow" },
    { limits: [one, { ...one, burst: 2 }], keyPrefix: "x/" },
  ])("%j are settings", (settings) => {
    expect(checkJson(settingsSchema(), settings)).toEqual([]);
  });

  test.each<[object, string]>([
    [{}, 'missing key "limit"'],
    [{ limit: 1 }, 'missing key "windowMs"'],
    [{ ...one, windowMS: 1 }, 'unknown key "windowMS", did you mean "windowMs"?'],
    [{ limits: [one], limit: 1 }, '"limit" is not allowed with the other keys'],
    [{ limits: [] }, '"limits" must NOT have fewer than 1 items, got []'],
    [{ limits: [one, one] }, '"limits" must NOT have duplicate items'],
    [{ limits: [{ limit: 1 }] }, 'missing key "windowMs" in "limits[0]"'],
    [{ ...one, limit: 0 }, '"limit" must be >= 1, got 0'],
    [{ ...one, limit: "60" }, '"limit" must be integer, got string'],
    [{ ...one, windowMs: 999 }, '"windowMs" must be >= 1000, got 999'],
    [{ ...one, by: ["user"] }, '"by[0]" must be one of "peer", "principal", "tool", got "user"'],
    [{ ...one, methods: ["tool/call"] }, '"methods[0]" must be one of '],
    [{ ...one, cost: -1 }, '"cost" must be >= 0, got -1'],
    [{ ...one, cost: { search: 1 } }, 'unknown key "search" in "cost"'],
    [{ ...one, cost: { tools: { search: -1 } } }, '"cost.tools.search" must be >= 0, got -1'],
    [{ ...one, keyPrefix: "" }, '"keyPrefix" must NOT have fewer than 1 characters'],
    [{ ...one, onStoreFailure: "open" }, '"onStoreFailure" must be one of "refuse", "allow", got "open"'],
  ])("%j are none", (settings, problem) => {
    expect(checkJson(settingsSchema(), settings).join("\n")).toContain(problem);
  });

  test("what a server needs follows from them", () => {
    expect(built.manifest).toMatchObject({
      name: "rate-limit",
      capabilities: [{ interface: "tenon:host/kv" }],
    });
    expect(built.manifest).not.toHaveProperty("methods");
    const { requires } = built.manifest as { requires: { for: string; when: object }[] };
    const needs = (settings: object): string[] =>
      requires.filter(({ when }) => checkJson(when, settings).length === 0).map((each) => each.for);
    expect(needs(one)).toEqual(["exact limits"]);
    expect(needs({ ...one, by: ["peer", "tool"], approximate: true })).toEqual(["approximate limits"]);
    expect(needs({ ...one, by: ["tool", "principal"] })).toEqual(["exact limits", "limits by principal"]);
    expect(needs({ limits: [one, { ...one, by: ["principal"] }] })).toEqual([
      "exact limits",
      "limits by principal",
    ]);
    expect(requires).toMatchObject([
      { kv: { prefix: "keyPrefix", features: ["swap", "persistent"] } },
      { kv: { prefix: "keyPrefix" } },
      { principal: true },
    ]);
  });
});
