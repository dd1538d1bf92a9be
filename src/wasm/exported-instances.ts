import { ByteReader } from "./byte-reader.ts";
import { readSections, SECTION } from "./sections.ts";

const SORT_CORE = 0x00;
const SORT_FUNCTION = 0x01;
const SORT_VALUE = 0x02;
const SORT_TYPE = 0x03;
const SORT_COMPONENT = 0x04;
const SORT_INSTANCE = 0x05;

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
      const { name, sort } = readExport(reader);
      if (sort === SORT_INSTANCE) names.push(name);
    }
    if (reader.remaining > 0) throw reader.error(`${reader.remaining} bytes after the last export`);
  }
  return names;
}

function readExport(reader: ByteReader): { name: string; sort: number } {
  const form = reader.u8(); // exportname': 0x00 and 0x01 are followed by the name alone
  if (form > 0x01) throw reader.error("unsupported form of an export name", reader.position - 1);
  const name = reader.name();
  const sort = reader.u8();
  if (sort === SORT_CORE) reader.u8(); // core:sort
  reader.u32(); // index
  const ascription = reader.u8(); // <externdesc>?
  if (ascription === 0x01) skipDescription(reader);
  else if (ascription !== 0x00) throw reader.error("unsupported export", reader.position - 1);
  return { name, sort };
}

function skipDescription(reader: ByteReader): void {
  const sort = reader.u8();
  switch (sort) {
    case SORT_CORE:
      reader.u8(); // core:sort, always module
      reader.u32();
      return;
    case SORT_FUNCTION:
    case SORT_COMPONENT:
    case SORT_INSTANCE:
      reader.u32();
      return;
    case SORT_TYPE:
      if (reader.u8() === 0x00) reader.u32(); // typebound: eq has an index, sub resource has none
      return;
    case SORT_VALUE:
    default:
      throw reader.error("unsupported type of an export", reader.position - 1);
  }
}
