import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildAdapter } from "../../../src/build/index.ts";
import { buildFront, type FrontFacts } from "../../../src/bundle/front.ts";
import { logServices } from "../../../src/bundle/wat-component.ts";
import { attachAdapter, compose, constantResults, type Composition } from "../../../src/compose/index.ts";
import { createHttpProtocol, type HttpAnswer } from "../../../src/protocol/index.ts";
import { worldSource } from "../../../src/wit/index.ts";
import { findProgram } from "../../fixtures/programs.ts";
import { startRuntime, type RuntimeProcess } from "../../fixtures/runtime-process.ts";
import { call, plainCalls } from "./front-requests.ts";

const { path: wasmtime, missing } = findProgram("wasmtime");
const HOSTS = fileURLToPath(new URL("../../../hosts/", import.meta.url));
/** What the adapter of this test answers with whatever it is handed. */
const HANDED_ON = 299;
const FACTS: FrontFacts = {
  serverInfo: { name: "front", version: "1.0.0" },
  local: true,
  allowedHosts: ["mcp.example", "other.example:8443"],
  allowedOrigins: ["https://app.example"],
  cacheScope: "public",
  maxBodyBytes: 300_000,
};
const MODERN = "2026-07-28";
const LEGACY = ["2025-03-26", "2025-06-18", "2025-11-25"];
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const VERSION = "io.modelcontextprotocol/protocolVersion";

interface Sent {
  method: string;
  path: string;
  headers: readonly (readonly [string, string])[];
  body: Buffer;
}

interface Received {
  status: number;
  type: string | undefined;
  text: string;
}

describe.skipIf(missing !== undefined)("the front of wasi:http", () => {
  const agent = new Agent({ keepAlive: true });
  let folder: string;
  let server: RuntimeProcess;
  /** The same behind middleware that acts on lists. */
  let guarded: RuntimeProcess;
  let composition: Composition;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tenon-front-"));
    const adapter = await echoAdapter();
    const serve = async (middleware: readonly string[]): Promise<[RuntimeProcess, Composition]> => {
      const composed = await compose({
        name: "front",
        version: "1.0.0",
        access: "public",
        providers: [{ as: "calculator", bytes: await built("calculator") }],
        middleware: await Promise.all(middleware.map(async (as) => ({ as, bytes: await built(as) }))),
      });
      const bytes = await attachAdapter({
        core: composed.bytes,
        adapter,
        front: await buildFront(composed.manifest, FACTS, { asks: false }),
        services: [await logServices()],
        rename: (name) => name.replace(/^tenon-wasi:/, "wasi:"),
        exports: ["wasi:http/incoming-handler@0.2.0"],
      });
      const path = join(folder, `${middleware.length}.wasm`);
      await writeFile(path, bytes);
      const options = ["serve", "--addr", "127.0.0.1:0", "--max-instance-reuse-count", "1000", path];
      return [await startRuntime(wasmtime!, options), composed];
    };
    [server, composition] = await serve([]);
    [guarded] = await serve(["access-log"]);
  });
  afterAll(async () => {
    agent.destroy();
    await server?.stop();
    await guarded?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  const ask = (sent: Sent): Promise<Received> => send(new URL(server.origin), agent, sent);

  test.each(plainRequests())("it answers $method of $version itself", async ({ sent }) => {
    const received = await ask(sent);
    expect(received).toEqual(expected(sent, composition));
    expect(received.status).toBe(200);
  });

  test.each(plainRequests().filter(({ method }) => method === "tools/list"))(
    "it answers $method of $version itself behind middleware that passes it on",
    async ({ sent }) => {
      expect(await send(new URL(guarded.origin), agent, sent)).toEqual(expected(sent, composition));
    },
  );

  test.each([...plainCalls(), { title: "an unknown tool", sent: call("", { params: { name: "none" } }) }])(
    "it makes a call itself: $title",
    async ({ sent: { headers, body } }) => {
      const host = ["host", "localhost"] as const;
      const sent = {
        method: "POST",
        path: "/mcp",
        headers: [host, ...headers],
        body: Buffer.from(body, "latin1"),
      };
      expect((await ask(sent)).status).toBe(200);
    },
  );

  test("it never answers what the protocol core answers otherwise, and hands on all of a request", async () => {
    await fc.assert(
      fc.asyncProperty(requests(), async (sent) => {
        const received = await ask(sent);
        if (received.status === HANDED_ON) expectHandedOn(sent, JSON.parse(received.text));
        else expect(received).toEqual(expected(sent, composition));
      }),
      { numRuns: 3000 },
    );
  }, 600_000);

  test("content that is too long or not UTF-8 is told apart", async () => {
    const sent = plain("tools/list", "", "7");
    const handed = async (body: Buffer): Promise<unknown> => {
      const { status, text } = await ask({ ...sent, body });
      return status === HANDED_ON ? (JSON.parse(text) as { content: unknown }).content : status;
    };
    expect(await handed(Buffer.alloc(300_001, " "))).toEqual({ tag: "too-large" });
    for (const bytes of [[0xff], [0xc0, 0x80], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
      expect(await handed(Buffer.from(bytes))).toEqual({ tag: "not-utf8" });
    }
    const text = "\u00e4\u20ac\u{1f600} \u{10ffff}\ud7ff";
    expect(await handed(Buffer.from(text))).toEqual({ tag: "text", val: text });
    expect(await handed(Buffer.from(" ".repeat(300_000)))).toMatchObject({ tag: "text" });
  });
});

function built(name: string): Promise<Uint8Array> {
  return readFile(new URL(`../../../dist/components/${name}.wasm`, import.meta.url));
}

/** An adapter that answers with what it is handed. */
async function echoAdapter(): Promise<Uint8Array> {
  const wit = await Promise.all(
    ["wasi/wit/wasi.wit", "wasi/wit/http.wit", "wasmtime/wit/front.wit"].map((file) =>
      readFile(join(HOSTS, file), "utf8"),
    ),
  );
  const world = {
    name: "built",
    imports: ["tenon-wasi:http/types@0.2.0"],
    exports: ["tenon:front/exchange@0.1.0"],
  };
  const { bytes } = await buildAdapter({
    source: `
import { openResponse } from "./wasmtime/response.ts";
import { encodeUtf8 } from "./wasi/text.ts";
export const exchange = {
  handle: (head, content, out) => answer(out, { head, content }),
  finish: (head, content, outcome, out) => answer(out, { head, content: { tag: "text", val: content }, outcome }),
};
function answer(out, given) {
    const body = encodeUtf8(JSON.stringify(given));
    const response = openResponse(out, { status: ${HANDED_ON}, headers: [["content-length", String(body.length)]] });
    response.write(body);
    response.end();
}`,
    folder: HOSTS,
    wit: worldSource(world, wit),
    world: "built",
  });
  return bytes;
}

function send(origin: URL, agent: Agent, { method, path, headers, body }: Sent): Promise<Received> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        agent,
        host: origin.hostname,
        port: origin.port,
        method,
        path,
        setHost: false,
        headers: [...headers.flat(), "content-length", String(body.length)],
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
        response.on("end", () =>
          resolve({ status: response.statusCode!, type: response.headers["content-type"], text }),
        );
      },
    );
    sent.on("error", reject).end(body);
  });
}

/** What the protocol core answers; nothing where a component would have to. */
function expected({ method, path, headers, body }: Sent, { manifest }: Composition): Received | undefined {
  const results = constantResults(manifest);
  const protocol = createHttpProtocol({ ...FACTS, now: () => 0, newRequestId: () => "id" });
  const head = {
    method,
    path,
    headers: (name: string) => {
      const values = headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
      return values.length === 0 ? undefined : values.join(", ");
    },
  };
  const refused = protocol.checkHead(head);
  if (refused !== undefined) return receivedOf(refused);
  const step = protocol.handle(head, body.toString());
  if (step.kind === "answer") return receivedOf(step.answer);
  if (step.kind !== "call") return undefined;
  const { request } = step.call;
  const result = results.get(request.method);
  if (result === undefined || request.target !== undefined) return undefined;
  const last = step.call.finish({ tag: "success", val: result });
  return last.kind === "answer" ? receivedOf(last.answer) : undefined;
}

function receivedOf({ status, headers, body }: HttpAnswer): Received {
  const type = headers.find(([name]) => name === "content-type")?.[1];
  return { status, type, text: body ?? "" };
}

function expectHandedOn(sent: Sent, { head, content }: { head: string; content: unknown }): void {
  const lines = head.split("\n");
  const host = sent.headers.find(([name]) => name.toLowerCase() === "host")?.[1];
  expect(lines.slice(0, 3)).toEqual([sent.method, sent.path, host]);
  for (const [name, value] of sent.headers.filter(([each]) => each.toLowerCase() !== "host")) {
    const at = lines.findIndex(
      (line, i) => i % 2 === 1 && line === name.toLowerCase() && lines[i + 1] === value,
    );
    expect(at, `${name}: ${value}`).toBeGreaterThan(2);
  }
  const reads = sent.method === "POST" && sent.path.split("?")[0] === "/mcp";
  expect(content).toEqual({ tag: "text", val: reads ? sent.body.toString() : "" });
}

function plain(method: string, version: string, id: string): Sent {
  const modern = version === MODERN;
  const params = modern
    ? { _meta: { [VERSION]: version, [CAPABILITIES]: { roots: { a: [1, "b", null] } } } }
    : {};
  return {
    method: "POST",
    path: "/mcp",
    headers: [
      ["host", "127.0.0.1:3000"],
      ["content-type", "application/json"],
      ...(version === "" ? [] : [["mcp-protocol-version", version] as const]),
      ...(modern ? [["mcp-method", method] as const] : []),
    ],
    body: Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${JSON.stringify(params)}}`),
  };
}

interface PlainRequest {
  method: string;
  version: string;
  sent: Sent;
}

function plainRequests(): PlainRequest[] {
  return [
    ...["", ...LEGACY].flatMap((version) => plainOf(["tools/list", "ping"], version)),
    ...plainOf(["tools/list", "server/discover"], MODERN),
  ];
}

function plainOf(methods: readonly string[], version: string): PlainRequest[] {
  return methods.map((method) => ({ method, version, sent: plain(method, version, "7") }));
}

/** Requests like those that are answered, with up to three changes. */
function requests(): fc.Arbitrary<Sent> {
  const base = fc
    .record({
      method: fc.constantFrom("tools/list", "ping", "server/discover", "resources/list", "tools/call"),
      version: fc.constantFrom("", ...LEGACY, MODERN, MODERN),
      id: fc.constantFrom(
        "1",
        "0",
        "123456789012345",
        '"a b"',
        '""',
        "007",
        "-1",
        "1.5",
        "1e3",
        "null",
        '"\\u0041"',
        "[]",
      ),
    })
    .map(({ method, version, id }) => plain(method, version, id));
  return fc
    .tuple(base, fc.array(change(), { maxLength: 3 }))
    .map(([sent, changes]) => changes.reduce((before, each) => each(before), sent));
}

type Change = (sent: Sent) => Sent;

function change(): fc.Arbitrary<Change> {
  const field = fc
    .constantFrom<readonly [string, string]>(
      ["content-type", "application/json"],
      ["Content-Type", "application/json; charset=utf-8"],
      ["content-type", "text/plain"],
      ["origin", "https://app.example"],
      ["Origin", "https://evil.example"],
      ["content-encoding", "gzip"],
      ["accept", "application/json, text/event-stream"],
      ["authorization", "Bearer a\u00e4b"],
      ["mcp-protocol-version", MODERN],
      ["MCP-Protocol-Version", "2025-06-18"],
      ["mcp-protocol-version", "1999-01-01"],
      ["mcp-method", "tools/list"],
      ["mcp-method", "tools/call"],
      ["mcp-name", "add"],
      ["mcp-session-id", "1"],
      ["x-other", "mcp-method"],
    )
    .map((added): Change => (sent) => ({ ...sent, headers: [...sent.headers, added] }));
  const less = fc.nat(3).map((at): Change => (sent) => ({
    ...sent,
    headers: sent.headers.filter((_, i) => i === 0 || i !== at),
  }));
  const host = fc
    .constantFrom(
      "localhost",
      "[::1]:1",
      "127.0.0.1:65536",
      "127.0.0.1:",
      "LOCALHOST:80",
      "evil.example",
      "mcp.example:99",
      "mcp.example",
      "other.example",
      "other.example:8443",
      "other.example:08443",
      "localhost.evil.example",
      "127.0.0.1:65535",
    )
    .map((name): Change => (sent) => ({ ...sent, headers: [["host", name], ...sent.headers.slice(1)] }));
  const line = fc
    .constantFrom<Partial<Sent>>(
      { path: "/mcp?a=b" },
      { path: "/mcp/" },
      { path: "/mc" },
      { path: "/MCP" },
      { method: "PUT" },
      { method: "OPTIONS" },
      { method: "GET" },
    )
    .map((changed): Change => (sent) => ({ ...sent, ...changed }));
  const replaced = fc
    .constantFrom<readonly [string | RegExp, string]>(
      [/,/g, " ,\n\t"],
      [/[:{]/g, "$& \r"],
      ['"jsonrpc"', '"json\\u0072pc"'],
      ['"2.0"', '"2.1"'],
      ['"params":{}', '"params":null'],
      ['"params":{}', '"params":{"cursor":"x"}'],
      [',"params":{}', ""],
      ['"params":{}', `"params":{"_meta":{"${VERSION}":"${MODERN}"}}`],
      ['"params":{}', '"params":{"_meta":{"progressToken":1}}'],
      ['"params":{', '"params":{"__proto__":1,'],
      ['"_meta":{', '"_meta":{"progressToken":"a",'],
      ['"_meta":{', '"_meta":{"io.modelcontextprotocol/logLevel":"debug",'],
      ['"_meta":{', '"_meta":{"io.modelcontextprotocol/clientInfo":{"name":"a","version":"1"},'],
      ['"_meta":{', '"_meta":{"io.modelcontextprotocol/clientInfo":"a",'],
      ['"_meta":{', `"_meta":{"${VERSION}":"${MODERN}",`],
      ['"roots":{', '"roots":{"a":1,'],
      ['"roots":{', '"roots":{"__proto__":1,'],
      ['"roots":{', '"roots":{"b":{"a":true,"c":false},'],
      ['"roots":{', `"roots":{"deep":${"[".repeat(30)}${"]".repeat(30)},`],
      ['"roots":{', '"roots":{"n":01,'],
      ['"roots":{', '"roots":{"n":-0.5e3,'],
      ["}", ',"id":2}'],
      [/^/, "\ufeff"],
      [/^.*$/s, "[$&]"],
      [/$/, " "],
      [/$/, "{}"],
    )
    .map(
      ([from, to]): Change =>
        (sent) =>
          withText(sent, (text) => text.replace(from, to)),
    );
  const typo = fc
    .record({
      at: fc.nat(400),
      cut: fc.nat(2),
      put: fc.constantFrom(
        "",
        "",
        '"',
        "{",
        "}",
        ",",
        ":",
        "\\",
        "a",
        "0",
        " ",
        "\n",
        "\u00e4",
        "\u0000",
        "\u007f",
      ),
    })
    .map(
      ({ at, cut, put }): Change =>
        (sent) =>
          withText(sent, (text) => {
            const place = at % (text.length + 1);
            return `${text.slice(0, place)}${put}${text.slice(place + cut)}`;
          }),
    );
  return fc.oneof(
    field,
    less,
    host,
    line,
    { arbitrary: replaced, weight: 2 },
    { arbitrary: typo, weight: 2 },
  );
}

function withText(sent: Sent, to: (text: string) => string): Sent {
  return { ...sent, body: Buffer.from(to(sent.body.toString())) };
}
