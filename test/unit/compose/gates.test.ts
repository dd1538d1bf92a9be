import { beforeAll, describe, expect, test } from "vitest";
import { compose, type Composition } from "../../../src/compose/index.ts";
import { readManifest, type Grants } from "../../../src/manifest/index.ts";
import {
  buildMiddleware,
  buildProvider,
  middlewareManifest,
  providerManifest,
} from "../../fixtures/quickjs-component.ts";
import { loadComponent, type Handler, type HostFunctions } from "../../fixtures/run-component.ts";
import {
  ask,
  denial,
  get,
  PROBE,
  recordingHost,
  SERVICES,
  type Call,
  type Ended,
} from "../../fixtures/service-probe.ts";

const GRANTS: Grants = {
  http: [
    { origin: "https://any.example" },
    { origin: "https://api.example:8443", methods: ["GET", "POST"], paths: ["/v1/items", "/open/"] },
    { origin: "https://api.example:8443", methods: ["DELETE"], paths: ["/v1/items/mine"] },
    { origin: "https://signed.example", methods: ["GET"] },
  ],
  kv: ["notes/", "shared-"],
  config: ["region"],
  secrets: [
    { name: "readable" },
    { name: "token", header: "authorization", origin: "https://signed.example" },
    { name: "tenant", header: "x-tenant", origin: "https://signed.example" },
  ],
};

function prober(tool: string): Promise<Uint8Array> {
  return buildProvider(providerManifest(tool, [tool]), PROBE, SERVICES);
}

function notGranted(service: string): Ended {
  return { error: { tag: "denied", val: `tenon:host/${service} is not granted to this component` } };
}

describe("a server in which one part is granted what another is not", () => {
  let composition: Composition;
  let instantiate: (imports: HostFunctions) => { handler: Handler };

  beforeAll(async () => {
    composition = await compose({
      name: "acme",
      version: "1.0.0",
      access: "public",
      providers: [
        { as: "granted", bytes: await prober("granted") },
        { as: "denied", bytes: await prober("denied") },
      ],
      middleware: [],
      grants: { granted: GRANTS, denied: { http: [] } },
    });
    instantiate = await loadComponent(composition.bytes);
  });

  test("the core imports what is granted, and its manifest says to whom", () => {
    expect(composition.imports).toEqual(expect.arrayContaining(Object.values(SERVICES)));
    expect(composition.imports).not.toContain("tenon:host/credentials@0.1.0");
    const manifest = readManifest(composition.bytes);
    expect(manifest).toMatchObject({ providers: [{ as: "granted", grants: GRANTS }, { as: "denied" }] });
    expect(composition.manifest.providers[1]).not.toHaveProperty("grants");
    expect(composition.manifest.stubs).toEqual(expect.arrayContaining(["tenon:host/http#send"]));
  });

  test("the other part gets stubs, and nothing of it reaches the host", () => {
    const { calls, functions } = recordingHost();
    const { handler } = instantiate(functions);
    expect(
      ask(handler, "denied", [
        get("https://any.example"),
        ["kv", "get", "notes/1"],
        ["config", "get", "region"],
        ["secrets", "get", "readable"],
        ["config", "settings"],
      ]),
    ).toEqual([
      notGranted("http"),
      notGranted("kv"),
      notGranted("config"),
      notGranted("secrets"),
      { ok: "{}" },
    ]);
    expect(calls).toEqual([]);
  });

  test("http passes what a grant covers, unchanged", () => {
    const { calls, functions } = recordingHost();
    const { handler } = instantiate(functions);
    const request = {
      method: "POST",
      origin: "https://api.example:8443",
      pathWithQuery: "/v1/items?q=%2e%2e/é".replace("é", "%C3%A9"),
      headers: [["content-type", "text/plain"]],
      body: { tag: "text", val: "héllo" },
      timeoutMs: 100,
    };
    const [sent, started, waited, cancelled] = ask(handler, "granted", [
      ["http", "send", request],
      ["http", "start", request],
      ["http", "waitAny", [7, 8], 50],
      ["http", "cancel", 7],
    ]);
    expect(sent).toEqual({
      ok: { status: 200, headers: [["x", "1"]], body: { tag: "text", val: "é" } },
    });
    expect(started).toEqual({ ok: 7 });
    expect(waited!.ok).toMatchObject({ token: 7 });
    expect(cancelled).toEqual({ ok: null });
    expect(calls.map(({ name }) => name)).toEqual(["send", "start", "waitAny", "cancel"]);
    expect(calls[0]!.args).toEqual([request]);
    expect(calls[1]!.args).toEqual([request]);
  });

  test.each([
    ["https://any.example", "GET", "/"],
    ["https://any.example", "HEAD", "/a/b.c/...;x=1?y=/../z&back=\\"],
    ["https://any.example", "GET", "/group%2Fproject/file%2Etxt"],
    ["https://api.example:8443", "GET", "/v1/items"],
    ["https://api.example:8443", "GET", "/v1/items/"],
    ["https://api.example:8443", "GET", "/v1/items/7?x"],
    ["https://api.example:8443", "GET", "/open/"],
    ["https://api.example:8443", "GET", "/open/.hidden/..."],
    ["https://api.example:8443", "DELETE", "/v1/items/mine"],
  ])("http lets %s %s %s through", (origin, method, path) => {
    const { calls, functions } = recordingHost();
    const [ended] = ask(instantiate(functions).handler, "granted", [get(origin, path, { method })]);
    expect(ended!.error).toBeUndefined();
    expect(calls).toHaveLength(1);
  });

  test.each([
    ["https://any.example", "POST", "/"],
    ["https://any.example", "get", "/"],
    ["http://any.example", "GET", "/"],
    ["https://any.example:443", "GET", "/"],
    ["https://any.example.", "GET", "/"],
    ["https://ANY.example", "GET", "/"],
    ["https://any.example.evil.test", "GET", "/"],
    ["https://xany.example", "GET", "/"],
    ["", "GET", "/"],
    ["https://any.example", "", "/"],
    ["https://any.example", "GET", ""],
    ["https://any.example", "GET", "a"],
    ["https://any.example", "GET", "@evil.test/"],
    ["https://any.example", "GET", "/.."],
    ["https://any.example", "GET", "/a/../b"],
    ["https://any.example", "GET", "/a/./b"],
    ["https://any.example", "GET", "/a/%2e%2E/b"],
    ["https://any.example", "GET", "/a/.%2e?x"],
    ["https://any.example", "GET", "/a/..%2fb"],
    ["https://any.example", "GET", "/a/..;/b"],
    ["https://any.example", "GET", "/a\\b"],
    ["https://any.example", "GET", "/a#b"],
    ["https://any.example", "GET", "/a b"],
    ["https://any.example", "GET", "/a\r\nx: y"],
    ["https://any.example", "GET", "/a\0"],
    ["https://any.example", "GET", "/é"],
    ["https://any.example", "GET", "/a?\n"],
    ["https://api.example", "GET", "/v1/items"],
    ["https://api.example:8443", "PUT", "/v1/items"],
    ["https://api.example:8443", "DELETE", "/v1/items"],
    ["https://api.example:8443", "DELETE", "/v1/items/mine2"],
    ["https://api.example:8443", "GET", "/"],
    ["https://api.example:8443", "GET", "/v1"],
    ["https://api.example:8443", "GET", "/v1/item"],
    ["https://api.example:8443", "GET", "/v1/items2"],
    ["https://api.example:8443", "GET", "/V1/items"],
    ["https://api.example:8443", "GET", "/open"],
    ["https://api.example:8443", "GET", "/?/v1/items"],
    ["https://api.example:8443", "GET", "//v1/items"],
    ["https://api.example:8443", "GET", "/v1/items/../secret"],
    ["https://api.example:8443", "GET", "/v1/items/a%2fb"],
    ["https://api.example:8443", "GET", "/v1/items/a%5Cb"],
    ["https://api.example:8443", "GET", "/v1/items/a%2Ejson"],
    ["https://api.example:8443", "GET", "/%76%31/items"],
  ])("http denies %s %s %j", (origin, method, path) => {
    const { calls, lines, functions } = recordingHost();
    const request = { method, origin, pathWithQuery: path, headers: [] };
    const ended = ask(instantiate(functions).handler, "granted", [
      ["http", "send", request],
      ["http", "start", request],
    ]);
    const asked = `${method} ${origin}${path.split("?")[0]}`;
    const error = { tag: "denied", val: `no grant covers ${asked}` };
    expect(ended).toEqual([{ error }, { error }]);
    expect(calls).toEqual([]);
    const line = denial("granted", "http", { request: asked });
    expect(lines).toEqual([line, line]);
  });

  test("http cuts long denials between characters, and keeps the query out of them", () => {
    const { functions, lines } = recordingHost();
    const { handler } = instantiate(functions);
    const deny = (origin: string, path: string): string =>
      ask(handler, "granted", [get(origin, path)])[0]!.error.val as string;
    expect(deny("https://other.example", "/a?token=s3cret")).toBe(
      "no grant covers GET https://other.example/a",
    );
    for (const path of [`/${"a".repeat(10_000)}`, `/${"é".repeat(10_000)}`, `/a${"😀".repeat(10_000)}`]) {
      const text = deny(`https://${"x".repeat(10_000)}`, path);
      expect(text.length).toBeLessThan(700);
      expect(text).toMatch(/^no grant covers GET https:\/\/x+\/a?(a*|é*|(😀)*)$/);
      const { request } = lines.at(-1)![3] as { request: string };
      expect(`no grant covers ${request}`).toBe(text);
    }
  });

  test("http adds granted secrets to requests for their origin, where the part cannot see them", () => {
    const { calls, functions } = recordingHost();
    const { handler } = instantiate(functions);
    const own = [["accept", "text/plain"]];
    ask(handler, "granted", [
      get("https://signed.example", "/", { headers: own }),
      get("https://any.example", "/", { headers: own }),
      ["http", "start", { method: "GET", origin: "https://signed.example", pathWithQuery: "/", headers: [] }],
    ]);
    const signature = [
      ["authorization", "Bearer t"],
      ["x-tenant", "acme"],
    ];
    const requests = calls.filter(({ name }) => name !== "secret");
    expect(requests.map(({ args: [request] }) => (request as { headers: unknown }).headers)).toEqual([
      [...own, ...signature],
      own,
      signature,
    ]);
    expect(calls.filter(({ name }) => name === "secret")).toHaveLength(4);
  });

  test("http refuses a part that writes such a header field itself, and says when a secret is missing", () => {
    const { calls, lines, functions } = recordingHost();
    const { handler } = instantiate(functions);
    for (const name of ["authorization", "Authorization", "X-TENANT"]) {
      const [ended] = ask(handler, "granted", [
        get("https://signed.example", "/", {
          headers: [
            ["accept", "*/*"],
            [name, "mine"],
          ],
        }),
      ]);
      expect(ended).toEqual({
        error: {
          tag: "denied",
          val: `the header field "${name.toLowerCase()}" is a granted secret and is not set by the component`,
        },
      });
      expect(lines.splice(0)).toEqual([
        denial("granted", "http", {
          request: "GET https://signed.example/",
          reason: `the header field "${name.toLowerCase()}" is a granted secret and is not set by the component`,
        }),
      ]);
    }
    const [elsewhere] = ask(handler, "granted", [
      get("https://any.example", "/", { headers: [["authorization", "mine"]] }),
    ]);
    expect(elsewhere!.ok).toBeDefined();
    expect(calls.filter(({ name }) => name === "send")).toHaveLength(1);

    const missing = recordingHost({ token: "Bearer t" });
    const [ended] = ask(instantiate(missing.functions).handler, "granted", [get("https://signed.example")]);
    expect(ended).toEqual({
      error: { tag: "denied", val: 'the host has no value for the secret "tenant"' },
    });
    expect(missing.calls.map(({ name }) => name)).toEqual(["secret", "secret"]);
    expect(missing.lines).toEqual([
      denial("granted", "http", {
        request: "GET https://signed.example/",
        reason: 'the host has no value for the secret "tenant"',
      }),
    ]);
  });

  test("kv passes keys under a granted prefix", () => {
    const { calls, functions } = recordingHost();
    const ended = ask(instantiate(functions).handler, "granted", [
      ["kv", "getFeatures"],
      ["kv", "get", "notes/"],
      ["kv", "set", "notes/é", "v", 5],
      ["kv", "delete", "shared-x"],
      ["kv", "swap", "notes/1", "1", "w", null],
      ["kv", "increment", "notes/n", -2, null],
      ["kv", "list", "notes/a", "c", 10],
    ]);
    expect(ended.map(({ ok }) => ok as unknown)).toEqual([
      { swap: true, persistent: true, consistency: "eventual" },
      { value: "v", version: "1" },
      null,
      null,
      true,
      -1.5,
      { keys: ["notes/1"], next: "n" },
    ]);
    expect(calls.map(({ args }) => args)).toEqual([
      [],
      ["notes/"],
      ["notes/é", "v", 5],
      ["shared-x"],
      ["notes/1", "1", "w", undefined],
      ["notes/n", -2, undefined],
      ["notes/a", "c", 10],
    ]);
  });

  test("kv denies every other key", () => {
    const { calls, lines, functions } = recordingHost();
    const { handler } = instantiate(functions);
    for (const key of ["", "n", "notes", "Notes/1", "xnotes/1", "shared", "/notes/1", "other/notes/"]) {
      const ended = ask(handler, "granted", [
        ["kv", "get", key],
        ["kv", "set", key, "v", null],
        ["kv", "delete", key],
        ["kv", "swap", key, null, "v", null],
        ["kv", "increment", key, 1, null],
        ["kv", "list", key, null, 10],
      ]);
      for (const [i, { error }] of ended.entries()) {
        const what = i === 5 ? "the key prefix" : "the key";
        expect(error).toEqual({ tag: "denied", val: `no grant covers ${what} "${key}"` });
      }
      const asked = ["get", "set", "delete", "swap", "increment", "list"];
      expect(lines.splice(0)).toEqual(
        asked.map((name) => denial("granted", "kv", { request: `${name} ${key}` })),
      );
    }
    expect(calls).toEqual([]);
  });

  test("what is logged of a key is JSON, whatever the key holds", () => {
    const { lines, functions } = recordingHost();
    const { handler } = instantiate(functions);
    const keys = [
      '"',
      "\\",
      '\\"}',
      "\0\x01\n\x1f\x20\x7f",
      "é😀\u2028",
      "\0".repeat(1000),
      '"'.repeat(1000),
    ];
    ask(
      handler,
      "granted",
      keys.map((key): Call => ["kv", "get", key]),
    );
    expect(lines.map(([, , , fields]) => fields)).toEqual(
      keys.map((key) => ({ interface: "tenon:host/kv", request: `get ${key.slice(0, 256)}` })),
    );
  });

  test("config and secrets pass the granted names, and no secret that goes into a header", () => {
    const { functions } = recordingHost();
    expect(
      ask(instantiate(functions).handler, "granted", [
        ["config", "settings"],
        ["config", "get", "region"],
        ["config", "get", "regions"],
        ["config", "get", ""],
        ["secrets", "get", "readable"],
        ["secrets", "get", "token"],
        ["secrets", "get", "Readable"],
      ]),
    ).toEqual([
      { ok: "{}" },
      { ok: "eu" },
      { error: { tag: "denied", val: 'no grant covers the configuration key "regions"' } },
      { error: { tag: "denied", val: 'no grant covers the configuration key ""' } },
      { ok: "r" },
      { error: { tag: "denied", val: 'no grant covers the secret "token"' } },
      { error: { tag: "denied", val: 'no grant covers the secret "Readable"' } },
    ]);
  });

  test("gates give large payloads back unharmed and do not grow with the number of calls", () => {
    const { calls, functions } = recordingHost();
    const { handler } = instantiate(functions);
    const value = "é".repeat(300_000);
    for (let i = 0; i < 3; i++) ask(handler, "granted", [["kv", "set", "notes/1", value, null]]);
    expect(calls.every(({ args }) => args[1] === value)).toBe(true);
  });
});

test("middleware gets gates of its own, and keeps its settings", async () => {
  const bytes = await buildMiddleware(
    middlewareManifest("probe"),
    `if (req.target !== "probe") return next.handle(ctx, req); ${PROBE}`,
    SERVICES,
  );
  const provider = await prober("denied");
  const { bytes: core } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "denied", bytes: provider }],
    middleware: [{ as: "probe", bytes, settings: {} }],
    grants: { probe: { kv: ["limit/"], config: ["mode"] } },
  });
  const { calls, functions } = recordingHost();
  const { handler } = (await loadComponent(core))(functions);
  const asked: Call[] = [
    ["kv", "get", "limit/x"],
    ["config", "get", "mode"],
    ["config", "settings"],
    get("https://any.example"),
  ];
  expect(ask(handler, "probe", asked).map((ended) => Object.keys(ended)[0])).toEqual([
    "ok",
    "ok",
    "ok",
    "error",
  ]);
  expect(calls).toHaveLength(2);
  expect(ask(handler, "denied", asked).map((ended) => Object.keys(ended)[0])).toEqual([
    "error",
    "error",
    "ok",
    "error",
  ]);
  expect(calls).toHaveLength(2);
});
