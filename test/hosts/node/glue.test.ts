import { readFile } from "node:fs/promises";
import { transpileBytes } from "@bytecodealliance/jco-transpile";
import { compose } from "tenon/compose";
import { beforeAll, describe, expect, test } from "vitest";
import { parseComponent } from "../../../src/compose/wasm-tools.ts";
import { adaptGlue } from "../../../hosts/node/glue/adapt-glue.ts";
import { createHostImports } from "../../../hosts/node/host-imports.ts";
import { createPassages } from "../../../hosts/node/glue/passages.ts";
import { compileModules } from "../../../hosts/node/compile-modules.ts";
import { wasm } from "../../fixtures/transpile-component.ts";
import { handlerCore } from "./handler-core.ts";

const PIECES = ["log", "marks", "parameter", "views", "texts", "tasks", "copies", "accesses"];

/** Whether a module may have several memories here. */
const HAS_MEMORIES = Number(process.versions.node.split(".")[0]) >= 22;

interface Transpiled {
  glue: string;
  modules: Map<string, Uint8Array<ArrayBuffer>>;
}

async function transpile(bytes: Uint8Array, multiMemory: boolean): Promise<Transpiled> {
  const { files } = await transpileBytes(bytes, {
    name: "core",
    instantiation: "sync",
    emitTypescriptDeclarations: false,
    base64Cutoff: 0,
    multiMemory,
  });
  const modules = Object.entries(files).filter(([name]) => name.endsWith(".wasm"));
  return {
    glue: new TextDecoder().decode(files["core.js"]),
    modules: new Map(modules.map(([name, module]) => [name, new Uint8Array(module)])),
  };
}

interface Loaded<Exports> {
  instantiate: (...args: unknown[]) => Exports;
}

async function load<Exports>(glue: string): Promise<Loaded<Exports>> {
  const url = `data:text/javascript;base64,${Buffer.from(glue).toString("base64")}`;
  return (await import(/* @vite-ignore */ url)) as Loaded<Exports>;
}

function readyMade(name: string): Promise<Uint8Array> {
  return readFile(`dist/components/${name}.wasm`);
}

/** Tools that fetch and that count, behind middleware with and without an engine. */
async function chain(): Promise<Uint8Array> {
  const limit = { limit: 1000, windowMs: 1000, by: ["tool"] };
  const { bytes } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [
      { as: "web", bytes: await readyMade("web-fetch") },
      { as: "notes", bytes: await readyMade("notes") },
    ],
    middleware: [
      { as: "access-log", bytes: await readyMade("access-log") },
      { as: "guard", bytes: await readyMade("guard") },
      { as: "rate-limit", bytes: await readyMade("rate-limit"), settings: limit },
    ],
    grants: {
      web: { http: [{ origin: "https://example.com" }] },
      notes: { kv: ["notes/"] },
      "rate-limit": { kv: ["limits/"] },
    },
  });
  return bytes;
}

describe.each([true, false])("What jco writes, with several memories in a module: %s", (multiMemory) => {
  let glue: string;

  beforeAll(async () => {
    ({ glue } = await transpile(await chain(), multiMemory));
  }, 120_000);

  test("is known in every piece", () => {
    const adapted = adaptGlue(glue);
    expect(adapted.stock).toEqual([]);
    expect(adapted.glue).not.toMatch(
      /contextGet|WebAssembly\.promising|trampoline\d+, \{ _jcoMaySuspend: false \}\),?\n\s*'utf8/,
    );
    // What a call makes for itself is compiled for each instance.
    expect(adapted.glue).not.toMatch(/createTask|_trackHostOperation\(\(\)|fn: \(\) => \w+\(/);
    expect(adapted.glue).not.toMatch(/_lowerImportBackwardsCompat|createNewCurrentTask/);
    expect(adapted.glue).not.toMatch(/decode\(new Uint8Array\(memory\d/);
    // Each function of the host that parts import, and none twice.
    const checks = adapted.glue.match(/const _trampoline\d+ = .*_checkMayLeave\(\d+\)/g)!;
    expect(checks).toHaveLength(glue.match(/const _trampoline\d+ = /g)!.length);
    expect(adapted.glue.match(/passages\.copy\(memory\d+, memory\d+\)/g)!.length).toBeGreaterThan(20);
    const accesses = adapted.glue.match(/passages\.access\(exports\d+\.memory\)/g) ?? [];
    expect(accesses.length > 20).toBe(!multiMemory);
  });

  test("stays where it is another text", () => {
    const changes: Record<string, [from: string, to: string]> = {
      log: ["const _debugLog = ", "let _debugLog = "],
      marks: ["new TextDecoder()", "new TextDecoder('utf-8')"],
      views: ["dv.buffer === mem.buffer", "mem.buffer === dv.buffer"],
      texts: ["codepoints++;", "codepoints += 1;"],
      tasks: ["function createNewCurrentTask(args) {", "function createNewCurrentTask(args) { void 0;"],
      copies: [".buffer, to_ptr, len)", ".buffer, to_ptr, len + 0)"],
      accesses: [".getInt32(ptr + off, true)", ".getInt32(ptr + off, false)"],
    };
    if (multiMemory) delete changes["accesses"];
    for (const [piece, [from, to]] of Object.entries(changes)) {
      const changed = glue.replaceAll(from, to);
      expect(changed, piece).not.toBe(glue);
      const adapted = adaptGlue(changed);
      expect(adapted.stock).toEqual([piece]);
      expect(adapted.glue).toContain(to);
    }
    const unknown = adaptGlue(glue.replace("getCoreModule, imports, ", "getCoreModule, imports, more, "));
    expect(unknown.stock).toEqual(PIECES.slice(2));
  });

  test("keeps its tasks where anything is asynchronous, or not known to be synchronous", () => {
    for (const change of [
      (text: string) => text.replace("funcTypeIsAsync: false", "funcTypeIsAsync: true"),
      (text: string) => text.replace(/let trampoline0 = [^(]*\(/, "let trampoline0 = taskReturn("),
      (text: string) => text.replace("hasResultPointer: false,", "hasResultPointer: true,"),
      (text: string) => text.replace("importFn: _trampoline0,", "importFn: _trampoline1,"),
      (text: string) => text.replace("const _trampoline0 = function(", "const _trampoline0 = function of("),
      (text: string) => text.replace("slot: 1 }", "slot: 1, componentIdx: 3 }"),
      (text: string) => text.replace("WebAssembly.promising(", "WebAssembly.promising (null, "),
      (text: string) => text.replace("fn: () => _trackHostOperation(", "fn: () => _trackOperation("),
      (text: string) => text.replace("const createTask = () =>", "const createTask = (of) =>"),
      (text: string) => text.replace(/fn: \(\) => handler\w+\(/, "fn: async () => handler("),
      (text: string) => text.replace(/(task\.componentIdx\(\),\n *)fn: \(\) => \{/, "$1fn: async () => {"),
    ]) {
      const changed = change(glue);
      expect(changed).not.toBe(glue);
      expect(adaptGlue(changed).stock).toEqual(["tasks"]);
    }
  });
});

test("A core whose parts lend each other resources keeps its tasks", async () => {
  // What WASI has of resources is inside of a component that the toolkit has not made small.
  const { glue } = await transpile(await handlerCore(), true);
  expect(glue).toContain("= resourceTransferBorrow;");
  expect(adaptGlue(glue).stock).toEqual(["tasks"]);
});

describe("An instance", () => {
  const params = JSON.stringify({ name: "add", arguments: { a: 2, b: 3 } });
  const REQUEST = { id: "1", method: "tools/call", target: "add", params };

  const CONTEXT = JSON.stringify({
    requestId: "a",
    transport: "http",
    protocolVersion: "2025-06-18",
    receivedAt: 0,
    deadline: 1000,
  });
  let loaded: Loaded<Record<string, { handle(context: string, request: object): { tag: string } }>>;
  let modules: Map<string, object>;

  beforeAll(async () => {
    const { bytes } = await compose({
      name: "acme",
      version: "1.0.0",
      access: "public",
      providers: [{ as: "calculator", bytes: await readyMade("calculator") }],
      middleware: [{ as: "access-log", bytes: await readyMade("access-log") }],
    });
    const transpiled = await transpile(bytes, HAS_MEMORIES);
    const { glue, stock } = adaptGlue(transpiled.glue);
    expect(stock).toEqual([]);
    modules = await compileModules(transpiled.modules, "the fixture");
    loaded = await load(glue);
  }, 120_000);

  /** @param onLog Runs inside of each call, where access-log logs it. */
  function start(onLog: () => void): () => string {
    const exports = loaded.instantiate(
      (name: string) => modules.get(name),
      createHostImports(onLog),
      (module: object, imports: object) => new wasm.Instance(module, imports),
      createPassages(),
    );
    return () => exports["tenon:mcp/handler@0.1.0"]!.handle(CONTEXT, REQUEST).tag;
  }

  test("is entered by one call at a time", () => {
    const thrown: unknown[] = [];
    const call = start(() => {
      try {
        call();
      } catch (error) {
        thrown.push(error);
      }
    });
    expect(call()).toBe("success");
    expect(thrown.map(String)).toEqual(["RuntimeError: wasm trap: cannot enter component instance"]);
    expect(call()).toBe("success");
    expect(thrown).toHaveLength(2);
  });

  test("is entered by none after an exception has left it", () => {
    let fails = false;
    const call = start(() => {
      if (fails) throw new Error("the host failed");
    });
    expect(call()).toBe("success");
    fails = true;
    expect(call).toThrow("the host failed");
    fails = false;
    expect(call).toThrow("cannot enter component instance");
  });
});

/** Repeats what it is told by a part that asks whether it was cancelled: in its call, and while room is made for what it is told. */
const REPEATING = `(component
  (import "tenon:mcp/outbox@0.1.0" (instance $outbox (export "cancelled" (func (result bool)))))
  (component $first
    (import "outbox" (instance $outbox (export "cancelled" (func (result bool)))))
    (core func $cancelled (canon lower (func $outbox "cancelled")))
    (core module $module
      (import "host" "cancelled" (func $cancelled (result i32)))
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (drop (call $cancelled)) (i32.const 64))
      (func (export "say") (param $at i32) (param $length i32) (result i32)
        (drop (call $cancelled))
        (i32.store (i32.const 8) (local.get $at))
        (i32.store (i32.const 12) (local.get $length))
        (i32.const 8)))
    (core instance $made
      (instantiate $module (with "host" (instance (export "cancelled" (func $cancelled))))))
    (func (export "say") (param "text" string) (result string)
      (canon lift (core func $made "say") (memory (core memory $made "memory"))
        (realloc (core func $made "realloc")))))
  (component $second
    (import "say" (func $say (param "text" string) (result string)))
    (core module $memory
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64)))
    (core instance $memory (instantiate $memory))
    (core func $said
      (canon lower (func $say) (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
    (core module $module
      (import "first" "say" (func $say (param i32 i32 i32)))
      (func (export "say") (param $at i32) (param $length i32) (result i32)
        (call $say (local.get $at) (local.get $length) (i32.const 8))
        (i32.const 8)))
    (core instance $made (instantiate $module (with "first" (instance (export "say" (func $said))))))
    (func (export "say") (param "text" string) (result string)
      (canon lift (core func $made "say") (memory (core memory $memory "memory")) (realloc (core func $memory "realloc")))))
  (instance $one (instantiate $first (with "outbox" (instance $outbox))))
  (instance $two (instantiate $second (with "say" (func $one "say"))))
  (instance $all (export "say" (func $two "say")))
  (export "fixture:repeating/all" (instance $all)))`;

async function repeating(text: string): Promise<{ call: () => string; asked: () => number }> {
  const { glue, modules } = await transpile(await parseComponent(text), HAS_MEMORIES);
  const adapted = adaptGlue(glue);
  expect(adapted.stock).toEqual([]);
  const compiled = await compileModules(modules, "the fixture");
  let asked = 0;
  const cancelled = (): boolean => {
    asked++;
    return false;
  };
  const { instantiate } = await load<Record<string, { say: (text: string) => string }>>(adapted.glue);
  const exports = instantiate(
    (name: string) => compiled.get(name),
    { "tenon:mcp/outbox": { cancelled } },
    (module: object, imports: object) => new wasm.Instance(module, imports),
    createPassages(),
  );
  return { call: () => exports["fixture:repeating/all"]!.say("é"), asked: () => asked };
}

test("A part calls no function of the host while it is given its arguments", async () => {
  const { call, asked } = await repeating(REPEATING);
  expect(call).toThrow("cannot leave component instance");
  expect(asked()).toBe(0);
  const other = await repeating(
    REPEATING.replace("(drop (call $cancelled)) (i32.const 64)", "(i32.const 64)"),
  );
  expect(other.call()).toBe("é");
  expect(other.asked()).toBe(1);
});

describe("Passages", () => {
  const { copy, access, calls, memories } = createPassages();
  const memory = (): GrowingMemory => new (wasm.Memory as unknown as NewMemory)({ initial: 1, maximum: 3 });

  interface GrowingMemory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  type NewMemory = new (descriptor: { initial: number; maximum: number }) => GrowingMemory;

  test("copy between memories, also when these have grown", () => {
    const [from, to] = [memory(), memory()];
    const copied = copy(from, to);
    new Uint8Array(from.buffer).set([1, 2, 3, 4], 10);
    copied(10, 4, 100);
    expect([...new Uint8Array(to.buffer, 99, 6)]).toEqual([0, 1, 2, 3, 4, 0]);
    from.grow(1);
    to.grow(1);
    new Uint8Array(from.buffer).set([9, 8], 0x1fffe);
    copied(0x1fffe, 2, 0x1fffe);
    expect([...new Uint8Array(to.buffer, 0x1fffe)]).toEqual([9, 8]);
    expect([...new Uint8Array(to.buffer, 99, 6)]).toEqual([0, 1, 2, 3, 4, 0]);
  });

  test("copy nothing that is outside of a memory", () => {
    const [from, to] = [memory(), memory()];
    const copied = copy(from, to);
    for (const [at, length, into] of [
      [0xffff, 2, 0],
      [0, 2, 0xffff],
      [-1, 1, 0],
      [0, 1, -1],
      [0, -1, 0],
    ] as const) {
      expect(() => copied(at, length, into), `${at}, ${length}, ${into}`).toThrow(/out of bounds/);
    }
    expect(new Uint8Array(to.buffer).every((byte) => byte === 0)).toBe(true);
  });

  test("read and write texts, also when their memory has grown", () => {
    const of = memory();
    let at = 0xfffa;
    const realloc = (_old: number, _oldBytes: number, _alignment: number, bytes: number): number => {
      if (at + bytes > of.buffer.byteLength) of.grow(1);
      return at;
    };
    for (const text of ["abc", "é€\u{1f600}", "\ufeffa\u0000", "x".repeat(300)]) {
      const { ptr, len } = memories.putText(text, realloc, of);
      expect([ptr, len]).toEqual([at, Buffer.byteLength(text)]);
      expect(Buffer.from(of.buffer, ptr, len).toString()).toBe(text);
      expect(memories.textAt(of, ptr, len)).toBe(text);
      at += len;
    }
    expect(of.buffer.byteLength).toBe(0x20000);
    expect(memories.putText("", realloc, of)).toEqual({ ptr: 1, len: 0 });
    expect(memories.textAt(of, 1, 0)).toBe("");
    // Halves of surrogate pairs, and what is no UTF-8.
    const { ptr, len } = memories.putText("a\ud800", realloc, of);
    expect(memories.textAt(of, ptr, len)).toBe("a\ufffd");
    new Uint8Array(of.buffer).set([0xff, 0x62], 10);
    expect(memories.textAt(of, 10, 2)).toBe("\ufffdb");
    // A view is of the memory that is asked for, as it is now.
    const other = memory();
    memories.viewOf(other).setUint8(0, 7);
    memories.viewOf(of).setUint8(0, 8);
    of.grow(1);
    expect(memories.viewOf(of).getUint8(0)).toBe(8);
    expect(memories.viewOf(of).byteLength).toBe(0x30000);
    expect(new Uint8Array(other.buffer)[0]).toBe(7);
  });

  test("read and write no text outside of a memory", () => {
    const of = memory();
    for (const [at, bytes] of [
      [0xffff, 2],
      [-1, 1],
      [0, -1],
    ] as const) {
      expect(() => memories.textAt(of, at, bytes), `${at}, ${bytes}`).toThrow(wasmError);
    }
    for (const at of [0xfffe, -1]) expect(() => memories.putText("abc", () => at, of)).toThrow(wasmError);
    expect(() => memories.putText(7, () => 0, of)).toThrow("expected a string, received [number]");
    expect(new Uint8Array(of.buffer).every((byte) => byte === 0)).toBe(true);
  });

  test("read and write a memory as views of it do", () => {
    const of = memory();
    const view = new DataView(of.buffer);
    const exports = access(of) as Record<string, (...args: number[]) => number>;
    expect(access(of)).toBe(exports);
    exports["I32Store"]!(100, -2, 4);
    expect(view.getInt32(104, true)).toBe(-2);
    exports["I32Store16"]!(100, -3, 8);
    expect(view.getInt32(108, true)).toBe(0xfffd);
    exports["I32Store8"]!(100, 0x1fe, 12);
    expect(view.getInt32(112, true)).toBe(0xfe);
    expect(exports["I32Load"]!(100, 4)).toBe(-2);
    expect(exports["I32Load16U"]!(101, 7)).toBe(0xfffd);
    expect(exports["I32Load8U"]!(112, 0)).toBe(0xfe);
    expect(exports["MemorySize"]!()).toBe(1);
    of.grow(1);
    expect(exports["MemorySize"]!()).toBe(2);
    for (const [ptr, offset] of [
      [0x1fffd, 0],
      [0x1fff0, 13],
      [-4, 8],
    ] as const) {
      expect(() => exports["I32Load"]!(ptr, offset)).toThrow(wasmError);
      expect(() => exports["I32Store"]!(ptr, 1, offset)).toThrow(wasmError);
    }
  });

  test("keep the two words of context, and trap on what is asynchronous", () => {
    const { get0, get1, set0, set1, enter, exit } = calls as Record<string, (...args: number[]) => number>;
    set0!(7);
    set1!(-8);
    expect([get0!(), get1!()]).toEqual([7, -8]);
    enter!(1, 0, 2);
    exit!();
    expect(() => enter!(1, 1, 2)).toThrow(wasmError);
    expect(createPassages().calls["get0"]).not.toBe(get0);
  });
});

const wasmError = (globalThis as unknown as { WebAssembly: { RuntimeError: new () => Error } }).WebAssembly
  .RuntimeError;
