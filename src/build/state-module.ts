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
 */
export function stateModule(main: CoreModule, engine: CoreModule, asked: readonly CoreImport[]): Uint8Array {
  const exports: CoreExport[] = [
    ...main.exports.filter(({ kind }) => kind === CORE_KIND.global || kind === CORE_KIND.memory),
    ...asked.map((_, index) => ({ name: answerName(index), kind: CORE_KIND.function, index })),
  ];
  const { types } = engine;
  return coreModule({
    [CORE_SECTION.type]: listSection(asked.map(({ type }) => types[new ByteReader(type).u32()]!)),
    [CORE_SECTION.function]: listSection(asked.map((_, index) => new ByteWriter().u32(index).finish())),
    [CORE_SECTION.memory]: main.section(CORE_SECTION.memory),
    [CORE_SECTION.global]: main.section(CORE_SECTION.global),
    [CORE_SECTION.export]: exportSection(exports),
    [CORE_SECTION.code]: codeSection(asked.map(({ module, name }) => ANSWERS[`${module}#${name}`] ?? NEVER)),
    [CORE_SECTION.data]: main.section(CORE_SECTION.data),
  });
}
