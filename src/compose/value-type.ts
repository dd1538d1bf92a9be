import type { Interfaces } from "./interface.ts";
import { listOf, parseSExpressions, unquote, unreadable, type SExpression } from "./s-expression.ts";

/** A component value type, resolved: names are gone, resources are `track name` of their declaration. */
export type ValueType =
  | { kind: "primitive"; name: string }
  | { kind: "list"; element: ValueType }
  | { kind: "record"; fields: { name: string; type: ValueType }[] }
  /** Variant, option, result and enum alike: cases with or without a payload. */
  | { kind: "variant"; form: "enum" | "option" | "result" | "variant"; cases: Case[] }
  | { kind: "flags"; count: number }
  | { kind: "own" | "borrow"; resource: string };

/** One case of a variant. */
export interface Case {
  name: string;
  type: ValueType | undefined;
}

/** A function type. */
export interface FunctionType {
  parameters: ValueType[];
  result: ValueType | undefined;
}

/** The type of a function of an interface. */
export function functionType(interfaces: Interfaces, track: string, name: string): FunctionType {
  const entry = interfaces.get(track)?.entries.get(name);
  if (entry?.kind !== "function") throw unreadable(`"${track}" has no function "${name}"`);
  const [expression] = parseSExpressions(entry.definition);
  const type: FunctionType = { parameters: [], result: undefined };
  for (const part of (expression ?? []).slice(1)) {
    if (listOf(part, "param")) type.parameters.push(valueType(interfaces, track, part[2]));
    else if (listOf(part, "result")) type.result = valueType(interfaces, track, part[1]);
  }
  return type;
}

function valueType(interfaces: Interfaces, home: string, expression: SExpression | undefined): ValueType {
  const type = (part: SExpression | undefined): ValueType => valueType(interfaces, home, part);
  if (typeof expression === "string") {
    const named = /^\$"(?:t|o (\S+)) (.+)"$/.exec(expression);
    return named === null
      ? { kind: "primitive", name: expression }
      : namedType(interfaces, named[1] ?? home, named[2]!);
  }
  const [keyword, ...parts] = expression ?? [];
  switch (keyword) {
    case "list":
      if (parts.length === 1) return { kind: "list", element: type(parts[0]) };
      break;
    case "tuple":
      return { kind: "record", fields: parts.map((part, i) => ({ name: String(i), type: type(part) })) };
    case "record":
      return {
        kind: "record",
        fields: parts.map((part) => ({ name: unquote(part[1]), type: type(part[2]) })),
      };
    case "option":
      return {
        kind: "variant",
        form: "option",
        cases: [
          { name: "none", type: undefined },
          { name: "some", type: type(parts[0]) },
        ],
      };
    case "result": {
      const error = parts.find((part) => listOf(part, "error"));
      const ok = parts.find((part) => part !== error);
      return {
        kind: "variant",
        form: "result",
        cases: [
          { name: "ok", type: ok === undefined ? undefined : type(ok) },
          { name: "error", type: error === undefined ? undefined : type(error[1]) },
        ],
      };
    }
    case "variant":
      return {
        kind: "variant",
        form: "variant",
        cases: parts.map((part) => ({
          name: unquote(part[1]),
          type: part[2] === undefined ? undefined : type(part[2]),
        })),
      };
    case "enum":
      return {
        kind: "variant",
        form: "enum",
        cases: parts.map((part) => ({ name: unquote(part), type: undefined })),
      };
    case "flags":
      return { kind: "flags", count: parts.length };
    case "own":
    case "borrow": {
      const resource = type(parts[0]);
      if (resource.kind === "own") return { kind: keyword, resource: resource.resource };
      break;
    }
    default:
  }
  throw unreadable(`"${home}" uses a type this version does not support: ${String(keyword)}`);
}

function namedType(interfaces: Interfaces, track: string, name: string): ValueType {
  const entry = interfaces.get(track)?.entries.get(name);
  switch (entry?.kind) {
    case "use":
      return namedType(interfaces, entry.track, entry.name);
    case "resource":
      return { kind: "own", resource: `${track} ${name}` };
    case "type":
      return valueType(interfaces, track, parseSExpressions(entry.definition)[0]);
    default:
      throw unreadable(`"${track}" has no type "${name}"`);
  }
}
