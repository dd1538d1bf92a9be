import { ByteReader } from "./byte-reader.ts";
import { readExternName, skipAscription, skipExternType, SORT } from "./externs.ts";
import { readSections, SECTION } from "./sections.ts";

/**
 * Names of everything a component imports, in order: interfaces, and whatever else it imports by name.
 *
 * @throws {@link ToolkitError} `ERR_WASM_DECODE` when the component is malformed.
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#import-and-export-definitions
 */
export function importNames(bytes: Uint8Array): string[] {
  return readNames(bytes, SECTION.import, (reader) => {
    skipExternType(reader);
  });
}

/** Names of everything a component exports, in order; errors as for {@link importNames}. */
export function exportNames(bytes: Uint8Array): string[] {
  return readNames(bytes, SECTION.export, (reader) => {
    if (reader.u8() === SORT.core) reader.u8(); // core:sort
    reader.u32(); // index
    skipAscription(reader);
  });
}

function readNames(bytes: Uint8Array, id: number, skip: (reader: ByteReader) => void): string[] {
  const names: string[] = [];
  for (const section of readSections(bytes)) {
    if (section.id !== id) continue;
    const reader = new ByteReader(section.content, section.offset);
    for (let left = reader.u32(); left > 0; left--) {
      names.push(readExternName(reader));
      skip(reader);
    }
    if (reader.remaining > 0) throw reader.error(`${reader.remaining} bytes after the last name`);
  }
  return names;
}
