/** Reads and writes the memories of one instance. Views are kept until their memory grows, which leaves them without length. */
export interface MemoryViews {
  viewOf(memory: WebAssembly.Memory): DataView;
  /** The text of that many bytes of UTF-8; what is none is U+FFFD. */
  textAt(memory: WebAssembly.Memory, at: number, bytes: number): string;
  /** Writes a text, as UTF-8, where `realloc` has room for it. The empty one is at 1, as jco has it. */
  putText(text: unknown, realloc: Realloc, memory: WebAssembly.Memory): { ptr: number; len: number };
}

type Realloc = (old: number, oldBytes: number, alignment: number, bytes: number) => number;

interface Views {
  memory: WebAssembly.Memory | undefined;
  bytes: Buffer;
  view: DataView;
}

export function createMemoryViews(): MemoryViews {
  const all = new Map<WebAssembly.Memory, Views>();
  /** Those used last: one part reads and writes several times. */
  let last: Views = { memory: undefined, bytes: Buffer.alloc(0), view: new DataView(new ArrayBuffer(0)) };

  function viewsOf(memory: WebAssembly.Memory): Views {
    if (last.memory === memory && last.bytes.length !== 0) return last;
    last = keptViews(memory);
    return last;
  }

  function keptViews(memory: WebAssembly.Memory): Views {
    const kept = all.get(memory);
    if (kept && kept.bytes.length !== 0) return kept;
    const { buffer } = memory;
    const views = { memory, bytes: Buffer.from(buffer), view: new DataView(buffer) };
    all.set(memory, views);
    return views;
  }

  return {
    viewOf: (memory) => viewsOf(memory).view,
    textAt(memory, at, bytes) {
      // Addresses are unsigned, and come as signed.
      const from = viewsOf(memory).bytes;
      const start = at >>> 0;
      const end = start + (bytes >>> 0);
      if (end > from.length) throw outOfBounds();
      return from.toString("utf8", start, end);
    },
    putText(text, realloc, memory) {
      if (typeof text !== "string") throw new TypeError(`expected a string, received [${typeof text}]`);
      const len = Buffer.byteLength(text);
      if (len === 0) return { ptr: 1, len };
      const ptr = realloc(0, 0, 1, len);
      // Afterwards, as the memory may have grown.
      const to = viewsOf(memory).bytes;
      const start = ptr >>> 0;
      if (start + len > to.length) throw outOfBounds();
      // A byte for each unit: then it is ASCII, which need not be looked at again.
      to.write(text, start, len, len === text.length ? "latin1" : "utf8");
      return { ptr, len };
    },
  };
}

function outOfBounds(): Error {
  return new WebAssembly.RuntimeError("wasm trap: out of bounds memory access");
}
