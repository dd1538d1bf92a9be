import {
  CORE_KIND,
  CORE_SECTION,
  codeSection,
  coreModule,
  exportSection,
  listSection,
} from "./core-module.ts";
import type { CoreExport, CoreImport, CoreModule } from "./core-module.ts";
import { ByteReader, ByteWriter } from "../wasm/index.ts";
import type { EngineLayout } from "./engine-layout.ts";
import { constant, dataSection, memorySection, PAGE, segmentsOf } from "./memory-segments.ts";

const I32 = 0x7f;

/** What a function does that the engine asks of its system, and that no component has: as instructions. */
type Answer = readonly number[];

const NOTHING: Answer = [];
const NEVER: Answer = [0x00]; // unreachable
const HANDLE: Answer = [0x41, 0x01]; // i32.const 1
/** Writes zeros to the address in the first parameter: an empty list. */
const EMPTY_LIST: Answer = [0x20, 0x00, 0x42, 0x00, 0x37, 0x02, 0x00]; // local.get 0; i64.const 0; i64.store
/** Writes no value to the address in the first parameter. */
const NONE: Answer = [0x20, 0x00, 0x41, 0x00, 0x3a, 0x00, 0x00]; // local.get 0; i32.const 0; i32.store8

/** Writes `error(closed)` to the address in a parameter; the error lies some bytes behind the start of the result. */
function closed(parameter: number, offset: number): Answer {
  const store = (at: number): Answer => [0x20, parameter, 0x41, 0x01, 0x3a, 0x00, at];
  return [...store(0), ...store(offset)];
}

// The system that a composition without grants shows to the engine: no environment, no files, no terminal, and streams
// that are closed. What only a file or a loader's answer would lead to is never reached.
const ANSWERS: Readonly<Record<string, Answer>> = {
  "wasi_snapshot_preview1#reset_adapter_state": NOTHING,
  "wasi:cli/environment@0.2.0#get-environment": EMPTY_LIST,
  "wasi:filesystem/preopens@0.2.0#get-directories": EMPTY_LIST,
  "wasi:cli/stdin@0.2.0#get-stdin": HANDLE,
  "wasi:cli/stdout@0.2.0#get-stdout": HANDLE,
  "wasi:cli/stderr@0.2.0#get-stderr": HANDLE,
  "wasi:cli/terminal-stdin@0.2.0#get-terminal-stdin": NONE,
  "wasi:cli/terminal-stdout@0.2.0#get-terminal-stdout": NONE,
  "wasi:cli/terminal-stderr@0.2.0#get-terminal-stderr": NONE,
  "wasi:io/streams@0.2.0#[method]output-stream.check-write": closed(1, 8),
  "wasi:io/streams@0.2.0#[method]output-stream.write": closed(3, 4),
  "wasi:io/streams@0.2.0#[method]output-stream.blocking-flush": closed(1, 4),
  "wasi:io/streams@0.2.0#[resource-drop]output-stream": NOTHING,
};

/** The name of an answer, by its place: each component has these names, so they are short. */
export function answerName(index: number): string {
  return `answer-${index}`;
}

/** What the state exports a global, or the memory, as that one of the two libraries imports. */
export function globalName({ module, name }: CoreImport, library: "engine" | "glue"): string {
  if (name === "__memory_base" || name === "__table_base") return `${library}:${name}`;
  return module === "GOT.func" ? `place:${name}` : name;
}

const [CONSTANT, VARIABLE] = [0, 1];

/** The globals of the engine and the glue: their names, whether they can be set, and their values. */
export function stateGlobals(layout: EngineLayout): [name: string, kind: number, value: number][] {
  return [
    ["__stack_pointer", VARIABLE, layout.stack],
    ["engine:__memory_base", CONSTANT, layout.engine.memory],
    ["engine:__table_base", CONSTANT, layout.engine.table],
    ["glue:__memory_base", CONSTANT, layout.glue.memory],
    ["glue:__table_base", CONSTANT, layout.glue.table],
    ["place:cabi_realloc", VARIABLE, layout.allocator],
    ["__heap_base", VARIABLE, layout.heapBase],
    ["__heap_end", VARIABLE, layout.heapEnd],
  ];
}

/** What an instance starts from. */
export interface State {
  layout: EngineLayout;
  /** The memory, in whole pages. */
  memory: Uint8Array;
  /** Whether the memory is empty until {@link LAY_OUT} is called. Default false. */
  startsLate?: boolean;
}

/**
 * The module that an instance starts from: the memory with what the engine had in it when the module was loaded, the globals of
 * engine and glue, and the engine's system, which is shut.
 *
 * @param engine The engine, whose functions outside of it are answered here.
 * @param asked Those functions.
 */
export function stateModule(
  engine: CoreModule,
  asked: readonly CoreImport[],
  { layout, memory, startsLate = false }: State,
): Uint8Array {
  const globals = stateGlobals(layout);
  const exports: CoreExport[] = [
    { name: "memory", kind: CORE_KIND.memory, index: 0 },
    ...globals.map(([name], index) => ({ name, kind: CORE_KIND.global, index })),
    ...asked.map((_, index) => ({ name: answerName(index), kind: CORE_KIND.function, index })),
  ];
  const { types } = engine;
  const functionTypes = asked.map(({ type }) => types[new ByteReader(type).u32()]!);
  const answers = asked.map(({ module, name }) => ANSWERS[`${module}#${name}`] ?? NEVER);
  const late = startsLate ? lateMemory(memory) : undefined;
  if (late !== undefined) {
    exports.push({ name: LAY_OUT, kind: CORE_KIND.function, index: asked.length });
    functionTypes.push(Uint8Array.of(0x60, 0, 0));
    answers.push(late.layOut);
  }
  return coreModule({
    [CORE_SECTION.type]: listSection(functionTypes),
    [CORE_SECTION.function]: listSection(
      functionTypes.map((_, index) => new ByteWriter().u32(index).finish()),
    ),
    [CORE_SECTION.memory]: memorySection(memory),
    [CORE_SECTION.global]: listSection(
      globals.map(([, kind, value]) => new ByteWriter().u8(I32, kind).bytes(constant(value)).finish()),
    ),
    [CORE_SECTION.export]: exportSection(exports),
    [CORE_SECTION.code]: codeSection(answers),
    [CORE_SECTION.data]: dataSection(memory),
    ...late?.sections,
  });
}

/** The function that lays the memory out, once. */
export const LAY_OUT = "lay-out";

/** An empty memory, its data as passive segments, and what lays it out with them. */
function lateMemory(memory: Uint8Array): { sections: Record<number, Uint8Array>; layOut: Answer } {
  const segments = segmentsOf(memory);
  const data = new ByteWriter().u32(segments.length);
  const pages = memory.length / PAGE;
  // memory.size; if; return; end; memory.grow; i32.const -1; i32.eq; if; unreachable; end
  const layOut = [
    0x3f,
    0,
    0x04,
    0x40,
    0x0f,
    0x0b,
    ...i32(pages),
    0x40,
    0,
    0x41,
    0x7f,
    0x46,
    0x04,
    0x40,
    0x00,
    0x0b,
  ];
  for (const [index, [start, end]] of segments.entries()) {
    const length = end - start;
    data.u32(1).u32(length).bytes(memory.subarray(start, end));
    const segment = new ByteWriter().u32(index).finish();
    layOut.push(...i32(start), ...i32(0), ...i32(length), 0xfc, 0x08, ...segment, 0); // memory.init
  }
  return {
    sections: {
      [CORE_SECTION.memory]: Uint8Array.of(1, 0, 0),
      [CORE_SECTION.dataCount]: new ByteWriter().u32(segments.length).finish(),
      [CORE_SECTION.data]: data.finish(),
    },
    layOut,
  };
}

/** `i32.const` of a number below 2^30. */
function i32(value: number): Uint8Array {
  return constant(value).subarray(0, -1);
}
