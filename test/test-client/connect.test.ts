import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connect, RequestError, type ConnectOptions, type TestClient } from "tenon/test";
import { buildComponent } from "../../src/build/index.ts";
import interferer from "../fixtures/components/interferer.ts";
import workshop from "../fixtures/components/workshop.ts";

// One suite for definitions in this process and for the components they are built into: they must agree.

let folder: string;

/** The path of a fixture, built. */
function wasm(name: string): string {
  return join(folder, `${name}.wasm`);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenon-test-client-"));
  for (const name of ["workshop", "interferer"]) {
    const { bytes } = await buildComponent({ entry: `test/fixtures/components/${name}.ts` });
    await writeFile(wasm(name), bytes);
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The error a request is answered with. */
async function refusal(request: Promise<unknown>): Promise<RequestError> {
  const error: unknown = await request.catch((reason: unknown) => reason);
  if (error instanceof RequestError) return error;
  throw new Error(`The request gave ${JSON.stringify(error)}`);
}

describe.each(["definition", "component"])("connect() to a %s", (kind) => {
  const built = kind === "component";
  const clients: TestClient[] = [];

  async function client(options: ConnectOptions = {}): Promise<TestClient> {
    const where = built ? { component: wasm("workshop") } : {};
    const connected = await connect(workshop, { quiet: true, ...where, ...options });
    clients.push(connected);
    return connected;
  }

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((each) => each.close()));
  });

  test("a call has text, structured content and blocks", async () => {
    const result = await (await client()).call("add", { a: 2 });
    expect(result).toEqual({
      text: '{"sum":3}',
      structured: { sum: 3 },
      isError: false,
      content: [{ type: "text", text: '{"sum":3}' }],
    });
  });

  test("what goes wrong in a tool is told to the model as a client would see it", async () => {
    const { call, logs } = await client();
    expect(await call("add", { a: "2" })).toMatchObject({
      isError: true,
      text: 'Invalid arguments for "add":\na: Invalid input: expected number, received string',
    });
    expect(await call("fail", { how: "told" })).toMatchObject({ isError: true, text: "Not today" });
    expect(logs).toEqual([]);
    expect(await call("fail", { how: "thrown" })).toMatchObject({ isError: true, text: "The tool failed" });
    expect(await call("fail", { how: "returned" })).toMatchObject({ isError: true, text: "The tool failed" });
    expect(logs).toMatchObject([
      {
        level: "error",
        source: "workshop",
        message: 'Tool "fail" failed',
        fields: { tool: "fail", error: "Error: secret detail", stack: expect.any(String) as string },
      },
      { fields: { error: expect.stringContaining("it returned a value of type number") as string } },
    ]);
  });

  test("handlers see the caller, the client, the deadline and the clock; console writes to the log", async () => {
    const { call, logs } = await client({
      principal: { subject: "ada", issuer: "test", scopes: [] },
      client: { info: { name: "probe" } },
      deadline: 5000,
      clock: 1_700_000_000_000,
    });
    expect((await call("whoami")).text).toBe("ada probe local 5000 1700000000000 2023-11-14T22:13:20.000Z");
    expect(logs).toMatchObject([
      { level: "info", source: "workshop", message: "asked", fields: { who: "ada" } },
      { level: "warning", source: "workshop", message: "asked by probe" },
    ]);
  });

  test("the clock may move on between calls", async () => {
    let now = 0;
    const { call } = await client({ clock: () => now });
    expect((await call("whoami")).text).toContain("1970-01-01T00:00:00.000Z");
    now = 86_400_000;
    expect((await call("whoami")).text).toContain("1970-01-02T00:00:00.000Z");
  });

  test("resources: text, bytes, templates, and what is not there", async () => {
    const { read } = await client();
    expect(await read("shop://hours")).toEqual({
      text: "8 to 18",
      bytes: undefined,
      contents: [{ uri: "shop://hours", mimeType: "text/plain", text: "8 to 18" }],
    });
    expect((await read("shop://logo")).bytes).toEqual(new Uint8Array([137, 80, 78, 71]));
    expect((await read("shop://shelf/a%201?tag=x")).text).toBe("Shelf a 1, x");
    expect((await read("shop://shelf/b")).text).toBe("Shelf b, all");
    for (const uri of ["shop://shelf/z", "shop://shelf/a/b"]) {
      expect(await refusal(read(uri))).toMatchObject({
        code: -32602,
        message: "Unknown resource",
        data: { uri },
      });
    }
    expect(await refusal(read("shop://nothing"))).toMatchObject({
      code: -32602,
      message: "Unknown resource",
    });
    expect(await refusal(read("shop://locked"))).toMatchObject({
      code: -32603,
      message: "The door is locked",
    });
  });

  test("prompts, and arguments that do not match", async () => {
    const { prompt } = await client();
    expect(await prompt("order", { what: "nails", count: "3" })).toEqual({
      text: "Please order 3 of nails",
      description: "Orders a thing",
      messages: [{ role: "user", content: { type: "text", text: "Please order 3 of nails" } }],
    });
    expect(await refusal(prompt("order", { count: "x" }))).toMatchObject({
      code: -32602,
      message:
        'Invalid arguments for prompt "order": what: Invalid input: expected string, received undefined; count: Invalid input: expected number, received NaN',
    });
    expect(await refusal(prompt("nothing"))).toMatchObject({ code: -32602, message: "Unknown prompt" });
  });

  test("completion of variables and arguments", async () => {
    const { complete } = await client();
    expect(await complete("shop://shelf/{row}{?tag}", "row", "a")).toEqual({ values: ["a1", "a2"] });
    expect(await complete("shop://shelf/{row}{?tag}", "tag", "a")).toEqual({ values: [] });
    expect(await complete("order", "what", "n", { count: "2" })).toEqual({ values: ["n-2"] });
    expect(await refusal(complete("nothing", "a", ""))).toMatchObject({
      code: -32602,
      message: "Unknown prompt or resource template",
    });
  });

  test("lists show what clients see, dynamic entries last", async () => {
    const { tools, resources, templates, prompts, call } = await client();
    const listed = await tools();
    expect(listed.map(({ name }) => name)).toEqual([
      "add",
      "fail",
      "whoami",
      "remember",
      "settings",
      "load",
      "report",
      "drill",
    ]);
    expect(listed[0]).toMatchObject({ inputSchema: { type: "object", required: ["a"] } });
    expect(await resources()).toEqual([
      { uri: "shop://hours", name: "hours", mimeType: "text/plain" },
      { uri: "shop://logo", name: "logo" },
      { uri: "shop://locked", name: "locked" },
    ]);
    expect(await templates()).toEqual([{ uriTemplate: "shop://shelf/{row}{?tag}", name: "shelf" }]);
    expect(await prompts()).toEqual([
      {
        name: "order",
        description: "Orders a thing",
        arguments: [
          { name: "what", description: "Name of the thing", required: true },
          { name: "count", required: false },
        ],
      },
    ]);
    expect((await call("drill", { depth: 2 })).text).toBe('Drilled {"depth":2}');
    expect(await refusal(call("saw"))).toMatchObject({ code: -32602, message: "Unknown tool" });
  });

  test("a store can be filled before and looked into afterwards", async () => {
    const { call, kv } = await client({ kv: { "notes/1": "old" } });
    expect((await call("remember", { key: "notes/1", text: "new" })).structured).toEqual({
      before: "old",
      count: 1,
      keys: ["notes/1"],
    });
    expect(await kv()).toEqual(
      new Map([
        ["count", "1"],
        ["notes/1", "new"],
      ]),
    );
  });

  describe("fetch", () => {
    const http = {
      "GET https://api.example/text?a=1": "plain",
      "GET https://api.example/json": Response.json({ a: 1 }),
      "POST https://api.example/echo": async (request: Request) =>
        new Response(`${request.headers.get("x-probe")} ${await request.text()}`, { status: 201 }),
      "GET https://api.example/moved": new Response(null, {
        status: 302,
        headers: { location: "https://other.example/new" },
      }),
      "GET https://api.example/loop": Response.redirect("https://api.example/loop", 302),
      "https://other.example": (request: Request) =>
        new URL(request.url).pathname === "/new" ? "arrived" : undefined,
    };

    let shared: TestClient;

    beforeAll(async () => {
      shared = await connect(workshop, {
        http,
        quiet: true,
        ...(built ? { component: wasm("workshop") } : {}),
      });
    });

    afterAll(() => shared.close());

    test.for([
      [
        { url: "https://api.example/text?a=1" },
        "200 text/plain;charset=UTF-8 false https://api.example/text?a=1 plain true",
      ],
      [
        { url: "https://api.example/json#top" },
        '200 application/json false https://api.example/json {"a":1} true',
      ],
      [
        { url: "https://api.example/echo", method: "POST", body: "hello" },
        "201 text/plain;charset=UTF-8 false https://api.example/echo 1 hello true",
      ],
      [
        { url: "https://api.example/moved" },
        "200 text/plain;charset=UTF-8 true https://other.example/new arrived true",
      ],
      [
        { url: "https://api.example/moved", redirect: "manual" },
        "302 null false https://api.example/moved  true",
      ],
      [
        { url: "https://api.example/moved", redirect: "error" },
        "TypeError: https://api.example answered with a redirect",
      ],
      [
        { url: "https://api.example/loop" },
        "TypeError: https://api.example answered with a redirect, and 3 were followed already",
      ],
      [
        { url: "https://api.example/text?a=2" },
        "ServiceError: http: denied: no grant covers GET https://api.example/text",
      ],
      [
        { url: "https://api.example/text?a=1", method: "DELETE" },
        "ServiceError: http: denied: no grant covers DELETE https://api.example/text",
      ],
      [
        { url: "https://other.example/old" },
        "ServiceError: http: denied: no grant covers GET https://other.example/old",
      ],
      [
        { url: "https://example.com/" },
        "ServiceError: http: denied: no grant covers GET https://example.com/",
      ],
    ] as const)("%j", async ([args, text]) => {
      expect((await shared.call("load", args)).text).toBe(text);
    });

    test("a response may be sent more than once", async () => {
      const first = await shared.call("load", { url: "https://api.example/json" });
      expect(await shared.call("load", { url: "https://api.example/json" })).toEqual(first);
    });
  });

  test("progress and changes are reported, and a signal cancels", async () => {
    const controller = new AbortController();
    const { call, progress, changes } = await client({
      http: {
        "GET https://api.example/go": "",
        "GET https://api.example/cancel": () => {
          controller.abort();
          return "";
        },
      },
    });
    expect((await call("report", { url: "https://api.example/go" })).text).toBe("done");
    expect(progress).toEqual([
      { progress: 1, total: 3, message: "step 1" },
      { progress: 2, total: 3, message: "step 2" },
      { progress: 3, total: 3, message: "step 3" },
    ]);
    expect(changes).toEqual([{ uri: "shop://hours" }, { list: "resources" }]);
    const { signal } = controller;
    const cancelled = await call("report", { url: "https://api.example/cancel" }, { signal });
    expect(cancelled.text).toBe("cancelled");
    expect(progress).toHaveLength(4);
    await expect(call("report", { url: "" }, { signal })).rejects.toThrow(/aborted/);
  });

  test("what no fake answers is denied", async () => {
    const first = await client();
    expect((await first.call("remember", { key: "a", text: "" })).isError).toBe(true);
    // In a component, what denies writes a line of its own.
    const errors = first.logs.flatMap(({ fields }) =>
      fields?.["error"] === undefined ? [] : [fields["error"]],
    );
    expect(errors).toEqual([expect.stringMatching(/^ServiceError: kv: denied: /)]);
    const { call } = await client({
      config: { UNIT: "mm", EMPTY: undefined },
      secrets: { KEY: "s3cret", GONE: undefined },
    });
    const settings = async (key: string, secret: string): Promise<string> =>
      (await call("settings", { key, secret })).text;
    expect(await settings("UNIT", "KEY")).toBe("mm; s3cret");
    expect(await settings("EMPTY", "GONE")).toMatch(/^undefined; secrets: missing: /);
    expect(await settings("OTHER", "OTHER")).toBe(
      'config: denied: no grant covers the configuration key "OTHER"; secrets: denied: no grant covers the secret "OTHER"',
    );
  });

  test("middleware stands before the provider, with its settings", async () => {
    const use = { use: interferer, ...(built ? { component: wasm("interferer") } : {}) };
    const { call } = await client({ middleware: [{ ...use, settings: { greeting: "hi" } }] });
    expect((await call("add", { a: 1, b: 1 })).structured).toEqual({ sum: 2 });
    const error = await refusal(call("refuse"));
    expect(error).toMatchObject({
      message: "No",
      code: -31_001,
      status: 401,
      headers: { "www-authenticate": "Bearer" },
    });
  });

  test("settings that do not match are refused", async () => {
    const use = { use: interferer, ...(built ? { component: wasm("interferer") } : {}) };
    await expect(client({ middleware: [{ ...use, settings: { greting: "hi" } }] })).rejects.toThrow(
      /its settings have a mistake/,
    );
  });
});

/** The source of a provider that greets. */
function greeter(text: string): string {
  return `import { defineTool, provider } from "tenon";
    const input = { "~standard": { version: 1, vendor: "none", validate: (value) => ({ value }),
      jsonSchema: { input: () => ({ type: "object" }), output: () => ({ type: "object" }) } } };
    const greet = defineTool({ name: "greet", description: "Greets", input, run: () => "${text}" });
    export default provider({ name: "workshop", version: "1.2.3", tools: [greet] });`;
}

test("a source is built for its client, and built again when it has changed", async () => {
  const entry = join(folder, "greeter.ts");
  async function greeting(): Promise<string> {
    const { call, close } = await connect(workshop, { component: pathToFileURL(entry) });
    const { text } = await call("greet");
    await close();
    return text;
  }
  await writeFile(entry, greeter("hello"));
  expect(await greeting()).toBe("hello");
  await writeFile(entry, greeter("good day"));
  await utimes(entry, new Date(), new Date(Date.now() + 5000));
  expect(await greeting()).toBe("good day");
}, 120_000);
