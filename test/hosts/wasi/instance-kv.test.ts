import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { INSTANCE_KV } from "../../../src/bundle/hosts/wasi-services.ts";
import { watComponent } from "../../../src/bundle/wat-component.ts";
import { createMemoryKv } from "../../../hosts/node/services/kv-store.ts";
import { transpileComponent, type HostFunctions } from "../../fixtures/transpile-component.ts";

interface Kv {
  getFeatures(): object;
  get(key: string): { value: string; version: string } | undefined;
  set(key: string, value: string, ttlSeconds?: number): void;
  delete(key: string): void;
  swap(key: string, expected: string | undefined, value: string, ttlSeconds?: number): boolean;
  increment(key: string, delta: number, ttlSeconds?: number): number;
  list(prefix: string, cursor: string | undefined, limit: number): { keys: string[]; next?: string };
}

const MIB = 1024 * 1024;
const MOST = Number.MAX_SAFE_INTEGER;
const FIRST = 1_800_000_000_000;

interface Exports {
  "tenon:host/kv@0.1.0": Kv;
}

let instantiate: (imports: HostFunctions) => Exports;
let kv: Kv;
let now: number;
let random: bigint;

function fresh(): Kv {
  const instance = instantiate({
    "tenon-wasi:clocks/wall-clock": {
      now: () => ({ seconds: BigInt(Math.floor(now / 1000)), nanoseconds: (now % 1000) * 1_000_000 }),
    },
    "wasi:random/random": { getRandomU64: () => random++ },
  });
  return instance["tenon:host/kv@0.1.0"];
}

/** The error of `tenon:host/kv` that something fails with. */
function failure(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as { tag?: string }).tag ?? String(error);
  }
}

/** What something gives, or the error it fails with. */
async function outcome(work: () => unknown): Promise<object> {
  try {
    return { gives: await work() };
  } catch (error) {
    return { fails: (error as { tag?: string }).tag ?? error };
  }
}

beforeAll(async () => {
  const grants = { http: [], kv: ["a/", "é", "long/"], config: [], secrets: [] };
  const component = await watComponent(INSTANCE_KV.wat(grants));
  ({ instantiate } = await transpileComponent<Exports>(component));
});

beforeEach(() => {
  now = FIRST;
  random = 1n;
  kv = fresh();
});

describe("tenon:host/kv in the memory of an instance", () => {
  test("features say that nothing outlives the instance", () => {
    expect(kv.getFeatures()).toEqual({ swap: true, persistent: false, consistency: "strong" });
  });

  test("get() gives what was set last, whatever text it is", () => {
    expect(kv.get("a/k")).toBeUndefined();
    for (const value of ["", "a\nb\u0000\u2028", "é😀", '["k"]', "x".repeat(1000), "y"]) {
      kv.set("a/k", value);
      expect(kv.get("a/k")!.value).toBe(value);
    }
    kv.delete("a/k");
    kv.delete("a/k");
    expect(kv.get("a/k")).toBeUndefined();
  });

  test("a key expires after its time, and a write without one keeps it for ever", () => {
    kv.set("a/k", "v", 2);
    now += 1999;
    expect(kv.get("a/k")).toBeDefined();
    now += 1;
    expect(kv.get("a/k")).toBeUndefined();
    expect(kv.list("a/", undefined, 10)).toEqual({ keys: [], next: undefined });
    expect(kv.swap("a/k", undefined, "again", 4_294_967_295)).toBe(true);
    now += 4_294_967_294_000;
    expect(kv.get("a/k")!.value).toBe("again");
    kv.set("a/k", "v");
    now += 1e12;
    expect(kv.get("a/k")).toBeDefined();
    for (const work of [
      () => kv.set("a/k", "", 0),
      () => kv.swap("a/k", undefined, "", 0),
      () => kv.increment("a/n", 1, 0),
    ]) {
      expect(failure(work)).toBe("invalid");
    }
  });

  test("a version names one state, of one instance", () => {
    const seen = new Set<string>();
    for (const store of [kv, kv, fresh()]) {
      store.set("a/k", "same");
      seen.add(store.get("a/k")!.version);
      store.delete("a/k");
    }
    expect(seen.size).toBe(3);
    expect(kv.swap("a/k", "x", "v")).toBe(false);
    expect(kv.swap("a/k", undefined, "1")).toBe(true);
    expect(kv.swap("a/k", undefined, "2")).toBe(false);
    expect(kv.swap("a/k", `${kv.get("a/k")!.version}0`, "2")).toBe(false);
    expect(kv.swap("a/k", kv.get("a/k")!.version, "2")).toBe(true);
    expect(kv.get("a/k")!.value).toBe("2");
  });

  test("increment() takes whole numbers within ±(2^53 − 1) alone", () => {
    const values = ["", "-", "--1", "1.5", "x", " 1", "01", "-0", "-01", "1e3", "1:", "9007199254740992"];
    for (const value of [...values, "9".repeat(17), "1".repeat(1000)]) {
      kv.set("a/n", value);
      expect(
        failure(() => kv.increment("a/n", 0)),
        value,
      ).toBe("invalid");
      expect(kv.get("a/n")!.value).toBe(value);
    }
    for (const value of ["0", "-1", "9", String(MOST), String(-MOST)]) {
      kv.set("a/n", value);
      expect(kv.increment("a/n", -0)).toBe(Number(value));
      expect(kv.get("a/n")!.value).toBe(value);
    }
    expect(failure(() => kv.increment("a/n", -1))).toBe("invalid");
    for (const delta of [0.5, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53)]) {
      expect(failure(() => kv.increment("a/n", delta))).toBe("invalid");
    }
    expect(kv.increment("a/n", MOST)).toBe(0);
    expect(kv.increment("a/new", MOST, 1)).toBe(MOST);
  });

  test("increment() sets the expiry of a new key only", () => {
    kv.increment("a/n", 1, 10);
    now += 9000;
    expect(kv.increment("a/n", 1, 10)).toBe(2);
    now += 1000;
    expect(kv.increment("a/n", 1)).toBe(1);
  });

  test("keys that no grant covers are denied, and those of hosts", () => {
    const store = fresh();
    for (const key of ["b/k", "a", "e", "\u0000tenon/x", "long"]) {
      for (const work of [
        () => store.get(key),
        () => store.set(key, ""),
        () => store.delete(key),
        () => store.swap(key, undefined, ""),
        () => store.increment(key, 1),
        () => store.list(key, undefined, 1),
      ]) {
        expect(failure(work), key).toBe("denied");
      }
    }
    expect(failure(() => store.list("", undefined, 1))).toBe("denied");
    expect(failure(() => store.get("é"))).toBeUndefined();
  });

  test("keys and values have a length, and pages", () => {
    expect(failure(() => kv.get(""))).toBe("invalid");
    expect(failure(() => kv.get(`a/${"k".repeat(511)}`))).toBe("too-large");
    kv.set(`a/${"k".repeat(510)}`, "x".repeat(MIB));
    expect(kv.get(`a/${"k".repeat(510)}`)!.value).toHaveLength(MIB);
    expect(failure(() => kv.set("a/k", `${"é".repeat(MIB / 2)}x`))).toBe("too-large");
    expect(failure(() => kv.set("a/k", "x".repeat(4 * MIB)))).toBe("too-large");
    expect(failure(() => kv.get(`a/${"k".repeat(4 * MIB)}`))).toBe("too-large");
    expect(kv.get("a/k")).toBeUndefined();
    for (const limit of [0, 1001, 2 ** 32 - 1]) {
      expect(failure(() => kv.list("a/", undefined, limit))).toBe("invalid");
    }
  });

  test("a store of 10,000 keys takes no more until one expires", () => {
    for (let i = 0; i < 10_000; i++)
      kv.set(`a/${(i * 7919) % 10_000}`, String(i), i === 5000 ? 1 : undefined);
    expect(failure(() => kv.set("a/more", ""))).toBe("too-large");
    expect(failure(() => kv.increment("a/more", 1))).toBe("too-large");
    expect(kv.increment("a/0", 1)).toBe(1);
    let count = 0;
    for (let cursor: string | undefined, isLast = false; !isLast;) {
      const { keys, next } = kv.list("a/", cursor, 1000);
      count += keys.length;
      cursor = next;
      isLast = next === undefined;
    }
    expect(count).toBe(10_000);
    now += 1000;
    kv.set("a/more", "");
    expect(failure(() => kv.set("a/most", ""))).toBe("too-large");
    expect(kv.get("a/9999")).toBeDefined();
  });

  test("a store of 16 MiB takes no more, and keeps what it has", () => {
    const value = (i: number): string => String.fromCharCode(97 + i).repeat(MIB);
    for (let i = 0; i < 15; i++) kv.set(`a/${i}`, value(i));
    kv.set("a/short", "x".repeat(MIB / 2), 1);
    expect(failure(() => kv.set("a/15", value(15)))).toBe("too-large");
    now += 1000;
    expect(failure(() => kv.set("a/16", value(15).slice(2048)))).toBeUndefined();
    expect(failure(() => kv.set("a/17", value(15)))).toBe("too-large");
    // Room that was given back is used again, over and over.
    for (let i = 0; i < 100; i++) {
      kv.delete("a/7");
      kv.set("a/7", "x");
      kv.set("a/7", value(7));
    }
    for (let i = 0; i < 15; i++) expect(kv.get(`a/${i}`)!.value === value(i)).toBe(true);
  });

  test("what it does is what the store in memory of the Node host does", async () => {
    const store = createMemoryKv(() => now);
    let seed = 1;
    const below = (end: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * end);
    };
    const letters = ["a", "é", "\uffff", "😀", "/", "\u0000"];
    const text = (most: number): string =>
      Array.from({ length: below(most + 1) }, () => letters[below(letters.length)]).join("");
    /** Versions of one state in both. */
    const versions: [string | undefined, string | undefined][] = [[undefined, undefined]];
    for (let i = 0; i < 5000; i++) {
      now += below(10) === 0 ? below(3000) : 0;
      const key = `a/${text(3)}`;
      const ttl = below(3) === 0 ? below(4) : undefined;
      const value = below(2) === 0 ? String(below(100) - 50) : text(below(20) === 0 ? 3000 : 30);
      const [theirs, ours] = versions[below(versions.length)]!;
      const delta = below(5) - 2;
      const prefix = `a/${below(2) === 0 ? "" : "é"}`;
      const cursor = below(2) === 0 ? key : undefined;
      const limit = 1 + below(10);
      const pairs: [() => unknown, () => unknown][] = [
        [() => store.set(key, value, ttl), () => kv.set(key, value, ttl)],
        [() => store.delete(key), () => kv.delete(key)],
        [() => store.swap(key, theirs, value, ttl), () => kv.swap(key, ours, value, ttl)],
        [() => store.increment(key, delta, ttl), () => kv.increment(key, delta, ttl)],
        [() => store.list(prefix, cursor, limit), () => kv.list(prefix, cursor, limit)],
      ];
      const [expected, actual] = pairs[below(pairs.length)]!;
      expect(await outcome(actual), `step ${i}`).toEqual(await outcome(expected));
      const [after, found] = [await store.get(key), kv.get(key)];
      expect(found?.value, `step ${i}`).toBe(after?.value);
      if (after !== undefined)
        versions[Math.min(versions.length, below(20))] = [after.version, found!.version];
    }
  }, 60_000);
});
