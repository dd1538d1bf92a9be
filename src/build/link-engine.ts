import { ByteReader, ByteWriter, PREAMBLE_LENGTH, readSections, SECTION } from "../wasm/index.ts";
import { CLOCKS, ENGINE, isClock, STATE } from "./component-frame.ts";
import {
  CORE_KIND,
  CORE_SECTION,
  type CoreImport,
  type CoreModule,
  exportSection,
  importSection,
  listSection,
} from "./core-module.ts";
import type { EngineLayout, Place } from "./engine-layout.ts";
import { constant, segment } from "./memory-segments.ts";
import { answerName, globalName } from "./state-module.ts";

// A component has three core modules: the state, which has the memory; the engine, which has the table; and the glue between engine and
// world. Hosts that start an instance for each request wire them for each request, so there are no more; and a table that is
// not imported is laid out before. The same modules are what the build loads the author's module with.

const TABLE = "__indirect_function_table";
/** One size for all components, so that their engines are the same. The engine needs 773. */
const TABLE_SIZE = 1024;

const GLOBAL_GET = 0x23;
const I32_CONST = 0x41;
const I32_ADD = 0x6a;
const END = 0x0b;
const FUNCREF = 0x70;

/** What there is to be of the engine's data, in the engine's module: all that it starts with, what never changes, or nothing. */
export type EngineData = "all" | "constants" | "none";

/** Functions that the engine asks its system for, which the state answers. */
export function askedOf(engine: CoreModule): CoreImport[] {
  return engine.imports.filter((each) => each.kind === CORE_KIND.function && !isClock(each));
}

/**
 * The engine's module: with a table of its own, laid out by constants, and one place that its imports come from. It is the same for
 * each component.
 *
 * @throws Error when the library is not laid out as expected.
 */
export function engineModule(engine: CoreModule, layout: EngineLayout, data: EngineData): Uint8Array {
  const asked = askedOf(engine);
  const tables = engine.imports.filter(({ kind }) => kind === CORE_KIND.table);
  if (tables.length !== 1 || tables[0]?.name !== TABLE || engine.has(CORE_SECTION.table))
    throw new Error("the engine has another table");
  const elements = new ByteReader(engine.section(CORE_SECTION.element));
  if (elements.u32() !== 1 || elements.u32() !== 0) throw elements.error("another kind of elements");
  const base = constantOf(elements, engine.imports, layout.engine);
  const functions = elements.take(elements.remaining, "functions");
  const segments = segmentsOf(engine, layout.engine).slice(0, { all: Infinity, constants: 1, none: 0 }[data]);
  return engine.with({
    [CORE_SECTION.import]: importSection(
      engine.imports
        .filter(({ kind }) => kind !== CORE_KIND.table)
        .map((each) => withEmptyMemory(fromState(each, asked), data)),
    ),
    [CORE_SECTION.table]: new ByteWriter().u32(1).u8(FUNCREF, 0).u32(TABLE_SIZE).finish(),
    [CORE_SECTION.global]: globalsOf(engine, layout.engine),
    [CORE_SECTION.export]: exportSection([
      ...engine.exports,
      { name: TABLE, kind: CORE_KIND.table, index: 0 },
    ]),
    [CORE_SECTION.element]: new ByteWriter().u32(1).u32(0).bytes(constant(base)).bytes(functions).finish(),
    [CORE_SECTION.dataCount]: new ByteWriter().u32(segments.length).finish(),
    [CORE_SECTION.data]: listSection(segments.map(({ address, bytes }) => segment(address, bytes))),
    // It prepares the memory, once, when the build loads the author's module.
    ...(data === "all" ? {} : { [CORE_SECTION.start]: undefined }),
  });
}

/** The engine's constants, which are the first of its data, and where they lie. */
export function constantsOf(engine: CoreModule, layout: EngineLayout): Segment {
  const [first] = segmentsOf(engine, layout.engine);
  if (first === undefined) throw new Error("the engine has no data");
  return first;
}

/** What joins the engine with the world, and fills its own places in the table and that of the engine's allocator. */
export function glueModule(glue: CoreModule, layout: EngineLayout, data: EngineData): Uint8Array {
  const { imports } = glue;
  if (layout.allocator >= TABLE_SIZE) throw new Error(`the table needs more than ${TABLE_SIZE} places`);
  const functions = imports.filter(({ kind }) => kind === CORE_KIND.function);
  const realloc = functions.findIndex(({ module, name }) => module === "env" && name === "cabi_realloc");
  if (realloc < 0) throw new Error("cabi_realloc is missing");
  const elements = new ByteReader(glue.section(CORE_SECTION.element));
  const count = elements.u32();
  const kept = new ByteWriter().u32(count + 1).bytes(elements.take(elements.remaining, "elements"));
  const allocator = new ByteWriter().u32(0).bytes(constant(layout.allocator)).u32(1).u32(realloc).finish();
  return glue.with({
    [CORE_SECTION.data]: undefined, // It is in the state.
    [CORE_SECTION.import]: importSection(
      imports.map((each) => {
        if (each.module !== "env") return each;
        const isEngines = each.kind === CORE_KIND.function || each.kind === CORE_KIND.table;
        if (isEngines) return { ...each, module: ENGINE };
        return withEmptyMemory({ ...each, module: STATE, name: globalName(each, "glue") }, data);
      }),
    ),
    [CORE_SECTION.element]: kept.bytes(allocator).finish(),
  });
}

/** A component of a frame and the core modules in its places. */
export function filledFrame(frame: Uint8Array, modules: readonly Uint8Array[]): Uint8Array {
  const left = [...modules];
  const out = new ByteWriter().bytes(frame.subarray(0, PREAMBLE_LENGTH));
  for (const { id, content, whole } of readSections(frame)) {
    if (id === SECTION.coreModule) out.section(id, left.shift() ?? content);
    else if (id !== SECTION.custom) out.bytes(whole);
  }
  return out.finish();
}

/** An import of the engine, where it comes from in a component. */
function fromState(each: CoreImport, asked: readonly CoreImport[]): CoreImport {
  if (isClock(each)) return { ...each, module: CLOCKS, name: each.module };
  const answer = asked.indexOf(each);
  return { ...each, module: STATE, name: answer < 0 ? globalName(each, "engine") : answerName(answer) };
}

/** Without data in the engine's module the memory has nothing yet when an instance starts. */
function withEmptyMemory(each: CoreImport, data: EngineData): CoreImport {
  return each.kind === CORE_KIND.memory && data === "none" ? { ...each, type: Uint8Array.of(0, 0) } : each;
}

interface Segment {
  address: number;
  bytes: Uint8Array;
}

function segmentsOf(library: CoreModule, place: Place): Segment[] {
  const reader = new ByteReader(library.section(CORE_SECTION.data));
  return Array.from({ length: reader.u32() }, () => {
    if (reader.u32() !== 0) throw reader.error("another kind of data");
    const address = constantOf(reader, library.imports, place);
    return { address, bytes: reader.take(reader.u32(), "data segment") };
  });
}

/** The globals of a library with constants in place of sums, which Node 20 does not know. */
function globalsOf(library: CoreModule, place: Place): Uint8Array {
  const reader = new ByteReader(library.section(CORE_SECTION.global));
  const globals = Array.from({ length: reader.u32() }, () => {
    const type = reader.take(2, "type of a global");
    return new ByteWriter()
      .bytes(type)
      .bytes(constant(constantOf(reader, library.imports, place)))
      .finish();
  });
  return listSection(globals);
}

/** The value of a constant expression: a base, a number, or the sum of both. */
function constantOf(reader: ByteReader, imports: readonly CoreImport[], place: Place): number {
  const stack: number[] = [];
  for (let code = reader.u8(); code !== END; code = reader.u8()) {
    if (code === I32_CONST) stack.push(reader.u32());
    else if (code === GLOBAL_GET) stack.push(baseOf(imports, reader.u32(), place, reader));
    else if (code === I32_ADD && stack.length === 2) stack.push(stack.pop()! + stack.pop()!);
    else throw reader.error("another kind of constant");
  }
  const [value] = stack;
  if (value === undefined || stack.length > 1) throw reader.error("another kind of constant");
  return value;
}

function baseOf(imports: readonly CoreImport[], index: number, place: Place, reader: ByteReader): number {
  const name = imports.filter(({ kind }) => kind === CORE_KIND.global)[index]?.name;
  if (name === "__memory_base") return place.memory;
  if (name === "__table_base") return place.table;
  throw reader.error("another kind of constant");
}
