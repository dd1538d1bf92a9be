/// <reference lib="es2024.arraybuffer" />

import { DOMException } from "./dom-exception.ts";

const ERRORS: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** Objects that hold a primitive. */
const WRAPPERS = [Boolean, Number, String, BigInt] as const;

/** What has state that no copy can have. */
const UNCLONEABLE = [Promise, WeakMap, WeakSet, WeakRef, FinalizationRegistry] as const;

/**
 * A deep copy, with shared and circular references kept. Objects of classes become plain objects.
 *
 * @throws DOMException `DataCloneError` for functions, symbols and objects that cannot be copied, such as promises.
 * @see https://html.spec.whatwg.org/multipage/structured-data.html#dom-structuredclone
 */
export function structuredClone<T>(value: T, options: { transfer?: Iterable<unknown> } = {}): T {
  const copies = new Map<object, unknown>();
  const transferred = [...(options?.transfer ?? [])];
  for (const item of transferred) {
    if (!(item instanceof ArrayBuffer)) throw refusal("Only an ArrayBuffer can be transferred");
    if (item.detached || copies.has(item)) throw refusal("An ArrayBuffer cannot be transferred twice");
    // A copy takes its place, and it is emptied last: what cannot be cloned must leave everything as it was.
    copies.set(item, item.slice(0));
  }
  const copy = cloneValue(value, copies) as T;
  for (const buffer of transferred) (buffer as ArrayBuffer).transfer();
  return copy;
}

function refusal(message: string): Error {
  return new DOMException(message, "DataCloneError");
}

function cloneValue(value: unknown, copies: Map<object, unknown>): unknown {
  if (typeof value === "symbol" || typeof value === "function")
    throw refusal(`${String(value).slice(0, 100)} could not be cloned`);
  if (typeof value !== "object" || value === null) return value;
  if (copies.has(value)) return copies.get(value);
  return cloneObject(value, copies);
}

function cloneObject(value: object, copies: Map<object, unknown>): unknown {
  const keep = <Copy>(copy: Copy): Copy => {
    copies.set(value, copy);
    return copy;
  };
  if (WRAPPERS.some((Wrapper) => value instanceof Wrapper)) return keep(Object(value.valueOf()));
  if (value instanceof Date) return keep(new Date(value));
  if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
  if (value instanceof ArrayBuffer) {
    if (value.detached) throw refusal("A detached ArrayBuffer could not be cloned");
    if (!value.resizable) return keep(value.slice(0));
    const copy = new ArrayBuffer(value.byteLength, { maxByteLength: value.maxByteLength });
    new Uint8Array(copy).set(new Uint8Array(value));
    return keep(copy);
  }
  if (ArrayBuffer.isView(value)) {
    const { constructor, byteOffset } = value as unknown as Uint8Array & { constructor: unknown };
    const buffer = cloneValue(value.buffer, copies) as ArrayBuffer;
    const View = constructor as new (buffer: ArrayBuffer, offset: number, length: number) => unknown;
    const length = value instanceof DataView ? value.byteLength : (value as Uint8Array).length;
    return keep(new View(buffer, byteOffset, length));
  }
  if (value instanceof Map) {
    const copy = keep(new Map<unknown, unknown>());
    for (const [key, item] of value) copy.set(cloneValue(key, copies), cloneValue(item, copies));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set<unknown>());
    for (const item of value) copy.add(cloneValue(item, copies));
    return copy;
  }
  if (value instanceof Error) return cloneError(value, copies, keep);
  if (UNCLONEABLE.some((Kind) => value instanceof Kind) || value instanceof SharedArrayBuffer) {
    throw refusal(`${Object.prototype.toString.call(value)} could not be cloned`);
  }
  const copy = keep(Array.isArray(value) ? emptyArray(value.length) : {});
  for (const [key, item] of Object.entries(value)) {
    // Not by assignment, which "__proto__" would turn into something else.
    Object.defineProperty(copy, key, {
      value: cloneValue(item, copies),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return copy;
}

/** An array of holes: those of the original stay holes. */
function emptyArray(length: number): unknown[] {
  const array: unknown[] = [];
  array.length = length;
  return array;
}

function cloneError(error: Error, copies: Map<object, unknown>, keep: (copy: Error) => Error): Error {
  if (error instanceof DOMException) {
    const copy = keep(new DOMException(error.message, error.name));
    Object.defineProperty(copy, "stack", { value: error.stack, writable: true, configurable: true });
    return copy;
  }
  const Kind = ERRORS[error.name] ?? Error;
  const copy = keep(new Kind());
  for (const name of ["message", "stack", "cause"] as const) {
    const own =
      Object.getOwnPropertyDescriptor(error, name) ?? (name === "cause" ? undefined : { value: error[name] });
    if (own === undefined || !("value" in own)) continue;
    const value = name === "cause" ? cloneValue(own.value, copies) : String(own.value);
    Object.defineProperty(copy, name, { value, writable: true, configurable: true });
  }
  return copy;
}
