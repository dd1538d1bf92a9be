import { componentWit } from "@bytecodealliance/jco-transpile/wasm-tools";
import { beforeAll, describe, expect, test } from "vitest";
import { compose, type ComposeInput, type Composition } from "../../../src/compose/index.ts";
import { readManifest, writeManifest, type ProviderManifest } from "../../../src/manifest/index.ts";
import {
  buildMiddleware,
  buildProvider,
  middlewareManifest,
  providerManifest,
} from "../../fixtures/quickjs-component.ts";
import {
  loadComponent,
  wasm,
  type Core,
  type HostFunctions,
  type Wasm,
} from "../../fixtures/run-component.ts";
import { constantProvider } from "../../fixtures/wat-component.ts";

const server = { name: "acme", version: "1.2.3", access: "public" } as const;
const call = (
  target: string,
  args: object = {},
): { id: string; method: string; target: string; params: string } => ({
  id: "1",
  method: "tools/call",
  target,
  params: JSON.stringify({ arguments: args }),
});

const ADD = `
  if (req.target === "add") {
    const { a, b } = JSON.parse(req.params).arguments;
    return { tag: "success", val: JSON.stringify({ sum: a + b, context: JSON.parse(ctx), from: "calc" }) };
  }
  return { tag: "success", val: JSON.stringify({ text: JSON.parse(req.params).arguments.text }) };`;
const LOG = `
  const outcome = next.handle(ctx, req);
  log.write({ level: "info", source: "someone else", message: req.method + " " + outcome.tag, fields: null });
  return outcome;`;

async function calculator(): Promise<Uint8Array> {
  return buildProvider(providerManifest("calculator", ["add", "echo"]), ADD);
}
async function accessLog(): Promise<Uint8Array> {
  return buildMiddleware(middlewareManifest("access-log"), LOG, { log: "tenon:host/log@0.1.0" });
}

function copy<P extends { bytes: Uint8Array }>(part: P): P {
  return { ...part, bytes: part.bytes.slice() };
}

describe("a composition of a provider and a middleware", () => {
  let input: ComposeInput;
  let composition: Composition;
  let instantiate: (imports?: HostFunctions) => Core;
  const lines: { source?: string; message: string }[] = [];
  const host: HostFunctions = {
    "tenon:host/log": { write: (line: (typeof lines)[number]) => lines.push(line) },
  };

  beforeAll(async () => {
    const other: ProviderManifest = { ...providerManifest("other", ["other"]), asks: true };
    other.tools[0] = {
      ...other.tools[0]!,
      title: "Other é",
      scopes: ["secret"],
      annotations: { readOnlyHint: true },
    };
    input = {
      ...server,
      providers: [
        { as: "calc", bytes: await calculator() },
        { as: "const", bytes: writeManifest(await constantProvider('{"from":"const"}'), other) },
      ],
      middleware: [{ as: "access-log", bytes: await accessLog() }],
    };
    composition = await compose(input);
    instantiate = await loadComponent(composition.bytes);
  });

  test("compose() gives a component that wasm-tools reads back, importing what is used and allowed and no more", async () => {
    const wit = await componentWit(composition.bytes);
    expect(
      wit
        .match(/import .*;/g)
        ?.map((line) => line.slice(7, -1))
        .sort(),
    ).toEqual(composition.imports);
    expect(composition.imports).toEqual([
      "tenon:host/log@0.1.0",
      "tenon:mcp/types@0.1.0",
      "wasi:clocks/monotonic-clock@0.2.0",
      "wasi:clocks/wall-clock@0.2.0",
      "wasi:random/random@0.2.0",
    ]);
    expect(wit.match(/export .*;/g)?.map((line) => line.slice(7, -1))).toEqual(composition.exports);
    expect(composition.exports).toEqual(["tenon:mcp/handler@0.1.0", "tenon:mcp/catalog@0.1.0"]);
  });

  test("compose() stores the engine once", () => {
    expect(composition.shared).toHaveLength(1);
    expect(composition.shared[0]!.uses).toBe(2);
    const parts = [...input.providers, ...input.middleware].reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(composition.bytes.length).toBeLessThan(parts - composition.shared[0]!.size + 50_000);
  });

  test("compose() gives the same bytes again, and from copies of the parts", async () => {
    const again = await compose({
      ...input,
      providers: input.providers.map(copy),
      middleware: input.middleware.map(copy),
    });
    expect(again.digest).toBe(composition.digest);
    expect(Buffer.compare(again.bytes, composition.bytes)).toBe(0);
  });

  test("compose() writes a manifest of the whole server", () => {
    const manifest = readManifest(composition.bytes);
    expect(manifest).toEqual(composition.manifest);
    expect(manifest).toMatchObject({
      kind: "core",
      name: "acme",
      version: "1.2.3",
      access: "public",
      providers: [
        {
          as: "calc",
          name: "calculator",
          tools: ["add", "echo"],
          digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        },
        { as: "const", name: "other", tools: ["other"], asks: true },
      ],
      middleware: [{ as: "access-log", name: "access-log" }],
    });
    expect(composition.manifest.providers[0]).not.toHaveProperty("asks");
    expect(composition.manifest.stubs).toContain("wasi:cli/environment#get-environment");
    expect(composition.manifest.stubs).toContain("wasi:filesystem/preopens#get-directories");
    expect(composition.manifest.stubs).toEqual([...composition.manifest.stubs].sort());
  });

  test("the server answers lists from constants, with public members only, in the order of declaration", () => {
    const { handler } = instantiate(host);
    const { tag, val } = handler.handle("{}", { id: "1", method: "tools/list" });
    expect(tag).toBe("success");
    expect(JSON.parse(val)).toEqual({
      ttlMs: 60_000,
      cacheScope: "private",
      tools: [
        { name: "add", inputSchema: { type: "object" } },
        { name: "echo", inputSchema: { type: "object" } },
        {
          name: "other",
          title: "Other é",
          inputSchema: { type: "object" },
          annotations: { readOnlyHint: true },
        },
      ],
    });
    expect(handler.handle("{}", { id: "1", method: "ping" })).toEqual({ tag: "success", val: "{}" });
    expect(JSON.parse(handler.handle("{}", { id: "1", method: "server/discover" }).val)).toEqual({
      ttlMs: 60_000,
      cacheScope: "private",
      serverInfo: { name: "acme", version: "1.2.3" },
      capabilities: { tools: {} },
    });
  });

  test("the server forwards a call to the provider of the tool, context and all", () => {
    const { handler } = instantiate(host);
    const { val } = handler.handle('{"requestId":"é"}', call("add", { a: 1, b: 41 }));
    expect(JSON.parse(val)).toEqual({ sum: 42, context: { requestId: "é" }, from: "calc" });
    expect(handler.handle("{}", call("other"))).toEqual({ tag: "success", val: '{"from":"const"}' });
  });

  test("the server answers unknown tools and methods with JSON-RPC errors", () => {
    const { handler } = instantiate(host);
    const unknownTool = { tag: "failure", val: { code: -32602, message: "Unknown tool", data: undefined } };
    for (const target of ["", "ad", "adds", "ADD", "x".repeat(100_000)]) {
      expect(handler.handle("{}", call(target)), target.slice(0, 10)).toEqual(unknownTool);
    }
    expect(handler.handle("{}", { id: "1", method: "tools/call" })).toEqual(unknownTool);
    const unknownMethod = {
      tag: "failure",
      val: { code: -32601, message: "Method not found", data: undefined },
    };
    for (const method of ["", "tools/lists", "resources/list", "resources/templates/list", "prompts/list"]) {
      expect(handler.handle("{}", { id: "1", method }), method).toEqual(unknownMethod);
    }
  });

  test("the server takes a notification without showing it to a provider", () => {
    const { handler } = instantiate(host);
    const { id: _, ...notification } = call("add", { a: 1, b: 2 });
    expect(handler.handle("{}", notification).tag).toBe("accepted");
    expect(handler.handle("{}", { method: "notifications/initialized" }).tag).toBe("accepted");
  });

  test("log lines carry the name of the part that wrote them, whatever it claims", () => {
    const { handler } = instantiate(host);
    lines.length = 0;
    handler.handle("{}", { id: "1", method: "ping" });
    expect(lines).toMatchObject([{ level: "info", source: "access-log", message: "ping success" }]);
  });

  test("the catalog gives the whole entry of a tool and of the server, and nothing else", () => {
    const { catalog } = instantiate(host);
    expect(JSON.parse(catalog.get("tool", "other")!)).toEqual({
      name: "other",
      title: "Other é",
      scopes: ["secret"],
      inputSchema: { type: "object" },
      annotations: { readOnlyHint: true },
      provider: "const",
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    expect(JSON.parse(catalog.get("server", "")!)).toMatchObject({ serverInfo: { name: "acme" } });
    for (const [kind, name] of [
      ["tool", "nope"],
      ["server", "x"],
      ["prompt", "add"],
      ["", ""],
    ] as const) {
      expect(catalog.get(kind, name), `${kind} ${name}`).toBeUndefined();
    }
  });

  test("large payloads pass unharmed, and memory does not grow with the number of calls", () => {
    const memories: InstanceType<Wasm["Memory"]>[] = [];
    const original = wasm.Instance;
    wasm.Instance = class extends original {
      constructor(module: object, imports?: object) {
        super(module, imports);
        memories.push(...Object.values(this.exports).filter((each) => each instanceof wasm.Memory));
      }
    };
    const { handler } = instantiate(host);
    wasm.Instance = original;
    const pages = (): number => memories.reduce((sum, { buffer }) => sum + buffer.byteLength / 65_536, 0);
    const text = "é😀".repeat(200_000);
    for (let i = 0; i < 3; i++)
      expect(JSON.parse(handler.handle("{}", call("echo", { text })).val).text).toBe(text);
    const before = pages();
    for (let i = 0; i < 5; i++) handler.handle("{}", call("echo", { text }));
    for (let i = 0; i < 500; i++) handler.handle("{}", call("add", { a: i, b: i }));
    expect(memories.length).toBeGreaterThan(3);
    expect(pages()).toBe(before);
  });

  test("a host that re-enters the server traps instead of mixing two requests", () => {
    const core: { current?: Core } = {};
    let inner: unknown;
    core.current = instantiate({
      "tenon:host/log": {
        write: () => {
          try {
            core.current!.handler.handle("{}", { id: "2", method: "ping" });
          } catch (error) {
            inner = error;
            throw error;
          }
        },
      },
    });
    expect(() => core.current!.handler.handle("{}", { id: "1", method: "ping" })).toThrow();
    expect(inner).toBeInstanceOf(Error);
  });
});
