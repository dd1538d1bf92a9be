import { ByteWriter, componentNames, PREAMBLE_LENGTH, readSections, SECTION } from "../wasm/index.ts";
import {
  dependenciesOf,
  localType,
  outerType,
  trackOf,
  type Interface,
  type Interfaces,
} from "./interface.ts";
import { wasmTools } from "./wasm-tools.ts";

/** Where an import of a part comes from. */
export type Source =
  | { from: "part"; part: string; export: string }
  | { from: "host"; track: string }
  /** Some functions of an interface from the host, everything else from a part. */
  | {
      from: "both";
      track: string;
      of: Interface;
      functions: readonly string[];
      part: string;
      export: string;
    };

/** One component of the result. */
export interface LinkedPart {
  /** Unique. */
  id: string;
  /**
   * Name of the component that this is an instance of; all with one name have the same bytes, which the result holds once.
   * The result carries it for people and tools that read its wiring. Default: `id`.
   */
  component?: string;
  bytes: Uint8Array;
  /** By import name. */
  imports: ReadonlyMap<string, Source>;
  /** Keep the bytes as they are, without sharing or dropping anything. */
  verbatim?: boolean;
}

/** What to put together. */
export interface Linkage {
  /** What the result imports, by track. */
  host: Interfaces;
  /** In an order in which each part comes after those it takes imports from. */
  parts: readonly LinkedPart[];
  exports: readonly Export[];
}

/** An instance that the result exports. */
export interface Export {
  name: string;
  part: string;
  export: string;
  /** The shape it must have; a result in which it has another is not valid. Its types come from `host`. */
  shape?: Interface;
}

/** A core module that several parts held and the result holds once. */
export interface SharedModule {
  /** In bytes. */
  size: number;
  uses: number;
}

const SHAREABLE_BYTES = 4096;
const MAX_NESTING = 16;

/**
 * Puts components together into one. The outer component is written as text with empty components in the places of the
 * parts, so that no index is counted by hand; then the real bytes take those places. Core modules that occur more than
 * once, in practice the engine, move to the outer component. A `component-name` section says which part is which.
 *
 * @throws `ToolkitError` `ERR_WASM_DECODE` when a part is malformed.
 */
export async function link(linkage: Linkage): Promise<{ bytes: Uint8Array; shared: SharedModule[] }> {
  const components = componentsOf(linkage);
  const shareable = [...components.values()].filter((part) => !part.verbatim);
  const modules = new SharedModules(shareable.map(({ bytes }) => bytes));
  const shared = modules.all;
  const { parse } = await wasmTools();
  const frame = await parse(outerText(linkage, shared.length));
  const fill: Record<number, Uint8Array[]> = {
    [SECTION.coreModule]: shared.map((module) => module.bytes),
    [SECTION.component]: [...components.values()].map((part) =>
      part.verbatim ? part.bytes : withModulesAliased(part.bytes, modules, 1),
    ),
  };
  const out = new ByteWriter().bytes(frame.subarray(0, PREAMBLE_LENGTH));
  for (const { id, whole } of readSections(frame)) {
    const bytes = fill[id]?.shift();
    if (bytes !== undefined) out.section(id, bytes);
    else if (id !== SECTION.custom) out.bytes(whole);
  }
  out.section(SECTION.custom, componentNames([...components.keys()]));
  return { bytes: out.finish(), shared: shared.map(({ bytes, uses }) => ({ size: bytes.length, uses })) };
}

/** The components of the result, by name: of each the first instance. */
function componentsOf({ parts }: Linkage): Map<string, LinkedPart> {
  const components = new Map<string, LinkedPart>();
  for (const part of parts) {
    const { id, component = id } = part;
    if (!components.has(component)) components.set(component, part);
  }
  return components;
}

function outerText(linkage: Linkage, sharedModules: number): string {
  const { host, parts, exports } = linkage;
  const text: string[] = [];
  const imported = new Set<string>();
  const importInterface = (track: string): void => {
    const of = host.get(track);
    if (of === undefined || imported.has(track)) return;
    imported.add(track);
    for (const dependency of dependenciesOf(of)) importInterface(dependency);
    text.push(...importText(track, of, [...host.values(), ...shapes]));
  };
  const shapes = exports.flatMap(({ shape }) => (shape === undefined ? [] : [shape]));
  for (const track of host.keys()) importInterface(track);
  for (let i = 0; i < sharedModules; i++) text.push(`(core module $shared-${i})`);
  for (const name of componentsOf(linkage).keys()) text.push(`(component $"component ${name}")`);

  const aliases = new Set<string>();
  const alias = (part: string, name: string): string => {
    const id = `$"instance ${part} ${name}"`;
    if (!aliases.has(id)) text.push(`(alias export $"instance ${part}" "${name}" (instance ${id}))`);
    aliases.add(id);
    return id;
  };
  const mixed = new Set<string>();
  const mix = (source: Source & { from: "both" }): string => {
    const id = `$"mixed ${source.track} ${source.part}"`;
    if (mixed.has(id)) return id;
    mixed.add(id);
    const stub = alias(source.part, source.export);
    const members: string[] = [];
    for (const [name, { kind }] of source.of.entries) {
      const sort = kind === "function" ? "func" : "type";
      const from = source.functions.includes(name) ? `$"host ${source.track}"` : stub;
      const member = `$"mixed ${source.track} ${source.part} ${name}"`;
      text.push(`(alias export ${from} "${name}" (${sort} ${member}))`);
      members.push(`(export "${name}" (${sort} ${member}))`);
    }
    text.push(`(instance ${id} ${members.join(" ")})`);
    return id;
  };
  for (const { id, component = id, imports } of parts) {
    const given = [...imports].map(([name, source]) => {
      const instance =
        source.from === "host"
          ? `$"host ${source.track}"`
          : source.from === "part"
            ? alias(source.part, source.export)
            : mix(source);
      return `(with "${name}" (instance ${instance}))`;
    });
    text.push(`(instance $"instance ${id}" (instantiate $"component ${component}" ${given.join(" ")}))`);
  }
  for (const { name, part, export: from, shape } of exports) {
    const instance = alias(part, from);
    const ascription = shape === undefined ? "" : `(instance (type ${typeIdOf(trackOf(name))}))`;
    if (shape !== undefined) text.push(instanceTypeText(trackOf(name), shape));
    text.push(`(export "${name}" (instance ${instance}) ${ascription})`);
  }
  return `(component\n  ${text.join("\n  ")})`;
}

/**
 * The type and the import of one interface, then the types that others take from it. All other interfaces it takes types
 * from must have been imported.
 */
export function importText(track: string, of: Interface, users: readonly Interface[]): string[] {
  const used = users
    .flatMap((other) => [...other.entries.values()])
    .flatMap((entry) => (entry.kind === "use" && entry.track === track ? [entry.name] : []));
  return [
    instanceTypeText(track, of),
    `(import "${of.name}" (instance $"host ${track}" (type ${typeIdOf(track)})))`,
    ...[...new Set(used)].map(
      (name) => `(alias export $"host ${track}" "${name}" (type ${outerType(track, name)}))`,
    ),
  ];
}

function typeIdOf(track: string): string {
  return `$"type ${track}"`;
}

function instanceTypeText(track: string, of: Interface): string {
  const members: string[] = [];
  for (const [name, entry] of of.entries) {
    const id = localType(name);
    switch (entry.kind) {
      case "resource":
        members.push(`(export "${name}" (type ${id} (sub resource)))`);
        break;
      case "use":
        members.push(
          `(alias outer 1 ${outerType(entry.track, entry.name)} (type $"used ${name}"))`,
          `(export "${name}" (type ${id} (eq $"used ${name}")))`,
        );
        break;
      case "type":
        if (entry.definition.startsWith("$")) {
          members.push(`(export "${name}" (type ${id} (eq ${entry.definition})))`);
        } else {
          members.push(
            `(type $"bare ${name}" ${entry.definition})`,
            `(export "${name}" (type ${id} (eq $"bare ${name}")))`,
          );
        }
        break;
      case "function":
        members.push(`(export "${name}" ${entry.definition})`);
    }
  }
  return `(type ${typeIdOf(track)} (instance ${members.join(" ")}))`;
}

interface ModuleUse {
  bytes: Uint8Array;
  uses: number;
  index: number;
}

/** Core modules that occur more than once. */
class SharedModules {
  #byLength = new Map<number, ModuleUse[]>();
  /** In the order they first occur. */
  readonly all: ModuleUse[] = [];

  constructor(components: readonly Uint8Array[]) {
    for (const component of components) this.#count(component, 0);
    this.all = [...this.#byLength.values()].flat().filter(({ uses }) => uses > 1);
    this.all.forEach((module, index) => (module.index = index));
  }

  /** Place of a module among those that are shared. */
  indexOf(content: Uint8Array): number | undefined {
    const found = this.#find(content);
    return found === undefined || found.uses === 1 ? undefined : found.index;
  }

  #find(content: Uint8Array): ModuleUse | undefined {
    return this.#byLength.get(content.length)?.find(({ bytes }) => Buffer.compare(bytes, content) === 0);
  }

  #count(component: Uint8Array, depth: number): void {
    for (const { id, content } of readSections(component)) {
      if (id === SECTION.component && depth < MAX_NESTING) this.#count(content, depth + 1);
      if (id !== SECTION.coreModule || content.length <= SHAREABLE_BYTES) continue;
      const known = this.#find(content);
      if (known !== undefined) {
        known.uses++;
        continue;
      }
      const alike = this.#byLength.get(content.length);
      const module = { bytes: content, uses: 1, index: 0 };
      if (alike === undefined) this.#byLength.set(content.length, [module]);
      else alike.push(module);
    }
  }
}

const ALIAS_OUTER = 0x02;
const SORT_CORE = 0x00;
const CORE_SORT_MODULE = 0x11;

/**
 * The component with each shared module replaced by an alias of the outer component's. An alias takes the module's
 * place in the index space, so nothing else changes. Custom sections are dropped.
 */
function withModulesAliased(component: Uint8Array, shared: SharedModules, depth: number): Uint8Array {
  const out = new ByteWriter().bytes(component.subarray(0, PREAMBLE_LENGTH));
  for (const { id, whole, content } of readSections(component)) {
    const index = id === SECTION.coreModule ? shared.indexOf(content) : undefined;
    if (index !== undefined) {
      const alias = new ByteWriter()
        .u32(1) // vec(alias)
        .u8(SORT_CORE, CORE_SORT_MODULE)
        .u8(ALIAS_OUTER)
        .u32(depth) // components out
        .u32(index);
      out.section(SECTION.alias, alias.finish());
    } else if (id === SECTION.component && depth <= MAX_NESTING) {
      out.section(SECTION.component, withModulesAliased(content, shared, depth + 1));
    } else if (id !== SECTION.custom) {
      out.bytes(whole);
    }
  }
  return out.finish();
}
