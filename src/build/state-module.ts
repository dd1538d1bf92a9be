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

/**
 * The module that an instance starts from: the memory with what the engine had in it when the module was loaded, the engine's
 * globals, and its system, which is shut.
 *
 * @param main The module that held the memory and the globals.
 * @param engine The engine, whose functions outside of it are answered here.
 * @param asked Those functions.
 * @param startsLate Whether the memory is empty until {@link LAY_OUT} is called.
 */
export function stateModule(
  main: CoreModule,
  engine: CoreModule,
  asked: readonly CoreImport[],
  startsLate: boolean,
): Uint8Array {
  const exports: CoreExport[] = [
    ...main.exports.filter(({ kind }) => kind === CORE_KIND.global || kind === CORE_KIND.memory),
    ...asked.map((_, index) => ({ name: answerName(index), kind: CORE_KIND.function, index })),
  ];
  const { types } = engine;
  const functionTypes = asked.map(({ type }) => types[new ByteReader(type).u32()]!);
  const answers = asked.map(({ module, name }) => ANSWERS[`${module}#${name}`] ?? NEVER);
  const late = startsLate ? lateMemory(main) : undefined;
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
    [CORE_SECTION.memory]: main.section(CORE_SECTION.memory),
    [CORE_SECTION.global]: main.section(CORE_SECTION.global),
    [CORE_SECTION.export]: exportSection(exports),
    [CORE_SECTION.code]: codeSection(answers),
    [CORE_SECTION.data]: main.section(CORE_SECTION.data),
    ...late?.sections,
  });
}

/** The function that lays the memory out, once. */
export const LAY_OUT = "lay-out";

/** An empty memory, its data as passive segments, and what lays it out with them. */
function lateMemory(main: CoreModule): { sections: Record<number, Uint8Array>; layOut: Answer } {
  const limits = new ByteReader(main.section(CORE_SECTION.memory));
  if (limits.u32() !== 1 || limits.u8() !== 0) throw limits.error("a memory of another kind");
  const pages = limits.u32();
  const reader = new ByteReader(main.section(CORE_SECTION.data));
  const count = reader.u32();
  const data = new ByteWriter().u32(count);
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
  for (let segment = 0; segment < count; segment++) {
    if (reader.u32() !== 0 || reader.u8() !== 0x41) throw reader.error("a segment of another kind");
    // Addresses are below 2^30, so their sign bit is clear and they read as unsigned numbers.
    const address = reader.u32();
    if (reader.u8() !== 0x0b) throw reader.error("a segment of another kind");
    const bytes = reader.take(reader.u32(), "data segment");
    data.u32(1).u32(bytes.length).bytes(bytes);
    const index = new ByteWriter().u32(segment).finish();
    layOut.push(...i32(address), ...i32(0), ...i32(bytes.length), 0xfc, 0x08, ...index, 0); // memory.init
  }
  return {
    sections: {
      [CORE_SECTION.memory]: Uint8Array.of(1, 0, 0),
      [CORE_SECTION.dataCount]: new ByteWriter().u32(count).finish(),
      [CORE_SECTION.data]: data.finish(),
    },
    layOut,
  };
}

/** `i32.const` of a number below 2^30. */
function i32(value: number): number[] {
  const encoded: number[] = [0x41];
  let rest = value;
  for (; rest >= 0x40; rest = Math.floor(rest / 0x80)) encoded.push((rest % 0x80) | 0x80);
  return [...encoded, rest];
}
