import { ByteReader } from "./byte-reader.ts";

/** Length of the preamble: magic, version and layer. */
export const PREAMBLE_LENGTH = 8;

/** Section ids of a component. @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#component-definitions */
export const SECTION = {
  custom: 0,
  coreModule: 1,
  coreInstance: 2,
  coreType: 3,
  component: 4,
  instance: 5,
  alias: 6,
  type: 7,
  canon: 8,
  start: 9,
  import: 10,
  export: 11,
  value: 12,
} as const;

const LAST_MODULE_SECTION = 13;
const MAX_SECTIONS = 100_000;

/** One top-level section. */
export interface Section {
  /** Section id, see {@link SECTION}. */
  id: number;
  /** The section with its id and size: a view, not a copy. */
  whole: Uint8Array;
  /** The section's content: a view, not a copy. */
  content: Uint8Array;
  /** Where the content starts in the file. */
  offset: number;
}

/**
 * Tells a component from a core module by its preamble.
 *
 * @throws ToolkitError `ERR_WASM_DECODE` when the bytes are neither.
 */
export function binaryKind(bytes: Uint8Array, base = 0): "component" | "module" {
  const reader = new ByteReader(bytes, base);
  if (bytes.length < PREAMBLE_LENGTH) throw reader.error(`${bytes.length} bytes are no WebAssembly binary`);
  const [m0, m1, m2, m3, version, version1, layer, layer1] = bytes;
  if (m0 !== 0x00 || m1 !== 0x61 || m2 !== 0x73 || m3 !== 0x6d) {
    throw reader.error("the bytes do not start with the WebAssembly magic number");
  }
  if (version === 0x01 && version1 === 0 && layer === 0 && layer1 === 0) return "module";
  if (version === 0x0d && version1 === 0 && layer === 1 && layer1 === 0) return "component";
  throw reader.error("neither a core module of version 1 nor a component of version 13", 4);
}

/**
 * The top-level sections of a component or core module, in order. Nothing inside a section is looked at.
 *
 * @param base Where `bytes` starts in the file, for error messages. Default 0.
 * @throws ToolkitError `ERR_WASM_DECODE` when the preamble, an id or a size is wrong, or there are more than 100,000.
 */
export function readSections(bytes: Uint8Array, base = 0): Section[] {
  const last = binaryKind(bytes, base) === "component" ? SECTION.value : LAST_MODULE_SECTION;
  const reader = new ByteReader(bytes, base);
  reader.take(PREAMBLE_LENGTH, "preamble");
  const sections: Section[] = [];
  while (reader.remaining > 0) {
    const start = reader.position;
    const id = reader.u8();
    if (id > last) throw reader.error(`unknown section id ${id}`, start);
    if (sections.length === MAX_SECTIONS) throw reader.error(`more than ${MAX_SECTIONS} sections`, start);
    const size = reader.u32();
    const offset = base + reader.position;
    const content = reader.take(size, "section");
    sections.push({ id, whole: bytes.subarray(start, reader.position), content, offset });
  }
  return sections;
}
