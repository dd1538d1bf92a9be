import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose } from "tenon/compose";
import {
  createHostServices,
  createPool,
  loadCore,
  type HostServices,
  type LoadedCore,
  type Pool,
} from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { buildProvider, providerManifest } from "../../fixtures/quickjs-component.ts";
import { closeServers, site, type Site } from "./outbound-site.ts";

const TOOLS = ["fetch", "count", "units", "key", "now"];
/** Answers with what a service gave, or the case of its error. */
const BODY = `
  const args = JSON.parse(req.params).arguments;
  const request = { method: "GET", origin: args.origin, pathWithQuery: args.path, headers: [] };
  const run = {
    fetch: () => http.send(request).body.val,
    count: () => kv.increment(args.key, 1, undefined),
    units: () => config.get("UNITS"),
    key: () => secrets.get("KEY"),
    now: () => Date.now(),
  };
  let value;
  try {
    value = run[req.target]();
  } catch (error) {
    value = { error: (error.payload ?? error).tag ?? String(error) };
  }
  return { tag: "success", val: JSON.stringify({ value }) };`;
const IMPORTS = Object.fromEntries(
  ["http", "kv", "config", "secrets"].map((name) => [name, `tenon:host/${name}@0.1.0`]),
);

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let granted: Site;
let core: LoadedCore;
let pool: Pool;

/** One provider with grants, and one that asks for the same and has none. */
beforeAll(async () => {
  granted = await site((request, response) => response.end(`seen ${request.url}`));
  const weather = await buildProvider(providerManifest("weather", TOOLS), BODY, IMPORTS);
  const other = await buildProvider(
    providerManifest(
      "other",
      TOOLS.map((tool) => `other-${tool}`),
    ),
    BODY.replace("run[req.target]", 'run[req.target.slice("other-".length)]'),
    IMPORTS,
  );
  const { bytes } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [
      { as: "weather", bytes: weather },
      { as: "other", bytes: other },
    ],
    middleware: [],
    grants: {
      weather: {
        http: [{ origin: granted.origin, paths: ["/v1/"] }],
        kv: ["weather/"],
        config: ["UNITS"],
        secrets: [{ name: "KEY" }],
      },
    },
  });
  core = await loadCore(bytes, { cacheDir });
});

afterEach(() => pool.close());

afterAll(async () => {
  await closeServers();
  rmSync(cacheDir, { recursive: true });
});

async function start(services: HostServices): Promise<void> {
  pool = await createPool(core, { workers: 1, patient: true, log: () => {}, services });
}

async function call(tool: string, args: object = {}): Promise<unknown> {
  const params = JSON.stringify({ name: tool, arguments: args });
  const request = { id: "1", method: "tools/call", target: tool, params };
  const result = await pool.handle("{}", request, { deadline: Date.now() + 20_000 });
  if (!("outcome" in result) || result.outcome.tag !== "success") throw new Error(JSON.stringify(result));
  return (JSON.parse(result.outcome.val) as { value: unknown }).value;
}

test("A part reaches what it was granted through its gate and the host, and another part nothing", async () => {
  const environment = { TENON_CONFIG_UNITS: "metric", TENON_SECRET_KEY: "s3cret" };
  await start(createHostServices(core.manifest, { environment }));
  const { origin } = granted;
  expect(await call("fetch", { origin, path: "/v1/now?q" })).toBe("seen /v1/now?q");
  expect(await call("count", { key: "weather/n" })).toBe(1);
  expect(await call("count", { key: "weather/n" })).toBe(2);
  expect(await call("units")).toBe("metric");
  expect(await call("key")).toBe("s3cret");
  const denied = { error: "denied" };
  expect(await call("fetch", { origin, path: "/v2/" })).toEqual(denied);
  expect(await call("count", { key: "others/n" })).toEqual(denied);
  expect(await call("other-fetch", { origin, path: "/v1/now" })).toEqual(denied);
  expect(await call("other-count", { key: "weather/n" })).toEqual(denied);
  expect(await call("other-units")).toEqual(denied);
  expect(await call("other-key")).toEqual(denied);
  expect(granted.seen).toHaveLength(1);
});

test("The clock of a guest is the one of its services", async () => {
  let now = 1_234_567_890_123;
  await start({ now: () => now });
  expect(await call("now")).toBe(now);
  now += 5;
  expect(await call("now")).toBe(now);
});
