import { ByteReader } from "./byte-reader.ts";
import { readExternName, skipAscription, SORT } from "./externs.ts";
import { readSections, SECTION } from "./sections.ts";

/**
 * Names of the instances a component exports, in order. Bare functions, types and the like are left out.
 *
 * @throws {@link ToolkitError} `ERR_WASM_DECODE` when the component is malformed.
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#import-and-export-definitions
 */
export function exportedInstances(bytes: Uint8Array): string[] {
  const names: string[] = [];
  for (const section of readSections(bytes)) {
    if (section.id !== SECTION.export) continue;
    const reader = new ByteReader(section.content, section.offset);
    for (let left = reader.u32(); left > 0; left--) {
      const name = readExternName(reader);
      const sort = reader.u8();
      if (sort === SORT.core) reader.u8(); // core:sort
      reader.u32(); // index
      skipAscription(reader);
      if (sort === SORT.instance) names.push(name);
    }
    if (reader.remaining > 0) throw reader.error(`${reader.remaining} bytes after the last export`);
  }
  return names;
}
