import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { PREAMBLE_LENGTH, readSections, SECTION, type Section } from "./sections.ts";

/**
 * The content of the custom section with a name, as a view; nothing when there is none.
 *
 * @throws ToolkitError `ERR_WASM_DECODE` when the binary is malformed, or holds two sections of that name: readers
 * could then disagree about which one counts.
 * @see https://webassembly.github.io/spec/core/binary/modules.html#custom-section
 */
export function readCustomSection(bytes: Uint8Array, name: string): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  for (const section of readSections(bytes)) {
    const custom = customSection(section);
    if (custom?.name !== name) continue;
    if (found !== undefined) {
      throw new ByteReader(section.content, section.offset).error(`a second custom section "${name}"`);
    }
    found = custom.payload;
  }
  return found;
}

/**
 * A copy of the binary that ends in a custom section of that name, and holds no other of that name.
 *
 * @throws ToolkitError `ERR_WASM_DECODE` when the binary is malformed.
 */
export function replaceCustomSection(bytes: Uint8Array, name: string, payload: Uint8Array): Uint8Array {
  const out = new ByteWriter().bytes(bytes.subarray(0, PREAMBLE_LENGTH));
  for (const section of readSections(bytes)) {
    if (customSection(section)?.name !== name) out.bytes(section.whole);
  }
  const content = new ByteWriter().name(name).bytes(payload).finish();
  return out.section(SECTION.custom, content).finish();
}

function customSection(section: Section): { name: string; payload: Uint8Array } | undefined {
  if (section.id !== SECTION.custom) return undefined;
  const reader = new ByteReader(section.content, section.offset);
  const name = reader.name();
  return { name, payload: reader.take(reader.remaining, "payload") };
}
