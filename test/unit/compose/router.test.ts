import { beforeAll, describe, expect, test } from "vitest";
import { compose, type Composition } from "../../../src/compose/index.ts";
import { writeManifest, type ProviderManifest } from "../../../src/manifest/index.ts";
import { middlewareManifest, providerManifest } from "../../fixtures/quickjs-component.ts";
import { loadComponent, type Core, type Outcome } from "../../fixtures/run-component.ts";
import { buildWatComponent, constantProvider, passingMiddleware } from "../../fixtures/wat-component.ts";

const server = { name: "acme", version: "1.0.0", access: "public", middleware: [] } as const;

type Offer = Partial<ProviderManifest>;

/** A provider that answers everything with its name, as JSON. */
async function named(as: string, offer: Offer): Promise<{ as: string; bytes: Uint8Array }> {
  return answering(as, await constantProvider(JSON.stringify(as)), offer);
}

function answering(as: string, bytes: Uint8Array, offer: Offer): { as: string; bytes: Uint8Array } {
  return { as, bytes: writeManifest(bytes, { ...providerManifest(as, []), ...offer }) };
}

/** A provider that ends every request in one way; the payload is zero. */
function ending(outcome: number): Promise<Uint8Array> {
  return buildWatComponent(
    `(module (memory (export "memory") 1)
      (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
      (func (export "tenon:mcp/provider@0.1.0#handle") (param ${"i32 ".repeat(13)}) (result i32)
        (i32.store8 (i32.const 0) (i32.const ${outcome})) (i32.const 0)))`,
    [],
    ["tenon:mcp/provider@0.1.0"],
  );
}

async function run(...providers: { as: string; bytes: Uint8Array }[]): Promise<Core> {
  const { bytes } = await compose({ ...server, providers });
  return (await loadComponent(bytes))();
}

function ask({ handler }: Core, method: string, target?: string): Outcome {
  return handler.handle("{}", { id: "1", method, ...(target === undefined ? {} : { target }), params: "{}" });
}

/** A constant without what it says of its caching. */
function list(core: Core, method: string): unknown {
  const { tag, val } = ask(core, method);
  expect(tag).toBe("success");
  const { ttlMs: _, cacheScope: __, ...rest } = JSON.parse(val as string) as Record<string, unknown>;
  return rest;
}

const failure = (code: number, message: string): Outcome => ({
  tag: "failure",
  val: { code, message, data: undefined },
});
const NOT_FOUND = failure(-32601, "Method not found");
const from = (as: string): Outcome => ({ tag: "success", val: JSON.stringify(as) });
const NOTHING: Outcome = { tag: "success", val: '{"completion":{"values":[]}}' };

const tool = (name: string): { name: string; inputSchema: { type: string } } => ({
  name,
  inputSchema: { type: "object" },
});

describe("a server with things of every kind", () => {
  let core: Core;
  let composition: Composition;

  beforeAll(async () => {
    const notes = await named("notes", {
      tools: [tool("add")],
      resources: [
        { uri: "notes://index", name: "index", mimeType: "text/plain", size: 3, scopes: ["read"] },
        { uri: "notes://note/special", name: "special" },
      ],
      resourceTemplates: [
        {
          uriTemplate: "notes://note/{id}",
          name: "note",
          title: "Note é",
          annotations: { priority: 1 },
          completes: ["id"],
          scopes: ["read"],
        },
        { uriTemplate: "notes://silent/{id}", name: "silent" },
      ],
      prompts: [
        {
          name: "summarize",
          title: "Summarize",
          arguments: [{ name: "tag", required: true }],
          completes: ["tag"],
          scopes: ["read"],
        },
        { name: "plain" },
      ],
    });
    const files = await named("files", {
      resourceTemplates: [
        { uriTemplate: "{scheme}://{host}", name: "anything" },
        { uriTemplate: "notes://{+path}", name: "rest" },
        { uriTemplate: "notes://note/{id}/history{?from,to}", name: "history" },
        { uriTemplate: "aa{x}aab{y}aab", name: "repetitive" },
      ],
      prompts: [{ name: "review", completes: ["path"] }],
    });
    composition = await compose({ ...server, providers: [notes, files] });
    core = (await loadComponent(composition.bytes))();
  });

  test("discovery names exactly the kinds there are", () => {
    expect(list(core, "server/discover")).toMatchObject({
      capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
    });
  });

  test("lists are constants of public members, in the order of declaration", () => {
    expect(list(core, "resources/list")).toEqual({
      resources: [
        { uri: "notes://index", name: "index", mimeType: "text/plain", size: 3 },
        { uri: "notes://note/special", name: "special" },
      ],
    });
    expect(list(core, "resources/templates/list")).toEqual({
      resourceTemplates: [
        { uriTemplate: "notes://note/{id}", name: "note", title: "Note é", annotations: { priority: 1 } },
        { uriTemplate: "notes://silent/{id}", name: "silent" },
        { uriTemplate: "{scheme}://{host}", name: "anything" },
        { uriTemplate: "notes://{+path}", name: "rest" },
        { uriTemplate: "notes://note/{id}/history{?from,to}", name: "history" },
        { uriTemplate: "aa{x}aab{y}aab", name: "repetitive" },
      ],
    });
    expect(list(core, "prompts/list")).toEqual({
      prompts: [
        { name: "summarize", title: "Summarize", arguments: [{ name: "tag", required: true }] },
        { name: "plain" },
        { name: "review" },
      ],
    });
  });

  test.each([
    ["notes://index", "notes"],
    ["notes://note/special", "notes"],
    ["notes://note/1", "notes"],
    ["notes://note/é", "notes"],
    ["notes://note/", "files"],
    ["notes://note/1/history", "files"],
    ["notes://note/1/history?from=2", "files"],
    ["notes://note/1/historyx", "files"],
    ["notes://x", "files"],
    ["a://b", "files"],
    ["aa1aab2aab", "files"],
    ["aaXaabaabYaab", "files"],
  ])("resources/read of %s goes to %s", (uri, owner) => {
    expect(ask(core, "resources/read", uri)).toEqual(from(owner));
  });

  test.each([
    "",
    "x",
    "://",
    "a://",
    "://b",
    "aaaab1aab",
    "aaaabaabaab",
    "aa1aabaab",
    "aa1aab2aa",
    "notes:/index",
    "__proto__",
  ])("resources/read of %j is an unknown resource", (uri) => {
    expect(ask(core, "resources/read", uri)).toEqual(failure(-32602, "Unknown resource"));
  });

  test("resources/read needs a target, and no URI over 8,192 bytes matches a template", () => {
    expect(ask(core, "resources/read")).toEqual(failure(-32602, "Unknown resource"));
    expect(ask(core, "resources/read", `notes://${"x".repeat(8184)}`)).toEqual(from("files"));
    expect(ask(core, "resources/read", `notes://${"x".repeat(8185)}`)).toEqual(
      failure(-32602, "Unknown resource"),
    );
  });

  test("prompts/get goes to the provider of the prompt", () => {
    expect(ask(core, "prompts/get", "plain")).toEqual(from("notes"));
    expect(ask(core, "prompts/get", "review")).toEqual(from("files"));
    for (const name of ["", "plai", "add", undefined]) {
      expect(ask(core, "prompts/get", name)).toEqual(failure(-32602, "Unknown prompt"));
    }
  });

  test("completion/complete goes to whoever completes, and to nobody where nothing is completed", () => {
    expect(ask(core, "completion/complete", "summarize")).toEqual(from("notes"));
    expect(ask(core, "completion/complete", "review")).toEqual(from("files"));
    expect(ask(core, "completion/complete", "notes://note/{id}")).toEqual(from("notes"));
    for (const target of ["plain", "notes://silent/{id}", "notes://{+path}", "notes://index"]) {
      expect(ask(core, "completion/complete", target)).toEqual(NOTHING);
    }
    for (const target of ["", "notes://note/1", "add", undefined]) {
      expect(ask(core, "completion/complete", target)).toEqual(
        failure(-32602, "Unknown prompt or resource template"),
      );
    }
  });

  test("the catalog has what lists hide", () => {
    const { catalog } = core;
    expect(JSON.parse(catalog.get("resource", "notes://index")!)).toMatchObject({
      scopes: ["read"],
      provider: "notes",
    });
    expect(JSON.parse(catalog.get("resource-template", "notes://note/{id}")!)).toMatchObject({
      completes: ["id"],
      provider: "notes",
    });
    expect(JSON.parse(catalog.get("prompt", "review")!)).toMatchObject({ provider: "files" });
    expect(catalog.get("resource", "notes://note/{id}")).toBeUndefined();
    expect(catalog.get("resource-template", "notes://index")).toBeUndefined();
    expect(catalog.get("prompt", "add")).toBeUndefined();
  });

  test("the manifest of the server has everything, by provider and as a whole", () => {
    expect(composition.manifest).toMatchObject({
      providers: [
        {
          as: "notes",
          tools: ["add"],
          resources: ["notes://index", "notes://note/special"],
          prompts: ["summarize", "plain"],
        },
        { as: "files", tools: [], prompts: ["review"] },
      ],
      prompts: [{ name: "summarize" }, { name: "plain" }, { name: "review" }],
    });
    expect(composition.manifest.providers[1]).not.toHaveProperty("resources");
    expect(composition.manifest.resourceTemplates).toHaveLength(6);
  });
});

test("templates match as regular expressions would, more fixed text first", async () => {
  const templates = ["a{x}b", "ab{x}ba{y}", "{x}aab{y}aab", "{x}b{?y}", "aba{x}{y}aba", "ab{/x}ab{z}b"];
  const providers = templates.map((uriTemplate, i) =>
    named(`p${i}`, { resourceTemplates: [{ uriTemplate, name: "t" }] }),
  );
  const core = await run(...(await Promise.all(providers)));
  const byFixedText = templates
    .map((template, i) => ({
      as: `p${i}`,
      fixed: template.replace(/\{[^}]*\}/g, "").length,
      pattern: new RegExp(
        `^${template.replace(/\{([^}])[^}]*\}/g, (_, first: string) => (/[a-z]/.test(first) ? ".+" : ".*"))}$`,
      ),
    }))
    .sort((a, b) => b.fixed - a.fixed);
  const seen = new Set<string>();
  for (let n = 0; n < 4096; n++) {
    const uri = (n + 4096)
      .toString(2)
      .slice(1)
      .replaceAll("0", "a")
      .replaceAll("1", "b")
      .slice(n % 12);
    const owner = byFixedText.find(({ pattern }) => pattern.test(uri))?.as ?? "nobody";
    seen.add(owner);
    const expected = owner === "nobody" ? failure(-32602, "Unknown resource") : from(owner);
    expect(ask(core, "resources/read", uri), uri).toEqual(expected);
  }
  expect(seen.size).toBe(templates.length + 1);
});

test("methods of kinds that a server lacks do not exist", async () => {
  const onlyTools = await run(await named("p", { tools: [tool("t")] }));
  for (const method of [
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "prompts/list",
    "prompts/get",
    "completion/complete",
  ]) {
    expect(ask(onlyTools, method, "t"), method).toEqual(NOT_FOUND);
  }
  expect(list(onlyTools, "server/discover")).toMatchObject({ capabilities: { tools: {} } });

  const onlyResources = await run(await named("p", { resources: [{ uri: "a://b", name: "b" }] }));
  for (const method of ["tools/list", "tools/call", "prompts/list", "completion/complete"]) {
    expect(ask(onlyResources, method, "t"), method).toEqual(NOT_FOUND);
  }
  expect(list(onlyResources, "resources/templates/list")).toEqual({ resourceTemplates: [] });
  expect((list(onlyResources, "server/discover") as { capabilities: object }).capabilities).toEqual({
    resources: {},
  });

  const silentPrompts = await run(await named("p", { prompts: [{ name: "x" }] }));
  expect((list(silentPrompts, "server/discover") as { capabilities: object }).capabilities).toEqual({
    prompts: {},
  });
  expect(ask(silentPrompts, "completion/complete", "x")).toEqual(NOTHING);
});

const LISTS = [
  ["tools", "tools/list", { tools: [tool("a"), tool("b")] }],
  ["resources", "resources/list", { resources: [{ uri: "a://a", name: "é" }] }],
  [
    "resourceTemplates",
    "resources/templates/list",
    { resourceTemplates: [{ uriTemplate: "a://{a}", name: "a" }] },
  ],
  ["prompts", "prompts/list", { prompts: [{ name: "a" }] }],
] as const;

test.each(LISTS)("a dynamic list of %s follows the constants", async (kind, method, constants) => {
  const offer = constants as unknown as Offer;
  const entries = [{ name: "z", uri: "z://z" }, { name: "y" }];
  const dynamic = async (text: string): Promise<{ as: string; bytes: Uint8Array }> =>
    answering("d", await constantProvider(text), { dynamic: [kind] });
  const full = await dynamic(JSON.stringify({ [kind]: entries }));
  const both = await run(await named("p", offer), full);
  for (let i = 0; i < 3; i++) {
    expect(list(both, method)).toEqual({
      [kind]: [...(offer as Record<string, unknown[]>)[kind]!, ...entries],
    });
  }
  expect(list(await run(full), method)).toEqual({ [kind]: entries });
  const empty = await dynamic(JSON.stringify({ [kind]: [] }));
  expect(list(await run(await named("p", offer), empty), method)).toEqual(constants);
  expect(list(await run(empty), method)).toEqual({ [kind]: [] });
});

test.each([
  "",
  "{}",
  "[]",
  '{"tools":[',
  '{"tools":[]',
  '{"tools":[]} ',
  ' {"tools":[]}',
  '{"tools": []}',
  '{"tools":[],"nextCursor":"x"}',
  '{"tool":[]}',
  '{"prompts":[]}',
])("a dynamic list that is %j is an internal error", async (text) => {
  const provider = answering("d", await constantProvider(text), {
    tools: [tool("a")],
    dynamic: ["tools"],
  });
  expect(ask(await run(provider), "tools/list")).toEqual(failure(-32603, "Internal error"));
});

test("errors of a dynamic list stand, and no other outcome makes a list", async () => {
  for (const [outcome, expected] of [
    [1, { tag: "failure", val: { code: 0 } }],
    [2, { tag: "refused" }],
    [3, { tag: "failure", val: { code: -32603 } }],
    [4, { tag: "failure", val: { code: -32603 } }],
  ] as const) {
    const provider = answering("d", await ending(outcome), { tools: [tool("a")], dynamic: ["tools"] });
    expect(ask(await run(provider), "tools/list")).toMatchObject(expected);
  }
});

test("what nothing else has goes to the dynamic provider of its kind", async () => {
  const core = await run(
    await named("fixed", {
      tools: [tool("t")],
      resources: [{ uri: "a://a", name: "a" }],
      resourceTemplates: [{ uriTemplate: "a://{x}", name: "x", completes: ["x"] }],
      prompts: [{ name: "p" }],
    }),
    await named("tools", { dynamic: ["tools"] }),
    await named("uris", { dynamic: ["resources", "resourceTemplates"] }),
    await named("prompts", { dynamic: ["prompts"] }),
  );
  for (const [method, target, owner] of [
    ["tools/call", "t", "fixed"],
    ["tools/call", "other", "tools"],
    ["tools/call", "", "tools"],
    ["resources/read", "a://a", "fixed"],
    ["resources/read", "a://other", "fixed"],
    ["resources/read", "b://b", "uris"],
    ["prompts/get", "p", "fixed"],
    ["prompts/get", "other", "prompts"],
    ["completion/complete", "a://{x}", "fixed"],
    ["completion/complete", "b://{x}", "uris"],
    ["completion/complete", "other", "prompts"],
  ] as const) {
    expect(ask(core, method, target), `${method} ${target}`).toEqual(from(owner));
  }
  expect(ask(core, "completion/complete", "p")).toEqual(NOTHING);
  expect(ask(core, "tools/call")).toEqual(failure(-32602, "Unknown tool"));
  expect(list(core, "server/discover")).toMatchObject({
    capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
  });
});

/** A middleware that fails every request it sees. */
async function refusing(methods: string[]): Promise<Uint8Array> {
  const bytes = await buildWatComponent(
    `(module
      (import "tenon:mcp/handler@0.1.0" "handle" (func (param ${"i32 ".repeat(14)})))
      (memory (export "memory") 1)
      (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
      (func (export "tenon:mcp/handler@0.1.0#handle") (param ${"i32 ".repeat(13)}) (result i32)
        (i32.store8 (i32.const 0) (i32.const 1)) (i32.const 0)))`,
    ["tenon:mcp/handler@0.1.0"],
    ["tenon:mcp/handler@0.1.0"],
  );
  return writeManifest(bytes, { ...middlewareManifest("m"), methods });
}

test("a middleware that names its methods is left out for all others", async () => {
  const provider = await named("p", { tools: [tool("t")], prompts: [{ name: "x" }] });
  const passing = writeManifest(await passingMiddleware(), {
    ...middlewareManifest("pass"),
    methods: ["tools/list"],
  });
  const { bytes } = await compose({
    ...server,
    providers: [provider],
    middleware: [
      { as: "calls", bytes: await refusing(["tools/call", "ping"]) },
      { as: "pass", bytes: passing },
      { as: "prompts", bytes: await refusing(["prompts/get"]) },
    ],
  });
  const core = (await loadComponent(bytes))();
  for (let i = 0; i < 2; i++) {
    expect(ask(core, "tools/call", "t").val).toMatchObject({ code: 0 });
    expect(ask(core, "ping").val).toMatchObject({ code: 0 });
    expect(ask(core, "prompts/get", "x").val).toMatchObject({ code: 0 });
    expect(list(core, "tools/list")).toEqual({ tools: [tool("t")] });
    expect(list(core, "prompts/list")).toEqual({ prompts: [{ name: "x" }] });
  }
  expect(core.handler.handle("{}", { method: "notifications/initialized" }).tag).toBe("accepted");
});

test("requests about tasks go to the owner of the tool, and are unknown without one", async () => {
  const core = await run(
    await named("a", { tools: [{ ...tool("long"), task: "optional" }, tool("short")] }),
    await named("b", { tools: [{ ...tool("longer"), task: "required" }] }),
  );
  for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
    expect(ask(core, method, "long")).toEqual(from("a"));
    expect(ask(core, method, "longer")).toEqual(from("b"));
    expect(ask(core, method, "short")).toEqual(failure(-32602, "Unknown task"));
    expect(ask(core, method)).toEqual(failure(-32602, "Unknown task"));
  }
  expect(ask(core, "tasks/list")).toEqual(NOT_FOUND);
  expect(ask(await run(await named("a", { tools: [tool("short")] })), "tasks/get", "short")).toEqual(
    NOT_FOUND,
  );
});
