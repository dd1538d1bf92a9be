import { unreadable } from "./s-expression.ts";
import type { FunctionType, ValueType } from "./value-type.ts";

/** Core value types. */
export type CoreType = "f32" | "f64" | "i32" | "i64";

const MAX_FLAT_PARAMETERS = 16;
const MAX_FLAT_RESULTS = 1;

const PRIMITIVES: Record<string, { size: number; core: CoreType }> = {
  bool: { size: 1, core: "i32" },
  u8: { size: 1, core: "i32" },
  s8: { size: 1, core: "i32" },
  u16: { size: 2, core: "i32" },
  s16: { size: 2, core: "i32" },
  u32: { size: 4, core: "i32" },
  s32: { size: 4, core: "i32" },
  char: { size: 4, core: "i32" },
  f32: { size: 4, core: "f32" },
  u64: { size: 8, core: "i64" },
  s64: { size: 8, core: "i64" },
  f64: { size: 8, core: "f64" },
};

function primitive(name: string): { size: number; core: CoreType } {
  const found = PRIMITIVES[name];
  if (found === undefined)
    throw unreadable(`a function uses the type "${name}", which this version does not support`);
  return found;
}

/**
 * Size and alignment of a value in linear memory, in bytes.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#alignment
 */
export function layoutOf(type: ValueType): { size: number; align: number } {
  switch (type.kind) {
    case "primitive": {
      if (type.name === "string") return { size: 8, align: 4 };
      const { size } = primitive(type.name);
      return { size, align: size };
    }
    case "list":
      return { size: 8, align: 4 };
    case "own":
    case "borrow":
      return { size: 4, align: 4 };
    case "flags": {
      const align = type.count <= 8 ? 1 : type.count <= 16 ? 2 : 4;
      return { size: type.count > 32 ? 4 * Math.ceil(type.count / 32) : align, align };
    }
    case "record": {
      let size = 0;
      let align = 1;
      for (const field of type.fields) {
        const layout = layoutOf(field.type);
        size = alignTo(size, layout.align) + layout.size;
        align = Math.max(align, layout.align);
      }
      return { size: alignTo(size, align), align };
    }
    case "variant": {
      let align: number = discriminantSize(type.cases.length);
      let largest = 0;
      for (const { type: payload } of type.cases) {
        if (payload === undefined) continue;
        const layout = layoutOf(payload);
        align = Math.max(align, layout.align);
        largest = Math.max(largest, layout.size);
      }
      return { size: alignTo(payloadOffset(type) + largest, align), align };
    }
    default:
      throw unknownKind(type);
  }
}

/** Where the fields of a record start, in bytes from its start. */
export function fieldOffsets(fields: readonly { type: ValueType }[]): number[] {
  let end = 0;
  return fields.map(({ type }) => {
    const { size, align } = layoutOf(type);
    const start = alignTo(end, align);
    end = start + size;
    return start;
  });
}

/** Where the payload of a variant starts, in bytes from its start. */
export function payloadOffset(type: ValueType & { kind: "variant" }): number {
  const align = Math.max(
    1,
    ...type.cases.map((each) => (each.type === undefined ? 1 : layoutOf(each.type).align)),
  );
  return alignTo(discriminantSize(type.cases.length), align);
}

/** The instruction that stores a variant's discriminant. */
export function storeDiscriminant(type: ValueType & { kind: "variant" }): string {
  return { 1: "i32.store8", 2: "i32.store16", 4: "i32.store" }[discriminantSize(type.cases.length)];
}

/**
 * Core types of a value that is passed without memory.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#flattening
 */
export function flatten(type: ValueType): CoreType[] {
  switch (type.kind) {
    case "primitive":
      return type.name === "string" ? ["i32", "i32"] : [primitive(type.name).core];
    case "list":
      return ["i32", "i32"];
    case "own":
    case "borrow":
      return ["i32"];
    case "flags":
      return Array.from({ length: Math.max(1, Math.ceil(type.count / 32)) }, () => "i32" as const);
    case "record":
      return type.fields.flatMap((field) => flatten(field.type));
    case "variant": {
      const joined: CoreType[] = [];
      for (const { type: payload } of type.cases) {
        for (const [i, core] of (payload === undefined ? [] : flatten(payload)).entries()) {
          joined[i] = joined[i] === undefined ? core : join(joined[i], core);
        }
      }
      return ["i32", ...joined];
    }
    default:
      throw unknownKind(type);
  }
}

function join(a: CoreType, b: CoreType): CoreType {
  if (a === b) return a;
  return (a === "i32" && b === "f32") || (a === "f32" && b === "i32") ? "i32" : "i64";
}

/** Core signature of a lifted (exported) function. */
export interface CoreSignature {
  parameters: CoreType[];
  results: CoreType[];
  /** The result is in memory, and the core result points to it. */
  indirectResult: boolean;
  /** The parameters are in memory, and the only core parameter points to them. */
  indirectParameters: boolean;
}

/** The core signature that `canon lift` expects of a function. */
export function liftedSignature(type: FunctionType): CoreSignature {
  const flat = type.parameters.flatMap(flatten);
  const result = type.result === undefined ? [] : flatten(type.result);
  const indirectParameters = flat.length > MAX_FLAT_PARAMETERS;
  const indirectResult = result.length > MAX_FLAT_RESULTS;
  return {
    parameters: indirectParameters ? ["i32"] : flat,
    results: indirectResult ? ["i32"] : result,
    indirectParameters,
    indirectResult,
  };
}

/** True when lifting the function needs `memory` and `realloc`. */
export function needsMemory(type: FunctionType): boolean {
  const { indirectParameters, indirectResult } = liftedSignature(type);
  const values = type.result === undefined ? type.parameters : [...type.parameters, type.result];
  return indirectParameters || indirectResult || values.some(holdsPointer);
}

function holdsPointer(type: ValueType): boolean {
  switch (type.kind) {
    case "primitive":
      return type.name === "string";
    case "list":
      return true;
    case "record":
      return type.fields.some((field) => holdsPointer(field.type));
    case "variant":
      return type.cases.some((each) => each.type !== undefined && holdsPointer(each.type));
    default:
      return false;
  }
}

function discriminantSize(cases: number): 1 | 2 | 4 {
  return cases <= 0x100 ? 1 : cases <= 0x1_0000 ? 2 : 4;
}

function alignTo(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}

/** Only unsound casts lead here. */
export function unknownKind(type: never): TypeError {
  return new TypeError(`${JSON.stringify(type)} is no value type`);
}
