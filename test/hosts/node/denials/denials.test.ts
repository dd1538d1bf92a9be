import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose, type Composition } from "tenon/compose";
import { createHostServices, openKvStore, serveHttp, type HttpServer, type KvStore } from "tenon/hosts/node";
import { inspect } from "tenon/inspect";
import type { Grants } from "tenon/manifest";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildProvider, providerManifest } from "../../../fixtures/quickjs-component.ts";
import { SERVICES, type Call, type Ended } from "../../../fixtures/service-probe.ts";
import { request } from "../../requests.ts";
import { closeServers, site, type Site } from "../outbound-site.ts";

/** Makes the calls of its arguments, and says how each ended. */
const PROBE = `
  const services = { http, kv, config, secrets };
  const results = JSON.parse(req.params).arguments.calls.map(([service, name, ...args]) => {
    try { return { ok: services[service][name](...args) ?? null }; } catch (e) { return { error: e.payload ?? String(e) }; }
  });
  return { tag: "success", val: JSON.stringify({ content: [], structuredContent: { results } }) };`;

interface Line {
  source: string;
  message: string;
  requestId?: string;
  fields?: { interface: string; request: string; reason?: string };
}

const folder = mkdtempSync(join(tmpdir(), "tenon-denials-"));
const lines: Line[] = [];
let granted: Site;
/** Nobody was granted this one. */
let trap: Site;
let port: string;
let composition: Composition;
let kv: KvStore;
let server: HttpServer;

beforeAll(async () => {
  trap = await site();
  granted = await site((asked, response) => {
    if (asked.url === "/v1/away") response.writeHead(302, { location: `${trap.origin}/v1/` });
    response.end("ok");
  });
  port = new URL(granted.origin).port;
  const narrow: Grants = {
    http: [
      { origin: granted.origin, methods: ["GET"], paths: ["/v1/"] },
      { origin: "https://granted.example", methods: ["GET"], paths: ["/v1/"] },
      // Resolves to this machine, which no grant by name can mean.
      { origin: `http://private.example:${port}`, methods: ["GET"] },
    ],
    kv: ["notes/"],
    config: ["api.key"],
    secrets: [{ name: "read-me" }, { name: "token", header: "authorization", origin: granted.origin }],
  };
  composition = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [
      { as: "narrow", bytes: await prober("narrow") },
      { as: "other", bytes: await prober("other") },
      { as: "none", bytes: await prober("none") },
    ],
    middleware: [],
    grants: {
      narrow,
      other: {
        http: [{ origin: trap.origin }],
        kv: ["other/"],
        config: ["mode"],
        secrets: [{ name: "own" }],
      },
    },
  });
  kv = await openKvStore("memory");
  const environment = {
    TENON_CONFIG_API_KEY: "k",
    TENON_CONFIG_MODE: "m",
    TENON_SECRET_READ_ME: "r",
    TENON_SECRET_TOKEN: "Bearer t",
    TENON_SECRET_OWN: "o",
  };
  server = await serveHttp(composition.bytes, {
    port: 0,
    cacheDir: join(folder, "cache"),
    services: (manifest) =>
      createHostServices(manifest, {
        kv,
        environment,
        resolve: async () => [{ address: "127.0.0.1", family: 4 }],
      }),
    log: (text) => {
      for (const line of Buffer.from(text).toString("utf8").trim().split("\n")) {
        lines.push(JSON.parse(line) as Line);
      }
    },
  });
}, 180_000);

beforeEach(() => {
  lines.length = 0;
  granted.seen.length = 0;
  trap.seen.length = 0;
});

afterAll(async () => {
  await server?.close();
  await kv?.close();
  await closeServers();
  rmSync(folder, { recursive: true });
});

function prober(tool: string): Promise<Uint8Array> {
  const capabilities = Object.keys(SERVICES).map((name) => ({ interface: `tenon:host/${name}` }));
  return buildProvider({ ...providerManifest(tool, [tool]), capabilities }, PROBE, SERVICES);
}

async function ask(tool: string, ...calls: Call[]): Promise<Ended[]> {
  const { body } = await request(server.url, "tools/call", { name: tool, arguments: { calls } });
  return (body.result as { structuredContent: { results: Ended[] } }).structuredContent.results;
}

function get(origin: string, pathWithQuery: string, more: object = {}): Call {
  return ["http", "send", { method: "GET", origin, pathWithQuery, headers: [], ...more }];
}

/** Every call is denied, says so in one line in the name of the part, and reaches nothing. */
async function expectDenied(part: string, service: string, calls: readonly Call[]): Promise<void> {
  const ended = await ask(part, ...calls);
  expect(ended.map(({ error }) => (error as { tag: string }).tag)).toEqual(calls.map(() => "denied"));
  expect(lines.map(({ source, message, fields }) => [source, message, fields!.interface])).toEqual(
    calls.map(() => [part, "denied", `tenon:host/${service}`]),
  );
  expect(lines.every(({ requestId }) => requestId !== undefined)).toBe(true);
  expect([...granted.seen, ...trap.seen]).toEqual([]);
  const stored = await Promise.all(["", "n", "N", "/", "o"].map((prefix) => kv.list(prefix, undefined, 10)));
  expect(stored.flatMap(({ keys }) => keys).filter((key) => !key.startsWith("\0"))).toEqual([]);
}

describe("what is near to a grant is denied, and audited once:", () => {
  test.each([
    "/",
    "/v1",
    "/v2/",
    "/V1/",
    "//v1/",
    "/%761/",
    "/v1/../secret",
    "/v1/./secret",
    "/v1/%2e%2e/secret",
    "/v1/.%2E/secret",
    "/v1/..%2fsecret",
    "/v1/..;/secret",
    "/v1/%2e",
    "/v1/a%2fb",
    "/v1/a%5cb",
    "/v1/\\..\\secret",
    "/v1/#/",
    "/v1/é",
    "/v1/ x",
    "/v1/\r\nhost: x",
    "@evil.example/v1/",
    ".evil.example/v1/",
    "",
  ])("the path %j", (path) => expectDenied("narrow", "http", [get(granted.origin, path)]));

  test.each(["get", "Get", "POST", "HEAD", "GET ", "DELETE", "", "GET /v1/ HTTP/1.1\r\nx: "])(
    "the method %j",
    (method) => expectDenied("narrow", "http", [get(granted.origin, "/v1/", { method })]),
  );

  test.each([
    ["upper case in the scheme", () => `HTTP://127.0.0.1:${port}`],
    ["another scheme", () => `https://127.0.0.1:${port}`],
    ["a user", () => `http://me@127.0.0.1:${port}`],
    ["a user that looks like the origin", () => `http://127.0.0.1:${port}@evil.example`],
    ["a dot at the end of the host", () => `http://127.0.0.1.:${port}`],
    ["an address of IPv6 that holds one of IPv4", () => `http://[::ffff:127.0.0.1]:${port}`],
    ["the same in hexadecimal groups", () => `http://[::ffff:7f00:1]:${port}`],
    ["a decimal address", () => `http://2130706433:${port}`],
    ["an octal address", () => `http://0177.0.0.1:${port}`],
    ["a hexadecimal address", () => `http://0x7f.0.0.1:${port}`],
    ["a short address", () => `http://127.1:${port}`],
    ["a name of the address", () => `http://localhost:${port}`],
    ["another port", () => trap.origin],
    ["no port", () => "http://127.0.0.1"],
    ["a slash", () => `${granted.origin}/`],
    ["a path", () => `${granted.origin}/v1`],
    ["the default port spelled out", () => "https://granted.example:443"],
    ["a host in upper case", () => "https://GRANTED.example"],
    ["a name with a dot at its end", () => "https://granted.example."],
    ["a subdomain", () => "https://a.granted.example"],
    ["a name that ends alike", () => "https://notgranted.example"],
    ["a name that begins alike", () => "https://granted.example.evil.test"],
    ["a look-alike letter", () => "https://gr\u0430nted.example"],
    ["the same in punycode", () => "https://xn--grnted-6nf.example"],
    ["a soft hyphen", () => "https://gran\u00adted.example"],
    ["a wide letter", () => "https://\uff47ranted.example"],
    ["a trailing space", () => "https://granted.example "],
    ["nothing", () => ""],
  ])("an origin with %s", async (_, origin) => {
    await expectDenied("narrow", "http", [get(origin(), "/v1/")]);
  });

  test("a header field that carries a secret, in any case", () =>
    expectDenied("narrow", "http", [
      get(granted.origin, "/v1/", { headers: [["authorization", "mine"]] }),
      get(granted.origin, "/v1/", { headers: [["AUTHORIZATION", "mine"]] }),
    ]));

  test.each([
    "notes",
    "Notes/1",
    "notes2/1",
    "/notes/1",
    "notes%2f1",
    "other/../notes/1",
    "notes\\1",
    "n",
    "",
  ])("the key %j", (key) =>
    expectDenied("narrow", "kv", [
      ["kv", "get", key],
      ["kv", "set", key, "v", null],
      ["kv", "delete", key],
      ["kv", "swap", key, null, "v", null],
      ["kv", "increment", key, 1, null],
      ["kv", "list", key, null, 10],
    ]),
  );

  test.each(["API.KEY", "api-key", "api_key", "api.key ", "api.ke", "mode", ""])("the setting %j", (key) =>
    expectDenied("narrow", "config", [["config", "get", key]]),
  );

  test.each(["READ-ME", "read_me", "read.me", "token", "own", ""])("the secret %j", (name) =>
    expectDenied("narrow", "secrets", [["secrets", "get", name]]),
  );
});

test("what is granted passes, with the secret in its header, and no line is written", async () => {
  const [sent, stored, setting, secret] = await ask(
    "narrow",
    get(granted.origin, "/v1/a?x=/../%2e%2e"),
    ["kv", "set", "notes/../1", "v", null],
    ["config", "get", "api.key"],
    ["secrets", "get", "read-me"],
  );
  expect([sent!.ok.status, stored!.ok, setting!.ok, secret!.ok]).toEqual([200, null, "k", "r"]);
  expect(granted.seen).toMatchObject([{ url: "/v1/a?x=/../%2e%2e", headers: { authorization: "Bearer t" } }]);
  // A key is a text, and not a path.
  expect((await kv.list("notes/", undefined, 10)).keys).toEqual(["notes/../1"]);
  await kv.delete("notes/../1");
  expect(lines).toEqual([]);
});

test("a redirect is not followed, and where it leads is asked for and denied", async () => {
  const [away] = await ask("narrow", get(granted.origin, "/v1/away"));
  expect(away!.ok).toMatchObject({ status: 302 });
  expect([granted.seen.length, trap.seen.length, lines.length]).toEqual([1, 0, 0]);
  granted.seen.length = 0;
  await expectDenied("narrow", "http", [get(trap.origin, "/v1/")]);
});

test("a granted name that resolves to a private address is denied by the host, which says so itself", async () => {
  const [ended] = await ask("narrow", get(`http://private.example:${port}`, "/v1/?token=s3cret"));
  expect(ended!.error).toMatchObject({ tag: "denied" });
  expect(lines).toMatchObject([
    {
      source: "host",
      message: "denied",
      fields: {
        interface: "tenon:host/http",
        request: `GET http://private.example:${port}/v1/`,
        reason: '"private.example" has no address that a grant by name may reach',
      },
    },
  ]);
  expect(lines[0]!.requestId).toBeDefined();
  expect(JSON.stringify(lines)).not.toContain("s3cret");
  expect([...granted.seen, ...trap.seen]).toEqual([]);
});

test.each(["http", "kv", "config", "secrets"])("a part without grants has nothing of %s", async (service) => {
  const calls: Record<string, Call> = {
    http: get(granted.origin, "/v1/"),
    kv: ["kv", "set", "notes/1", "v", null],
    config: ["config", "get", "api.key"],
    secrets: ["secrets", "get", "read-me"],
  };
  await expectDenied("none", service, [calls[service]!, calls[service]!]);
});

test("two tools in one binary cannot use each other's grants, and inspect shows whose is what", async () => {
  await expectDenied("narrow", "http", [get(trap.origin, "/")]);
  for (const call of [
    get(granted.origin, "/v1/"),
    ["kv", "set", "notes/1", "v", null],
    ["config", "get", "api.key"],
    ["secrets", "get", "read-me"],
  ] satisfies Call[]) {
    lines.length = 0;
    await expectDenied("other", call[0], [call]);
  }
  const { parts, contradictions } = await inspect(composition.bytes);
  expect(contradictions).toEqual([]);
  const letThrough = parts.map(({ as, imports }) => [
    as,
    imports.flatMap(({ wires }) => wires.flatMap((wire) => (wire.kind === "gate" ? [wire.grant] : []))),
  ]);
  expect(Object.fromEntries(letThrough)).toMatchObject({
    other: [
      { config: ["mode"] },
      { http: [{ origin: trap.origin }] },
      { kv: ["other/"] },
      { secrets: [{ name: "own" }] },
    ],
    none: [],
  });
  expect(JSON.stringify(letThrough[0])).not.toContain(trap.origin);
});
