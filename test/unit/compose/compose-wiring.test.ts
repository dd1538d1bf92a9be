import { componentWit } from "@bytecodealliance/jco-transpile/wasm-tools";
import { expect, test } from "vitest";
import { compose } from "../../../src/compose/index.ts";
import { writeManifest } from "../../../src/manifest/index.ts";
import {
  buildMiddleware,
  buildProvider,
  middlewareManifest,
  providerManifest,
} from "../../fixtures/quickjs-component.ts";
import { loadComponent, type Core, type Request } from "../../fixtures/run-component.ts";
import { constantProvider, passingMiddleware } from "../../fixtures/wat-component.ts";

const server = { name: "acme", version: "1.2.3", access: "public" } as const;

function call(target: string): Request {
  return { id: "1", method: "tools/call", target, params: "{}" };
}

function plain(): Promise<Uint8Array> {
  return buildProvider(providerManifest("plain", ["plain"]), `return { tag: "success", val: "{}" };`);
}

/** A middleware that adds its name to the context. */
function mark(name: string): Promise<Uint8Array> {
  return buildMiddleware(
    middlewareManifest(name),
    `const c = JSON.parse(ctx); return next.handle(JSON.stringify({ trail: [...(c.trail ?? []), "${name}"] }), req);`,
  );
}

function denied(service: string): object {
  return { denied: { tag: "denied", val: `tenon:host/${service} is not granted to this component` } };
}

test("the router traps on re-entry while a provider is at work", async () => {
  // The provider's notify() reaches the host in the middle of a call, with no middleware in front of the router.
  const bytes = await buildProvider(
    providerManifest("calls", ["calls"]),
    `outbox.notify("{}"); return { tag: "success", val: "{}" };`,
    { outbox: "tenon:mcp/outbox@0.1.0" },
  );
  const { bytes: composed } = await compose({
    ...server,
    providers: [{ as: "calls", bytes }],
    middleware: [],
  });
  const core: { current?: Core } = {};
  const attempts: string[] = [];
  core.current = (await loadComponent(composed))({
    "tenon:mcp/outbox": {
      notify: () => {
        try {
          attempts.push(core.current!.handler.handle("{}", { id: "2", method: "ping" }).tag);
        } catch {
          attempts.push("trap");
        }
      },
      cancelled: () => false,
    },
  });
  try {
    core.current.handler.handle("{}", call("calls"));
  } catch {
    // A trap inside poisons the instance, which is what the host is told.
  }
  expect(attempts).toEqual(["trap"]);
});

test("compose() wires middleware in the order a request passes them", async () => {
  const bytes = await buildProvider(
    providerManifest("trail", ["trail"]),
    `return { tag: "success", val: ctx };`,
  );
  const { bytes: composed } = await compose({
    ...server,
    providers: [{ as: "trail", bytes }],
    middleware: [
      { as: "first", bytes: await mark("first") },
      { as: "second", bytes: await mark("second") },
      { as: "third", bytes: await mark("first") },
    ],
  });
  const { handler } = (await loadComponent(composed))();
  expect(JSON.parse(handler.handle("{}", call("trail")).val)).toEqual({
    trail: ["first", "second", "first"],
  });
});

test("a part's settings are constants of its own, and every ungranted service is denied with a reason", async () => {
  const probe = `
    const attempt = (f) => { try { return f(); } catch (e) { return { denied: e.payload ?? e }; } };
    const request = { method: "GET", origin: "https://a.example", pathWithQuery: "/", headers: [], body: null, timeoutMs: null };
    return { tag: "success", val: JSON.stringify({
      settings: JSON.parse(config.settings()),
      config: attempt(() => config.get("K")), send: attempt(() => http.send(request)), start: attempt(() => http.start(request)),
      waitAny: attempt(() => http.waitAny([1], null)) ?? "nothing",
      kvGet: attempt(() => kv.get("k")), kvSet: attempt(() => kv.set("k", "v", null)), features: kv.getFeatures(),
      secret: attempt(() => secrets.get("S")),
    }) };`;
  const services = {
    config: "tenon:host/config@0.1.0",
    http: "tenon:host/http@0.1.0",
    kv: "tenon:host/kv@0.1.0",
    secrets: "tenon:host/secrets@0.1.0",
  };
  const middleware = await buildMiddleware(
    {
      ...middlewareManifest("probe"),
      settingsSchema: { type: "object", properties: { limit: { type: "number" } } },
    },
    probe,
    services,
  );
  const provider = await buildProvider(providerManifest("probe", ["probe"]), probe, services);
  const composeWith = async (limit?: number): Promise<Record<string, unknown>> => {
    const { bytes } = await compose({
      ...server,
      providers: [{ as: "inner", bytes: provider }],
      middleware: limit === undefined ? [] : [{ as: "outer", bytes: middleware, settings: { limit } }],
    });
    const { handler } = (await loadComponent(bytes))();
    return JSON.parse(handler.handle("{}", call("probe")).val) as Record<string, unknown>;
  };
  const everythingDenied = {
    config: denied("config"),
    send: denied("http"),
    start: denied("http"),
    waitAny: "nothing",
    kvGet: denied("kv"),
    kvSet: denied("kv"),
    secret: denied("secrets"),
    features: { swap: false, persistent: false, consistency: "strong" },
  };
  expect(await composeWith(60)).toEqual({ settings: { limit: 60 }, ...everythingDenied });
  expect(await composeWith()).toEqual({ settings: {}, ...everythingDenied });
});

test("compose() gives the host's timers to parts that wait, and only then imports wasi:io/poll", async () => {
  const bytes = await buildProvider(
    providerManifest("waits", ["waits"]),
    `clock.subscribeDuration(1000).block(); return { tag: "success", val: "{}" };`,
    { clock: "wasi:clocks/monotonic-clock@0.2.0", poll: "wasi:io/poll@0.2.0" },
  );
  const { bytes: composed, imports } = await compose({
    ...server,
    providers: [
      { as: "waits", bytes },
      { as: "calc", bytes: await plain() },
    ],
    middleware: [],
  });
  expect(imports).toContain("wasi:io/poll@0.2.0");
  expect(imports.filter((name) => /streams|filesystem|cli/.test(name))).toEqual([]);
  class Pollable {
    static blocked = 0;
    ready(): boolean {
      return true;
    }
    block(): void {
      Pollable.blocked++;
    }
  }
  const { handler } = (await loadComponent(composed))({
    "wasi:io/poll": { Pollable, poll: () => new Uint32Array() },
    "wasi:clocks/monotonic-clock": {
      now: () => 1n,
      resolution: () => 1n,
      subscribeDuration: () => new Pollable(),
      subscribeInstant: () => new Pollable(),
    },
  });
  expect(handler.handle("{}", call("waits"))).toEqual({ tag: "success", val: "{}" });
  expect(Pollable.blocked).toBe(1);
});

test("compose() finds a tool among hundreds, also where names differ in one character", async () => {
  const tools = Array.from({ length: 600 }, (_, i) => `tool-${String(i).padStart(3, "0")}`);
  const providers = await Promise.all(
    [0, 1, 2].map(async (n) => ({
      as: `part-${n}`,
      bytes: writeManifest(
        await constantProvider(String(n)),
        providerManifest(
          "many",
          tools.filter((_, i) => i % 3 === n),
        ),
      ),
    })),
  );
  const { bytes, manifest } = await compose({ ...server, providers, middleware: [] });
  expect(manifest.tools).toHaveLength(600);
  const { handler } = (await loadComponent(bytes))();
  for (const [i, tool] of tools.entries()) {
    expect(handler.handle("{}", call(tool)), tool).toEqual({ tag: "success", val: String(i % 3) });
  }
});

test("compose() takes parts without an engine, and then imports nothing but types", async () => {
  const { bytes, imports, shared, manifest } = await compose({
    ...server,
    providers: [
      { as: "p", bytes: writeManifest(await constantProvider("{}"), providerManifest("p", ["t"])) },
    ],
    middleware: [{ as: "m", bytes: writeManifest(await passingMiddleware(), middlewareManifest("m")) }],
  });
  expect(imports).toEqual(["tenon:mcp/types@0.1.0"]);
  expect(shared).toEqual([]);
  expect(manifest.stubs).toEqual([]);
  expect((await loadComponent(bytes))().handler.handle("{}", call("t"))).toEqual({
    tag: "success",
    val: "{}",
  });
});

test("compose() hides what a part exports besides its role", async () => {
  const { bytes } = await compose({
    ...server,
    providers: [{ as: "calc", bytes: await plain() }],
    middleware: [],
  });
  expect(await componentWit(await plain())).toContain("export init:");
  expect(await componentWit(bytes)).not.toContain("init");
});
