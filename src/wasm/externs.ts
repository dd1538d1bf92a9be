import type { ByteReader } from "./byte-reader.ts";

/** Sorts of a component's index spaces. @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#instance-definitions */
export const SORT = {
  core: 0x00,
  function: 0x01,
  value: 0x02,
  type: 0x03,
  component: 0x04,
  instance: 0x05,
} as const;

/** The name of an import or export. */
export function readExternName(reader: ByteReader): string {
  const form = reader.u8(); // 0x00 and 0x01 are followed by the name alone
  if (form > 0x01) throw reader.error("unsupported form of a name", reader.position - 1);
  return reader.name();
}

/** Reads past the type of an import or export and gives its sort. */
export function skipExternType(reader: ByteReader): number {
  const sort = reader.u8();
  switch (sort) {
    case SORT.core:
      reader.u8(); // core:sort, always module
      reader.u32();
      return sort;
    case SORT.function:
    case SORT.component:
    case SORT.instance:
      reader.u32();
      return sort;
    case SORT.type:
      if (reader.u8() === 0x00) reader.u32(); // typebound: eq has an index, sub resource has none
      return sort;
    case SORT.value:
    default:
      throw reader.error("unsupported type of an import or export", reader.position - 1);
  }
}

/** Reads past the type that an export may be ascribed. */
export function skipAscription(reader: ByteReader): void {
  const form = reader.u8();
  if (form === 0x01) skipExternType(reader);
  else if (form !== 0x00) throw reader.error("unsupported export", reader.position - 1);
}
