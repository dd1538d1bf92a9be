import { mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openCache } from "../../../src/cache/index.ts";

const root = mkdtempSync(join(tmpdir(), "tenon-cache-"));
afterAll(() => rmSync(root, { recursive: true }));

const KIB = 1024;
const files = (bytes: number): Map<string, Uint8Array> => new Map([["a", new Uint8Array(bytes)]]);

test("a cache gives what was written under a key, and nothing under another", async () => {
  const cache = await openCache(join(root, "plain"));
  await cache.write("one", files(3));
  expect(await cache.read("one")).toEqual(new Map([["a", Buffer.alloc(3)]]));
  expect(await cache.read("two")).toBeUndefined();
});

test("a cache that is full forgets what was not read for the longest time", async () => {
  const folder = join(root, "full");
  const cache = await openCache(folder, 10 * KIB);
  for (const key of ["one", "two", "three"]) {
    await cache.write(key, files(3 * KIB));
    // As if an hour had gone by.
    for (const entry of readdirSync(folder)) age(join(folder, entry));
  }
  await cache.read("one");
  await cache.write("four", files(3 * KIB));
  const kept = await Promise.all(["one", "two", "three", "four"].map((key) => cache.read(key)));
  expect(kept.map((entry) => entry !== undefined)).toEqual([true, false, true, true]);
});

test("a cache keeps the last entry even when that alone is too large", async () => {
  const cache = await openCache(join(root, "small"), KIB);
  await cache.write("one", files(10));
  await cache.write("two", files(2 * KIB));
  expect(await cache.read("two")).toBeDefined();
  expect(await cache.read("one")).toBeUndefined();
});

const ages = new Map<string, number>();
function age(entry: string): void {
  const hours = (ages.get(entry) ?? 0) + 1;
  ages.set(entry, hours);
  const then = new Date(Date.now() - hours * 3_600_000);
  utimesSync(entry, then, then);
}
