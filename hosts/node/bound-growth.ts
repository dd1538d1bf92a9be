import { ToolkitError } from "../../src/errors/index.ts";

const PREAMBLE_LENGTH = 8;
const TABLE_SECTION = 4;
const MEMORY_SECTION = 5;
const HAS_MAXIMUM = 0x01;
const IS_64_BIT = 0x04;

/** What one core module may grow to. */
export interface GrowthBounds {
  /** Pages of 64 KiB in each memory. */
  memoryPages: number;
  /** Entries in each table. */
  tableEntries: number;
}

/**
 * A copy of a core module in which every memory and table it defines has a maximum within the bounds. Worker limits do
 * not count WebAssembly memory, and V8's flag for it holds for a whole process; a maximum in the module holds for
 * the guest, everywhere.
 *
 * @throws ToolkitError `ERR_HOST_CORE` when a memory or table is larger than its bound from the start.
 * @see https://webassembly.github.io/spec/core/binary/modules.html#memory-section
 */
export function boundGrowth(module: Uint8Array, bounds: GrowthBounds): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [module.subarray(0, PREAMBLE_LENGTH)];
  let at = PREAMBLE_LENGTH;
  while (at < module.length) {
    const id = module[at]!;
    const [size, contentFrom] = readU32(module, at + 1);
    const to = contentFrom + size;
    if (to > module.length) throw malformed();
    if (id === TABLE_SECTION || id === MEMORY_SECTION) {
      const content = boundSection(module.subarray(contentFrom, to), id, bounds);
      parts.push(Uint8Array.of(id, ...u32(content.length)), Uint8Array.from(content));
    } else {
      parts.push(module.subarray(at, to));
    }
    at = to;
  }
  const bounded = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let length = 0;
  for (const part of parts) {
    bounded.set(part, length);
    length += part.length;
  }
  return bounded;
}

/** Both sections are vectors of limits; in tables a reference type comes first. */
function boundSection(section: Uint8Array, id: number, bounds: GrowthBounds): number[] {
  const isTable = id === TABLE_SECTION;
  const bound = isTable ? bounds.tableEntries : bounds.memoryPages;
  const [count, start] = readU32(section, 0);
  const out = [...u32(count)];
  let at = start;
  for (let i = 0; i < count; i++) {
    if (isTable) {
      const referenceType = section[at++];
      // funcref and externref; typed references and initialisers take more bytes, and no toolchain here emits them.
      if (referenceType !== 0x70 && referenceType !== 0x6f) throw unsupported("a table of typed references");
      out.push(referenceType);
    }
    const flags = section[at++];
    if (flags === undefined) throw malformed();
    if (flags & IS_64_BIT) throw unsupported("a 64-bit memory or table");
    const [minimum, afterMinimum] = readU32(section, at);
    at = afterMinimum;
    let maximum = bound;
    if (flags & HAS_MAXIMUM) {
      const [declared, afterMaximum] = readU32(section, at);
      at = afterMaximum;
      maximum = Math.min(declared, bound);
    }
    if (minimum > bound) {
      throw new ToolkitError(
        `Cannot load core: a ${isTable ? "table" : "memory"} starts with ${minimum} ${isTable ? "entries" : "pages"}, over the limit of ${bound}`,
        { code: "ERR_HOST_CORE" },
      );
    }
    out.push(flags | HAS_MAXIMUM, ...u32(minimum), ...u32(maximum));
  }
  return out;
}

/** An unsigned LEB128 number of at most 32 bits, and the offset behind it. */
function readU32(bytes: Uint8Array, from: number): [value: number, to: number] {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) throw malformed();
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      if (value > 0xffff_ffff) throw malformed();
      return [value, from + i + 1];
    }
  }
  throw malformed();
}

function u32(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}

function malformed(): ToolkitError {
  return new ToolkitError("Cannot load core: a core module inside is malformed", { code: "ERR_HOST_CORE" });
}

function unsupported(what: string): ToolkitError {
  return new ToolkitError(
    `Cannot load core: a core module inside has ${what}, which this host does not bound`,
    {
      code: "ERR_HOST_CORE",
    },
  );
}
