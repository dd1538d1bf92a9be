import { ACCESS_MODULE, CALLS_MODULE, COPY_MODULE } from "./helper-modules.ts";
import { createMemoryViews, type MemoryViews } from "./memory-views.ts";

/** Copies `length` bytes `from` an address of one memory `to` one of another. */
type Copy = (from: number, length: number, to: number) => void;

/** What one instance of a transpiled core takes in place of what jco writes into it; see `adapt-glue.ts`. */
export interface Passages {
  readonly tasks: Tasks;
  readonly memories: MemoryViews;
  /** What adapters between components ask of their runtime: `get0`, `get1`, `set0`, `set1`, `enter` and `exit`. */
  readonly calls: WebAssembly.Exports;
  /** Copies from one memory to another. */
  readonly copy: (from: WebAssembly.Memory, to: WebAssembly.Memory) => Copy;
  /** Reads and writes a memory that is not the module's own, where a module may have one alone. */
  readonly access: (memory: WebAssembly.Memory) => WebAssembly.Exports;
}

/** A task as transpiled code asks for it. What it only tells a task is dropped. */
interface Task {
  id(): number;
  componentIdx(): number;
  mayBlock(): boolean;
  enterSync(): void;
  exit(): void;
  setErrored(): void;
  isResolvedState(): boolean;
  isExited(): boolean;
  getParentSubtask(): undefined;
  setCalleeIsAsync(): void;
  setReturnMemoryIdx(): void;
  setReturnMemory(): void;
  setParentSubtask(): void;
  resolve(): void;
  reject(): void;
}

/** The tasks of calls that are in flight. */
interface Tasks {
  /** Of functions of the host. */
  readonly ofImport: Task;
  /** Of the call of the core. */
  readonly ofExport: Task;
}

const callsModule = new WebAssembly.Module(CALLS_MODULE);
const copyModule = WebAssembly.validate(COPY_MODULE) ? new WebAssembly.Module(COPY_MODULE) : undefined;
const accessModule = new WebAssembly.Module(ACCESS_MODULE);

/** For one instance of a core in which nothing is asynchronous. */
export function createPassages(): Passages {
  const accesses = new Map<WebAssembly.Memory, WebAssembly.Exports>();
  return {
    tasks: createTasks(),
    memories: createMemoryViews(),
    calls: new WebAssembly.Instance(callsModule).exports,
    copy: copyModule ? (from, to) => copyByModule(copyModule, from, to) : copyByViews,
    access(memory) {
      let exports = accesses.get(memory);
      if (!exports) {
        ({ exports } = new WebAssembly.Instance(accessModule, { memory: { of: memory } }));
        accesses.set(memory, exports);
      }
      return exports;
    },
  };
}

const noop = (): void => {};

/** What all tasks have in common: they are never waited for. */
const SYNC_TASK: Task = {
  id: () => 0,
  componentIdx: () => 0,
  mayBlock: () => false,
  enterSync: noop,
  exit: noop,
  setErrored: noop,
  isResolvedState: () => false,
  isExited: () => true,
  getParentSubtask: () => undefined,
  setCalleeIsAsync: noop,
  setReturnMemoryIdx: noop,
  setReturnMemory: noop,
  setParentSubtask: noop,
  resolve: noop,
  reject: noop,
};

/**
 * Calls of a synchronous core are one inside the other, so that the stack of the engine holds all that tasks are for. What is left is
 * that nothing enters an instance whose call has not ended: nobody while it runs, and nobody ever once it was left by an exception.
 */
function createTasks(): Tasks {
  let entered = false;
  let broken = false;
  const ofExport: Task = {
    ...SYNC_TASK,
    enterSync() {
      if (entered) throw new WebAssembly.RuntimeError("wasm trap: cannot enter component instance");
      entered = true;
    },
    setErrored() {
      broken = true;
    },
    exit() {
      entered = broken;
    },
  };
  return { ofImport: SYNC_TASK, ofExport };
}

function copyByModule(module: WebAssembly.Module, from: WebAssembly.Memory, to: WebAssembly.Memory): Copy {
  return new WebAssembly.Instance(module, { memory: { from, to } }).exports["copy"] as Copy;
}

/** Up to here, going through them takes less than making a view of what is copied. */
const WORDWISE_BYTES = 64;

/** Views are kept until their memory grows, which leaves them without length. */
function copyByViews(from: WebAssembly.Memory, to: WebAssembly.Memory): Copy {
  let source = new Uint8Array(from.buffer);
  let target = new Uint8Array(to.buffer);
  let sourceWords = new DataView(from.buffer);
  let targetWords = new DataView(to.buffer);
  return (at, length, into) => {
    if (source.length === 0) {
      source = new Uint8Array(from.buffer);
      sourceWords = new DataView(from.buffer);
    }
    if (target.length === 0) {
      target = new Uint8Array(to.buffer);
      targetWords = new DataView(to.buffer);
    }
    // Addresses are unsigned, and come as signed.
    const [start, place, bytes] = [at >>> 0, into >>> 0, length >>> 0];
    if (start + bytes > source.length || place + bytes > target.length) {
      throw new WebAssembly.RuntimeError("wasm trap: out of bounds memory access");
    }
    if (bytes <= WORDWISE_BYTES) {
      let done = 0;
      for (; done + 4 <= bytes; done += 4) {
        targetWords.setUint32(place + done, sourceWords.getUint32(start + done));
      }
      for (; done < bytes; done++) target[place + done] = source[start + done]!;
    } else {
      target.set(source.subarray(start, start + bytes), place);
    }
  };
}
