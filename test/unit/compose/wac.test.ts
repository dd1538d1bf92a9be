import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { compose } from "../../../src/compose/index.ts";
import { writeManifest } from "../../../src/manifest/index.ts";
import { findProgram } from "../../fixtures/programs.ts";
import { buildProvider, middlewareManifest, providerManifest } from "../../fixtures/quickjs-component.ts";
import { compile, invoke } from "../../fixtures/wasmtime-invoke.ts";
import { buildWatComponent } from "../../fixtures/wat-component.ts";

const wasmtime = findProgram("wasmtime");
const wac = findProgram("wac", { optional: true });
const missing = wasmtime.missing ?? wac.missing;
const title = missing === undefined ? "wac" : `wac: NOT RUN, ${missing}`;
const HANDLER = "tenon:mcp/handler@0.1.0";

/** Two of middleware before a server that has none: a graph that needs nothing generated between its parts. */
const GRAPH = `package test:graph;
let end = new test:end { ... };
let inner = new test:inner { "${HANDLER}": end["${HANDLER}"], ... };
let outer = new test:outer { "${HANDLER}": inner["${HANDLER}"], ... };
export outer["${HANDLER}"];
`;

/** Method, target and parameters as WAVE has them: what the provider answers, the router, and either middleware. */
const REQUESTS = [
  ["tools/call", 'some("add")', String.raw`some("{\"a\":1,\"b\":41}")`],
  ["tools/call", 'some("missing")', "none"],
  ["tools/list", "none", "none"],
  ["prompts/get", 'some("any")', "none"],
  ["resources/list", "none", "none"],
] as const;

/**
 * Middleware that gives a context of its own, and refuses a method, which it knows by its length. It has no engine: where
 * more than one part imports WASI, wasmtime refuses what wac composes, because resources do not match.
 */
async function marking(name: string, refuses: string): Promise<Uint8Array> {
  const parameters = "i32 ".repeat(13);
  const request = Array.from({ length: 11 }, (_, i) => `(local.get ${i + 2})`).join(" ");
  const component = await buildWatComponent(
    `(module
  (import "${HANDLER}" "handle" (func $next (param ${parameters} i32)))
  (memory (export "memory") 1)
  (data (i32.const 128) "${name}")
  (global $heap (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func (export "${HANDLER}#handle") (param ${parameters}) (result i32)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 128))
    ;; The outcome at 0 is a refusal with the status 403 and nothing else.
    (if (i32.eq (local.get 6) (i32.const ${refuses.length}))
      (then
        (i32.store8 (i32.const 0) (i32.const 2))
        (i32.store16 (i32.const 4) (i32.const 403))
        (return (i32.const 0))))
    (call $next (i32.const 128) (i32.const ${name.length}) ${request} (i32.const 0))
    (i32.const 0))
  (func (export "cabi_post_${HANDLER}#handle") (param i32) (global.set $heap (i32.const 4096))))`,
    [HANDLER],
    [HANDLER],
  );
  return writeManifest(component, middlewareManifest(name));
}

describe.skipIf(missing !== undefined)(title, () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-wac-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What a composition answers to each request. */
  function answers(bytes: Uint8Array, name: string): string[] {
    const compiled = join(folder, name);
    compile(wasmtime.path!, bytes, compiled);
    return REQUESTS.map(([method, target, params]) => {
      const request = `{id: some("1"), method: "${method}", target: ${target}, params: ${params}}`;
      return invoke(wasmtime.path!, compiled, `handle("of the host", ${request})`);
    });
  }

  function composeWithWac(parts: Record<string, Uint8Array>): Uint8Array {
    const [graph, output] = [join(folder, "graph.wac"), join(folder, "graph.wasm")];
    writeFileSync(graph, GRAPH);
    const dependencies = Object.entries(parts).flatMap(([name, bytes]) => {
      const path = join(folder, `${name}-part.wasm`);
      writeFileSync(path, bytes);
      return ["--dep", `test:${name}=${path}`];
    });
    const args = ["compose", ...dependencies, "-o", output, graph];
    const { status, stderr } = spawnSync(wac.path!, args, { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    return new Uint8Array(readFileSync(output));
  }

  test("a graph that wac composes gives the answers of ours, in wasmtime", async () => {
    const outer = await marking("outer", "prompts/get");
    const inner = await marking("inner", "resources/list");
    const calculator = await buildProvider(
      providerManifest("calculator", ["add"]),
      `const { a, b } = JSON.parse(req.params); return { tag: "success", val: JSON.stringify({ sum: a + b, ctx }) };`,
    );
    const composed = async (...middleware: { as: string; bytes: Uint8Array }[]): Promise<Uint8Array> => {
      const providers = [{ as: "calculator", bytes: calculator }];
      return (await compose({ name: "acme", version: "1.0.0", access: "public", providers, middleware }))
        .bytes;
    };
    const ours = answers(
      await composed({ as: "outer", bytes: outer }, { as: "inner", bytes: inner }),
      "ours",
    );
    expect(ours[0]).toBe(String.raw`success("{\"sum\":42,\"ctx\":\"inner\"}")`);
    expect(ours.slice(1, 3)).toEqual([expect.stringContaining("-32602"), expect.stringContaining("add")]);
    for (const refused of ours.slice(3)) expect(refused).toMatch(/^refused\(\{status: 403/);
    const theirs = composeWithWac({ end: await composed(), inner, outer });
    expect(answers(theirs, "theirs")).toEqual(ours);
  }, 180_000);
});
