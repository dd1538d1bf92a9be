import { ByteWriter } from "../../../src/wasm/index.ts";

/** @see https://webassembly.github.io/spec/core/binary/types.html#value-types */
const I32 = 0x7f;
/** Ids of sections. @see https://webassembly.github.io/spec/core/binary/modules.html#sections */
const SECTION = { type: 1, import: 2, function: 3, global: 6, export: 7, code: 10 } as const;
const PREAMBLE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
const FUNCTION_TYPE = 0x60;
const MEMORY_IMPORT = 0x02;
const FUNCTION_EXPORT = 0x00;
const NO_MAXIMUM = 0x00;
const MUTABLE = 0x01;
/** Natural alignment is a hint alone; the lowest is right everywhere. */
const UNALIGNED = 0x00;
/** @see https://webassembly.github.io/spec/core/binary/instructions.html */
const OP = {
  unreachable: 0x00,
  if: 0x04,
  empty: 0x40,
  end: 0x0b,
  localGet: 0x20,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  load: 0x28,
  load8u: 0x2d,
  load16u: 0x2f,
  store: 0x36,
  store8: 0x3a,
  store16: 0x3b,
  memorySize: 0x3f,
  const: 0x41,
  lessUnsigned: 0x49,
  add: 0x6a,
  memoryCopy: [0xfc, 0x0a],
} as const;

interface HelperFunction {
  name: string;
  /** All are i32. */
  parameters: number;
  results: 0 | 1;
  body: readonly number[];
}

/** A module whose values are all i32, with nothing of its own but globals that start at 0. */
function helperModule(
  memories: readonly string[],
  globals: number,
  functions: readonly HelperFunction[],
): Uint8Array<ArrayBuffer> {
  const types = new ByteWriter().u32(functions.length);
  const imports = new ByteWriter().u32(memories.length);
  const indexes = new ByteWriter().u32(functions.length);
  const values = new ByteWriter().u32(globals);
  const exports = new ByteWriter().u32(functions.length);
  const code = new ByteWriter().u32(functions.length);
  for (const name of memories) imports.name("memory").name(name).u8(MEMORY_IMPORT, NO_MAXIMUM, 0);
  for (let i = 0; i < globals; i++) values.u8(I32, MUTABLE, OP.const, 0, OP.end);
  for (const [index, { name, parameters, results, body }] of functions.entries()) {
    const i32 = (count: number): Uint8Array => new Uint8Array(count).fill(I32);
    types.u8(FUNCTION_TYPE).u32(parameters).bytes(i32(parameters)).u32(results).bytes(i32(results));
    indexes.u32(index);
    exports.name(name).u8(FUNCTION_EXPORT).u32(index);
    // One local besides the parameters, which few need.
    const locals = [1, 1, I32];
    code.u32(locals.length + body.length + 1).u8(...locals, ...body, OP.end);
  }
  return new Uint8Array(
    new ByteWriter()
      .bytes(PREAMBLE)
      .section(SECTION.type, types.finish())
      .section(SECTION.import, imports.finish())
      .section(SECTION.function, indexes.finish())
      .section(SECTION.global, values.finish())
      .section(SECTION.export, exports.finish())
      .section(SECTION.code, code.finish())
      .finish(),
  );
}

function getter(name: string, global: number): HelperFunction {
  return { name, parameters: 0, results: 1, body: [OP.globalGet, global] };
}

function setter(name: string, global: number): HelperFunction {
  return { name, parameters: 1, results: 0, body: [OP.localGet, 0, OP.globalSet, global] };
}

/**
 * What passes from one component to another ask of their runtime: the two words of context that each call saves and gives back,
 * and a notice of each call and its end. A call of what is asynchronous traps: nothing here could wait for it.
 */
export const CALLS_MODULE = helperModule([], 2, [
  getter("get0", 0),
  getter("get1", 1),
  setter("set0", 0),
  setter("set1", 1),
  {
    name: "enter",
    // The caller, whether the callee is asynchronous, and the callee.
    parameters: 3,
    results: 0,
    body: [OP.localGet, 1, OP.if, OP.empty, OP.unreachable, OP.end],
  },
  { name: "exit", parameters: 0, results: 0, body: [] },
]);

/** Copies bytes between two memories; needs an engine that lets a module have several. */
export const COPY_MODULE = helperModule(["from", "to"], 0, [
  {
    name: "copy",
    // From where, how many, to where.
    parameters: 3,
    results: 0,
    body: [OP.localGet, 2, OP.localGet, 0, OP.localGet, 1, ...OP.memoryCopy, 1, 0],
  },
]);

/** The address of parameter 0 and the offset of another, in a local; it traps where they wrap around. */
function address(offset: number, local: number): number[] {
  const sum = [OP.localGet, 0, OP.localGet, offset, OP.add, OP.localTee, local];
  return [
    ...sum,
    OP.localGet,
    0,
    OP.lessUnsigned,
    OP.if,
    OP.empty,
    OP.unreachable,
    OP.end,
    OP.localGet,
    local,
  ];
}

function load(name: string, instruction: number): HelperFunction {
  // Where, and an offset.
  const body = [...address(1, 2), instruction, UNALIGNED, 0];
  return { name, parameters: 2, results: 1, body };
}

function store(name: string, instruction: number): HelperFunction {
  // Where, what, and an offset.
  const body = [...address(2, 3), OP.localGet, 1, instruction, UNALIGNED, 0];
  return { name, parameters: 3, results: 0, body };
}

/** Reads and writes one memory, for modules that have another and may have one alone. The names are those of jco's imports. */
export const ACCESS_MODULE = helperModule(["of"], 0, [
  load("I32Load", OP.load),
  load("I32Load8U", OP.load8u),
  load("I32Load16U", OP.load16u),
  store("I32Store", OP.store),
  store("I32Store8", OP.store8),
  store("I32Store16", OP.store16),
  { name: "MemorySize", parameters: 0, results: 1, body: [OP.memorySize, 0] },
]);
