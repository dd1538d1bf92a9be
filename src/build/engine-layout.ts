import { ByteReader, readSections, SECTION } from "../wasm/index.ts";

// Engine and glue come as libraries that may lie anywhere. Here it is decided where: first the stack, so that what is too deep for it
// runs out of the memory and ends in a trap, then the data of both, then the heap.

/** Bytes for what compiled code keeps of its calls in memory. See decision 0003 for how it was chosen. */
export const STACK_BYTES = 262_144;
const PAGE = 65_536;
const HEAP_ALIGNMENT = 16;

/** Where a library's data lies in the memory, and its functions in the table. */
export interface Place {
  readonly memory: number;
  readonly table: number;
}

/** Where all is. */
export interface EngineLayout {
  /** Where the stack starts. It grows towards 0. */
  readonly stack: number;
  readonly engine: Place;
  readonly glue: Place;
  /** Place of the engine's allocator in the table. */
  readonly allocator: number;
  readonly heapBase: number;
  /** The end of the memory when the engine starts. */
  readonly heapEnd: number;
}

/**
 * Lays out the memory and the table.
 *
 * @param engine The engine's library.
 * @param glue The library that joins it with a world.
 * @throws Error when one of them is no library.
 */
export function engineLayout(engine: Uint8Array, glue: Uint8Array, stack = STACK_BYTES): EngineLayout {
  const first = place(needsOf(engine), { memory: stack, table: 1 }); // no function lies at 0
  const second = place(needsOf(glue), first.end);
  const heapBase = align(second.end.memory, HEAP_ALIGNMENT);
  return {
    stack,
    engine: first.start,
    glue: second.start,
    allocator: second.end.table,
    heapBase,
    heapEnd: align(heapBase, PAGE),
  };
}

/** What a library needs: sizes, and alignments as powers of two. */
interface Needs {
  memory: number;
  memoryAlignment: number;
  table: number;
  tableAlignment: number;
}

function place(needs: Needs, from: Place): { start: Place; end: Place } {
  const memory = align(from.memory, 2 ** needs.memoryAlignment);
  const table = align(from.table, 2 ** needs.tableAlignment);
  return { start: { memory, table }, end: { memory: memory + needs.memory, table: table + needs.table } };
}

function align(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

const MEMORY_INFO = 1;

/** Reads what a library says that it needs. @see https://github.com/WebAssembly/tool-conventions/blob/main/DynamicLinking.md#the-dylink0-section */
function needsOf(library: Uint8Array): Needs {
  const [first] = readSections(library);
  const reader = new ByteReader(first?.content ?? new Uint8Array(), first?.offset);
  if (first?.id !== SECTION.custom || reader.name() !== "dylink.0" || reader.u8() !== MEMORY_INFO) {
    throw new Error("a library does not say how much memory it needs");
  }
  reader.u32(); // length of what follows
  return {
    memory: reader.u32(),
    memoryAlignment: reader.u32(),
    table: reader.u32(),
    tableAlignment: reader.u32(),
  };
}

/** Bytes of the data of a library. */
export function dataSize(library: Uint8Array): number {
  return needsOf(library).memory;
}
