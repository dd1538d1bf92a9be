import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ByteReader, ByteWriter, PREAMBLE_LENGTH, readSections, SECTION } from "../wasm/index.ts";
import { codeSection, CORE_KIND, CORE_SECTION, type CoreImport, CoreModule } from "./core-module.ts";
import { dataSize } from "./engine-layout.ts";
import { memoryOf } from "./memory-segments.ts";

// componentize-qjs writes what joins the engine with a world, and has the engine's compiler then run the engine once. Given an engine
// whose functions do nothing it only does the first.

/** What joins the engine with a world. */
export interface WorldGlue {
  /** The library. Its data is apart. */
  module: Uint8Array;
  /** Its data, for which the library must correct the addresses in it. */
  data: Uint8Array;
  /** Text of the module that the engine runs before the author's. */
  shim: string;
}

const require = createRequire(import.meta.url);

/**
 * Has componentize-qjs join the engine with a world.
 *
 * @param engine The engine's library.
 * @param wit Text of the world and of every package it needs.
 * @throws Error when it refuses the world, or makes something else of it than is known.
 */
export async function worldGlue(engine: Uint8Array, wit: string, world: string): Promise<WorldGlue> {
  const component = await runToolchain({ runtimeBytes: Buffer.from(hollowEngine(engine)) }, { wit, world });
  const inner = coreModulesIn(component);
  const [main, , , module] = inner;
  if (inner.length !== 6 || main === undefined || module === undefined) {
    throw new Error("its core modules are not the ones expected");
  }
  const mainModule = new CoreModule(main);
  const memory = memoryOf(mainModule);
  const start = constantOf(mainModule, "wit-dylib.wasm:memory_base");
  const heapEnd = constantOf(mainModule, "__heap_end");
  const size = dataSize(module);
  if (start + size > heapEnd) throw new Error("its data is not where it is expected");
  return { module, data: memory.slice(start, start + size), shim: textAt(memory, heapEnd) };
}

/**
 * Runs componentize-qjs on a module.
 *
 * @param runtime The engine, as its options name it.
 */
export async function runToolchain(
  runtime: { runtimeBytes: Buffer } | { sync: true; optSize: true },
  { wit, world, code = "" }: { wit: string; world: string; code?: string },
): Promise<Uint8Array> {
  const { componentize } = require("componentize-qjs") as typeof import("componentize-qjs");
  const folder = await mkdtemp(join(tmpdir(), "tenon-wit-"));
  try {
    const witPath = join(folder, "world.wit");
    await writeFile(witPath, wit);
    return (await componentize({ jsSource: code, witPath, world, ...runtime })).component;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function coreModulesIn(component: Uint8Array): Uint8Array[] {
  const inner = readSections(component).find(({ id }) => id === SECTION.component)?.content;
  if (inner === undefined) throw new Error("there is no component inside");
  return readSections(inner).flatMap(({ id, content }) => (id === SECTION.coreModule ? [content] : []));
}

/** The text that the allocator was asked to make room for first: on a page of its own, the first one behind the heap. */
function textAt(memory: Uint8Array, start: number): string {
  const end = memory.indexOf(0, start);
  if (start >= memory.length || end === start) throw new Error("the engine was given no text");
  return new TextDecoder().decode(memory.subarray(start, end < 0 ? undefined : end));
}

const I32_CONST = 0x41;
const END = 0x0b;

/** The value of an exported global, which must be a constant. */
function constantOf(main: CoreModule, name: string): number {
  const index = main.exports.find((each) => each.name === name)?.index;
  const reader = new ByteReader(main.section(CORE_SECTION.global));
  const count = reader.u32();
  for (let at = 0; at < count; at++) {
    reader.take(2, "type of a global");
    if (reader.u8() !== I32_CONST) throw reader.error("a global that is not a constant");
    // Addresses are below 2^30, so their sign bit is clear and they read as unsigned numbers.
    const value = reader.u32();
    if (reader.u8() !== END) throw reader.error("a global that is not a constant");
    if (at === index) return value;
  }
  throw new Error(`${name} is missing`);
}

/** Each allocation gets pages of its own. `(memory.grow ((size + 65535) >>> 16)) << 16` */
const ALLOCATE = [0x20, 3, 0x41, 0xff, 0xff, 0x03, 0x6a, 0x41, 16, 0x76, 0x40, 0, 0x41, 16, 0x74];
const GLOBAL_GET = 0x23;
const NEVER = [0x00]; // unreachable

/** The engine with the same types, imports and exports, and no code and data. */
function hollowEngine(engine: Uint8Array): Uint8Array {
  const module = new CoreModule(engine);
  const { imports } = module;
  const before = imports.filter(({ kind }) => kind === CORE_KIND.function).length;
  // Succeeds: the address of zeros, where the engine's data would be.
  const base = imports.filter(({ kind }) => kind === CORE_KIND.global).findIndex(isMemoryBase);
  const succeed = [GLOBAL_GET, base];
  const count = new ByteReader(module.section(CORE_SECTION.function)).u32();
  const bodies: (readonly number[])[] = Array.from({ length: count }, () => NEVER);
  const give = (index: number, body: readonly number[]): void => {
    bodies[index - before] = body;
  };
  for (const { name, index } of module.exports) {
    if (name === "cabi_realloc") give(index, ALLOCATE);
    else if (name === "init") give(index, succeed);
    else if (/^(?:cabi_post_init|wit_dylib_initialize|__wasm_.*)$/.test(name)) give(index, []);
  }
  if (module.has(CORE_SECTION.start)) give(new ByteReader(module.section(CORE_SECTION.start)).u32(), []);
  const out = new ByteWriter().bytes(engine.subarray(0, PREAMBLE_LENGTH));
  for (const { id, whole } of readSections(engine)) {
    if (id === CORE_SECTION.code) out.section(id, codeSection(bodies));
    else if (id !== CORE_SECTION.data && id !== CORE_SECTION.dataCount) out.bytes(whole);
  }
  return out.finish();
}

function isMemoryBase({ name }: CoreImport): boolean {
  return name === "__memory_base";
}
