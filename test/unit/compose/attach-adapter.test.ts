import { createHash } from "node:crypto";
import { componentWit, parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { beforeAll, expect, test } from "vitest";
import { attachAdapter, compose, coreOf } from "../../../src/compose/index.ts";
import { writeManifest } from "../../../src/manifest/index.ts";
import {
  buildComponent,
  buildMiddleware,
  middlewareManifest,
  providerManifest,
} from "../../fixtures/quickjs-component.ts";
import { loadComponent } from "../../fixtures/run-component.ts";
import { buildWatComponent, constantProvider } from "../../fixtures/wat-component.ts";

// An entry point in the place of a host's, whose types are plain: it asks the core for method and target.
const ADAPTER = `
  import * as core from "tenon:mcp/handler@0.1.0";
  export const catalog = {
    get(method, target) {
      return JSON.stringify(core.handle("{}", { id: "1", method, target, params: null }));
    },
  };`;
const ENTRY = "tenon:mcp/catalog@0.1.0";

let core: Uint8Array;
let digest: string;
let adapter: Uint8Array;

beforeAll(async () => {
  const log = await buildMiddleware(
    middlewareManifest("access-log"),
    `log.write({ level: "info", source: null, message: req.method, fields: null }); return next.handle(ctx, req);`,
    { log: "tenon:host/log@0.1.0" },
  );
  const composition = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [
      { as: "p", bytes: writeManifest(await constantProvider("{}"), providerManifest("p", ["t"])) },
    ],
    middleware: [{ as: "access-log", bytes: log }],
  });
  core = composition.bytes;
  digest = composition.digest;
  adapter = await buildComponent(ADAPTER, ["tenon:mcp/handler@0.1.0"], [ENTRY]);
});

test("attachAdapter() keeps the core's bytes, so that its digest can be computed again", async () => {
  const bundle = await attachAdapter({ core, adapter, exports: [ENTRY] });
  const inside = coreOf(bundle)!;
  expect(`sha256:${createHash("sha256").update(inside).digest("hex")}`).toBe(digest);
  expect(coreOf(core)).toBeUndefined();
});

test("attachAdapter() gives the same bytes for the same input", async () => {
  const first = await attachAdapter({ core, adapter, exports: [ENTRY] });
  const second = await attachAdapter({ core: core.slice(), adapter: adapter.slice(), exports: [ENTRY] });
  expect(Buffer.compare(first, second)).toBe(0);
});

test("attachAdapter() wires the adapter to the core, and denies what neither a service nor the host offers", async () => {
  const bundle = await attachAdapter({ core, adapter, exports: [ENTRY] });
  const wit = await componentWit(bundle);
  expect(
    wit
      .match(/import .*;/g)
      ?.map((line) => line.slice(7, -1))
      .sort(),
  ).toEqual([
    "wasi:clocks/monotonic-clock@0.2.0",
    "wasi:clocks/wall-clock@0.2.0",
    "wasi:random/random@0.2.0",
  ]);
  const { catalog } = (await loadComponent(bundle))();
  expect(JSON.parse(catalog.get("tools/call", "t")!)).toEqual({ tag: "success", val: "{}" });
  expect(JSON.parse(catalog.get("tools/call", "u")!)).toMatchObject({
    tag: "failure",
    val: { code: -32602 },
  });
});

test("attachAdapter() serves the core's imports from services, and renames those of the host", async () => {
  // A log that counts its lines with the host's random numbers, built against a copy of that interface.
  const service = await buildWatComponent(
    `(module
      (import "copy-wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))
      (memory (export "memory") 1)
      (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
      (func (export "tenon:host/log@0.1.0#write") (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (drop (call $random))))`,
    ["copy-wasi:random/random@0.2.0"],
    ["tenon:host/log@0.1.0"],
    "package copy-wasi:random@0.2.0 { interface random { get-random-u64: func() -> u64; } }",
  );
  const bundle = await attachAdapter({
    core,
    adapter,
    services: [service],
    rename: (name) => name.replace(/^copy-wasi:/, "wasi:"),
    exports: [ENTRY],
  });
  expect(await componentWit(bundle)).not.toContain("copy-wasi");
  let lines = 0;
  const { catalog } = (await loadComponent(bundle))({
    "wasi:random/random": {
      getRandomBytes: (length: bigint) => new Uint8Array(Number(length)),
      getRandomU64: () => BigInt(++lines),
    },
  });
  const before = lines;
  catalog.get("ping", "");
  expect(lines).toBeGreaterThan(before);
});

test("attachAdapter() passes interfaces of the host's own on, resources and all", async () => {
  const own = await parse(`(component
    (import "tenon:mcp/handler@0.1.0" (instance))
    (import "acme:edge/request@1.0.0" (instance
      (export "request" (type $r (sub resource)))
      (export "take" (func (result (own $r))))))
    (instance $i) (export "acme:edge/entry@1.0.0" (instance $i)))`);
  const bundle = await attachAdapter({ core, adapter: own, exports: ["acme:edge/entry@1.0.0"] });
  expect(await componentWit(bundle)).toContain("import acme:edge/request@1.0.0");
});

test("attachAdapter() refuses a core that is none", async () => {
  await expect(attachAdapter({ core: adapter, adapter, exports: [ENTRY] })).rejects.toThrow(
    expect.objectContaining({
      message: "Cannot attach an adapter: the component is no composed server",
      code: "ERR_MANIFEST",
    }),
  );
});

test("attachAdapter() refuses an export the adapter does not have", async () => {
  await expect(attachAdapter({ core, adapter, exports: ["wasi:cli/run@0.2.0"] })).rejects.toThrow(
    expect.objectContaining({
      message: 'Cannot attach the adapter: it does not export "wasi:cli/run@0.2.0"',
      details: ["It exports tenon:mcp/catalog@0.1.0"],
    }),
  );
});
