import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { expect, test } from "vitest";
import { engineFreeComponent } from "../../../src/build/engine-free-component.ts";
import { readSections, SECTION } from "../../../src/wasm/index.ts";
import { worldSource } from "../../../src/wit/index.ts";
import { transpileComponent } from "../../fixtures/transpile-component.ts";

const CONFIG = "tenon:host/config@0.1.0";
const LOG = "tenon:host/log@0.1.0";
/** Hands on what it is given, through a table of its own, and the answer lies behind what was in the memory. */
const PASSES_ON = `(module
  (import "${CONFIG}" "settings" (func $settings (param i32)))
  (memory (export "memory") 1)
  (table 3 3 funcref)
  (elem (i32.const 1) $ask)
  (global $end (mut i32) (i32.const 1024))
  (func $ask (param i32) (call $settings (local.get 0)))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $end)
    (global.set $end (i32.add (global.get $end) (local.get 3))))
  (func (export "${CONFIG}#settings") (result i32)
    (call_indirect (param i32) (i32.const 8) (i32.load (i32.const 100)))
    (i32.const 8))
  (data (i32.const 100) "\\01"))`;
/** Gives a text from its memory and imports nothing. */
const CONSTANT = `(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "${CONFIG}#settings") (result i32) (i32.const 8))
  (data (i32.const 8) "\\10\\00\\00\\00\\02\\00\\00\\00{}"))`;
/** Lends its memory to an import, which allocates nothing. */
const WRITES = `(module
  (import "${LOG}" "write" (func $write (param i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "${CONFIG}#settings") (result i32)
    (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16) (i32.const 2)
      (i32.const 0) (i32.const 0) (i32.const 0))
    (i32.const 8))
  (data (i32.const 8) "\\10\\00\\00\\00\\02\\00\\00\\00{}"))`;

/** What the interface has besides. */
const OTHERS = `(func (export "${CONFIG}#get") (param i32 i32) (result i32) unreachable)`;

interface Settings {
  config: { settings(): string };
}

async function componentOf(text: string, imports: string[]): Promise<Uint8Array> {
  const witSource = worldSource({ name: "built", imports, exports: [CONFIG] });
  return engineFreeComponent({
    binary: await parse(text.replace(/\)$/, `${OTHERS})`)),
    witSource,
    world: "built",
  });
}

function modulesIn(component: Uint8Array): number {
  return readSections(component).filter(({ id }) => id === SECTION.coreModule).length;
}

test("what an import allocates comes from the module's own allocator, and its table and data stay as they are", async () => {
  const component = await componentOf(PASSES_ON, [CONFIG]);
  expect(modulesIn(component)).toBe(2);
  const { instantiate } = await transpileComponent<Settings>(component);
  const { config } = instantiate({ "tenon:host/config": { settings: () => "höhere Werte" } });
  expect(config.settings()).toBe("höhere Werte");
  expect(config.settings()).toBe("höhere Werte");
});

test("an import may take text from the memory without allocating", async () => {
  const component = await componentOf(WRITES, [LOG]);
  expect(modulesIn(component)).toBe(2);
  const lines: unknown[] = [];
  const { instantiate } = await transpileComponent<Settings>(component);
  const { config } = instantiate({ "tenon:host/log": { write: (line: unknown) => lines.push(line) } });
  expect(config.settings()).toBe("{}");
  expect(lines).toMatchObject([{ level: "info", message: "{}" }]);
});

test("a module whose imports need no memory stays one", async () => {
  expect(modulesIn(await componentOf(CONSTANT, []))).toBe(1);
});

test("equal modules give equal bytes", async () => {
  expect(await componentOf(PASSES_ON, [CONFIG])).toEqual(await componentOf(PASSES_ON, [CONFIG]));
});

test("a module that lays out its data itself is refused", async () => {
  const passive = PASSES_ON.replace('(i32.const 100) "', '"').replace(
    "(call_indirect",
    "(memory.init 0 (i32.const 100) (i32.const 0) (i32.const 1)) (call_indirect",
  );
  await expect(componentOf(passive, [CONFIG])).rejects.toThrow("lays its data out by itself");
});

test("a module without the allocator that its imports need is refused", async () => {
  const without = PASSES_ON.replace('(export "cabi_realloc")', "");
  await expect(componentOf(without, [CONFIG])).rejects.toThrow();
});
