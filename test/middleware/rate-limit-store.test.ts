import { beforeAll, describe, expect, test } from "vitest";
import type { CompiledComponent } from "../fixtures/compiled-component.ts";
import { admitted, call, compileRateLimit, PASSED, SECOND, World } from "./limited-world.ts";

let rateLimit: CompiledComponent;

beforeAll(async () => {
  rateLimit = await compileRateLimit();
});

describe("races", () => {
  test("a lost race is run again against what is there now", () => {
    const world = new World(rateLimit);
    const instance = world.start({ limit: 10, windowMs: 10 * SECOND });
    let others = 3;
    world.beforeSwap = (key) => others-- > 0 && world.push(key, SECOND);
    expect(admitted(instance, 1)).toBe(1);
    expect([...world.entries.values()].map(({ value }) => Number(value) - world.now)).toEqual([4 * SECOND]);
    world.beforeSwap = () => {};
    expect(admitted(instance, 10)).toBe(6);
  });

  test("a race that others use the budget up in is a refusal", () => {
    const world = new World(rateLimit);
    const instance = world.start({ limit: 2, windowMs: 10 * SECOND });
    world.beforeSwap = (key) => world.push(key, 10 * SECOND);
    expect(call(instance)).toMatchObject({
      tag: "refused",
      val: { status: 429, headers: [["retry-after", "5"]] },
    });
  });

  test("a race that is lost nine times is a refusal", () => {
    const world = new World(rateLimit);
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
    const world = new World(rateLimit);
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
    const world = new World(rateLimit);
    const instance = world.start({ limit: 1, windowMs: 10 * SECOND, onStoreFailure: "allow" });
    world.failure = { tag: "too-large", val: "full" };
    expect(admitted(instance, 3)).toBe(3);
    expect(world.facts[0]).toEqual({ limit: { counted: false, error: "too-large" } });
    expect(instance.logs).toHaveLength(3);
    world.failure = undefined;
    expect(admitted(instance, 3)).toBe(1);
  });

  test("that holds something else has requests refused, also where failures let them through", () => {
    const world = new World(rateLimit);
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
    const world = new World(rateLimit);
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
    const world = new World(rateLimit);
    world.features = { ...world.features, swap: false };
    const instance = world.start({ limit: 2, windowMs: 10 * SECOND, approximate: true });
    expect(admitted(instance, 3)).toBe(2);
    expect(world.operations).toEqual(["get", "set", "get", "set", "get"]);
  });

  test("approximate limits still swap where that is possible", () => {
    const world = new World(rateLimit);
    world.features = { ...world.features, persistent: false };
    const instance = world.start({ limit: 2, windowMs: 10 * SECOND, approximate: true });
    expect(admitted(instance, 3)).toBe(2);
    expect(world.operations).toEqual(["get", "swap", "get", "swap", "get"]);
  });
});
