import { ByteReader, ByteWriter, PREAMBLE_LENGTH, readSections, SECTION } from "../wasm/index.ts";
import {
  CORE_KIND,
  CORE_SECTION,
  type CoreImport,
  CoreModule,
  exportSection,
  importSection,
} from "./core-module.ts";
import { CLOCKS, componentFrame, ENGINE, isClock, STATE } from "./component-frame.ts";
import { answerName, stateModule } from "./state-module.ts";

// A component comes from the toolchain as eight core modules: memory and table, an adapter for the system, the engine, what
// joins it with the world, a shim for what is lowered before the memory is there, one that fills that shim and the table,
// and two that stand in for a loader. Hosts that start an instance for each request wire them for each request, and fill the
// table function by function, as a table that is imported cannot be laid out before. Here it becomes three: the state, which
// has the memory; the engine, which has the table; and the glue between engine and world.

const TABLE = "__indirect_function_table";
/** One size for all components, so that their engines are the same. The engine needs 773. */
const TABLE_SIZE = 1024;
/** What the toolchain calls the two libraries that it links. */
const [RUNTIME, DYLIB] = ["componentize_qjs_runtime.wasm", "wit-dylib.wasm"];

const I32_CONST = 0x41;
const GLOBAL_GET = 0x23;
const END = 0x0b;
const FUNCREF = 0x70;

/** A component as the toolchain made it. */
export interface ToolchainComponent {
  component: Uint8Array;
  /** The engine's module, before it was put into the component. */
  engine: Uint8Array;
  /** Text of the world and of every package it needs. */
  wit: string;
  /** Name of the world. */
  world: string;
  /** Whether the memory is laid out with the first call, which comes with text. Default false. */
  startsLate?: boolean;
}

/**
 * Makes three core modules of the eight in a component, which does the same and starts faster. The engine's is the same in
 * every component.
 *
 * @throws Error when the component is not one that this version of the toolchain makes.
 */
export async function relinkEngine(input: ToolchainComponent): Promise<Uint8Array> {
  const { main, engine, glue } = modulesOf(input.component, new CoreModule(input.engine));
  const asked = engine.imports.filter((each) => each.kind === CORE_KIND.function && !isClock(each));
  const { startsLate = false } = input;
  const modules = [
    stateModule(main, engine, asked, startsLate),
    engineWithTable(startsLate ? withEmptyMemory(engine) : engine, asked, tableBase(main)),
    glueModule(main, startsLate ? withEmptyMemory(glue) : glue),
  ];
  const frame = await componentFrame(glue, input);
  const out = new ByteWriter().bytes(frame.subarray(0, PREAMBLE_LENGTH));
  for (const { id, content, whole } of readSections(frame)) {
    if (id === SECTION.coreModule) out.section(id, modules.shift() ?? content);
    else if (id !== SECTION.custom) out.bytes(whole);
  }
  return out.finish();
}

/** The module, which takes a memory that has nothing yet. */
function withEmptyMemory(module: CoreModule): CoreModule {
  const imports = module.imports.map((each) =>
    each.kind === CORE_KIND.memory ? { ...each, type: Uint8Array.of(0, 0) } : each,
  );
  return new CoreModule(module.with({ [CORE_SECTION.import]: importSection(imports) }));
}

interface Modules {
  main: CoreModule;
  engine: CoreModule;
  glue: CoreModule;
}

/** The three modules of the component inside that are not made anew; the other three must be what they are known to be. */
function modulesOf(component: Uint8Array, original: CoreModule): Modules {
  const inner = readSections(component).find(({ id }) => id === SECTION.component)?.content;
  if (inner === undefined) throw new Error("there is no component inside");
  const modules = readSections(inner)
    .filter(({ id }) => id === SECTION.coreModule)
    .map(({ content }) => new CoreModule(content));
  const [main, , engine, glue, shim, fixups] = modules;
  const same = (id: number): boolean =>
    engine !== undefined && Buffer.compare(engine.section(id), original.section(id)) === 0;
  if (modules.length !== 6 || !same(CORE_SECTION.code) || !same(CORE_SECTION.element)) {
    throw new Error("its core modules are not the ones expected");
  }
  for (const [module, names] of [
    [main!, ["memory", TABLE, "__stack_pointer"]],
    [shim!, ["$imports"]],
  ] as const) {
    const exported = new Set(module.exports.map(({ name }) => name));
    if (names.some((name) => !exported.has(name)))
      throw new Error(`a core module does not export ${names.join(", ")}`);
  }
  if ([main!, engine!, glue!, fixups!].some((module) => module.has(CORE_SECTION.start))) {
    throw new Error("a core module starts with code");
  }
  return { main: main!, engine: engine!, glue: glue! };
}

/** The value of an exported global, which must be a constant. */
function constantOf(main: CoreModule, name: string): number {
  const { index } = main.exports.find((each) => each.name === name) ?? missing(name);
  const reader = new ByteReader(main.section(CORE_SECTION.global));
  const count = reader.u32();
  for (let at = 0; at < count; at++) {
    reader.take(2, "type of a global");
    if (reader.u8() !== I32_CONST) throw reader.error("a global that is not a constant");
    // Addresses and indexes are below 2^30, so their sign bit is clear and they read as unsigned numbers.
    const value = reader.u32();
    if (reader.u8() !== END) throw reader.error("a global that is not a constant");
    if (at === index) return value;
  }
  return missing(name);
}

function missing(name: string): never {
  throw new Error(`${name} is missing`);
}

function tableBase(main: CoreModule): number {
  return constantOf(main, `${RUNTIME}:table_base`);
}

/** The engine with a table of its own, laid out by constants, and one place that its imports come from. */
function engineWithTable(engine: CoreModule, asked: readonly CoreImport[], base: number): Uint8Array {
  const imports = engine.imports;
  const kept = imports.filter(({ kind }) => kind !== CORE_KIND.table);
  const [table] = imports.filter(({ kind }) => kind === CORE_KIND.table);
  if (table?.name !== TABLE || engine.has(CORE_SECTION.table))
    throw new Error("the engine has another table");
  const reader = new ByteReader(engine.section(CORE_SECTION.element));
  if (
    reader.u32() !== 1 ||
    reader.u32() !== 0 ||
    reader.u8() !== GLOBAL_GET ||
    globalName(imports, reader.u32()) !== "__table_base" ||
    reader.u8() !== END
  ) {
    throw new Error("the engine's table is filled in another way");
  }
  const functions = reader.take(reader.remaining, "functions");
  return engine.with({
    [CORE_SECTION.import]: importSection(
      kept.map((each) => {
        if (isClock(each)) return { ...each, module: CLOCKS, name: each.module };
        const answer = asked.findIndex(({ module, name }) => module === each.module && name === each.name);
        return {
          ...each,
          module: STATE,
          name: answer < 0 ? nameInMain(each, RUNTIME) : answerName(answer),
        };
      }),
    ),
    [CORE_SECTION.table]: new ByteWriter().u32(1).u8(FUNCREF, 0).u32(TABLE_SIZE).finish(),
    [CORE_SECTION.export]: exportSection([
      ...engine.exports,
      { name: TABLE, kind: CORE_KIND.table, index: 0 },
    ]),
    [CORE_SECTION.element]: new ByteWriter().u32(1).u32(0).bytes(constant(base)).bytes(functions).finish(),
  });
}

function globalName(imports: readonly CoreImport[], index: number): string | undefined {
  return imports.filter(({ kind }) => kind === CORE_KIND.global)[index]?.name;
}

/** What the module with the memory exports a library's global, or the memory, as. */
function nameInMain({ module, name }: CoreImport, library: string): string {
  if (name === "__memory_base" || name === "__table_base") return `${library}:${name.slice(2)}`;
  return module === "GOT.func" ? `${library}:${name}` : name;
}

/** What joins the engine with the world, and fills its own places in the table and that of the engine's allocator. */
function glueModule(main: CoreModule, glue: CoreModule): Uint8Array {
  const { imports } = glue;
  const functions = imports.filter(({ kind }) => kind === CORE_KIND.function);
  const realloc = functions.findIndex(({ module, name }) => module === "env" && name === "cabi_realloc");
  if (realloc < 0) missing("cabi_realloc");
  const slot = constantOf(main, `${RUNTIME}:cabi_realloc`);
  if (slot >= TABLE_SIZE) throw new Error(`the table needs more than ${TABLE_SIZE} places`);
  const elements = new ByteReader(glue.section(CORE_SECTION.element));
  const count = elements.u32();
  const kept = new ByteWriter().u32(count + 1).bytes(elements.take(elements.remaining, "elements"));
  const allocator = new ByteWriter().u32(0).bytes(constant(slot)).u32(1).u32(realloc).finish();
  return glue.with({
    [CORE_SECTION.import]: importSection(
      imports.map((each) => {
        if (each.module !== "env") return each;
        const isEngines = each.kind === CORE_KIND.function || each.kind === CORE_KIND.table;
        return isEngines
          ? { ...each, module: ENGINE }
          : { ...each, module: STATE, name: nameInMain(each, DYLIB) };
      }),
    ),
    [CORE_SECTION.element]: kept.bytes(allocator).finish(),
  });
}

/** An offset in a table. */
function constant(value: number): Uint8Array {
  const encoded: number[] = [];
  let rest = value;
  for (; rest >= 0x40; rest = Math.floor(rest / 0x80)) encoded.push((rest % 0x80) | 0x80);
  return Uint8Array.from([I32_CONST, ...encoded, rest, END]);
}
