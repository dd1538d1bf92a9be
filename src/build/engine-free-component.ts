import { ByteReader, ByteWriter, PREAMBLE_LENGTH, readSections, SECTION } from "../wasm/index.ts";
import { loadWasmTools } from "./component-frame.ts";
import {
  CORE_KIND,
  CORE_SECTION,
  codeSection,
  coreModule,
  CoreModule,
  exportSection,
  importSection,
  listSection,
} from "./core-module.ts";
import { withoutNames } from "./without-names.ts";
import { constant } from "./memory-segments.ts";
import { MAIN, type Skeleton, skeletonOf } from "./skeleton.ts";

// What a module imports may need the memory and the allocator of that module, which is not there yet when it gets its
// imports. wit-component parts the two by a shim with a table, and a third module that fills it. Hosts that start an instance
// for each request do all that for each request. Here there are two modules: the one with the memory comes first.

/** What the module with the memory is imported as. No import of the contract or of WASI is called like this. */
const MEMORY = "memory";
const REALLOC = "cabi_realloc";
const TABLE = "table";
const UNREACHABLE = 0x00;
const CALL_INDIRECT = 0x11;
const LOCAL_GET = 0x20;
const FUNCREF = 0x70;
/** The type of the allocator: four `i32`, and one that it gives. */
const REALLOC_TYPE = Uint8Array.of(0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f);

/** A module that has what the world asks for, and its world. */
export interface EngineFreeModule {
  /** The core module, which exports its memory as `memory`. */
  binary: Uint8Array;
  /** Text of the world and of every package it needs. */
  witSource: string;
  /** Name of the world. */
  world: string;
}

/** Makes a component of a module without an engine: of one core module, or of two where its imports need its memory. */
export async function engineFreeComponent({
  binary,
  witSource,
  world,
}: EngineFreeModule): Promise<Uint8Array> {
  const { componentEmbed, componentNew, parse, print } = await loadWasmTools();
  const component = await componentNew(await componentEmbed({ binary, witSource, world }), []);
  const modules = readSections(component).filter(({ id }) => id === SECTION.coreModule);
  if (modules.length === 1) return component;
  const main = new CoreModule(modules[0]!.content);
  if (main.has(CORE_SECTION.dataCount)) throw new Error("a module lays its data out by itself");
  const skeleton = skeletonOf(await print(withModules(component, [hollow(main)])));
  const lendsAllocator = skeleton.lowered.some(({ text }) => text.includes("(realloc "));
  const frame = await parse(componentText(skeleton, lendsAllocator));
  return withModules(withoutNames(frame), partsOf(main, lendsAllocator));
}

/** A component with other modules in the places of its first ones. */
function withModules(component: Uint8Array, modules: Uint8Array[]): Uint8Array {
  const out = new ByteWriter().bytes(component.subarray(0, PREAMBLE_LENGTH));
  for (const { id, whole } of readSections(component)) {
    const module = id === SECTION.coreModule ? modules.shift() : undefined;
    if (module === undefined) out.bytes(whole);
    else out.section(id, module);
  }
  return out.finish();
}

/** The module without its code and data, which takes long to print. */
function hollow(main: CoreModule): Uint8Array {
  const count = new ByteReader(main.section(CORE_SECTION.function)).u32();
  return main.with({
    [CORE_SECTION.code]: codeSection(Array.from({ length: count }, () => [UNREACHABLE])),
    [CORE_SECTION.data]: Uint8Array.of(0),
  });
}

/** The text of a component of two modules, which have no bytes yet. */
function componentText(
  { head, lowered, given, allocators, tail }: Skeleton,
  lendsAllocator: boolean,
): string {
  const instances = [...given].map(([module, functions]) => {
    const members = [...functions].map(([name, id]) => `(export "${name}" (func ${id}))`);
    return { module, id: `$"given ${module}"`, members };
  });
  const own = allocators.map((form) => form.replace(MAIN, () => (lendsAllocator ? "$own-memory" : MAIN)));
  const main = [
    ...instances.map(({ id, members }) => `(core instance ${id} ${members.join(" ")})`),
    `(core instance ${MAIN} (instantiate $main-code (with "${MEMORY}" (instance $own-memory))`,
    ...instances.map(({ module, id }) => `(with "${module}" (instance ${id}))`),
    "))",
  ];
  return [
    "(component",
    ...head,
    "(core module $memory-code) (core module $main-code)",
    "(core instance $own-memory (instantiate $memory-code))",
    `(alias core export $own-memory "${MEMORY}" (core memory $memory))`,
    ...(lendsAllocator ? own : []),
    ...lowered.map(({ text }) => text),
    ...main,
    ...(lendsAllocator ? [] : own),
    ...tail,
    ")",
  ].join("\n");
}

/**
 * The memory of a module with what is in it at the start, and the rest of the module.
 *
 * @param lendsAllocator Whether the one with the memory exports the allocator as well: it finds it in a table, which the other
 *   fills. The table is the module's own, with a place more.
 */
function partsOf(main: CoreModule, lendsAllocator: boolean): Uint8Array[] {
  const [memory, data] = [CORE_SECTION.memory, CORE_SECTION.data];
  const table = lendsAllocator ? tableWithRoom(main) : undefined;
  return [
    coreModule({
      [memory]: main.section(memory),
      ...(main.has(data) && { [data]: main.section(data) }),
      [CORE_SECTION.export]: exportSection([
        { name: MEMORY, kind: CORE_KIND.memory, index: 0 },
        ...(table === undefined
          ? []
          : [
              { name: TABLE, kind: CORE_KIND.table, index: 0 },
              { name: REALLOC, kind: CORE_KIND.function, index: 0 },
            ]),
      ]),
      ...(table && allocatorIn(table)),
    }),
    main.with({
      [CORE_SECTION.import]: importSection([
        ...main.imports,
        { module: MEMORY, name: MEMORY, kind: CORE_KIND.memory, type: onlyEntry(main, memory) },
        ...(table === undefined
          ? []
          : [{ module: MEMORY, name: TABLE, kind: CORE_KIND.table, type: table.type }]),
      ]),
      [memory]: undefined,
      [data]: undefined,
      [CORE_SECTION.export]: exportSection(main.exports.filter(({ kind }) => kind === CORE_KIND.function)),
      ...(table && {
        [CORE_SECTION.table]: undefined,
        [CORE_SECTION.element]: elementsWithAllocator(main, table),
      }),
    }),
  ];
}

/** A table, and its last place, which is for the allocator. */
interface Table {
  type: Uint8Array;
  place: number;
}

/** The module's table, if it has one, with a place more. */
function tableWithRoom(main: CoreModule): Table {
  let place = 0;
  if (main.has(CORE_SECTION.table)) {
    const reader = new ByteReader(onlyEntry(main, CORE_SECTION.table));
    if (reader.u8() !== FUNCREF) throw reader.error("a table of another kind");
    reader.u8(); // whether it has a maximum
    place = reader.u32();
  }
  return {
    place,
    type: new ByteWriter()
      .u8(FUNCREF, 0)
      .u32(place + 1)
      .finish(),
  };
}

/** The table, and a function that calls what is in its last place. */
function allocatorIn({ type, place }: Table): Record<number, Uint8Array> {
  const parameters = [0, 1, 2, 3].flatMap((index) => [LOCAL_GET, index]);
  const placeOf = constant(place).subarray(0, -1); // without its end
  return {
    [CORE_SECTION.type]: listSection([REALLOC_TYPE]),
    [CORE_SECTION.function]: Uint8Array.of(1, 0),
    [CORE_SECTION.table]: listSection([type]),
    [CORE_SECTION.code]: codeSection([[...parameters, ...placeOf, CALL_INDIRECT, 0, 0]]),
  };
}

/** What the module puts into its table, and its allocator. */
function elementsWithAllocator(main: CoreModule, { place }: Table): Uint8Array {
  const allocator = main.exports.find(({ name }) => name === REALLOC);
  if (allocator === undefined) throw new Error("a module exports no allocator");
  const reader = new ByteReader(main.section(CORE_SECTION.element));
  return new ByteWriter()
    .u32(reader.u32() + 1)
    .bytes(reader.take(reader.remaining, "elements"))
    .u32(0)
    .bytes(constant(place))
    .u32(1)
    .u32(allocator.index)
    .finish();
}

/** What a section holds that has one entry. */
function onlyEntry(main: CoreModule, id: number): Uint8Array {
  const reader = new ByteReader(main.section(id));
  if (reader.u32() !== 1) throw new Error("a module has several memories or tables");
  return reader.take(reader.remaining, "entry");
}
