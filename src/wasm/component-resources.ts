import { ByteReader } from "./byte-reader.ts";
import { readExternName, skipAscription, skipExternType, SORT } from "./externs.ts";
import { binaryKind, readSections, SECTION, type Section } from "./sections.ts";

/** What one instance of a component holds. */
export interface ComponentResources {
  /**
   * Core instances, those of the components inside included. A runtime adds its own between components that call each other:
   * wasmtime makes a fifth to a quarter more of a bundle.
   */
  instances: number;
  /** Linear memories that they define. */
  memories: number;
  /** Tables that they define. */
  tables: number;
}

const MODULE_SECTION = { table: 4, memory: 5 };
const CORE_MODULE = 0x11;
const ALIAS_OUTER = 0x02;
const MAX_NESTING = 16;
/** More is nothing that a host would run. */
const MAX_INSTANCES = 100_000;

/** Something that can be instantiated; nothing where it comes from outside. */
type Instantiable = ComponentResources | undefined;

const NOTHING: ComponentResources = { instances: 0, memories: 0, tables: 0 };

/**
 * Counts what an instance of a component holds, from the bytes. Modules and components that are imported count nothing.
 *
 * @throws {@link ToolkitError} `ERR_WASM_DECODE` when it is malformed, nested deeper than 16 components, or would make more
 * than 100,000 instances.
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
 */
export function componentResources(bytes: Uint8Array): ComponentResources {
  return new ResourceReader(bytes, 0, []).total;
}

/** One component, and what those around it define. */
class ResourceReader {
  total: ComponentResources = NOTHING;
  readonly #modules: Instantiable[] = [];
  readonly #components: Instantiable[] = [];
  readonly #outer: readonly ResourceReader[];

  constructor(bytes: Uint8Array, base: number, outer: readonly ResourceReader[]) {
    this.#outer = outer;
    const reader = new ByteReader(bytes, base);
    if (outer.length > MAX_NESTING) throw reader.error(`components nested deeper than ${MAX_NESTING}`);
    for (const section of readSections(bytes, base)) this.#section(section);
    if (this.total.instances > MAX_INSTANCES) throw reader.error(`more than ${MAX_INSTANCES} instances`);
  }

  #section({ id, content, offset }: Section): void {
    if (id === SECTION.coreModule) this.#modules.push(moduleResources(content, offset));
    if (id === SECTION.component) {
      this.#components.push(new ResourceReader(content, offset, [this, ...this.#outer]).total);
    }
    const read = this.#entryReader(id);
    if (read === undefined) return;
    const reader = new ByteReader(content, offset);
    for (let left = reader.u32(); left > 0; left--) read(reader);
  }

  #entryReader(id: number): ((reader: ByteReader) => void) | undefined {
    switch (id) {
      case SECTION.coreInstance:
        return (reader) => this.#coreInstance(reader);
      case SECTION.instance:
        return (reader) => this.#instance(reader);
      case SECTION.alias:
        return (reader) => this.#alias(reader);
      case SECTION.import:
        return (reader) => {
          readExternName(reader);
          const sort = skipExternType(reader);
          if (sort === SORT.core) this.#modules.push(undefined);
          if (sort === SORT.component) this.#components.push(undefined);
        };
      case SECTION.export:
        return (reader) => {
          readExternName(reader);
          const sort = reader.u8();
          if (sort === SORT.core) reader.u8();
          const index = reader.u32();
          skipAscription(reader);
          if (sort === SORT.component) this.#components.push(this.#components[index]);
        };
      default:
        return undefined;
    }
  }

  #coreInstance(reader: ByteReader): void {
    const form = reader.u8();
    const module = form === 0x00 ? reader.u32() : -1;
    for (let left = reader.u32(); left > 0; left--) {
      reader.name();
      reader.u8(); // sort
      reader.u32();
    }
    if (form === 0x00) this.#add(this.#modules[module]);
  }

  #instance(reader: ByteReader): void {
    const form = reader.u8();
    const component = form === 0x00 ? reader.u32() : -1;
    for (let left = reader.u32(); left > 0; left--) {
      if (form === 0x00) reader.name();
      else readExternName(reader);
      const sort = reader.u8();
      if (sort === SORT.core) reader.u8();
      reader.u32();
    }
    if (form === 0x00) this.#add(this.#components[component]);
  }

  #alias(reader: ByteReader): void {
    const sort = reader.u8();
    const core = sort === SORT.core ? reader.u8() : undefined;
    const target = reader.u8();
    let found: Instantiable;
    if (target === ALIAS_OUTER) {
      const count = reader.u32();
      const around = [this, ...this.#outer][count];
      if (around === undefined) throw reader.error(`an alias ${count} components out, where there are fewer`);
      const index = reader.u32();
      found = core === CORE_MODULE ? around.#modules[index] : around.#components[index];
    } else {
      reader.u32();
      reader.name();
    }
    if (core === CORE_MODULE) this.#modules.push(found);
    if (sort === SORT.component) this.#components.push(found);
  }

  #add(made: Instantiable): void {
    const { instances, memories, tables } = made ?? NOTHING;
    this.total = {
      instances: this.total.instances + instances,
      memories: this.total.memories + memories,
      tables: this.total.tables + tables,
    };
  }
}

function moduleResources(bytes: Uint8Array, base: number): ComponentResources {
  binaryKind(bytes, base);
  const count = (id: number): number => {
    const section = readSections(bytes, base).find((each) => each.id === id);
    return section === undefined ? 0 : new ByteReader(section.content, section.offset).u32();
  };
  return { instances: 1, memories: count(MODULE_SECTION.memory), tables: count(MODULE_SECTION.table) };
}
