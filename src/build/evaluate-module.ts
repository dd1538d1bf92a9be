import vm from "node:vm";
import { CLOCKS, ENGINE, MONOTONIC, STATE, WALL } from "./component-frame.ts";
import { CORE_KIND, CoreModule } from "./core-module.ts";
import { askedOf, engineModule, glueModule } from "./link-engine.ts";
import type { EngineLayout } from "./engine-layout.ts";
import { answerName, stateGlobals, stateModule } from "./state-module.ts";
import type { WorldGlue } from "./world-glue.ts";

// The engine runs here as it will on a host: the same three modules, wired alike. Only that its memory starts from its own data, and
// what it says of a failure is heard.

/** Of the engine's own output that much is kept. */
const MAX_OUTPUT = 10_000;
/** A module that Node loads within its own limit may take the engine many times as long. */
const TIME_LIMIT_MS = 60_000;

/** What the engine loads, and with what. */
export interface Evaluation {
  /** The engine's library. */
  engine: Uint8Array;
  glue: WorldGlue;
  layout: EngineLayout;
  /** One ES module; its imports are those of the world. */
  code: string;
}

let compiled: { engine: Uint8Array; module: WebAssembly.Module } | undefined;

/**
 * Runs a module in the engine, in this process, and takes the memory then.
 *
 * @throws Error when the module fails, recurses too deeply, or takes more than a minute; with what the engine says.
 */
export function evaluateModule({ engine, glue, layout, code }: Evaluation): Uint8Array {
  const library = new CoreModule(engine);
  const output: string[] = [];
  const load = (): Uint8Array => {
    const instances = instantiate(library, layout, { engine, glue, output });
    run(instances, glue.shim, code);
    return instances.snapshot();
  };
  try {
    // Code that does not end is interrupted in whatever it is called from.
    const context = vm.createContext({ load });
    return vm.runInContext("load()", context, { timeout: TIME_LIMIT_MS }) as Uint8Array;
  } catch (error) {
    throw new Error(failure(error, output.join("")), { cause: error });
  }
}

/** A memory, whose buffer is another each time that it grows. */
interface Memory {
  readonly buffer: ArrayBuffer;
}

/** What modules import from each other, by name. */
type Bag = Record<string, unknown>;

interface Instances {
  memory: Memory;
  engine: Record<string, (...values: number[]) => number>;
  /** Takes the memory. */
  snapshot: () => Uint8Array;
}

function instantiate(
  library: CoreModule,
  layout: EngineLayout,
  { engine, glue, output }: { engine: Uint8Array; glue: WorldGlue; output: string[] },
): Instances {
  const asked = askedOf(library);
  const empty = new Uint8Array(layout.heapEnd);
  empty.set(glue.data, layout.glue.memory);
  const state = instanceOf(compile(stateModule(library, asked, { layout, memory: empty })));
  const memory = state["memory"] as Memory;
  // They run when the engine does, which is there by then.
  const lower = (text: string): Lowered => lowerText(memory, runner as Instances["engine"], text);
  const answers = { ...streamAnswers(memory, output), ...loaderAnswers(memory, lower) };
  const heard: Bag = { ...state };
  for (const [index, { module, name }] of asked.entries()) {
    const answer = answers[`${module}#${name}`];
    if (answer !== undefined) heard[answerName(index)] = answer;
  }
  const runner = instanceOf(compiledEngine(engine, library, layout), {
    [STATE]: heard,
    [CLOCKS]: { [MONOTONIC]: () => process.hrtime.bigint(), [WALL]: (at: number) => writeTime(memory, at) },
  });
  const table = runner["__indirect_function_table"] as { length: number; get: (index: number) => unknown };
  const glueLibrary = new CoreModule(glue.module);
  const joint = instanceOf(compile(glueModule(glueLibrary, layout, "all")), {
    ...refusals(glueLibrary),
    [STATE]: state,
    [ENGINE]: runner,
  });
  const functions = Array.from({ length: table.length }, (_, index) => table.get(index));
  // In the order of the toolchain's linker.
  (runner["__wasm_apply_data_relocs"] as () => void)();
  for (const name of ["__wasm_apply_data_relocs", "__wasm_call_ctors"]) (joint[name] as () => void)();
  return {
    memory,
    engine: runner as Instances["engine"],
    snapshot: () => {
      for (const [name, , value] of stateGlobals(layout)) {
        if ((state[name] as { value: unknown }).value !== value) throw new Error(`${name} has changed`);
      }
      if (functions.some((each, index) => table.get(index) !== each))
        throw new Error("the table has changed");
      // Nothing is being called, so what is on the stack was left there.
      return new Uint8Array(memory.buffer).slice().fill(0, 0, layout.stack);
    },
  };
}

/** The engine with all of its data, compiled once in this process. */
function compiledEngine(engine: Uint8Array, library: CoreModule, layout: EngineLayout): WebAssembly.Module {
  if (compiled?.engine !== engine) {
    compiled = { engine, module: compile(engineModule(library, layout, "all")) };
  }
  return compiled.module;
}

function compile(module: Uint8Array): WebAssembly.Module {
  return new WebAssembly.Module(module as Uint8Array<ArrayBuffer>);
}

function instanceOf(module: WebAssembly.Module, imports: WebAssembly.Imports = {}): Bag {
  return new WebAssembly.Instance(module, imports).exports;
}

/** What takes the place of streams that are closed, to hear what the engine says before it gives up. */
function streamAnswers(memory: Memory, output: string[]): Bag {
  const succeed = (at: number): void => new DataView(memory.buffer).setUint8(at, 0);
  let left = MAX_OUTPUT;
  return {
    "wasi:io/streams@0.2.0#[method]output-stream.check-write": (_stream: number, at: number) => {
      succeed(at);
      new DataView(memory.buffer).setBigUint64(at + 8, BigInt(MAX_OUTPUT), true);
    },
    "wasi:io/streams@0.2.0#[method]output-stream.write": (
      _stream: number,
      start: number,
      length: number,
      at: number,
    ) => {
      const taken = Math.min(length, left);
      left -= taken;
      output.push(Buffer.from(memory.buffer, start, taken).toString());
      succeed(at);
    },
    "wasi:io/streams@0.2.0#[method]output-stream.blocking-flush": (_stream: number, at: number) =>
      succeed(at),
  };
}

/** What says of modules which are not in the bundle that there are none. */
function loaderAnswers(memory: Memory, lower: (text: string) => Lowered): Bag {
  return {
    "local:init/module-loader#resolve": (...[, , start, length, at]: number[]) => {
      const name = Buffer.from(memory.buffer, start, length).toString();
      const [address, size] = lower(`there is no module "${name}" in the bundle`);
      const view = new DataView(memory.buffer);
      view.setUint8(at!, 1);
      view.setUint32(at! + 4, address, true);
      view.setUint32(at! + 8, size, true);
    },
  };
}

/** Functions of the world, which nothing may call while the module is loaded. */
function refusals(glue: CoreModule): Record<string, Bag> {
  const world: Record<string, Bag> = {};
  for (const { module, name, kind } of glue.imports) {
    if (module === "env" || kind !== CORE_KIND.function) continue;
    (world[module] ??= {})[name] = () => {
      throw new Error(`${name} of ${module} is called while the module is loaded`);
    };
  }
  return world;
}

/** Writes the time as seconds and nanoseconds. */
function writeTime(memory: Memory, at: number): void {
  const now = Date.now();
  const view = new DataView(memory.buffer);
  view.setBigUint64(at, BigInt(Math.floor(now / 1000)), true);
  view.setUint32(at + 8, (now % 1000) * 1_000_000, true);
}

/** A text in the memory. */
type Lowered = [address: number, length: number];

function lowerText(memory: Memory, { cabi_realloc: allocate }: Instances["engine"], text: string): Lowered {
  const bytes = Buffer.from(text);
  const address = allocate!(0, 0, 1, bytes.length) >>> 0;
  new Uint8Array(memory.buffer).set(bytes, address);
  return [address, bytes.length];
}

/** Calls the engine's `init(shim, script, entry-path: option, disable-gc)`, as the canonical ABI has it. */
function run({ memory, engine }: Instances, shim: string, code: string): void {
  const { init, cabi_post_init: free } = engine;
  const lower = (text: string): Lowered => lowerText(memory, engine, text);
  const result = init!(...lower(shim), ...lower(code), 0, 0, 0, 0) >>> 0;
  const view = new DataView(memory.buffer);
  const [failed, address, length] = [
    view.getUint8(result) !== 0,
    view.getUint32(result + 4, true),
    view.getUint32(result + 8, true),
  ];
  if (failed) throw new EngineError(Buffer.from(memory.buffer, address, length).toString());
  free!(result);
}

/** What the engine says of a module. */
class EngineError extends Error {}

function failure(error: unknown, output: string): string {
  const { name, message, code } = error as { name?: string; message?: string; code?: string };
  if (error instanceof EngineError) return [output, message].join("\n");
  if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
    return `loading it took more than ${TIME_LIMIT_MS / 1000} seconds`;
  // The limit is either that of this process or the end of the engine's own stack.
  const limits = name === "RangeError" ? /call stack/ : name === "RuntimeError" ? /out of bounds/ : undefined;
  if (limits?.test(message ?? "")) return "loading it recurses too deeply";
  return [output, message ?? String(error)].join("\n");
}
