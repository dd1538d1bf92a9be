import {
  fieldOffsets,
  flatten,
  layoutOf,
  liftedSignature,
  payloadOffset,
  storeDiscriminant,
} from "./canonical-abi.ts";
import { contract, HANDLER } from "./contract.ts";
import type { StaticMemory } from "./core-text.ts";
import { trackOf } from "./interface.ts";
import { functionType, type ValueType } from "./value-type.ts";

type Record = ValueType & { kind: "record" };
type Variant = ValueType & { kind: "variant" };

/**
 * Writes core functions of the shape of `handle`. They take the flat arguments of a request, which they pass on as they
 * came, and answer in one area of memory that all of them share.
 */
export class HandleText {
  /** Core parameters, as text between parentheses. */
  readonly parameters: string;
  /** The core parameters as they came, to pass on. */
  readonly passed: string;
  /** Where the outcome is written. */
  readonly answer: number;
  /** Where the payload of the outcome is written. */
  readonly payload: number;
  #memory: StaticMemory;
  #request: Record;
  #before: number;
  #outcome: Variant;

  static async create(memory: StaticMemory): Promise<HandleText> {
    return new HandleText(memory, functionType(await contract(), trackOf(HANDLER), "handle"));
  }

  private constructor(memory: StaticMemory, handle: ReturnType<typeof functionType>) {
    const { parameters } = liftedSignature(handle);
    this.parameters = `(param ${parameters.join(" ")})`;
    this.passed = parameters.map((_, i) => `(local.get ${i})`).join(" ");
    this.#memory = memory;
    this.#before = flatten(handle.parameters[0]!).length;
    this.#request = record(handle.parameters[1]);
    this.#outcome = variant(handle.result);
    this.answer = memory.reserve(layoutOf(this.#outcome).size);
    this.payload = this.answer + payloadOffset(this.#outcome);
  }

  /** The import of a handler as a function `$id`. */
  import(module: string, id: string): string {
    return `(import "${module}" "handle" (func $${id} ${this.parameters.slice(0, -1)} i32)))`;
  }

  /** Number of the first core parameter that holds a field of the request. */
  field(name: string): number {
    const fields = this.#request.fields;
    const before = fields.slice(
      0,
      fields.findIndex((field) => field.name === name),
    );
    return this.#before + before.flatMap(({ type }) => flatten(type)).length;
  }

  /** Number of a case of the outcome. */
  caseOf(name: string): number {
    return this.#outcome.cases.findIndex((each) => each.name === name);
  }

  /** Calls an imported handler and returns its answer. */
  forward(id: string): string {
    return `(call $${id} ${this.passed} (i32.const ${this.answer})) (return (i32.const ${this.answer}))`;
  }

  /** Runs `body` when the method is that one. Needs `$equal`. */
  whenMethod(name: string, body: string): string {
    const { at, length } = this.#memory.text(name);
    const method = this.field("method");
    return `
    (if (i32.eq (local.get ${method + 1}) (i32.const ${length}))
      (then (if (call $equal (local.get ${method}) (i32.const ${at}) (i32.const ${length})) (then
        ${body}))))`;
  }

  /** Returns a success with a constant. */
  success(json: string): string {
    const { at, length } = this.#memory.text(json);
    return `(return (call $success (i32.const ${at}) (i32.const ${length})))`;
  }

  /** Returns a JSON-RPC error. */
  failure(code: number, message: string): string {
    const { at, length } = this.#memory.text(message);
    return `(return (call $failure (i32.const ${code}) (i32.const ${at}) (i32.const ${length})))`;
  }

  /** The functions that {@link success}, {@link failure} and `$outcome` call. */
  functions(): string {
    const error = record(this.#outcome.cases.find(({ name }) => name === "failure")?.type);
    const offsets = fieldOffsets(error.fields);
    const at = (field: string): number =>
      this.payload + offsets[error.fields.findIndex(({ name }) => name === field)]!;
    return `
  (func $outcome (param $case i32) (result i32)
    (memory.fill (i32.const ${this.answer}) (i32.const 0) (i32.const ${layoutOf(this.#outcome).size}))
    (${storeDiscriminant(this.#outcome)} (i32.const ${this.answer}) (local.get $case))
    (i32.const ${this.answer}))
  (func $success (param $at i32) (param $length i32) (result i32)
    (call $outcome (i32.const ${this.caseOf("success")})) ${storeText(this.payload)})
  (func $failure (param $code i32) (param $at i32) (param $length i32) (result i32)
    (call $outcome (i32.const ${this.caseOf("failure")}))
    (i32.store (i32.const ${at("code")}) (local.get $code)) ${storeText(at("message"))})`;
  }
}

function storeText(address: number): string {
  return `(i32.store (i32.const ${address}) (local.get $at)) (i32.store (i32.const ${address + 4}) (local.get $length))`;
}

function record(type: ValueType | undefined): Record {
  if (type?.kind !== "record") throw new Error("the contract has a record here");
  return type;
}

function variant(type: ValueType | undefined): Variant {
  if (type?.kind !== "variant") throw new Error("the contract has a variant here");
  return type;
}

/** A WIT item that imports, under a plain name, something of the shape of a handler. */
export function handlerImport(name: string): string {
  return `  import ${name}: interface { use tenon:mcp/types@0.1.0.{context, request, outcome}; handle: func(ctx: context, req: request) -> outcome; }`;
}
