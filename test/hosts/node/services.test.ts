import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createPool,
  loadCore,
  ServiceFailure,
  type HostServices,
  type HttpServiceRequest,
  type LoadedCore,
  type Pool,
} from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { callSteps, runSteps, servicesCore, type GuestStep } from "./services-core.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let core: LoadedCore;
let pool: Pool;
let logged = "";

beforeAll(async () => {
  core = await loadCore(await servicesCore(), { cacheDir });
});

afterAll(() => rmSync(cacheDir, { recursive: true }));

afterEach(() => pool.close());

async function start(services?: HostServices): Promise<void> {
  logged = "";
  const log = (lines: Uint8Array): void => {
    logged += Buffer.from(lines).toString("utf8");
  };
  pool = await createPool(core, { workers: 1, patient: true, log, ...(services && { services }) });
}

function request(path = "/"): unknown {
  return { method: "GET", origin: "https://example.com", pathWithQuery: path, headers: [["a", "b"]] };
}

/** An http service that answers when the test says so. */
function controlledHttp(): {
  http: NonNullable<HostServices["http"]>;
  asked: { request: HttpServiceRequest; signal: AbortSignal; answer: (text: string) => void }[];
  when: (count: number) => Promise<void>;
} {
  const asked: ReturnType<typeof controlledHttp>["asked"] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  return {
    asked,
    http: (given, signal) =>
      new Promise((resolve) => {
        asked.push({
          request: given,
          signal,
          answer: (body) => resolve({ status: 200, headers: [], body }),
        });
        for (const each of waiting) if (asked.length >= each.count) each.resolve();
      }),
    when: (count) =>
      new Promise((resolve) => {
        if (asked.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
  };
}

function denied(service: string): object {
  return { error: { tag: "denied", val: `this host lends no ${service}` } };
}

async function broken(): Promise<never> {
  throw new Error("secret of the host");
}

test("A host that lends nothing denies every function that can be denied", async () => {
  await start();
  expect(
    await runSteps(pool, [
      ["http", "send", request()],
      ["http", "start", request()],
      ["http", "waitAny", [7], 1000],
      ["http", "cancel", 7],
      ["kv", "getFeatures"],
      ["kv", "get", "k"],
      ["kv", "set", "k", "v", null],
      ["kv", "delete", "k"],
      ["kv", "swap", "k", null, "v", null],
      ["kv", "increment", "k", 1, null],
      ["kv", "list", "", null, 10],
      ["config", "get", "k"],
      ["secrets", "get", "k"],
    ]),
  ).toEqual([
    denied("http"),
    denied("http"),
    { ok: { token: 7, response: { tag: "err", val: { tag: "unknown-token" } } } },
    {},
    { ok: { swap: false, persistent: false, consistency: "strong" } },
    ...Array.from({ length: 6 }, () => denied("kv")),
    denied("config"),
    denied("secrets"),
  ]);
});

test("Values cross to a service and back unchanged", async () => {
  const asked: HttpServiceRequest[] = [];
  await start({
    http: async (given) => {
      asked.push(given);
      return { status: 207, headers: [["x", "y"]], body: given.body ?? "" };
    },
    config: async (key) => (key === "set" ? "v\u0000é😀" : undefined),
    secrets: async (name) => {
      throw new ServiceFailure("missing", name);
    },
  });
  const text = "\ufeffé😀";
  const sent = (body: unknown) => ({ ...(request("/p?q=1") as object), method: "POST", timeoutMs: 5, body });
  expect(
    await runSteps(pool, [
      ["config", "get", "set"],
      ["config", "get", "unset"],
      ["secrets", "get", "s"],
      ["http", "send", sent({ tag: "text", val: text })],
      ["http", "send", request()],
    ]),
  ).toEqual([
    { ok: "v\u0000é😀" },
    { ok: null },
    { error: { tag: "missing", val: "s" } },
    { ok: { status: 207, headers: [["x", "y"]], body: { tag: "text", val: text } } },
    { ok: { status: 207, headers: [["x", "y"]], body: { tag: "text", val: "" } } },
  ]);
  expect(asked[0]).toEqual({
    method: "POST",
    origin: "https://example.com",
    pathWithQuery: "/p?q=1",
    headers: [["a", "b"]],
    body: text,
    timeoutMs: 5,
  });
});

test("Content that is no text crosses as bytes", async () => {
  const bytes = Uint8Array.of(0, 255, 128);
  await start({ http: async () => ({ status: 200, headers: [], body: bytes }) });
  expect(await runSteps(pool, [["http", "send", request()]])).toEqual([
    { ok: { status: 200, headers: [], body: { tag: "bytes", val: { bytes: [0, 255, 128] } } } },
  ]);
});

test("What a service throws against its rules is logged, and the guest learns nothing of it", async () => {
  await start({ http: broken, config: broken });
  expect(
    await runSteps(pool, [
      ["http", "send", request()],
      ["config", "get", "k"],
    ]),
  ).toEqual([
    { error: { tag: "unreachable", val: "the host failed" } },
    { error: { tag: "unavailable", val: "the host failed" } },
  ]);
  expect(logged.match(/secret of the host/g)!.length).toBeGreaterThanOrEqual(2);
});

describe("requests in flight", () => {
  test("wait-any takes whichever ends first, once", async () => {
    const { http, asked, when } = controlledHttp();
    await start({ http });
    const result = runSteps(pool, [
      ["http", "start", request("/0")],
      ["http", "start", request("/1")],
      ["http", "waitAny", ["$0", "$1"], null],
      ["http", "start", request("/2")],
      ["http", "waitAny", ["$1"], null],
      ["http", "waitAny", ["$0"], null],
    ]);
    await when(2);
    asked[1]!.answer("second");
    await when(3);
    asked[0]!.answer("first");
    const [first, second, taken, , again, last] = await result;
    expect(taken!.ok).toMatchObject({ token: second!.ok, response: { val: { body: { val: "second" } } } });
    expect(again!.ok).toEqual({
      token: second!.ok,
      response: { tag: "err", val: { tag: "unknown-token" } },
    });
    expect(last!.ok).toMatchObject({ token: first!.ok, response: { val: { body: { val: "first" } } } });
    expect(first!.ok).not.toBe(second!.ok);
  });

  test("wait-any gives nothing after its time, and at once for no time or no token", async () => {
    const { http } = controlledHttp();
    await start({ http });
    const results = await runSteps(pool, [
      ["http", "start", request()],
      ["http", "waitAny", ["$0"], 0],
      ["http", "waitAny", ["$0"], 5],
      ["http", "waitAny", [], 5],
      ["http", "waitAny", [], null],
    ]);
    expect(results.slice(1)).toEqual(Array.from({ length: 4 }, () => ({ ok: null })));
  });

  test("cancel gives a request up, and its token is unknown then", async () => {
    const { http, asked } = controlledHttp();
    await start({ http });
    const results = await runSteps(pool, [
      ["http", "start", request()],
      ["http", "cancel", "$0"],
      ["http", "waitAny", ["$0"], null],
    ]);
    expect(results[2]).toMatchObject({ ok: { response: { val: { tag: "unknown-token" } } } });
    expect(asked[0]!.signal.aborted).toBe(true);
  });

  test("A call may have 16 requests in flight, and more once some were taken", async () => {
    const { http, asked, when } = controlledHttp();
    await start({ http });
    const starts = Array.from({ length: 20 }, (_, n): GuestStep => ["http", "start", request(`/${n}`)]);
    const result = runSteps(pool, [
      ...starts,
      ["http", "send", request("/over")],
      ["http", "waitAny", ["$3"], null],
      ["http", "start", request("/after")],
    ]);
    await when(16);
    asked[3]!.answer("");
    const steps = await result;
    const started = steps.slice(0, 16).map(({ ok }) => ok as number);
    expect(new Set(started).size).toBe(16);
    for (const token of started) expect(token).toBeGreaterThanOrEqual(0);
    expect(steps.slice(16, 21)).toEqual(Array.from({ length: 5 }, () => ({ error: { tag: "too-many" } })));
    expect(steps[22]!.ok).toEqual(expect.any(Number));
  });

  test("A call may send 100 requests in all, and the next one as many again", async () => {
    await start({ http: async () => ({ status: 200, headers: [], body: "" }) });
    const sends = Array.from({ length: 101 }, (): GuestStep => ["http", "send", request()]);
    for (let i = 0; i < 2; i++) {
      const steps = await runSteps(pool, sends);
      expect(steps.filter(({ ok }) => ok)).toHaveLength(100);
      expect(steps[100]).toEqual({ error: { tag: "too-many" } });
    }
  });

  test("Tokens and requests end with the call that started them", async () => {
    const { http, asked } = controlledHttp();
    await start({ http });
    const [started] = await runSteps(pool, [["http", "start", request()]]);
    expect(asked[0]!.signal.aborted).toBe(true);
    expect(await runSteps(pool, [["http", "waitAny", [started!.ok], null]])).toMatchObject([
      { ok: { response: { val: { tag: "unknown-token" } } } },
    ]);
  });

  test("A call that waits for a service is stopped at its deadline, and what it waits for as well", async () => {
    const { http, asked, when } = controlledHttp();
    await start({ http });
    // Long enough to ask, on a busy machine.
    const deadline = Date.now() + 2000;
    const stopped = callSteps(pool, [["http", "send", request()]], deadline);
    await when(1);
    expect(asked[0]!.signal.aborted).toBe(false);
    expect(await stopped).toEqual({ failure: "deadline" });
    expect(asked[0]!.signal.aborted).toBe(true);
    const next = runSteps(pool, [["http", "send", request()]]);
    await when(2);
    asked[1]!.answer("alive");
    expect(await next).toMatchObject([{ ok: { body: { val: "alive" } } }]);
  });
});
