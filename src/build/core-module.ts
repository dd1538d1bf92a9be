import { ByteReader, ByteWriter, readSections } from "../wasm/index.ts";

/** Section ids of a core module. @see https://webassembly.github.io/spec/core/binary/modules.html#sections */
export const CORE_SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

/** What an import or an export is. */
export const CORE_KIND = { function: 0, table: 1, memory: 2, global: 3 } as const;

/** An import, with its type as the binary has it: for a function the index of the type. */
export interface CoreImport {
  module: string;
  name: string;
  kind: number;
  type: Uint8Array;
}

/** An export. */
export interface CoreExport {
  name: string;
  kind: number;
  index: number;
}

const PREAMBLE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
/** Where a section stands among the others; the number of data segments goes before the code that uses them. */
const ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];

/** A core module, section by section. Custom sections are left out. */
export class CoreModule {
  readonly #sections = new Map<number, Uint8Array>();
  #imports: readonly CoreImport[] | undefined;

  /** @throws ToolkitError `ERR_WASM_DECODE` when the bytes are no module. */
  constructor(bytes: Uint8Array) {
    for (const { id, content } of readSections(bytes)) {
      if (id !== CORE_SECTION.custom) this.#sections.set(id, content);
    }
  }

  /** The content of a section; of one that is not there, that of an empty one. */
  section(id: number): Uint8Array {
    return this.#sections.get(id) ?? Uint8Array.of(0);
  }

  has(id: number): boolean {
    return this.#sections.has(id);
  }

  /** Function types, as the binary has them. */
  get types(): Uint8Array[] {
    return entriesOf(this.section(CORE_SECTION.type), (reader) => {
      if (reader.u8() !== 0x60) throw reader.error("a type that is not a function's");
      for (const _ of ["parameters", "results"]) reader.take(reader.u32(), "value types");
    });
  }

  /** The same array each time. */
  get imports(): readonly CoreImport[] {
    this.#imports ??= this.#readImports();
    return this.#imports;
  }

  #readImports(): CoreImport[] {
    const imports: CoreImport[] = [];
    const content = this.section(CORE_SECTION.import);
    const reader = new ByteReader(content);
    for (let left = reader.u32(); left > 0; left--) {
      const [module, name, kind] = [reader.name(), reader.name(), reader.u8()];
      const start = reader.position;
      skipImportType(reader, kind);
      imports.push({ module, name, kind, type: content.subarray(start, reader.position) });
    }
    return imports;
  }

  get exports(): CoreExport[] {
    const reader = new ByteReader(this.section(CORE_SECTION.export));
    return Array.from({ length: reader.u32() }, () => ({
      name: reader.name(),
      kind: reader.u8(),
      index: reader.u32(),
    }));
  }

  /** The module with the content of some sections replaced, and without those that are `undefined`. */
  with(replaced: Readonly<Record<number, Uint8Array | undefined>>): Uint8Array {
    return coreModule({ ...Object.fromEntries(this.#sections), ...replaced });
  }
}

/** A module of sections, by id. */
export function coreModule(sections: Readonly<Record<number, Uint8Array | undefined>>): Uint8Array {
  const out = new ByteWriter().bytes(PREAMBLE);
  for (const id of ORDER) if (sections[id] !== undefined) out.section(id, sections[id]);
  return out.finish();
}

/** The content of a section that is a list. */
export function listSection(entries: readonly Uint8Array[]): Uint8Array {
  const out = new ByteWriter().u32(entries.length);
  for (const entry of entries) out.bytes(entry);
  return out.finish();
}

/** The content of an import section. */
export function importSection(imports: readonly CoreImport[]): Uint8Array {
  return listSection(
    imports.map(({ module, name, kind, type }) =>
      new ByteWriter().name(module).name(name).u8(kind).bytes(type).finish(),
    ),
  );
}

/** The content of an export section. */
export function exportSection(exports: readonly CoreExport[]): Uint8Array {
  return listSection(
    exports.map(({ name, kind, index }) => new ByteWriter().name(name).u8(kind).u32(index).finish()),
  );
}

/** The content of a code section. */
export function codeSection(bodies: readonly (readonly number[])[]): Uint8Array {
  return listSection(
    bodies.map((body) => {
      const code = Uint8Array.from([0, ...body, END]); // no locals
      return new ByteWriter().u32(code.length).bytes(code).finish();
    }),
  );
}

const END = 0x0b;

/** The entries of a section that is a list, as the binary has them. */
function entriesOf(content: Uint8Array, skip: (reader: ByteReader) => void): Uint8Array[] {
  const reader = new ByteReader(content);
  return Array.from({ length: reader.u32() }, () => {
    const start = reader.position;
    skip(reader);
    return content.subarray(start, reader.position);
  });
}

function skipImportType(reader: ByteReader, kind: number): void {
  switch (kind) {
    case CORE_KIND.function:
      reader.u32();
      return;
    case CORE_KIND.table:
      reader.u8(); // type of the elements
      skipLimits(reader);
      return;
    case CORE_KIND.memory:
      skipLimits(reader);
      return;
    case CORE_KIND.global:
      reader.take(2, "type of a global");
      return;
    default:
      throw reader.error(`unknown kind of import ${kind}`);
  }
}

function skipLimits(reader: ByteReader): void {
  const flags = reader.u8();
  if (flags > 1) throw reader.error("unsupported limits");
  reader.u32();
  if (flags === 1) reader.u32();
}
