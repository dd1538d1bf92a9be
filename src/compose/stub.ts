import { flatten, layoutOf, liftedSignature, needsMemory } from "./canonical-abi.ts";
import { contract, LOG } from "./contract.ts";
import { StaticMemory } from "./core-text.ts";
import { deniedValue } from "./denied-value.ts";
import {
  dependenciesOf,
  homeOf,
  replaceTypes,
  trackOf,
  withoutVersion,
  type Entry,
  type Interfaces,
} from "./interface.ts";
import { importText, type Source } from "./link.ts";
import { DENIED, LOG_PARAMETERS, logCall } from "./log-call.ts";
import { functionType } from "./value-type.ts";
import { parseComponent } from "./wasm-tools.ts";

/** What a stub component stands in for. */
export interface StubRequest {
  /** Every interface involved, by track. */
  interfaces: Interfaces;
  /** Functions to answer, by track; an interface without any contributes its types. */
  functions: ReadonlyMap<string, readonly string[]>;
  /** Resources that belong to the host, as `track name`. The stub imports their types. */
  hostResources?: ReadonlySet<string>;
  /** Texts that functions return instead, by `track#function`. */
  constants?: ReadonlyMap<string, string>;
  /** True when what is denied is logged. */
  logged?: boolean;
}

/** When a denial is logged: each time, or the first time, which is then noted. */
const ALWAYS = 0;
const ONCE = 1;
const SAID = 2;

/** A word of a row of {@link StubText.#row}. */
function word(offset: number): string {
  return `(i32.load offset=${offset} (local.get $row))`;
}

/** Appends a text to what ends at `$end`. */
function append(at: string, length: string): string {
  return `(memory.copy (local.get $end) ${at} ${length})
    (local.set $end (i32.add (local.get $end) ${length}))`;
}

/** Functions with no error to return, where any value would mislead the caller or make it spin. */
const TRAPS = [
  /^wasi:cli\/exit@/,
  /^wasi:io\/poll@.*#(poll|\[method\]pollable\.block)$/,
  /^wasi:random\/(random|insecure)@/,
];

/**
 * Generates a component without an engine that exports the interfaces and denies every call: it returns an error where
 * the function has one, else the emptiest value, and traps only where neither is honest. What it logs is each denial of a
 * service of ours, and the first of each other function: a language's library asks WASI for the same again and again.
 */
export async function generateStub(request: StubRequest): Promise<Uint8Array> {
  return parseComponent(new StubText(request, await contract()).toText());
}

/** True when a stub has something to log, and so imports the log. */
export function logsDenials({ functions, constants, logged }: StubRequest): boolean {
  const denies = ([track, names]: [string, readonly string[]]): boolean =>
    names.some((name) => !constants?.has(`${track}#${name}`));
  return logged === true && [...functions].some(denies);
}

/** The interfaces of a stub: those asked for and those they take types from, dependencies first. */
function stubbedTracks({ interfaces, functions }: StubRequest): string[] {
  const order = new Set<string>();
  const visit = (track: string): void => {
    const of = interfaces.get(track);
    if (of === undefined || order.has(track)) return;
    for (const dependency of dependenciesOf(of)) visit(dependency);
    order.add(track);
  };
  for (const track of functions.keys()) visit(track);
  return [...order];
}

/** What a stub imports itself: the log, and the host's resources that the functions it denies mention. */
export function stubImports(request: StubRequest, log?: Source): Map<string, Source> {
  const owned = [...(request.hostResources ?? [])].map((resource) => resource.split(" ")[0]!);
  const tracks = stubbedTracks(request).filter((track) => owned.includes(track));
  return new Map([
    ...(log !== undefined && logsDenials(request) ? [[LOG, log] as const] : []),
    ...tracks.map((track): [string, Source] => [
      request.interfaces.get(track)!.name,
      { from: "host", track },
    ]),
  ]);
}

/**
 * Builds the text of a stub. A function may only mention exported types by the names its interface gives them, which
 * takes a nested component per interface (see {@link StubText.#naming}) that imports the bare types and functions and
 * exports them by name.
 */
class StubText {
  #request: StubRequest;
  #memory = new StaticMemory();
  #makes = new Set<string>();
  #drops = new Set<string>();
  #core: string[] = [];
  #component: string[] = [];
  #known: Interfaces;
  /** Bytes of the longest fields of a log line. */
  #longest = 0;

  constructor(request: StubRequest, known: Interfaces) {
    this.#request = request;
    this.#known = known;
  }

  toText(): string {
    const tracks = stubbedTracks(this.#request);
    for (const track of tracks) this.#interface(track);
    const handles = [
      ...[...this.#makes].map((resource) => ({
        id: `$"make ${resource}"`,
        canon: "new",
        resource,
        type: "(param i32) (result i32)",
      })),
      ...[...this.#drops].map((resource) => ({
        id: `$"drop ${resource}"`,
        canon: "drop",
        resource,
        type: "(param i32)",
      })),
    ];
    const handleImports = handles.map(
      ({ id, type }) => `(import "handles" ${id.slice(1)} (func ${id} ${type}))`,
    );
    const handleFunctions = handles.map(
      ({ id, canon, resource }) => `(core func ${id} (canon resource.${canon} ${this.#resource(resource)}))`,
    );
    const handleExports = handles.map(({ id }) => `(export ${id.slice(1)} (func ${id}))`).join(" ");
    const log = logsDenials(this.#request)
      ? this.#log()
      : { imported: "", made: "", imports: "", functions: "", given: "", from: undefined };
    const memory = this.#memory.toText(log.from);
    return `(component
  ${log.imported}
  ${this.#declareResources(tracks).join("\n  ")}
  ${log.made}
  ${handleFunctions.join("\n  ")}
  (core module $module
  ${handleImports.join("\n  ")}
  ${log.imports}
  ${memory}
  ${log.functions}
  ${this.#core.join("\n  ")})
  (core instance $core (instantiate $module${log.given}${handles.length > 0 ? ` (with "handles" (instance ${handleExports}))` : ""}))
  ${log.from === undefined ? '(alias core export $core "memory" (core memory $memory))' : ""}
  (alias core export $core "cabi_realloc" (core func $realloc))
  ${this.#component.join("\n  ")})`;
  }

  /**
   * `$denied`, which writes a line for a row that {@link StubText.#row} made. What writes the line reads the memory, so the
   * memory is made before both.
   */
  #log(): Record<"imported" | "made" | "imports" | "functions" | "given" | "from", string> {
    const fields = this.#memory.reserve(this.#longest);
    const end = this.#memory.text('"}');
    const line = logCall(this.#known, this.#memory, DENIED, [
      `(i32.const ${fields})`,
      `(i32.sub (local.get $end) (i32.const ${fields}))`,
    ]);
    const track = trackOf(LOG);
    const functions = `
  (func $denied (param $row i32) (local $end i32)
    (if (i32.eq ${word(16)} (i32.const ${SAID})) (then (return)))
    (if (i32.eq ${word(16)} (i32.const ${ONCE})) (then (i32.store offset=16 (local.get $row) (i32.const ${SAID}))))
    (local.set $end (i32.const ${fields}))
    ${append(word(0), word(4))}
    ${append(word(8), word(12))}
    ${append(`(i32.const ${end.at})`, `(i32.const ${end.length})`)}
    ${line})`;
    return {
      imported: importText(track, this.#known.get(track)!, []).join("\n  "),
      made: `(core module $memory-module (memory (export "memory") ${this.#memory.pages()}))
  (core instance $memory-instance (instantiate $memory-module))
  (alias core export $memory-instance "memory" (core memory $memory))
  (alias export $"host ${track}" "write" (func $write))
  (core func $log (canon lower (func $write) (memory $memory)))`,
      imports: `(import "log" "write" (func $log (param ${LOG_PARAMETERS})))`,
      functions,
      given: ' (with "log" (instance (export "memory" (memory $memory)) (export "write" (func $log))))',
      from: "log",
    };
  }

  /** What the log says of a function: the text before its name and the name, and whether it is said each time. */
  #row(track: string, name: string): number {
    const before = this.#memory.text(`{"interface":"${withoutVersion(track)}","request":"`);
    const called = this.#memory.text(name);
    this.#longest = Math.max(this.#longest, before.length + called.length + 2);
    return this.#memory.words([
      before.at,
      before.length,
      called.at,
      called.length,
      track.startsWith("tenon:") ? ALWAYS : ONCE,
    ]);
  }

  #resource(resource: string): string {
    return this.#request.hostResources?.has(resource) ? `$"host ${resource}"` : `$"${resource}"`;
  }

  #declareResources(tracks: readonly string[]): string[] {
    const declared: string[] = [];
    for (const track of tracks) {
      const { name: id, entries } = this.#request.interfaces.get(track)!;
      const names = [...entries].filter(([, { kind }]) => kind === "resource").map(([name]) => name);
      const host = names.filter((name) => this.#request.hostResources?.has(`${track} ${name}`));
      for (const name of names) {
        if (!host.includes(name)) declared.push(`(type $"${track} ${name}" (resource (rep i32)))`);
      }
      if (host.length === 0) continue;
      const types = host.map((name) => `(export "${name}" (type (sub resource)))`).join(" ");
      declared.push(`(import "${id}" (instance $"host ${track}" ${types}))`);
      for (const name of host) {
        declared.push(`(alias export $"host ${track}" "${name}" (type $"host ${track} ${name}"))`);
      }
    }
    return declared;
  }

  /** How a type is referred to while the interface `current` is being defined. */
  #typeId(current: string, from: string, named: string): string {
    const { track, name } = homeOf(this.#request.interfaces, from, named);
    const resource = `${track} ${name}`;
    if (this.#request.hostResources?.has(resource)) return this.#resource(resource);
    return track === current ? `$"${track} ${name}"` : `$"exported ${track} ${name}"`;
  }

  #interface(track: string): void {
    const { name: id, entries } = this.#request.interfaces.get(track)!;
    const stubbed = new Set(this.#request.functions.get(track));
    const kept = new Map([...entries].filter(([name, { kind }]) => kind !== "function" || stubbed.has(name)));
    const type = (from: string, name: string): string => this.#typeId(track, from, name);
    for (const [name, entry] of kept) {
      if (entry.kind === "type") {
        this.#component.push(defineType(`$"${track} ${name}"`, replaceTypes(entry.definition, track, type)));
      } else if (entry.kind === "function") {
        this.#function(track, name, replaceTypes(entry.definition, track, type));
      }
    }
    this.#naming(track, kept);
    this.#component.push(`(export $"exported ${track}" "${id}" (instance $"named ${track}"))`);
    for (const [name, { kind }] of kept) {
      if (kind === "resource" || kind === "type") {
        this.#component.push(
          `(alias export $"exported ${track}" "${name}" (type $"exported ${track} ${name}"))`,
        );
      }
    }
  }

  #function(track: string, name: string, definition: string): void {
    const id = `${track}#${name}`;
    const type = functionType(this.#request.interfaces, track, name);
    const signature = liftedSignature(type);
    const parameters = signature.parameters.map((core, i) => `(param $${i} ${core})`).join(" ");
    const results = signature.results.map((core) => `(result ${core})`).join(" ");
    this.#core.push(`(func (export "${id}") ${parameters} ${results} ${this.#body(track, name)})`);
    const options = needsMemory(type) ? " (memory $memory) (realloc $realloc)" : "";
    this.#component.push(
      `(alias core export $core "${id}" (core func $"core ${id}"))`,
      `(func $"function ${id}" ${functionBody(definition)} (canon lift (core func $"core ${id}")${options}))`,
    );
  }

  #body(track: string, name: string): string {
    const id = `${track}#${name}`;
    const type = functionType(this.#request.interfaces, track, name);
    const { results, indirectParameters, indirectResult } = liftedSignature(type);
    const constant = this.#request.constants?.get(id);
    const logged = this.#request.logged === true && constant === undefined;
    const denied = logged ? `(call $denied (i32.const ${this.#row(track, name)}))` : "";
    if (TRAPS.some((pattern) => pattern.test(id))) return `${denied} unreachable`;
    // What was passed has served its purpose; the answer lies in the constants.
    const body = ["(call $reset)", denied];
    let flat = 0;
    for (const parameter of indirectParameters ? [] : type.parameters) {
      if (parameter.kind === "own") {
        this.#drops.add(parameter.resource);
        body.push(`(call $"drop ${parameter.resource}" (local.get $${flat}))`);
      }
      flat += flatten(parameter).length;
    }
    if (type.result === undefined) return body.join(" ");
    const { size, align } = layoutOf(type.result);
    const answer = this.#memory.reserve(size, align);
    const store =
      constant === undefined
        ? deniedValue(type.result, {
            memory: this.#memory,
            reason: `${withoutVersion(track)} is not granted to this component`,
            makeHandle: (resource) => {
              if (this.#request.hostResources?.has(resource)) return undefined;
              this.#makes.add(resource);
              return `$"make ${resource}"`;
            },
          })
        : (address: number) => this.#storeText(address, constant);
    if (store === undefined) return `${denied} unreachable`;
    body.push(...store(answer));
    if (indirectResult) body.push(`(i32.const ${answer})`);
    else if (results[0] === "i32") body.push(`(${loadOf(size)} (i32.const ${answer}))`);
    else body.push(`(${results[0]}.load (i32.const ${answer}))`);
    return body.join(" ");
  }

  #storeText(address: number, text: string): string[] {
    const { at, length } = this.#memory.text(text);
    return [
      `(i32.store (i32.const ${address}) (i32.const ${at}))`,
      `(i32.store (i32.const ${address + 4}) (i32.const ${length}))`,
    ];
  }

  /** Names the types and functions of one interface. */
  #naming(track: string, entries: ReadonlyMap<string, Entry>): void {
    const { interfaces } = this.#request;
    const imports: string[] = [];
    const exports: string[] = [];
    const given: string[] = [];
    const imported = new Set<string>();
    let count = 0;

    const importType = (from: string, named: string): string => {
      const home = homeOf(interfaces, from, named);
      const id = `$"${home.track} ${home.name}"`;
      if (imported.has(id)) return id;
      imported.add(id);
      const entry = interfaces.get(home.track)!.entries.get(home.name)!;
      const bound =
        entry.kind === "type"
          ? `(eq ${bind(imports, `$"bare ${home.track} ${home.name}"`, replaceTypes(entry.definition, home.track, importType))})`
          : "(sub resource)";
      const slot = `type${count++}`;
      imports.push(`(import "${slot}" (type ${id} ${bound}))`);
      given.push(`(with "${slot}" (type ${this.#typeId(track, home.track, home.name)}))`);
      return id;
    };
    /** Exported functions mention the types of this interface as it exports them. */
    const exportedType = (from: string, named: string): string =>
      from === track ? `$"export ${named}"` : importType(from, named);

    for (const [name, entry] of entries) {
      if (entry.kind === "function") continue;
      const plain = importType(track, name);
      const type =
        entry.kind === "type"
          ? bind(exports, `$"own ${name}"`, replaceTypes(entry.definition, track, exportedType))
          : plain;
      exports.push(`(export $"export ${name}" "${name}" (type ${type}))`);
    }
    for (const [name, entry] of entries) {
      if (entry.kind !== "function") continue;
      const slot = `function${count++}`;
      const plain = functionBody(replaceTypes(entry.definition, track, importType));
      imports.push(`(import "${slot}" (func $"function ${name}" ${plain}))`);
      given.push(`(with "${slot}" (func $"function ${track}#${name}"))`);
      const named = functionBody(replaceTypes(entry.definition, track, exportedType));
      exports.push(`(export "${name}" (func $"function ${name}") (func ${named}))`);
    }
    this.#component.push(
      `(component $"naming ${track}"\n    ${[...imports, ...exports].join("\n    ")})`,
      `(instance $"named ${track}" (instantiate $"naming ${track}" ${given.join(" ")}))`,
    );
  }
}

/** A reference to a type, which is declared first unless the definition is one already. */
function bind(into: string[], id: string, definition: string): string {
  if (definition.startsWith("$")) return definition;
  into.push(`(type ${id} ${definition})`);
  return id;
}

function defineType(id: string, definition: string): string {
  return definition.startsWith("$")
    ? `(alias outer 0 ${definition} (type ${id}))`
    : `(type ${id} ${definition})`;
}

/** `(func (param …) (result …))` without its frame. */
function functionBody(definition: string): string {
  return definition.replace(/^\(func ?/, "").replace(/\)$/, "");
}

function loadOf(size: number): string {
  return size === 1 ? "i32.load8_u" : size === 2 ? "i32.load16_u" : "i32.load";
}
