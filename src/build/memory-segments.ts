import { ByteReader, ByteWriter } from "../wasm/index.ts";
import { CORE_SECTION, type CoreModule } from "./core-module.ts";

/** Bytes of a page of memory. */
export const PAGE = 65_536;
/** 64 MiB. */
const MAX_PAGES = 1024;

/** Runs of zeros up to this length stay inside a segment: a segment of its own costs about 10 bytes. */
const MAX_GAP = 12;
/** Engines refuse 100,000 segments, and each one costs time at every start. */
const MAX_SEGMENTS = 10_000;

const I32_CONST = 0x41;
const END = 0x0b;

/**
 * What the memory of a module holds when it starts.
 *
 * @throws Error when that is not one memory of at most 64 MiB with data at constant addresses.
 */
export function memoryOf(module: CoreModule): Uint8Array {
  const limits = new ByteReader(module.section(CORE_SECTION.memory));
  if (limits.u32() !== 1 || limits.u8() > 1) throw limits.error("a memory of another kind");
  const pages = limits.u32();
  if (pages > MAX_PAGES) throw limits.error(`a memory of ${pages} pages`);
  const memory = new Uint8Array(pages * PAGE);
  const reader = new ByteReader(module.section(CORE_SECTION.data));
  for (let count = reader.u32(); count > 0; count--) {
    if (reader.u32() !== 0 || reader.u8() !== I32_CONST) throw reader.error("a segment of another kind");
    // Addresses are signed numbers in LEB128; below 64 MiB the sign bit is clear, so they read as unsigned ones.
    const address = reader.u32();
    if (reader.u8() !== END) throw reader.error("a segment of another kind");
    const bytes = reader.take(reader.u32(), "data segment");
    if (address + bytes.length > memory.length) throw reader.error("a segment outside of the memory");
    memory.set(bytes, address);
  }
  return memory;
}

/** The content of a memory section with one memory that starts like this one. */
export function memorySection(memory: Uint8Array): Uint8Array {
  return new ByteWriter()
    .u32(1)
    .u8(0)
    .u32(memory.length / PAGE)
    .finish();
}

/** The content of a data section that makes an empty memory into this one. */
export function dataSection(memory: Uint8Array): Uint8Array {
  const segments = segmentsOf(memory);
  const out = new ByteWriter().u32(segments.length);
  for (const [start, end] of segments) out.bytes(segment(start, memory.subarray(start, end)));
  return out.finish();
}

/** A data segment at a constant address. */
export function segment(address: number, bytes: Uint8Array): Uint8Array {
  return new ByteWriter().u32(0).bytes(constant(address)).u32(bytes.length).bytes(bytes).finish();
}

/** The constant expression of a number below 2^30. */
export function constant(value: number): Uint8Array {
  const encoded: number[] = [];
  let rest = value;
  // Of a signed LEB128 number the last byte must leave the sign bit clear.
  for (; rest >= 0x40; rest = Math.floor(rest / 0x80)) encoded.push((rest % 0x80) | 0x80);
  return Uint8Array.from([I32_CONST, ...encoded, rest, END]);
}

type Range = [start: number, end: number];

/** The runs of a memory, whose address is a multiple of 4, that are not zero, joined where few zeros part them. */
export function segmentsOf(memory: Uint8Array, gap = MAX_GAP): Range[] {
  const segments: Range[] = [];
  const words = new Uint32Array(memory.buffer, memory.byteOffset, memory.length / 4);
  let last: Range | undefined;
  for (let at = 0; at < memory.length; at++) {
    if (memory[at] === 0) {
      // Most of it is zeros.
      while (at % 4 === 0 && words[at / 4] === 0) at += 4;
      if (at >= memory.length || memory[at] === 0) continue;
    }
    if (last !== undefined && at - last[1] <= gap) last[1] = at + 1;
    else segments.push((last = [at, at + 1]));
  }
  return segments.length > MAX_SEGMENTS ? segmentsOf(memory, gap * 2) : segments;
}
