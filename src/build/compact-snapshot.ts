import { ByteReader, ByteWriter, PREAMBLE_LENGTH, readSections, SECTION } from "../wasm/index.ts";

// A built component starts from the memory that the engine had when the module was loaded. Much of it is what loading
// left behind in freed blocks: the module's text, tokens, tables that grew. It is cleared here, so that it is neither
// stored nor copied into each new instance.

const MEMORY_SECTION = 5;
const DATA_SECTION = 11;
const PAGE = 65_536;

/** Runs of zeros up to this length stay inside a segment: a segment of its own costs about 10 bytes. */
const MAX_GAP = 32;
/** Engines refuse 100,000 segments, and each one costs time at every start. */
const MAX_SEGMENTS = 10_000;

/**
 * Drops from a component what the engine's allocator has freed and not reused. A component whose memory is not laid out
 * as expected comes back as it is.
 */
export function compactSnapshot(component: Uint8Array): Uint8Array {
  const out = new ByteWriter().bytes(component.subarray(0, PREAMBLE_LENGTH));
  for (const { id, whole, content } of readSections(component)) {
    if (id === SECTION.component) out.section(id, compactSnapshot(content));
    else if (id === SECTION.coreModule) out.section(id, compactModule(content));
    else out.bytes(whole);
  }
  return out.finish();
}

function compactModule(module: Uint8Array): Uint8Array {
  const sections = readSections(module);
  const contentOf = (id: number): Uint8Array | undefined =>
    sections.find((section) => section.id === id)?.content;
  const [limits, data] = [contentOf(MEMORY_SECTION), contentOf(DATA_SECTION)];
  if (limits === undefined || data === undefined) return module;
  const size = memorySize(limits);
  const memory = size === undefined ? undefined : memoryImage(data, size);
  if (memory === undefined || !clearFreeBlocks(memory)) return module;
  const out = new ByteWriter().bytes(module.subarray(0, PREAMBLE_LENGTH));
  for (const { id, whole } of sections) {
    if (id === DATA_SECTION) out.section(id, dataSection(memory));
    else out.bytes(whole);
  }
  return out.finish();
}

/** Bytes of a module's one memory at its start; nothing when it is not a plain memory of at most 64 MiB. */
function memorySize(limits: Uint8Array): number | undefined {
  const reader = new ByteReader(limits);
  if (reader.u32() !== 1 || reader.u8() > 1) return undefined;
  const pages = reader.u32();
  return pages <= 1024 ? pages * PAGE : undefined;
}

const I32_CONST = 0x41;
const END = 0x0b;

/** The memory that data segments make; nothing when they are not all placed at constant addresses inside it. */
function memoryImage(data: Uint8Array, size: number): Uint8Array | undefined {
  const memory = new Uint8Array(size);
  const reader = new ByteReader(data);
  for (let count = reader.u32(); count > 0; count--) {
    if (reader.u32() !== 0 || reader.u8() !== I32_CONST) return undefined;
    // Addresses are signed numbers in LEB128; below 64 MiB the sign bit is clear, so they read as unsigned ones.
    const address = reader.u32();
    if (reader.u8() !== END) return undefined;
    const bytes = reader.take(reader.u32(), "data segment");
    if (address + bytes.length > size) return undefined;
    memory.set(bytes, address);
  }
  return memory;
}

// The allocator is dlmalloc, as wasi-libc has it for wasm32. A block starts with the size of the block before (if that
// is free), then its own size with two flags; sizes are multiples of 16. The last block of the heap is followed by a
// footer of 56 bytes at the end of the memory. In a free block at most the first 32 bytes hold links.
const PREVIOUS_IN_USE = 1;
const IN_USE = 2;
const FLAGS = 7;
const ALIGNMENT = 16;
const LINKS = 32;
const FOOTER = 56;
const MIN_BLOCKS = 16;

/** Clears what free blocks hold. False when no heap was recognised; then nothing has changed. */
function clearFreeBlocks(memory: Uint8Array): boolean {
  const view = new DataView(memory.buffer);
  for (let start = 8; start < memory.length - FOOTER; start += ALIGNMENT) {
    const free = freeBlocks(view, start);
    if (free === undefined) continue;
    for (const [address, size] of free) memory.fill(0, address + LINKS, address + size);
    return true;
  }
  return false;
}

/** The free blocks of a heap that starts at an address; nothing unless every block up to the footer is consistent. */
function freeBlocks(view: DataView, start: number): [address: number, size: number][] | undefined {
  const free: [number, number][] = [];
  const footer = view.byteLength - FOOTER;
  let count = 0;
  let previous: { size: number; inUse: boolean } | undefined;
  for (let address = start; address <= footer; count++) {
    const head = view.getUint32(address + 4, true);
    const size = head & ~FLAGS;
    if (address === footer) return size === FOOTER && count >= MIN_BLOCKS ? free : undefined;
    if (size < ALIGNMENT || size % ALIGNMENT !== 0) return undefined;
    if (previous !== undefined) {
      if (((head & PREVIOUS_IN_USE) !== 0) !== previous.inUse) return undefined;
      if (!previous.inUse && view.getUint32(address, true) !== previous.size) return undefined;
    }
    const inUse = (head & IN_USE) !== 0;
    if (!inUse && size > LINKS) free.push([address, size]);
    previous = { size, inUse };
    address += size;
  }
  return undefined;
}

function dataSection(memory: Uint8Array): Uint8Array {
  let gap = MAX_GAP;
  let segments = segmentsOf(memory, gap);
  while (segments.length > MAX_SEGMENTS) segments = segmentsOf(memory, (gap *= 2));
  const out = new ByteWriter().u32(segments.length);
  for (const [start, end] of segments) {
    out.u32(0).u8(I32_CONST).bytes(signed(start)).u8(END);
    out.u32(end - start).bytes(memory.subarray(start, end));
  }
  return out.finish();
}

/** The runs of a memory that are not zero, joined where at most `gap` zeros part them. */
function segmentsOf(memory: Uint8Array, gap: number): [start: number, end: number][] {
  const segments: [number, number][] = [];
  let last: [number, number] | undefined;
  for (let at = 0; at < memory.length; at++) {
    if (memory[at] === 0) continue;
    if (last !== undefined && at - last[1] <= gap) last[1] = at + 1;
    else segments.push((last = [at, at + 1]));
  }
  return segments;
}

/** An address as a signed LEB128 number, whose last byte must leave the sign bit clear. */
function signed(address: number): Uint8Array {
  const encoded: number[] = [];
  let rest = address;
  for (; rest >= 0x40; rest = Math.floor(rest / 0x80)) encoded.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...encoded, rest]);
}
