import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildAdapter } from "../../../src/build/index.ts";
import { buildHostAdapter } from "../../../src/bundle/build-parts.ts";
import { buildFront, type FrontFacts } from "../../../src/bundle/front.ts";
import { wasmtime as host } from "../../../src/bundle/hosts/wasmtime.ts";
import { logServices } from "../../../src/bundle/wat-component.ts";
import { attachAdapter, compose, routedResults } from "../../../src/compose/index.ts";
import { readManifest, writeManifest, type CoreManifest } from "../../../src/manifest/index.ts";
import { worldSource } from "../../../src/wit/index.ts";
import { findProgram } from "../../fixtures/programs.ts";
import { startRuntime, type RuntimeProcess } from "../../fixtures/runtime-process.ts";
import {
  call,
  CAPABILITIES,
  DIFFERENCES,
  INFO,
  list,
  MODERN,
  plainCalls,
  plainLists,
  TRACE,
  type SentCall,
} from "./front-requests.ts";

const { path: wasmtime, missing } = findProgram("wasmtime");
const HOSTS = fileURLToPath(new URL("../../../hosts/", import.meta.url));
const FACTS: FrontFacts = {
  serverInfo: { name: "front", version: "1.0.0" },
  local: true,
  cacheScope: "private",
  maxBodyBytes: 1_048_576,
  parameterHeaders: { repeats: [{ name: "Region", path: ["region"] }] },
};

interface Received {
  status: number;
  headers: Record<string, unknown>;
  text: string;
}

describe.skipIf(missing !== undefined)("calls that the front of wasi:http makes", () => {
  const agent = new Agent({ keepAlive: true });
  let folder: string;
  const servers: RuntimeProcess[] = [];
  /** The list as the router has it, and another. */
  let lists: object[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tenon-front-calls-"));
    const core = await echoCore();
    const manifest = readManifest(core) as CoreManifest;
    const constant = routedResults(manifest).get("tools/list")!;
    lists = [constant, constant.replace("[", "[ ")].map((val) => ({ tag: "success", val }));
    const parts = { facts: FACTS, notifies: false, asks: false, variables: false };
    const [adapter, log] = await Promise.all([buildHostAdapter(host, parts), logServices()]);
    // A front that could have to see a key first hands on everything.
    for (const asks of [false, true]) {
      const bytes = await attachAdapter({
        core,
        adapter,
        front: await buildFront(manifest, FACTS, { asks }),
        services: [log],
        rename: (name) => name.replace(/^tenon-wasi:/, "wasi:"),
        exports: ["wasi:http/incoming-handler@0.2.0"],
      });
      const path = join(folder, `${asks}.wasm`);
      await writeFile(path, bytes);
      const options = ["serve", "--addr", "127.0.0.1:0", "--max-instance-reuse-count", "1000", path];
      servers.push(await startRuntime(wasmtime!, options));
    }
  });
  afterAll(async () => {
    agent.destroy();
    await Promise.all(servers.map((server) => server.stop()));
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  /** Sends a request to both, expects the same of both, and gives what it was. */
  async function askBoth(sent: SentCall): Promise<Received> {
    const [fronted, alone] = await Promise.all(
      servers.map(async (server) => normalized(await send(new URL(server.origin), agent, sent))),
    );
    expect(fronted, `${JSON.stringify(sent.headers)} ${sent.body}`).toEqual(alone);
    return fronted!;
  }

  test.each(plainCalls())("a plain call is answered as the adapter answers it: $title", async ({ sent }) => {
    const { status, text } = await askBoth(sent);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ result: { content: [] } });
  });

  test.each(outcomes().map((outcome) => ({ outcome })))(
    "the same is made of the outcome $outcome",
    async ({ outcome }) => {
      for (const version of ["", "2025-11-25", MODERN]) {
        await askBoth(call(version, { params: { arguments: { outcome } } }));
      }
    },
  );

  test.each(plainLists())("a list is answered as the adapter answers it: $title", async ({ title, sent }) => {
    const { status } = await askBoth(sent);
    expect(status).toBe(title.startsWith("a client that says much") ? 400 : 200);
  });

  test("the same is made of a list that middleware passes on, changes, refuses or has itself", async () => {
    for (const outcome of [...lists, ...outcomes()]) {
      const text = Buffer.from(JSON.stringify(outcome)).toString("base64");
      if (text.length > 10_000) continue;
      for (const version of ["", "2025-11-25", MODERN]) {
        await askBoth(list(version, { headers: [["authorization", `Outcome ${text}`]] }));
      }
    }
  });

  test("whatever the request, components and clients are told the same", async () => {
    await fc.assert(
      fc.asyncProperty(requests(), async (sent) => {
        await askBoth(sent);
      }),
      { numRuns: 600 },
    );
  }, 600_000);
});

/**
 * A core that answers with what it was given, or with the outcome that the arguments of a call or the credential of a list hold. By
 * its manifest it has middleware that acts on everything.
 */
async function echoCore(): Promise<Uint8Array> {
  const { bytes } = await buildAdapter({
    source: `
import { authorization } from "tenon:host/credentials@0.1.0";
export const handler = {
  handle(context, request) {
    const credential = authorization();
    const [, text] = /^Outcome (.*)$/.exec(credential ?? "") ?? [];
    if (text) return JSON.parse(decodeURIComponent(escape(atob(text))));
    const given = /^tools/.test(request.method) ? JSON.parse(request.params ?? "{}").arguments?.outcome : undefined;
    if (given) return given;
    return { tag: "success", val: JSON.stringify({ content: [], echo: JSON.stringify({ context, request, credential }) }) };
  },
};`,
    folder: HOSTS,
    wit: worldSource({
      name: "built",
      imports: ["tenon:host/credentials@0.1.0"],
      exports: ["tenon:mcp/handler@0.1.0"],
    }),
    world: "built",
  });
  const [calculator, log] = await Promise.all(
    ["calculator", "access-log"].map((name) =>
      readFile(new URL(`../../../dist/components/${name}.wasm`, import.meta.url)),
    ),
  );
  const composed = await compose({
    name: "front",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "calculator", bytes: calculator! }],
    middleware: [{ as: "access-log", bytes: log! }],
  });
  return writeManifest(bytes, composed.manifest);
}

function send(origin: URL, agent: Agent, { headers, body }: SentCall): Promise<Received> {
  const content = Buffer.from(body, "latin1");
  return new Promise((resolve, reject) => {
    const options = {
      agent,
      host: origin.hostname,
      port: origin.port,
      method: "POST",
      path: "/mcp",
      setHost: false,
      headers: ["host", "localhost", ...headers.flat(), "content-length", String(content.length)],
    };
    const sent = httpRequest(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.on("end", () => {
        const { date: _, ...fields } = response.headers;
        resolve({ status: response.statusCode!, headers: fields, text });
      });
    });
    sent.on("error", reject).end(content);
  });
}

/** Without what differs from call to call. */
function normalized({ status, headers, text }: Received): Received {
  const same = text
    .replaceAll(/(requestId\\*":\\*")[0-9a-f]{32}/g, "$1ID")
    .replaceAll(/(receivedAt\\*":|deadline\\*":)\d{13}/g, "$1TIME");
  return { status, headers, text: same };
}

/** What components can say, well and badly. */
function outcomes(): object[] {
  const error = { code: -31_000, message: 'Not "now"' };
  const results = [
    "{}",
    '{"a":1}',
    "{ }",
    ' {"a":1} ',
    '{"structuredContent":{"a":1}}',
    '{"structuredContent": {"a":1}}',
    '{"structuredContent":[1],"content":[]}',
    '{"content":[],"structuredContent":7}',
    '{"structuredContent"}',
    '{"structuredContent"',
    '{"_meta":{"a":1}}',
    '{"content":[],"resultType":"complete"}',
    String.raw`{"a":"\"_meta\" \"resultType\" \"structuredContent\":1"}`,
    '{"nested":{"_meta":1,"structuredContent":2}}',
    "[]",
    "1",
    "",
    "{",
    "}",
    '{"a":1}x',
    "{1}",
    '{"\u00e4":"\u{1f600}"}',
    `{"long":"${"\u00e4".repeat(300_000)}"}`,
  ].map((val) => ({ tag: "success", val }));
  const failures = [
    error,
    { ...error, code: 0 },
    { ...error, code: -2_147_483_648 },
    { ...error, code: -32_601 },
    { ...error, code: -32_021 },
    { ...error, code: -32_602, message: "\u00e4\u2028\u{1f600}\u007f" },
    { ...error, message: "line\nline" },
    { ...error, data: '{"a": 1}' },
    { ...error, data: "not JSON" },
  ].map((val) => ({ tag: "failure", val }));
  const refusals = [
    { status: 401, headers: [["www-authenticate", 'Bearer resource_metadata="https://a.example/"']] },
    { status: 429, headers: [["retry-after", "7"]] },
    { status: 403, headers: [] },
    {
      status: 503,
      headers: [
        ["retry-after", "1"],
        ["x-other", "a"],
      ],
    },
    {
      status: 503,
      headers: [
        ["retry-after", "1"],
        ["retry-after", "2"],
        ["retry-after", "3"],
      ],
    },
    { status: 401, headers: [["WWW-Authenticate", "Bearer"]] },
    { status: 401, headers: [["www-authenticate", "a\r\nb: c"]] },
    { status: 401, headers: [["www-authenticate", "\u00e4"]] },
    { status: 401, headers: [["www-authenticate", ""]] },
    { status: 401, headers: [["content-length", "1"]] },
    { status: 200, headers: [] },
    { status: 600, headers: [] },
    { status: 65_535, headers: [] },
  ].map((refusal) => ({ tag: "refused", val: { ...refusal, error } }));
  return [
    ...results,
    ...failures,
    ...refusals,
    { tag: "refused", val: { status: 401, headers: [], error: { ...error, data: "1" } } },
    { tag: "input-required", val: { requests: "{}", state: "1" } },
    { tag: "input-required", val: { requests: "x" } },
    { tag: "accepted" },
  ];
}

type Change = (sent: SentCall) => SentCall;

/** Calls, good and bad. */
function requests(): fc.Arbitrary<SentCall> {
  const base = fc
    .record({
      version: fc.constantFrom("", "2025-03-26", "2025-11-25", MODERN, MODERN),
      differences: fc.constantFrom(...Object.values(DIFFERENCES).slice(0, -1)),
      args: fc.option(fc.object({ maxDepth: 3, withUnicodeString: true } as object), { nil: undefined }),
    })
    .map(({ version, differences: { params, ...others }, args }) =>
      call(version, { ...others, params: { ...params, ...(args && { arguments: { args } }) } }),
    );
  return fc
    .tuple(base, fc.array(change(), { maxLength: 2 }))
    .map(([sent, changes]) => changes.reduce((before, each) => each(before), sent));
}

function change(): fc.Arbitrary<Change> {
  const field = fc
    .constantFrom<readonly [string, string]>(
      ["content-type", "application/json"],
      ["origin", "http://localhost:1"],
      ["content-encoding", "identity"],
      ["authorization", "Bearer a\u00e4b"],
      ["authorization", "Bearer 1"],
      ["mcp-protocol-version", MODERN],
      ["mcp-protocol-version", "1999-01-01"],
      ["mcp-method", "tools/call"],
      ["mcp-method", "tools/list"],
      ["mcp-name", "add"],
      ["mcp-name", "=?base64?YWRk?="],
      ["mcp-param-region", "eu"],
      ["mcp-session-id", "1"],
      ["traceparent", `ff-${TRACE.slice(3)}`],
      ["traceparent", `00-${"0".repeat(32)}-${"0b".repeat(8)}-01`],
      ["tracestate", "a".repeat(513)],
      ["accept", "text/html"],
    )
    .map((added): Change => (sent) => ({ ...sent, headers: [...sent.headers, added] }));
  const less = fc.nat(5).map((at): Change => (sent) => ({
    ...sent,
    headers: sent.headers.filter((_, i) => i !== at),
  }));
  const replaced = fc
    .constantFrom<readonly [string | RegExp, string]>(
      [/,/g, " ,\n\t"],
      [/[:{]/g, "$& \r"],
      ['"add"', '"repeats"'],
      ['"add"', '"\\u0061dd"'],
      ['"add"', '""'],
      ['"add"', "1"],
      ['"name"', '"nam"'],
      ['"name":"add",', ""],
      ['"name"', '"n\\u0061me"'],
      ['"arguments":{', '"arguments":{"__proto__":1,'],
      ['"arguments":{', '"arguments":{"\\u005f_proto__":1,'],
      ['"arguments":{', '"arguments":{"a":1,'],
      ['"arguments":{', '"arguments":{"b":[{"c":1},{"c":1}],'],
      ['"arguments":{', '"arguments":{"x":1,"\\u0078":1,'],
      ['"arguments":{', `"arguments":{"deep":${"[".repeat(50)}${"]".repeat(50)},`],
      ['"arguments":{', `"arguments":{"deep":${"[".repeat(61)}${"]".repeat(61)},`],
      ['"arguments":{', `"arguments":{"deep":${"[".repeat(63)}${"]".repeat(63)},`],
      ['"arguments":{', `"arguments":{"many":[${"1,".repeat(45_000)}1],`],
      ['"arguments":{', '"arguments":{"n":01,'],
      ['"arguments":{', '"arguments":{"n":1eE5,'],
      ['"arguments":{', '"arguments":{"n":1e+-5,'],
      ['"arguments":{', '"arguments":{"n":-,'],
      ['"arguments":{', '"arguments":{"n":.5,'],
      ['"arguments":{', '"arguments":{"n":1.,'],
      ['"arguments":{', '"arguments":{"n":-0,"m":0.0E-0,'],
      ['"arguments":{', '"arguments":{"s":"\\x",'],
      ['"arguments":{', '"arguments":{"s":"\\ud800 \\uDC00 \\u00",'],
      ['"arguments":{', '"arguments":{"s":"\\ud800",'],
      ['"arguments":{', '"arguments":{"s":"\u0001",'],
      ['"arguments":{', '"arguments":{"s":"\u007f",'],
      ['"arguments":{', '"arguments":{"s":"\u00ff",'],
      [/"arguments":\{/, '"arguments":[{'],
      ['"params":{', '"params":{"requestState":"a",'],
      ['"params":{', '"params":{"inputResponses":{},'],
      ['"params":{', `"params":{"many":1,${Array.from({ length: 40 }, (_, i) => `"m${i}":1`).join()},`],
      ['"_meta":{', '"_meta":{"io.modelcontextprotocol/logLevel":"debug",'],
      ['"_meta":{', '"_meta":{"traceparent":1,'],
      ['"_meta":{', '"_meta":{"traceparent":"",'],
      [/"_meta":\{.*?\}\}/, '"_meta":null'],
      [`"${CAPABILITIES}":{}`, `"${CAPABILITIES}":[]`],
      [`"${INFO}":{`, `"${INFO}":{"title":"${"t".repeat(70_000)}",`],
      ['"id":1', '"id":1.0'],
      ['"id":1', '"id":-1'],
      ['"id":1', '"id":null'],
      ['"id":1', '"id":1234567890123456'],
      ['"id":1', '"other":1'],
      ['"jsonrpc":"2.0"', '"jsonrpc":"2.1"'],
      ["tools/call", "tools/list"],
      ["tools/call", "resources/read"],
      [/^/, "\u00ef\u00bb\u00bf"],
      [/^.*$/s, "[$&]"],
      [/$/, " "],
      [/$/, "{}"],
    )
    .map(([from, to]): Change => (sent) => ({ ...sent, body: sent.body.replace(from, to) }));
  const typo = fc
    .record({
      at: fc.nat(600),
      cut: fc.nat(2),
      put: fc.constantFrom(
        "",
        "",
        '"',
        "{",
        "}",
        "[",
        ",",
        ":",
        "\\",
        "a",
        "0",
        "-",
        "e",
        ".",
        " ",
        "\u0000",
        "\u00c3\u00a4",
        "\u00ff",
      ),
    })
    .map(({ at, cut, put }): Change => (sent) => {
      const place = at % (sent.body.length + 1);
      return { ...sent, body: `${sent.body.slice(0, place)}${put}${sent.body.slice(place + cut)}` };
    });
  return fc.oneof(field, less, { arbitrary: replaced, weight: 3 }, { arbitrary: typo, weight: 3 });
}
