import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openKvStore, type KvStore } from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { REDIS, startRedis, type RedisServer } from "../../fixtures/redis-server.ts";

const MIB = 1024 * 1024;
const MOST = Number.MAX_SAFE_INTEGER;
const folder = mkdtempSync(join(tmpdir(), "tenon-kv-"));
let files = 0;

let redis: RedisServer | undefined;

beforeAll(async () => {
  if (!REDIS.missing) redis = await startRedis();
});

afterAll(async () => {
  await redis?.stop();
  rmSync(folder, { recursive: true });
});

const stores: [name: string, missing: string | undefined, where: () => string][] = [
  ["memory", undefined, () => "memory"],
  ["file", undefined, () => `file:${join(folder, `${++files}.kv`)}`],
  ["redis", REDIS.missing, () => `${redis!.url}?prefix=${++files}:`],
];

describe.for(stores)("%s", ([name, missing, where]) => {
  if (missing) return;
  let store: KvStore;
  let now: number;

  beforeEach(async () => {
    now = 1_800_000_000_000;
    store = await openKvStore(where(), { now: () => now });
  });

  afterEach(() => store.close());

  async function version(key: string): Promise<string> {
    return (await store.get(key))!.version;
  }

  test("features say what it can do", () => {
    expect(store.features).toEqual({ swap: true, persistent: true, consistency: "strong" });
  });

  test("get() gives what was set last, whatever text it is", async () => {
    expect(await store.get("k")).toBeUndefined();
    for (const value of ["", "a\nb\u0000\u2028", "é😀", '["k"]', "\ufeffx"]) {
      await store.set("k", value, undefined);
      expect((await store.get("k"))!.value).toBe(value);
    }
    await store.set("__proto__", "p", undefined);
    expect((await store.get("__proto__"))!.value).toBe("p");
    expect(await store.get("constructor")).toBeUndefined();
  });

  test("delete() removes a key, and an absent one as well", async () => {
    await store.set("k", "v", undefined);
    await store.delete("k");
    expect(await store.get("k")).toBeUndefined();
    await store.delete("k");
    expect((await store.list("", undefined, 10)).keys).toEqual([]);
  });

  test("A key expires after its time, and a write without one keeps it for ever", async () => {
    await store.set("k", "v", 2);
    now += 1999;
    expect(await store.get("k")).toBeDefined();
    now += 1;
    expect(await store.get("k")).toBeUndefined();
    expect((await store.list("", undefined, 10)).keys).toEqual([]);
    expect(await store.swap("k", undefined, "again", 1)).toBe(true);
    await store.set("k", "v", undefined);
    now += 1e12;
    expect(await store.get("k")).toBeDefined();
  });

  test("A version names one state: every write changes it, and it never comes back", async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 3; i++) {
      await store.set("k", "same", undefined);
      seen.add(await version("k"));
      await store.delete("k");
    }
    expect(seen.size).toBe(3);
  });

  test("swap() writes only over the state that is expected", async () => {
    expect(await store.swap("k", "x", "v", undefined)).toBe(false);
    expect(await store.swap("k", undefined, "1", undefined)).toBe(true);
    expect(await store.swap("k", undefined, "2", undefined)).toBe(false);
    const first = await version("k");
    expect(await store.swap("k", first, "2", undefined)).toBe(true);
    expect(await store.swap("k", first, "3", undefined)).toBe(false);
    expect((await store.get("k"))!.value).toBe("2");
  });

  test("Of many swaps at once one wins", async () => {
    await store.set("k", "0", undefined);
    const expected = await version("k");
    const swaps = Array.from({ length: 20 }, (__, i) => store.swap("k", expected, String(i), undefined));
    expect((await Promise.all(swaps)).filter(Boolean)).toHaveLength(1);
  });

  test("increment() adds, from 0 when there is no key, and none is lost", async () => {
    expect(await store.increment("n", 5, undefined)).toBe(5);
    expect(await store.increment("n", -7, undefined)).toBe(-2);
    await Promise.all(Array.from({ length: 50 }, () => store.increment("n", 1, undefined)));
    expect((await store.get("n"))!.value).toBe("48");
    expect(await store.increment("n", 0, undefined)).toBe(48);
  });

  test("increment() sets the expiry of a new key only", async () => {
    await store.increment("n", 1, 10);
    now += 9000;
    await store.increment("n", 1, 10);
    now += 1000;
    expect(await store.get("n")).toBeUndefined();
    expect(await store.increment("n", 1, undefined)).toBe(1);
  });

  test("increment() takes whole numbers within ±(2^53 − 1) alone", async () => {
    for (const value of ["", "1.5", "x", " 1", "01", "-0", "1e3", "9007199254740992"]) {
      await store.set("n", value, undefined);
      await expect(store.increment("n", 1, undefined), value).rejects.toMatchObject({ tag: "invalid" });
    }
    await store.set("n", String(MOST), undefined);
    await expect(store.increment("n", 1, undefined)).rejects.toMatchObject({ tag: "invalid" });
    expect(await store.increment("n", -1, undefined)).toBe(MOST - 1);
    for (const delta of [0.5, NaN, Infinity, 2 ** 53]) {
      await expect(store.increment("n", delta, undefined)).rejects.toMatchObject({ tag: "invalid" });
    }
    expect((await store.get("n"))!.value).toBe(String(MOST - 1));
  });

  test("list() gives keys under a prefix in the order of their bytes, page by page", async () => {
    // U+FF41 comes before U+1F600 in UTF-8, and after it in UTF-16.
    const keys = ["a", "a/", "a/1", "a/10", "a/2", "a/\uff41", "a/😀", "b"];
    for (const key of keys.toReversed()) await store.set(key, "", undefined);
    expect(await store.list("", undefined, 100)).toEqual({ keys, next: undefined });
    expect(await store.list("a/", undefined, 100)).toEqual({ keys: keys.slice(1, 7), next: undefined });
    expect(await store.list("zz", undefined, 100)).toEqual({ keys: [], next: undefined });
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const { keys: page, next } = await store.list("a/", cursor, 2);
      expect(page.length).toBeLessThanOrEqual(2);
      paged.push(...page);
      cursor = next;
      // What changes in between neither repeats nor hides other keys.
      await store.delete("a/1");
      await store.set("a/0", "", undefined);
    } while (cursor !== undefined);
    expect(paged).toEqual(keys.slice(1, 7));
  });

  test("A cursor leads nowhere outside the prefix", async () => {
    for (const key of ["a1", "b1", "b2", "c1"]) await store.set(key, "", undefined);
    for (const cursor of ["", "a", "a1", "b"]) {
      expect((await store.list("b", cursor, 10)).keys, cursor).toEqual(["b1", "b2"]);
    }
    for (const cursor of ["c", "zzz"]) {
      expect((await store.list("b", cursor, 10)).keys, cursor).toEqual([]);
    }
  });

  test("Arguments out of bounds are refused, and nothing changes", async () => {
    await store.set("k", "v", undefined);
    const before = await version("k");
    const invalid = { tag: "invalid" };
    const tooLarge = { tag: "too-large" };
    await expect(store.set("k", "x", 0)).rejects.toMatchObject(invalid);
    await expect(store.swap("k", before, "x", 1.5)).rejects.toMatchObject(invalid);
    await expect(store.increment("n", 1, 0)).rejects.toMatchObject(invalid);
    for (const limit of [0, 1001, 1.5, NaN]) {
      await expect(store.list("", undefined, limit)).rejects.toMatchObject(invalid);
    }
    await expect(store.set("", "x", undefined)).rejects.toMatchObject(invalid);
    await expect(store.get("é".repeat(257))).rejects.toMatchObject(tooLarge);
    await expect(store.set("é".repeat(257), "x", undefined)).rejects.toMatchObject(tooLarge);
    await expect(store.set("k", "x".repeat(MIB + 1), undefined)).rejects.toMatchObject(tooLarge);
    await expect(store.set("k", "é".repeat(MIB / 2 + 1), undefined)).rejects.toMatchObject(tooLarge);
    expect(await version("k")).toBe(before);
    await store.set("k".repeat(512), "v".repeat(MIB), undefined);
    expect((await store.get("k".repeat(512)))!.value).toHaveLength(MIB);
  });

  // What Redis holds is bounded by its own configuration.
  test.skipIf(name === "redis")(
    "What a store holds is bounded, and room that is freed is used again",
    async () => {
      const value = "v".repeat(MIB);
      let held = 0;
      await expect(
        (async () => {
          for (; held < 100; held++) await store.set(`k${held}`, value, 60);
        })(),
      ).rejects.toMatchObject({ tag: "too-large" });
      expect(held).toBe(63);
      await store.set("k0", value, 60);
      await store.delete("k1");
      await store.set("again", value, 60);
      await expect(store.set("more", value, 60)).rejects.toMatchObject({ tag: "too-large" });
      now += 61_000;
      await store.set("more", value, undefined);
      expect((await store.list("", undefined, 10)).keys).toEqual(["more"]);
    },
  );
});

test("The number of keys is bounded", async () => {
  let now = 0;
  const store = await openKvStore("memory", { now: () => now });
  for (let i = 0; i < 100_000; i++) await store.set(`k${i}`, "", 1);
  await expect(store.set("one more", "", 1)).rejects.toMatchObject({ tag: "too-large" });
  await store.set("k5", "known", 1);
  now += 2000;
  await store.set("one more", "", undefined);
  expect((await store.list("", undefined, 10)).keys).toEqual(["one more"]);
});

test.each([
  ["valkey://user:secret@localhost", "valkey:…"],
  ["filé", "filé"],
  ["file:", "file:…"],
  ["Memory", "Memory"],
])("openKvStore() refuses %s, without what may be a password", async (where, shown) => {
  await expect(openKvStore(where)).rejects.toMatchObject({
    code: "ERR_CONFIG",
    message: `Cannot open store "${shown}": there is no such kind of store`,
    hint: 'Write "memory", "file:" and a path, or the URL of a Redis',
  });
});
