import { fieldOffsets, payloadOffset, storeDiscriminant, unknownKind } from "./canonical-abi.ts";
import type { StaticMemory } from "./core-text.ts";
import type { ValueType } from "./value-type.ts";

/** Instructions that write a value at an address. */
export type Store = (address: number) => string[];

/** Error cases that say "no", most telling first. */
const DENIALS = [
  "denied",
  "access-denied",
  "access",
  "not-permitted",
  "HTTP-request-denied",
  "not-supported",
  "unsupported",
  "closed",
  "no-entry",
];

/** What a stub needs to make values. */
export interface Making {
  memory: StaticMemory;
  /** Text for an error that carries one. */
  reason: string;
  /** The core function that makes a handle of a resource; nothing when the resource belongs to the host. */
  makeHandle: (resource: string) => string | undefined;
}

/**
 * How to write what a stub answers: an error where the type has one, else the emptiest value there is. Nothing when no
 * such value can be made.
 */
export function deniedValue(type: ValueType, making: Making): Store | undefined {
  switch (type.kind) {
    case "primitive":
    case "list":
    case "flags":
      return () => []; // memory is zero: false, 0, empty
    case "borrow":
      return undefined;
    case "own": {
      const make = making.makeHandle(type.resource);
      return make === undefined
        ? undefined
        : (address) => [`(i32.store (i32.const ${address}) (call ${make} (i32.const 1)))`];
    }
    case "record": {
      const stores = type.fields.map((field) => deniedValue(field.type, making));
      const offsets = fieldOffsets(type.fields);
      if (stores.includes(undefined)) return undefined;
      return (address) => stores.flatMap((store, i) => store!(address + offsets[i]!));
    }
    case "variant": {
      const stores = type.cases.map((each) => caseValue(each.name, each.type, making));
      const chosen = preference(type).find((i) => stores[i] !== undefined);
      if (chosen === undefined) return undefined;
      return (address) => [
        `(${storeDiscriminant(type)} (i32.const ${address}) (i32.const ${chosen}))`,
        ...stores[chosen]!(address + payloadOffset(type)),
      ];
    }
    default:
      throw unknownKind(type);
  }
}

function caseValue(name: string, type: ValueType | undefined, making: Making): Store | undefined {
  if (type === undefined) return () => [];
  if (type.kind === "primitive" && type.name === "string" && DENIALS.includes(name)) {
    const { at, length } = making.memory.text(making.reason);
    return (address) => [
      `(i32.store (i32.const ${address}) (i32.const ${at}))`,
      `(i32.store (i32.const ${address + 4}) (i32.const ${length}))`,
    ];
  }
  return deniedValue(type, making);
}

/** Cases in the order a stub tries them. */
function preference(type: ValueType & { kind: "variant" }): number[] {
  if (type.form === "result") return [1, 0];
  if (type.form === "option") return [0];
  const denials = DENIALS.map((name) => type.cases.findIndex((each) => each.name === name)).filter(
    (i) => i >= 0,
  );
  const bare = [...type.cases.keys()].filter((i) => type.cases[i]!.type === undefined);
  return [...denials, ...bare, ...type.cases.keys()];
}
