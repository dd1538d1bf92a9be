import { spawnSync } from "node:child_process";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { openKvStore, type KvStore } from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { REDIS, startRedis, type RedisServer } from "../../fixtures/redis-server.ts";

const MIB = 1024 * 1024;
const UNAVAILABLE = { tag: "unavailable" };

/** Adds 1 to the number in the key "swapped". */
async function addOne(store: KvStore): Promise<void> {
  for (;;) {
    const { value, version } = (await store.get("swapped"))!;
    if (await store.swap("swapped", version, String(Number(value) + 1), 100)) return;
  }
}

test.each([
  ["redis://", "it names no host"],
  ["redis://:6379", "it is not a URL"],
  ["redis://u:secret@host:99999", "it is not a URL"],
  ["redis://u:secret@host/tools", "the database is not a number"],
  ["redis://u:secret@host/0/1", "the database is not a number"],
  ["redis://u:secret@host?prefx=a", 'it has the parameter "prefx"'],
  ["redis://u:secret@host?prefix=", "the prefix is not 1 to 64 printable characters of ASCII"],
  ["redis://u:secret@host?prefix=a&prefix=b", "the prefix is not 1 to 64 printable characters of ASCII"],
  ["redis://u:%E0secret@host", "the user or password is not percent-encoded"],
  ["rediss://u:secret@host#0", "it has a fragment"],
])("openKvStore() refuses %s, without what may be a password", async (where, problem) => {
  await expect(openKvStore(where)).rejects.toMatchObject({
    code: "ERR_CONFIG",
    message: `Cannot open store "${where.slice(0, where.indexOf(":"))}:…": ${problem}`,
    hint: expect.stringContaining('Write "redis://user:password@host') as string,
  });
});

test("without the package ioredis there is no Redis, and the error says what to install", () => {
  const host = new URL("../../../dist/hosts/node/index.js", import.meta.url).href;
  const hooks = `export function resolve(name, context, next) {
    if (name !== "ioredis") return next(name, context);
    throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
  }`;
  const script = `
    import { register } from "node:module";
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)});
    const { openKvStore } = await import(${JSON.stringify(host)});
    const { code, message, hint } = await openKvStore("redis://u:secret@localhost").catch((error) => error);
    console.log(JSON.stringify({ code, message, hint }));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(JSON.parse(stdout)).toEqual({
    code: "ERR_TOOL_MISSING",
    message: 'Cannot open store "redis://localhost:6379/0": the package "ioredis" is not installed',
    hint: 'Run "npm install ioredis@6" beside tenon',
  });
});

describe.skipIf(REDIS.missing)("a store in Redis", () => {
  let redis: RedisServer;
  const started: RedisServer[] = [];
  const opened: KvStore[] = [];
  let prefixes = 0;

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await Promise.all(started.splice(0).map((server) => server.stop()));
  });

  afterAll(() => redis.stop());

  async function start(options: readonly string[], port?: number): Promise<RedisServer> {
    const server = await startRedis(options, port);
    started.push(server);
    return server;
  }

  async function open(url: string): Promise<KvStore> {
    const store = await openKvStore(url);
    opened.push(store);
    return store;
  }

  test("stores with one prefix are one, and those with another see nothing of it", async () => {
    const url = `${redis.url}/3?prefix=one:`;
    const [first, second] = [await open(url), await open(url)];
    const others = [
      await open(`${redis.url}/3?prefix=two:`),
      await open(`${redis.url}/4?prefix=one:`),
      await open(`${redis.url}/3`),
    ];
    await first.set("k", "v", undefined);
    const { version } = (await second.get("k"))!;
    expect(await first.swap("k", version, "w", undefined)).toBe(true);
    expect(await second.swap("k", version, "x", undefined)).toBe(false);
    for (const other of others) {
      expect(await other.get("k")).toBeUndefined();
      expect((await other.list("", undefined, 10)).keys).toEqual([]);
    }
  });

  test("swaps and increments of several connections lose nothing", async () => {
    const url = `${redis.url}?prefix=${++prefixes}:`;
    const stores = await Promise.all([open(url), open(url), open(url)]);
    await stores[0].set("swapped", "0", undefined);
    await Promise.all(
      stores.flatMap((store) =>
        Array.from({ length: 30 }, async () => {
          await store.increment("counted", 1, 100);
          await addOne(store);
        }),
      ),
    );
    expect((await stores[0].get("swapped"))!.value).toBe("90");
    expect(await stores[1].increment("counted", 0, undefined)).toBe(90);
  });

  test("keys that expired are cleaned away by later writes, and no list has them", async () => {
    let now = 1_800_000_000_000;
    const store = await openKvStore(`${redis.url}/7`, { now: () => now });
    opened.push(store);
    for (let i = 0; i < 2500; i++) await store.set(`k${i}`, "", 5);
    await store.set("kept", "", undefined);
    now += 5000;
    expect(await store.list("k", undefined, 10)).toEqual({ keys: ["kept"], next: undefined });
    const { Redis } = await import("ioredis");
    const client = new Redis({ port: redis.port, db: 7 });
    try {
      expect((await client.keys("*")).sort()).toEqual(["tenon:keys", "tenon:value:kept"]);
      for (let i = 0; i < 50; i++) await store.set(`a${i}`, "", 5);
      now += 5000;
      for (let i = 0; i < 5; i++) await store.set("b", "", 5);
      expect(await client.zcard("tenon:expiries")).toBe(1);
    } finally {
      client.disconnect();
    }
  });

  test("users and passwords of the URL are used, and never shown", async () => {
    const server = await start(["--requirepass", "p@ss/word"]);
    const at = `127.0.0.1:${server.port}`;
    await (await open(`redis://:${encodeURIComponent("p@ss/word")}@${at}`)).set("k", "v", undefined);
    await (await open(`redis://default:p%40ss%2Fword@${at}`)).get("k");
    for (const [credentials, state] of [
      ["", "it asks for a password"],
      [":wrong-secret@", "it does not accept the user and password"],
      ["someone:wrong-secret@", "it does not accept the user and password"],
    ]) {
      await expect(openKvStore(`redis://${credentials}${at}/2`)).rejects.toMatchObject({
        code: "ERR_HOST_STORE",
        message: `Cannot open store "redis://${at}/2": ${state}`,
      });
    }
  });

  test("a full Redis is a store that is full", async () => {
    const server = await start(["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"]);
    const store = await open(server.url);
    await expect(
      (async () => {
        for (let i = 0; i < 50; i++) await store.set(`k${i}`, "v".repeat(MIB / 2), undefined);
      })(),
    ).rejects.toMatchObject({ tag: "too-large" });
    expect((await store.list("", undefined, 100)).keys.length).toBeGreaterThan(0);
    await store.delete("k0");
    await store.set("k0", "v", undefined);
  });

  test("while Redis is away everything fails, and works again once it is back", async () => {
    const server = await startRedis();
    const store = await open(server.url);
    await store.set("k", "v", undefined);
    const waiting = store.get("k").catch((error: unknown) => error);
    await server.stop();
    await waiting;
    for (const attempt of [
      () => store.get("k"),
      () => store.set("k", "v", undefined),
      () => store.swap("k", undefined, "v", undefined),
      () => store.increment("n", 1, undefined),
      () => store.list("", undefined, 1),
    ]) {
      await expect(attempt()).rejects.toMatchObject(UNAVAILABLE);
    }
    await start([], server.port);
    await expect.poll(() => store.get("k").catch(() => "away"), { timeout: 20_000 }).toBeUndefined();
    expect(await store.increment("n", 1, undefined)).toBe(1);
  });

  test("a Redis that answers nothing makes a function fail, and is used again once it does", async () => {
    const server = await start([]);
    const store = await open(server.url);
    server.pause();
    try {
      await expect(store.get("k")).rejects.toMatchObject(UNAVAILABLE);
    } finally {
      server.resume();
    }
    await expect.poll(() => store.get("k").catch(() => "away"), { timeout: 20_000 }).toBeUndefined();
  });

  test("a Redis that is not there, or something else, is told at the start", async () => {
    const server = await startRedis();
    await server.stop();
    await expect(openKvStore(`${server.url}/5?prefix=x`)).rejects.toMatchObject({
      code: "ERR_HOST_STORE",
      message: `Cannot open store "${server.url}/5": nothing listens there`,
    });
    const sockets: Socket[] = [];
    const web = createServer((socket) => {
      sockets.push(socket.on("error", () => {}));
      socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    await new Promise<void>((resolve) => void web.listen(0, "127.0.0.1", resolve));
    const { port } = web.address() as AddressInfo;
    try {
      await expect(openKvStore(`redis://127.0.0.1:${port}`)).rejects.toMatchObject({
        code: "ERR_HOST_STORE",
      });
      await expect(openKvStore(`rediss://127.0.0.1:${redis.port}`)).rejects.toMatchObject({
        code: "ERR_HOST_STORE",
      });
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void web.close(resolve));
    }
  });

  test("a closed store takes nothing more", async () => {
    const store = await openKvStore(redis.url);
    await store.close();
    await store.close();
    await expect(store.get("k")).rejects.toMatchObject(UNAVAILABLE);
  });
});
