import {
  ByteWriter,
  binaryKind,
  exportedInstances,
  PREAMBLE_LENGTH,
  readSections,
  SECTION,
} from "../wasm/index.ts";
import { ToolkitError } from "../errors/index.ts";
import { localType, outerType, trackOf, type Entry, type Interface } from "./interface.ts";
import { listOf, parseSExpressions, unquote, unreadable, type SExpression } from "./s-expression.ts";
import { printComponent } from "./wasm-tools.ts";

/** What a component asks for and offers. */
export interface DecodedComponent {
  /** Imported interfaces, by the name the component imports them under. */
  imports: Map<string, Interface>;
  /** Names of exported interfaces. */
  exports: string[];
}

/** Longest text of one type: type indices form a graph that grows when it is written out. */
const MAX_DEFINITION = 65_536;
const MAX_PRELUDE = 4 * 1024 * 1024;

/**
 * Decodes the imports and exports of a component. Only the sections that describe imports are looked into, so the
 * cost does not depend on the size of the engine inside.
 *
 * @param rename Gives the name an import goes by in the composition. Default: its own.
 * @throws {@link ToolkitError} `ERR_WASM_DECODE` when the bytes are not a component this version can read.
 */
export async function decodeComponent(
  bytes: Uint8Array,
  rename: (name: string) => string = (name) => name,
): Promise<DecodedComponent> {
  if (binaryKind(bytes) !== "component") throw unreadable("it is a core module, not a component");
  let text: string;
  try {
    text = await printComponent(importSections(bytes));
  } catch (cause) {
    throw new ToolkitError("Cannot read component: its types are malformed", {
      code: "ERR_WASM_DECODE",
      cause,
    });
  }
  const [component] = parseSExpressions(text);
  return { imports: decodeImports(component ?? [], rename), exports: exportedInstances(bytes) };
}

/** The component cut down to what comes before its first definition. */
function importSections(bytes: Uint8Array): Uint8Array {
  const kept = new ByteWriter().bytes(bytes.subarray(0, PREAMBLE_LENGTH));
  let size = 0;
  let ended = false;
  for (const { id, whole } of readSections(bytes)) {
    if (id === SECTION.custom) continue;
    if (id !== SECTION.type && id !== SECTION.import && id !== SECTION.alias) ended = true;
    if (ended && id === SECTION.import) throw unreadable("it imports something after its first definition");
    if (ended) continue;
    kept.bytes(whole);
    size += whole.length;
  }
  if (size > MAX_PRELUDE) throw unreadable(`its imports take ${size} bytes, over ${MAX_PRELUDE}`);
  return kept.finish();
}

type ComponentType = { body: SExpression } | { track: string; name: string };

function decodeImports(component: SExpression, rename: (name: string) => string): Map<string, Interface> {
  const types: ComponentType[] = [];
  const instances: string[] = [];
  const imports = new Map<string, Interface>();
  for (const item of component.slice(1)) {
    if (!Array.isArray(item)) continue;
    if (item[0] === "type") {
      types.push({ body: item.at(-1)! });
    } else if (item[0] === "alias") {
      if (item[1] !== "export" || listOf(item[4], "type") === undefined) {
        // Past the last import come aliases of definitions, which say nothing about imports.
        continue;
      }
      const from = imports.get(instances[Number(item[2])] ?? "");
      const name = unquote(item[3]);
      const kind = from?.entries.get(name)?.kind;
      if (from === undefined || kind === undefined || kind === "function") {
        throw unreadable(`it uses a type "${name}" that no import has`);
      }
      types.push({ track: trackOf(from.name), name });
    } else if (item[0] === "import") {
      const name = unquote(item[1]);
      const instance = listOf(item[2], "instance");
      if (instance === undefined) throw unreadable(`it imports "${name}" outside an interface`);
      const type = types[Number(listOf(instance[1], "type")?.[1])];
      if (type === undefined || !("body" in type))
        throw unreadable(`the type of import "${name}" is not known`);
      instances.push(name);
      imports.set(name, decodeInstanceType(rename(name), type.body, types));
    }
  }
  return imports;
}

/** A type of an instance type's own index space. */
type LocalType = { definition: string } | { local: string } | { track: string; name: string };

function decodeInstanceType(name: string, body: SExpression, outer: readonly ComponentType[]): Interface {
  const entries = new Map<string, Entry>();
  const types: LocalType[] = [];

  const reference = (index: SExpression): string => {
    const type = types[Number(index)];
    if (type === undefined) throw unreadable(`interface "${name}" uses a type it does not declare`);
    if ("local" in type) return localType(type.local);
    if ("track" in type) return outerType(type.track, type.name);
    return type.definition;
  };
  const render = (expression: SExpression): string => {
    const text = Array.isArray(expression)
      ? `(${expression.map((part, i) => (i === 0 && typeof part === "string" ? part : render(part))).join(" ")})`
      : /^\d/.test(expression)
        ? reference(expression)
        : expression;
    if (text.length > MAX_DEFINITION) throw unreadable(`interface "${name}" has a type that is too large`);
    return text;
  };
  const exported = (entryName: string, description: SExpression | undefined): void => {
    const functionType = listOf(description, "func");
    if (functionType !== undefined) {
      const type = listOf(functionType[1], "type");
      if (type === undefined) throw unreadable(`function "${name}#${entryName}" has no type`);
      const definition = reference(type[1]!);
      if (!definition.startsWith("(func") || definition.startsWith("(func async")) {
        throw unreadable(
          `function "${name}#${entryName}" is asynchronous, which this version does not support`,
        );
      }
      entries.set(entryName, { kind: "function", definition });
      return;
    }
    const bound = listOf(description, "type")?.[1];
    if (listOf(bound, "sub") !== undefined) {
      entries.set(entryName, { kind: "resource" });
    } else {
      const index = listOf(bound, "eq")?.[1];
      if (index === undefined)
        throw unreadable(`interface "${name}" exports something other than functions and types`);
      const type = types[Number(index)];
      entries.set(
        entryName,
        type !== undefined && "track" in type
          ? { kind: "use", track: type.track, name: type.name }
          : { kind: "type", definition: reference(index) },
      );
    }
    types.push({ local: entryName });
  };

  for (const item of body.slice(1)) {
    if (!Array.isArray(item)) continue;
    if (item[0] === "type") {
      types.push({ definition: render(item.at(-1)!) });
    } else if (item[0] === "alias") {
      const type = item[1] === "outer" && item[2] === "1" ? outer[Number(item[3])] : undefined;
      if (type === undefined || !("track" in type) || type.track === trackOf(name)) {
        throw unreadable(`interface "${name}" uses a type from elsewhere`);
      }
      types.push(type);
    } else if (item[0] === "export") {
      exported(unquote(item[1]), item[2]);
    } else {
      throw unreadable(`interface "${name}" has parts this version does not know`);
    }
  }
  return { name, entries };
}
