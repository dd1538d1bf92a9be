import { clearFreeMemory } from "./clear-free-memory.ts";
import { ByteReader, ByteWriter, PREAMBLE_LENGTH, readSections, SECTION } from "../wasm/index.ts";

// A built component starts from the memory that the engine had when the module was loaded. Much of it is what loading
// left behind in freed blocks: the module's text, tokens, tables that grew. It is cleared here, so that it is neither
// stored nor copied into each new instance. And the engine's own constants move back into the engine's module, which a
// core stores once, however many components it has.

const MEMORY_SECTION = 5;
const CODE_SECTION = 10;
const DATA_SECTION = 11;
const DATA_COUNT_SECTION = 12;
const PAGE = 65_536;

/** Runs of zeros up to this length stay inside a segment: a segment of its own costs about 10 bytes. */
const MAX_GAP = 12;
/** Engines refuse 100,000 segments, and each one costs time at every start. */
const MAX_SEGMENTS = 10_000;

/**
 * Drops from a component what the engine's allocator has freed and not reused, and has the engine's module hold the
 * engine's constants. What is not laid out as expected stays as it is.
 *
 * @param engine The module of the engine, before it was put into the component. Without it constants stay in the memory.
 */
export function compactSnapshot(component: Uint8Array, engine?: Uint8Array): Uint8Array {
  const sections = readSections(component);
  const contents = sections.map(({ id, content }) =>
    id === SECTION.component ? compactSnapshot(content, engine) : content,
  );
  const modules = sections.flatMap(({ id, content }, index) =>
    id === SECTION.coreModule ? [{ index, sections: readSections(content) }] : [],
  );
  for (const holder of modules) {
    const memory = snapshotOf(holder.sections);
    if (memory === undefined) continue;
    const original = engine && readSections(engine);
    const code = original && contentOf(original, CODE_SECTION);
    const runner = modules.find((module) => sameBytes(contentOf(module.sections, CODE_SECTION), code));
    const constants = original && constantsOf(original, memory);
    if (runner !== undefined && constants !== undefined) {
      const { address, bytes } = constants;
      memory.fill(0, address, address + bytes.length);
      contents[runner.index] = withSegment(runner.sections, address, bytes);
    }
    const data = dataSection(segmentsOf(memory), memory);
    contents[holder.index] = moduleOf(holder.sections, new Map([[DATA_SECTION, data]]));
  }
  const out = new ByteWriter().bytes(component.subarray(0, PREAMBLE_LENGTH));
  for (const [index, { id, content, whole }] of sections.entries()) {
    if (contents[index] === content) out.bytes(whole);
    else out.section(id, contents[index]!);
  }
  return out.finish();
}

type Sections = ReturnType<typeof readSections>;

function contentOf(sections: Sections, id: number): Uint8Array | undefined {
  return sections.find((section) => section.id === id)?.content;
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && Buffer.compare(one, other) === 0;
}

/** A module with the content of some sections replaced. */
function moduleOf(sections: Sections, replaced: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const out = new ByteWriter().bytes(MODULE_PREAMBLE);
  for (const { id, content } of sections) out.section(id, replaced.get(id) ?? content);
  return out.finish();
}

const MODULE_PREAMBLE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

/** The memory that a module starts with, if that is the engine's, without what its free blocks hold. */
function snapshotOf(module: Sections): Uint8Array | undefined {
  const [limits, data] = [contentOf(module, MEMORY_SECTION), contentOf(module, DATA_SECTION)];
  if (limits === undefined || data === undefined) return undefined;
  const size = memorySize(limits);
  const memory = size === undefined ? undefined : memoryImage(data, size);
  return memory !== undefined && clearFreeMemory(memory) ? memory : undefined;
}

/**
 * The engine's constants, which are the first of its data, and where they lie in a memory; nothing when they are not
 * there exactly once and unchanged.
 */
function constantsOf(
  engine: Sections,
  memory: Uint8Array,
): { address: number; bytes: Uint8Array } | undefined {
  const reader = new ByteReader(contentOf(engine, DATA_SECTION) ?? Uint8Array.of(0));
  if (reader.u32() === 0 || reader.u32() !== 0) return undefined;
  while (reader.u8() !== END);
  const bytes = Buffer.from(reader.take(reader.u32(), "data segment"));
  const image = Buffer.from(memory.buffer);
  const address = image.indexOf(bytes);
  return address < 0 || image.includes(bytes, address + 1) ? undefined : { address, bytes };
}

/** A module with one more data segment. Its other segments were emptied when the memory was taken. */
function withSegment(module: Sections, address: number, bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader(contentOf(module, DATA_SECTION) ?? Uint8Array.of(0));
  const count = reader.u32() + 1;
  const data = new ByteWriter().u32(count).bytes(reader.take(reader.remaining, "data segments"));
  return moduleOf(
    module,
    new Map([
      [DATA_COUNT_SECTION, new ByteWriter().u32(count).finish()],
      [DATA_SECTION, data.bytes(segment(address, bytes)).finish()],
    ]),
  );
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

type Range = [start: number, end: number];

/** The runs of a memory that are not zero, joined where few zeros part them. */
function segmentsOf(memory: Uint8Array, gap = MAX_GAP): Range[] {
  const segments: Range[] = [];
  let last: Range | undefined;
  for (let at = 0; at < memory.length; at++) {
    if (memory[at] === 0) continue;
    if (last !== undefined && at - last[1] <= gap) last[1] = at + 1;
    else segments.push((last = [at, at + 1]));
  }
  return segments.length > MAX_SEGMENTS ? segmentsOf(memory, gap * 2) : segments;
}

function dataSection(segments: readonly Range[], memory: Uint8Array): Uint8Array {
  const out = new ByteWriter().u32(segments.length);
  for (const [start, end] of segments) out.bytes(segment(start, memory.subarray(start, end)));
  return out.finish();
}

function segment(address: number, bytes: Uint8Array): Uint8Array {
  const out = new ByteWriter().u32(0).u8(I32_CONST).bytes(signed(address)).u8(END);
  return out.u32(bytes.length).bytes(bytes).finish();
}

/** An address as a signed LEB128 number, whose last byte must leave the sign bit clear. */
function signed(address: number): Uint8Array {
  const encoded: number[] = [];
  let rest = address;
  for (; rest >= 0x40; rest = Math.floor(rest / 0x80)) encoded.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...encoded, rest]);
}
