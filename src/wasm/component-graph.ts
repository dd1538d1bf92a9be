import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { readCustomSection } from "./custom-section.ts";
import { readExternName, skipAscription, skipExternType, SORT } from "./externs.ts";
import { readSections, SECTION, type Section } from "./sections.ts";

/** What an index of a component stands for, as far as instances and functions lead. */
export type Definition =
  | { from: "import"; name: string }
  /** `given` are its arguments by name. */
  | { from: "instantiate"; component: number; given: Map<string, Definition> }
  | { from: "exports"; members: Map<string, Definition> }
  | { from: "alias"; of: Definition; name: string }
  /** Types, core modules and the like. */
  | { from: "elsewhere" };

/** The instances of a component that is put together from others. */
export interface ComponentGraph {
  /** Bytes of the components it holds, in their order. */
  components: Uint8Array[];
  /** Names of these components, by number. Nothing relies on them but what is shown to people. */
  names: Map<number, string>;
  /** Instances it makes of these components, in their order. */
  instantiated: (Definition & { from: "instantiate" })[];
  /** What it exports, by name. */
  exports: Map<string, Definition>;
}

const NAMES_SECTION = "component-name";
const NAMES_OF_SORT = 0x01;

const ELSEWHERE: Definition = { from: "elsewhere" };

/**
 * Reads how a component wires those inside it.
 *
 * @throws {@link ToolkitError} `ERR_WASM_DECODE` when it is malformed, or does more than wire components.
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
 */
export function readComponentGraph(bytes: Uint8Array): ComponentGraph {
  const reader = new GraphReader();
  for (const section of readSections(bytes)) reader.section(section);
  return {
    components: reader.components,
    names: readNames(bytes),
    instantiated: reader.instances.filter((each) => each.from === "instantiate"),
    exports: reader.exports,
  };
}

/** The content of a section that names the components inside a component, by number. */
export function componentNames(names: readonly string[]): Uint8Array {
  const map = new ByteWriter().u8(SORT.component).u32(names.length);
  for (const [index, name] of names.entries()) map.u32(index).name(name);
  return new ByteWriter().name(NAMES_SECTION).section(NAMES_OF_SORT, map.finish()).finish();
}

function readNames(bytes: Uint8Array): Map<number, string> {
  const names = new Map<number, string>();
  const payload = readCustomSection(bytes, NAMES_SECTION);
  if (payload === undefined) return names;
  const reader = new ByteReader(payload);
  while (reader.remaining > 0) {
    const id = reader.u8();
    const inner = new ByteReader(reader.take(reader.u32(), "names"));
    if (id !== NAMES_OF_SORT || inner.u8() !== SORT.component) continue;
    for (let left = inner.u32(); left > 0; left--) names.set(inner.u32(), inner.name());
  }
  return names;
}

class GraphReader {
  components: Uint8Array[] = [];
  instances: Definition[] = [];
  exports = new Map<string, Definition>();
  #functions: Definition[] = [];

  section({ id, content, offset }: Section): void {
    if (id === SECTION.component) {
      this.components.push(content);
      return;
    }
    const read = this.#entryReader(id);
    if (read === undefined) return;
    const reader = new ByteReader(content, offset);
    for (let left = reader.u32(); left > 0; left--) read(reader);
    if (reader.remaining > 0) throw reader.error(`${reader.remaining} bytes after the last entry`);
  }

  #entryReader(id: number): ((reader: ByteReader) => void) | undefined {
    switch (id) {
      case SECTION.import:
        return (reader) => {
          const name = readExternName(reader);
          this.#define(skipExternType(reader), { from: "import", name }, reader);
        };
      case SECTION.alias:
        return (reader) => this.#alias(reader);
      case SECTION.instance:
        return (reader) => this.instances.push(this.#instance(reader));
      case SECTION.export:
        return (reader) => {
          const name = readExternName(reader);
          const { sort, definition } = this.#item(reader);
          skipAscription(reader);
          this.exports.set(name, definition);
          this.#define(sort, definition, reader);
        };
      case SECTION.canon:
      case SECTION.start:
      case SECTION.coreInstance:
        return (reader) => {
          throw reader.error("code of its own where components are only wired");
        };
      default:
        return undefined;
    }
  }

  #define(sort: number, definition: Definition, reader: ByteReader): void {
    if (sort === SORT.component)
      throw reader.error("a component from elsewhere where those inside are wired");
    // What is shared is found by its place among the modules inside.
    if (sort === SORT.core) throw reader.error("a core module from elsewhere where those inside are shared");
    if (sort === SORT.instance) this.instances.push(definition);
    else if (sort === SORT.function) this.#functions.push(definition);
  }

  #alias(reader: ByteReader): void {
    const sort = reader.u8();
    if (sort === SORT.core) reader.u8();
    const target = reader.u8();
    if (target === 0x00) {
      const of = this.#at(reader, this.instances);
      this.#define(sort, { from: "alias", of, name: reader.name() }, reader);
    } else if (target === 0x02) {
      reader.u32(); // components out
      reader.u32(); // index
      this.#define(sort, ELSEWHERE, reader);
    } else {
      throw reader.error("an alias of a core instance where components are only wired");
    }
  }

  #instance(reader: ByteReader): Definition {
    const form = reader.u8();
    const component = form === 0x00 ? reader.u32() : -1;
    if (form > 0x01 || component >= this.components.length)
      throw reader.error("an instance of no component it holds");
    const members = new Map<string, Definition>();
    for (let left = reader.u32(); left > 0; left--) {
      const name = form === 0x00 ? reader.name() : readExternName(reader);
      members.set(name, this.#item(reader).definition);
    }
    return form === 0x00 ? { from: "instantiate", component, given: members } : { from: "exports", members };
  }

  #item(reader: ByteReader): { sort: number; definition: Definition } {
    const sort = reader.u8();
    if (sort === SORT.core) reader.u8();
    if (sort === SORT.instance) return { sort, definition: this.#at(reader, this.instances) };
    if (sort === SORT.function) return { sort, definition: this.#at(reader, this.#functions) };
    reader.u32();
    return { sort, definition: ELSEWHERE };
  }

  #at(reader: ByteReader, space: readonly Definition[]): Definition {
    const index = reader.u32();
    const definition = space[index];
    if (definition === undefined) throw reader.error(`index ${index} stands for nothing`);
    return definition;
  }
}
