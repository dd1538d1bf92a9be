import { componentWit } from "@bytecodealliance/jco-transpile/wasm-tools";
import { expect, test } from "vitest";
import { compose } from "../../../src/compose/index.ts";
import { writeManifest } from "../../../src/manifest/index.ts";
import { buildComponent, providerManifest } from "../../fixtures/quickjs-component.ts";
import { loadComponent } from "../../fixtures/run-component.ts";
import { buildWatComponent, constantProvider } from "../../fixtures/wat-component.ts";

const server = { name: "acme", version: "1.0.0", access: "public", middleware: [] } as const;
const REQUEST = { id: "1", method: "tools/call", target: "t", params: "{}" };

/** An interface with one function of every kind of result, and with resources shared by two interfaces. */
const STRANGERS = `
package acme:db@1.2.3 {
  interface connections {
    resource connection { ping: func() -> bool; }
    variant problem { busy(u32), denied(string), lost }
    open: func(name: string) -> result<connection, problem>;
    count: func() -> u64;
  }
  interface store {
    use connections.{connection, problem};
    enum mode { fast, safe }
    flags rights { read, write, remove }
    record stats { rows: u64, share: f64, mode: mode, rights: rights, label: string, tags: list<string>, kind: char }
    resource cursor {
      constructor(on: borrow<connection>);
      next: func() -> option<tuple<u32, string>>;
    }
    attach: func(to: connection) -> result<_, problem>;
    inspect: func(which: list<string>, deep: option<u32>) -> stats;
    half: func() -> f32;
    small: func() -> s8;
    middle: func() -> u16;
    wide: func(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, g: u64, h: u64, i: u64, j: u64, k: u64, l: u64, m: u64, n: u64, o: u64, p: u64, q: u64) -> result<u8>;
    forget: func();
  }
}`;

test("a component made for another host gets an error from every function that has one, and empty values else", async () => {
  const source = `
    import * as connections from "acme:db/connections@1.2.3";
    import * as store from "acme:db/store@1.2.3";
    const attempt = (f) => { try { return f(); } catch (e) { return { error: e.payload === undefined ? String(e) : e.payload }; } };
    export const provider = { handle() {
      return { tag: "success", val: JSON.stringify({
        open: attempt(() => connections.open("x")),
        count: Number(connections.count()),
        stats: attempt(() => { const s = store.inspect(["a"], 1); return { ...s, rows: Number(s.rows) }; }),
        half: store.half(), small: store.small(), middle: store.middle(),
        wide: attempt(() => store.wide(...Array(17).fill(1))),
        forget: store.forget() ?? null,
      }) };
    } };`;
  const bytes = await buildComponent(
    source,
    ["acme:db/connections@1.2.3", "acme:db/store@1.2.3"],
    ["tenon:mcp/provider@0.1.0"],
    STRANGERS,
  );
  const composition = await compose({
    ...server,
    providers: [{ as: "p", bytes: writeManifest(bytes, providerManifest("p", ["t"])) }],
  });
  expect(await componentWit(composition.bytes)).not.toContain("acme:");
  expect(composition.manifest.stubs).toEqual(
    expect.arrayContaining([
      "acme:db/connections#open",
      "acme:db/store#[constructor]cursor",
      "acme:db/store#wide",
    ]),
  );
  const outcome = (await loadComponent(composition.bytes))().handler.handle("{}", REQUEST);
  expect(outcome.tag).toBe("success");
  expect(JSON.parse(outcome.val)).toEqual({
    open: { error: { tag: "denied", val: "acme:db/connections is not granted to this component" } },
    count: 0,
    stats: { rows: 0, share: 0, mode: "fast", rights: expect.anything(), label: "", tags: [], kind: "\0" },
    half: 0,
    small: 0,
    middle: 0,
    wide: { error: expect.stringMatching(/^Error/) },
    forget: null,
  });
});

test("standard WASI is empty: no environment, no arguments, no files, closed streams", async () => {
  const packages = `
package wasi:cli@0.2.3 {
  interface environment { get-environment: func() -> list<tuple<string, string>>; get-arguments: func() -> list<string>; initial-cwd: func() -> option<string>; }
}`;
  const source = `
    import * as environment from "wasi:cli/environment@0.2.3";
    export const provider = { handle() {
      return { tag: "success", val: JSON.stringify([environment.getEnvironment(), environment.getArguments(), environment.initialCwd() ?? null]) };
    } };`;
  const bytes = await buildComponent(
    source,
    ["wasi:cli/environment@0.2.3"],
    ["tenon:mcp/provider@0.1.0"],
    packages,
  );
  const { bytes: composed } = await compose({
    ...server,
    providers: [{ as: "p", bytes: writeManifest(bytes, providerManifest("p", ["t"])) }],
  });
  const outcome = (await loadComponent(composed))().handler.handle("{}", REQUEST);
  expect(JSON.parse(outcome.val)).toEqual([[], [], null]);
});

/** A provider that reads the clock. */
function clock(version: string): Promise<Uint8Array> {
  return buildWatComponent(
    `(module
        (import "wasi:clocks/wall-clock@${version}" "now" (func $now (param i32)))
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "tenon:mcp/provider@0.1.0#handle") (param ${"i32 ".repeat(13)}) (result i32)
          (call $now (i32.const 64)) (i32.store8 (i32.const 0) (i32.const 4)) (i32.const 0)))`,
    [`wasi:clocks/wall-clock@${version}`],
    ["tenon:mcp/provider@0.1.0"],
    `package wasi:clocks@${version} { interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; } }`,
  );
}

test("compose() unites parts built against different patch versions of WASI, and emits the lowest", async () => {
  const { imports, bytes } = await compose({
    ...server,
    providers: [
      { as: "old", bytes: writeManifest(await clock("0.2.3"), providerManifest("old", ["t"])) },
      { as: "new", bytes: writeManifest(await clock("0.2.12"), providerManifest("new", ["u"])) },
      { as: "none", bytes: writeManifest(await constantProvider("{}"), providerManifest("none", ["v"])) },
    ],
  });
  expect(imports).toEqual(["tenon:mcp/types@0.1.0", "wasi:clocks/wall-clock@0.2.0"]);
  expect((await loadComponent(bytes))().handler.handle("{}", REQUEST).tag).toBe("accepted");
});
