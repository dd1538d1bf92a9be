import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { openKvStore, type KvStore } from "tenon/hosts/node";
import { afterAll, afterEach, expect, test } from "vitest";

const MIB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "tenon-kv-"));
const opened: KvStore[] = [];
let files = 0;

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

afterAll(() => rmSync(folder, { recursive: true }));

function newPath(): string {
  return join(folder, `${++files}.kv`);
}

async function open(path: string): Promise<KvStore> {
  const store = await openKvStore(`file:${path}`);
  opened.push(store);
  return store;
}

async function values(store: KvStore): Promise<Record<string, string>> {
  const { keys } = await store.list("", undefined, 1000);
  const found = await Promise.all(keys.map(async (key) => [key, (await store.get(key))!.value]));
  return Object.fromEntries(found) as Record<string, string>;
}

/** A process that writes numbers to a store for ever and says which are written. */
async function startWriter(path: string): Promise<{ kill: () => Promise<void>; written: () => number }> {
  const host = new URL("../../../dist/hosts/node/index.js", import.meta.url).href;
  const script = `
    const { openKvStore } = await import(${JSON.stringify(host)});
    const store = await openKvStore(${JSON.stringify(`file:${path}`)});
    for (let i = 1; ; i++) {
      await store.set("last", String(i), undefined);
      await store.set("key" + (i % 50), "x".repeat(i % 3000), undefined);
      process.stdout.write(i + "\\n");
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let last = 0;
  const lines = createInterface(child.stdout);
  const many = new Promise<void>((resolve) => {
    lines.on("line", (line) => {
      last = Number(line);
      if (last === 200) resolve();
    });
  });
  await many;
  return {
    written: () => last,
    async kill() {
      const ended = Promise.all([once(child, "exit"), once(lines, "close")]);
      child.kill("SIGKILL");
      await ended;
    },
  };
}

test("What was written is there when the store is opened again, versions and expiry included", async () => {
  const path = newPath();
  const store = await open(path);
  await store.set("a", "1", undefined);
  await store.set("b", "line\nbreak", 1000);
  await store.set("c", "gone", undefined);
  await store.delete("c");
  await store.increment("n", 41, undefined);
  const before = await store.get("a");
  await store.close();
  const again = await open(path);
  expect(await values(again)).toEqual({ a: "1", b: "line\nbreak", n: "41" });
  expect(await again.get("a")).toEqual(before);
  expect(await again.increment("n", 1, undefined)).toBe(42);
  await again.close();
  const later = await openKvStore(`file:${path}`, { now: () => Date.now() + 2_000_000 });
  opened.push(later);
  expect(await values(later)).toEqual({ a: "1", n: "42" });
});

test("A file URL names the same store as its path", async () => {
  const path = newPath();
  await (await open(path)).set("a", "1", undefined);
  await opened.pop()!.close();
  const store = await openKvStore(pathToFileURL(path).href);
  opened.push(store);
  expect(await values(store)).toEqual({ a: "1" });
});

test("Every answered write survives a process that is killed", async () => {
  const path = newPath();
  const writer = await startWriter(path);
  await writer.kill();
  const store = await open(path);
  expect(Number((await store.get("last"))!.value)).toBeGreaterThanOrEqual(writer.written());
  await store.set("after", "1", undefined);
});

test("A last line that was cut off at any byte is dropped, and the next one is whole", async () => {
  const path = newPath();
  const store = await open(path);
  await store.set("a", "1", undefined);
  const intact = readFileSync(path).length;
  await store.set("b", "é", undefined);
  await store.close();
  const whole = readFileSync(path);
  for (let length = intact; length < whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length));
    const cut = await open(path);
    expect(await values(cut), `${length} bytes`).toEqual({ a: "1" });
    await cut.set("c", "2", undefined);
    await cut.close();
    const next = await open(path);
    expect(await values(next), `${length} bytes`).toEqual({ a: "1", c: "2" });
    await next.close();
  }
});

test("A file that was cut off in its first line is an empty store", async () => {
  const path = newPath();
  for (const beginning of ["", '{"ten']) {
    writeFileSync(path, beginning);
    const store = await open(path);
    expect(await values(store)).toEqual({});
    await store.close();
  }
});

test("A damaged line and a file of something else are refused and stay as they are", async () => {
  const path = newPath();
  await (await open(path)).set("a", "1", undefined);
  await opened.pop()!.close();
  appendFileSync(path, '["b","1"]\n["c","1","v"]\n');
  const before = readFileSync(path);
  await expect(openKvStore(`file:${path}`)).rejects.toMatchObject({
    code: "ERR_HOST_STORE",
    message: `Cannot open store "${path}": line 3 is damaged`,
  });
  expect(readFileSync(path)).toEqual(before);
  for (const content of ["notes of mine", "notes\n", "[]\n"]) {
    const other = newPath();
    writeFileSync(other, content);
    await expect(openKvStore(`file:${other}`)).rejects.toMatchObject({
      message: `Cannot open store "${other}": it is not a store of tenon`,
    });
    expect(readFileSync(other, "utf8")).toBe(content);
    expect(existsSync(`${other}.lock`)).toBe(false);
  }
});

test("A path that cannot be a store says why", async () => {
  await expect(openKvStore(`file:${join(folder, "none", "x.kv")}`)).rejects.toMatchObject({
    code: "ERR_HOST_STORE",
    message: expect.stringMatching(/: there is no such folder$/) as unknown,
  });
  await expect(openKvStore(`file:${folder}`)).rejects.toMatchObject({
    code: "ERR_HOST_STORE",
    message: `Cannot open store "${folder}": it is a folder`,
  });
});

test("A log that has grown is written anew, and only its owner may read it", async () => {
  const path = newPath();
  const store = await open(path);
  const value = "v".repeat(MIB);
  for (let i = 0; i < 30; i++) await store.set(`k${i % 2}`, value, undefined);
  expect(statSync(path).size).toBeLessThan(14 * MIB);
  expect(statSync(path).mode & 0o077).toBe(0);
  await store.close();
  expect(Object.keys(await values(await open(path)))).toEqual(["k0", "k1"]);
  expect(existsSync(`${path}.new`)).toBe(false);
});

test("One process at a time uses a file, by whatever name", async () => {
  const path = newPath();
  const writer = await startWriter(path);
  try {
    await expect(openKvStore(`file:${path}`)).rejects.toMatchObject({
      code: "ERR_HOST_STORE",
      message: expect.stringMatching(/: process \d+ on ".*" uses it$/) as unknown,
      hint: expect.stringContaining(`remove "${path}.lock"`) as unknown,
    });
    const alias = newPath();
    symlinkSync(path, alias);
    await expect(openKvStore(`file:${alias}`)).rejects.toMatchObject({ code: "ERR_HOST_STORE" });
  } finally {
    await writer.kill();
  }
  await open(path);
  await expect(openKvStore(`file:${path}`)).rejects.toMatchObject({ code: "ERR_HOST_STORE" });
  await opened.pop()!.close();
  expect(existsSync(`${path}.lock`)).toBe(false);
  await open(path);
});

test("Of many that find an abandoned lock one takes it over", async () => {
  // How they meet is for chance.
  for (let round = 0; round < 30; round++) {
    const path = newPath();
    writeFileSync(`${path}.lock`, JSON.stringify({ pid: 2 ** 30, host: hostname(), id: `x${round}` }));
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => openKvStore(`file:${path}`)));
    const winners = tries.filter((each) => each.status === "fulfilled");
    expect(winners).toHaveLength(1);
    await winners[0]!.value.close();
    // Nothing is left that would be in the way of the next one.
    await (await openKvStore(`file:${path}`)).close();
    expect(existsSync(`${path}.lock`)).toBe(false);
  }
});

test("A lock of another machine, or of nobody known, is not taken over", async () => {
  const here = { pid: 2 ** 30, host: hostname(), id: "x" };
  for (const lock of [JSON.stringify({ ...here, host: "elsewhere" }), "{", ""]) {
    const path = newPath();
    writeFileSync(`${path}.lock`, lock);
    await expect(openKvStore(`file:${path}`), lock).rejects.toMatchObject({ code: "ERR_HOST_STORE" });
  }
  const path = newPath();
  writeFileSync(`${path}.lock`, JSON.stringify(here));
  await open(path);
  // A number that is this process's own now was another's when it was written.
  const reused = newPath();
  writeFileSync(`${reused}.lock`, JSON.stringify({ ...here, pid: process.pid }));
  await open(reused);
});

test("A closed store takes nothing more", async () => {
  const store = await open(newPath());
  await store.close();
  await store.close();
  await expect(store.set("a", "1", undefined)).rejects.toMatchObject({ tag: "unavailable" });
});
