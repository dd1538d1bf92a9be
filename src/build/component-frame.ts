import { ByteReader, ByteWriter } from "../wasm/index.ts";
import {
  codeSection,
  CORE_KIND,
  CORE_SECTION,
  type CoreImport,
  coreModule,
  type CoreModule,
  exportSection,
  importSection,
  listSection,
} from "./core-module.ts";
import { LAY_OUT } from "./state-module.ts";
import { MAIN, skeletonOf, type Skeleton } from "./skeleton.ts";

/** What the modules import each other as, and the engine its clocks. */
export const [STATE, ENGINE, CLOCKS] = ["state", "engine", "clocks"];
/** The interfaces of the engine's clocks. */
export const MONOTONIC = "wasi:clocks/monotonic-clock@0.2.0";
export const WALL = "wasi:clocks/wall-clock@0.2.0";
const I32 = 0x7f;
const I64 = 0x7e;
const UNREACHABLE = 0x00;

/** True for the functions that the engine gets from outside of its component. */
export function isClock({ module, name }: CoreImport): boolean {
  return name === "now" && (module === MONOTONIC || module === WALL);
}

/**
 * A component of three core modules, in whose places there are empty ones: the state, the engine, and the glue.
 *
 * @param glue What joins the engine with the world.
 * @throws Error when wit-component makes another kind of component of that world.
 */
export async function componentFrame(
  glue: CoreModule,
  { wit, world, startsLate = false }: { wit: string; world: string; startsLate?: boolean },
): Promise<Uint8Array> {
  const { componentEmbed, componentNew, parse, print } = await loadWasmTools();
  const binary = moduleWithoutCode(glue);
  const embedded = await componentEmbed({ binary, witSource: withClocks(wit, world), world });
  const skeleton = skeletonOf(await print(await componentNew(embedded, [])));
  return parse(componentText(skeleton, glue, startsLate));
}

/** Loads what makes the text of a component into bytes, once. */
export function loadWasmTools(): Promise<typeof import("@bytecodealliance/jco-transpile/wasm-tools")> {
  return import("@bytecodealliance/jco-transpile/wasm-tools");
}

/** True for an import that the component gets from outside. */
function isFromWorld({ module, kind }: CoreImport): boolean {
  return kind === CORE_KIND.function && module !== "env";
}

/** A module with the imports and exports of the glue, and the clocks, that does nothing: what a component is made around. */
function moduleWithoutCode(glue: CoreModule): Uint8Array {
  const { types } = glue;
  const clocks = [
    { module: MONOTONIC, name: "now", type: types.push(Uint8Array.of(0x60, 0, 1, I64)) - 1 },
    { module: WALL, name: "now", type: types.push(Uint8Array.of(0x60, 1, I32, 0)) - 1 },
  ];
  const imports = glue.imports.filter(isFromWorld);
  for (const { module, name, type } of clocks) {
    if (imports.some((each) => each.module === module && each.name === name)) continue;
    imports.push({ module, name, kind: CORE_KIND.function, type: new ByteWriter().u32(type).finish() });
  }
  const before = glue.imports.filter(({ kind }) => kind === CORE_KIND.function);
  const own = new ByteReader(glue.section(CORE_SECTION.function));
  const ownTypes = Array.from({ length: own.u32() }, () => new ByteWriter().u32(own.u32()).finish());
  const exports = glue.exports.filter(
    ({ kind, name }) => kind === CORE_KIND.function && !name.startsWith("__wasm"),
  );
  return coreModule({
    [CORE_SECTION.type]: listSection(types),
    [CORE_SECTION.import]: importSection(imports),
    [CORE_SECTION.function]: listSection(
      exports.map(({ index }) =>
        index < before.length ? before[index]!.type : ownTypes[index - before.length]!,
      ),
    ),
    [CORE_SECTION.memory]: Uint8Array.of(1, 0, 0),
    [CORE_SECTION.export]: exportSection([
      ...exports.map(({ name, kind }, i) => ({ name, kind, index: imports.length + i })),
      { name: "memory", kind: CORE_KIND.memory, index: 0 },
    ]),
    [CORE_SECTION.code]: codeSection(exports.map(() => [UNREACHABLE])),
  });
}

/** The world with the clocks, which the engine reads. */
function withClocks(wit: string, world: string): string {
  const monotonic = "interface monotonic-clock { type instant = u64; now: func() -> instant; }";
  const wall =
    "interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }";
  const head = "package wasi:clocks@0.2.0 {";
  const missingClocks = [/interface monotonic-clock/, /interface wall-clock/];
  const added = [monotonic, wall].filter((_, i) => !missingClocks[i]!.test(packageText(wit, head)));
  const packaged = wit.includes(head)
    ? wit.replace(head, `${head}\n${added.join("\n")}`)
    : `${wit}\n${head}\n${added.join("\n")}\n}\n`;
  const imports = [MONOTONIC, WALL].filter((name) => !wit.includes(`import ${name};`));
  return packaged.replace(`world ${world} {`, (start) =>
    [start, ...imports.map((name) => `import ${name};`)].join("\n"),
  );
}

/** A package's text up to the next package. */
function packageText(wit: string, head: string): string {
  const start = wit.indexOf(head);
  return start < 0 ? "" : wit.slice(start).split(/\npackage /)[0]!;
}

/** The text of a component of three modules, which have no bytes yet. */
function componentText(
  { head, lowered, given, allocators, tail }: Skeleton,
  glue: CoreModule,
  startsLate: boolean,
): string {
  const clocks = [MONOTONIC, WALL].map((name) => ({
    name,
    id: given.get(name)?.get("now") ?? missing(name),
  }));
  const first = lowered.filter(({ id }) => clocks.some((clock) => clock.id === id));
  const rest = lowered.filter((each) => !first.includes(each));
  const modules = [...new Set(glue.imports.filter(isFromWorld).map(({ module }) => module))];
  const bags = modules.map((module) => bag(module, [...(given.get(module) ?? missing(module))]));
  const fromState = `(with "${STATE}" (instance $state))`;
  return [
    "(component",
    ...head,
    "(core module $state) (core module $engine) (core module $glue)",
    "(core instance $state (instantiate $state))",
    '(alias core export $state "memory" (core memory $memory))',
    ...first.map(({ text }) => text),
    bag(
      CLOCKS,
      clocks.map(({ name, id }) => [name, id]),
    ),
    `(core instance $engine (instantiate $engine ${fromState} ${argumentsOf([CLOCKS])}))`,
    ...(startsLate ? lateAllocator(fromState) : []),
    ...allocators.map((form) => form.replace(MAIN, () => (startsLate ? "$allocator" : "$engine"))),
    ...rest.map(({ text }) => text),
    ...bags,
    `(core instance ${MAIN} (instantiate $glue ${fromState} (with "${ENGINE}" (instance $engine)) ${argumentsOf(modules)}))`,
    ...tail,
    ")",
  ].join("\n");
}

/** The engine's allocator, ahead of which the memory is laid out: whoever calls allocates room for text first. */
function lateAllocator(fromState: string): string[] {
  return [
    `(core module $late
      (import "${STATE}" "${LAY_OUT}" (func $lay-out))
      (import "${ENGINE}" "cabi_realloc" (func $allocate (param i32 i32 i32 i32) (result i32)))
      (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (call $lay-out)
        (call $allocate (local.get 0) (local.get 1) (local.get 2) (local.get 3))))`,
    `(core instance $allocator (instantiate $late ${fromState} (with "${ENGINE}" (instance $engine))))`,
  ];
}

/** An instance of some core functions, by the name of the module that they are imported from. */
function bag(module: string, functions: readonly (readonly [name: string, id: string])[]): string {
  const members = functions.map(([name, id]) => `(export "${name}" (func ${id}))`);
  return `(core instance $"given ${module}" ${members.join(" ")})`;
}

/** Arguments of an instance: those of {@link bag}. */
function argumentsOf(modules: readonly string[]): string {
  return modules.map((module) => `(with "${module}" (instance $"given ${module}"))`).join(" ");
}

function missing(name: string): never {
  throw new Error(`${name} is missing`);
}
