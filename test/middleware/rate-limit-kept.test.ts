import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { CompiledComponent } from "../fixtures/compiled-component.ts";
import { ALICE, call, compileRateLimit, World } from "./limited-world.ts";

let rateLimit: CompiledComponent;

beforeAll(async () => {
  rateLimit = await compileRateLimit();
});

// Servers of several versions share a store: none of this may change.
test.for<[settings: object, members: object, key: string, value: string, ttlSeconds: number]>([
  [
    { limit: 60, windowMs: 60_000 },
    {},
    "limits/feb7460436814e87b96a06960c85b4d70c922181695c72f14b31a0b9762b0481",
    "1700000002000",
    2,
  ],
  [
    { limit: 7, windowMs: 10_000, by: ["peer"] },
    { peer: "2001:DB8:0:01::5" },
    "limits/2ec0c78ea5a3e00746cf3b963dfefc8fbec32ac8d5ff83ba4edfc7654f2b83d9",
    "1700000002857.143",
    3,
  ],
  [
    { limit: 7, windowMs: 10_000, by: ["peer"] },
    { peer: "::ffff:192.0.2.1" },
    "limits/b79e3e39797108784c45a3c626fa44e6a79bfa0a3b48037b0ab19afee036411e",
    "1700000002857.143",
    3,
  ],
  [
    {
      limit: 3,
      windowMs: 1000,
      burst: 5,
      by: ["tool", "principal"],
      cost: { tools: { add: 0.1, search: 2 }, default: 3 },
    },
    { principal: ALICE },
    "limits/3ba1d1c5b6956ab29ecaa41acc363af28fd18267170dc632a457e2417b2423fe",
    "1700000000066.6665",
    1,
  ],
  [
    {
      limit: 999_983,
      windowMs: 2_678_400_000,
      by: ["peer", "principal", "tool"],
      cost: 2.5,
      methods: ["tools/call", "tasks/get"],
      keyPrefix: "a/ü/",
    },
    { peer: "192.0.2.1", principal: { ...ALICE, subject: 'é"\\\u0001\ud800😀' } },
    "a/ü/3e45b332ddea81f61442910a65f59d408049f15f60d1a7d7368b8a798fb28336",
    "1700000013392.2275",
    14,
  ],
])("two calls under %j by %j are kept as ever", ([settings, members, key, value, ttlSeconds]) => {
  const world = new World(rateLimit);
  const instance = world.start(settings);
  call(instance, "add", members);
  call(instance, "add", members);
  expect([...world.entries]).toMatchObject([[key, { value, ttlSeconds }]]);
});

test("a budget that lasts longer than a store keeps a value counts as a store that failed", () => {
  const world = new World(rateLimit);
  const instance = world.start({ limit: 1, windowMs: 2_678_400_000, burst: 1_000_000, cost: 1_000_000 });
  expect(call(instance)).toMatchObject({ tag: "refused", val: { status: 503 } });
  expect(world.facts).toMatchObject([{ limit: { counted: false, error: "invalid" } }]);
  expect(JSON.parse(instance.logs[0]!.fields!)).toEqual({
    error: "kv: invalid: ttlSeconds 2678400000000 is not a whole number of at least 1",
  });
  expect(world.operations).toEqual(["get"]);
});

const NOW = 1_700_000_000_000;
const amount = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 1_000_000 }));

test("what is spent and how long to wait is what JavaScript makes of it, to the last digit", () => {
  const settings = fc.record({
    limit: amount,
    windowMs: fc.integer({ min: 1000, max: 2_678_400_000 }),
    burst: amount,
    cost: fc.oneof(
      fc.double({ min: 1e-9, max: 1_000_000, noNaN: true }),
      fc.double({ min: 1e-9, max: 3, noNaN: true }),
      fc.constantFrom(1, 1e-7, 0.000_001_234_567_890_123_456),
    ),
  });
  const kept = fc.oneof(
    fc.double({ min: NOW, max: NOW + 1e6, noNaN: true }).map(String),
    fc.double({ min: 1, max: 2 ** 53, maxExcluded: true, noNaN: true }).map(String),
    fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 16n - 1n }), fc.bigInt({ min: 0n, max: 10n ** 16n - 1n }))
      .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(16, "0")}`),
  );
  const now = fc.oneof(fc.integer({ min: NOW, max: NOW + 1e6 }), fc.integer({ min: 1, max: 1e6 }));
  fc.assert(
    fc.property(settings, fc.array(fc.tuple(kept, now)), ({ limit, windowMs, burst, cost }, requests) => {
      const world = new World(rateLimit);
      const instance = world.start({ limit, windowMs, burst, cost, approximate: true });
      world.features = { ...world.features, swap: false };
      const msEach = windowMs / limit;
      for (const [value, at] of requests) {
        const [key] = world.entries.keys();
        if (key !== undefined) world.entries.set(key, { value, version: "x", ttlSeconds: undefined });
        world.now = at;
        const wholeAt = Math.max(key === undefined ? at : Number(value), at);
        const wait = wholeAt + Math.min(cost, burst) * msEach - (at + burst * msEach);
        const outcome = call(instance);
        if (wait > 0.99 * Math.min(1, msEach)) {
          const error = { data: expect.stringContaining(`{"retryAfterMs":${Math.ceil(wait)},`) as string };
          expect(outcome).toMatchObject({ tag: "refused", val: { error } });
          continue;
        }
        const next = wholeAt + cost * msEach;
        const ttlSeconds = Math.max(1, Math.ceil((next - at) / 1000));
        if (ttlSeconds >= 2 ** 32) {
          expect(outcome).toMatchObject({ tag: "refused", val: { status: 503 } });
          continue;
        }
        expect(outcome.tag).toBe("success");
        expect([...world.entries.values()]).toMatchObject([{ value: String(next), ttlSeconds }]);
      }
    }),
    { numRuns: 300 },
  );
});
