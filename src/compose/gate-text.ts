import {
  flatten,
  layoutOf,
  liftedSignature,
  payloadOffset,
  storeDiscriminant,
  type CoreSignature,
} from "./canonical-abi.ts";
import { FIND, StaticMemory } from "./core-text.ts";
import { trackOf, type Interfaces } from "./interface.ts";
import { functionType, type FunctionType, type ValueType } from "./value-type.ts";

/** Longest text of a denial that repeats what was asked for, in bytes. */
const MAX_QUOTED = 256;

/** A condition on two neighbouring core parameters, a text's address and length. */
export type TextCheck = (at: string, length: string) => string;

/** Builds the core module of a gate: functions that look at their arguments and pass them on as they came. */
export class GateText {
  readonly memory = new StaticMemory();
  #known: Interfaces;
  #interface: string;
  #imports: { interface: string; text: string }[] = [];
  #functions: string[] = [];
  #said: number;

  constructor(known: Interfaces, id: string) {
    this.#known = known;
    this.#interface = id;
    this.#said = this.memory.reserve(8 * MAX_QUOTED);
  }

  /** Interfaces to import, each once. */
  imports(): string[] {
    return [...new Set(this.#imports.map((each) => each.interface))];
  }

  type(name: string): FunctionType {
    return functionType(this.#known, trackOf(this.#interface), name);
  }

  /** Adds a core function that exports call. */
  function(text: string): void {
    this.#functions.push(text);
  }

  /** Imports a function of any interface of the contract as `$id`. */
  import(id: string, from: string, name: string): void {
    const signature = liftedSignature(functionType(this.#known, trackOf(from), name));
    const parameters = [...signature.parameters, ...(signature.indirectResult ? ["i32"] : [])];
    const results = signature.indirectResult ? [] : signature.results;
    this.#imports.push({
      interface: from,
      text: `(import "${from}" "${name}" (func $${id} (param ${parameters.join(" ")})${results.map((core) => ` (result ${core})`).join("")}))`,
    });
  }

  /** Exports a function that passes every call on. */
  pass(name: string): void {
    this.#export(name, () => "");
  }

  /** Exports a function that answers a constant text. */
  constant(name: string, text: string): void {
    const { at, length } = this.memory.text(text);
    const answer = this.memory.words([at, length]);
    this.#functions.push(`(func (export "${this.#interface}#${name}") (result i32) (i32.const ${answer}))`);
  }

  /** Exports a function that passes a call on when its first parameter, a text, fits the check. */
  guard(name: string, check: TextCheck, what: string): void {
    this.exportChecked(name, () => ({
      checks: `(if (i32.eqz ${check("(local.get 0)", "(local.get 1)")}) (then
        (call $begin)
        ${this.say(`no grant covers ${what} "`)}
        (call $say (local.get 0) (local.get 1) (i32.const ${MAX_QUOTED}))
        ${this.say('"')}
        (br $denied)))`,
    }));
  }

  /**
   * Exports a function whose error has a case `denied`. `checks` runs first and leaves to the block `$denied` once the
   * text of the denial has been said; `changed` are core parameters that are passed on as something else.
   */
  exportChecked(
    name: string,
    body: (parameters: readonly ValueType[]) => { checks: string; changed?: ReadonlyMap<number, string> },
  ): void {
    this.#export(name, ({ parameters, result }, { answer, pass }) => {
      const { checks, changed } = body(parameters);
      if (result?.kind !== "variant") throw new Error("a function that denies has an error");
      return `(block $denied
      ${checks}
      ${pass(changed)})
    ${this.#denial(result, answer)}`;
    });
  }

  /** Says a constant in the text of a denial. */
  say(text: string): string {
    const { at, length } = this.memory.text(text);
    return `(call $say (i32.const ${at}) (i32.const ${length}) (i32.const ${length}))`;
  }

  /** A check that a text starts with one of the prefixes. */
  prefixes(prefixes: readonly string[]): TextCheck {
    const rows = this.memory.words(
      prefixes.flatMap((prefix) => {
        const { at, length } = this.memory.text(prefix);
        return [at, length];
      }),
    );
    return (at, length) =>
      `(call $has-prefix (i32.const ${rows}) (i32.const ${prefixes.length}) ${at} ${length})`;
  }

  /** A check that a text is one of the names. */
  names(names: readonly string[]): TextCheck {
    const rows = this.memory.words(this.rows(names));
    return (at, length) => `(call $find (i32.const ${rows}) (i32.const ${names.length}) ${at} ${length})`;
  }

  /** Rows for `$find`. */
  rows(names: readonly string[]): number[] {
    return names.flatMap((name) => {
      const { at, length } = this.memory.text(name);
      return [at, length, 0, 0];
    });
  }

  toText(): string {
    return `(module
  ${this.#imports.map(({ text }) => text).join("\n  ")}
  ${this.memory.toText()}
  (global $said (mut i32) (i32.const 0))
  ${FIND}
  ${PREFIX}
  (func $begin (global.set $said (i32.const ${this.#said})))
  ;; appends a text to the denial, cut before a character that would go over the limit
  (func $say (param $at i32) (param $length i32) (param $most i32)
    (if (i32.gt_u (local.get $length) (local.get $most)) (then
      (local.set $length (local.get $most))
      (loop $back
        (if (i32.eq (i32.and (i32.load8_u (i32.add (local.get $at) (local.get $length))) (i32.const 0xc0)) (i32.const 0x80))
          (then (local.set $length (i32.sub (local.get $length) (i32.const 1))) (br $back))))))
    (memory.copy (global.get $said) (local.get $at) (local.get $length))
    (global.set $said (i32.add (global.get $said) (local.get $length))))
  ${this.#functions.join("\n  ")})`;
  }

  #export(
    name: string,
    body: (
      type: FunctionType,
      answer: { answer: number; pass: (changed?: ReadonlyMap<number, string>) => string },
    ) => string,
  ): void {
    const type = this.type(name);
    const signature = liftedSignature(type);
    this.import(name, this.#interface, name);
    const answer = type.result === undefined ? 0 : this.memory.reserve(layoutOf(type.result).size);
    const pass = (changed?: ReadonlyMap<number, string>): string => passOn(name, signature, answer, changed);
    const text = body(type, { answer, pass }) || pass();
    const results = signature.results.map((core) => `(result ${core})`).join(" ");
    this.#functions.push(
      `(func (export "${this.#interface}#${name}") (param ${signature.parameters.join(" ")}) ${results}
    ${text})`,
      `(func (export "cabi_post_${this.#interface}#${name}") (param ${signature.results.join(" ")}) (call $reset))`,
    );
  }

  #denial(result: ValueType & { kind: "variant" }, answer: number): string {
    const failed = result.cases.findIndex((each) => each.name === "error");
    const error = result.cases[failed]?.type;
    if (error?.kind !== "variant") throw new Error("an error of the contract is a variant");
    const payload = answer + payloadOffset(result);
    const text = payload + payloadOffset(error);
    return `(${storeDiscriminant(result)} (i32.const ${answer}) (i32.const ${failed}))
    (${storeDiscriminant(error)} (i32.const ${payload}) (i32.const ${error.cases.findIndex((each) => each.name === "denied")}))
    (i32.store (i32.const ${text}) (i32.const ${this.#said}))
    (i32.store (i32.const ${text + 4}) (i32.sub (global.get $said) (i32.const ${this.#said})))
    (i32.const ${answer})`;
  }
}

/** Calls the import of the same name and returns what it answers. */
function passOn(
  id: string,
  { parameters, indirectResult }: CoreSignature,
  answer: number,
  changed: ReadonlyMap<number, string> = new Map(),
): string {
  const passed = parameters.map((_, i) => changed.get(i) ?? `(local.get ${i})`).join(" ");
  return indirectResult
    ? `(call $${id} ${passed} (i32.const ${answer})) (return (i32.const ${answer}))`
    : `(return (call $${id} ${passed}))`;
}

/** Number of the first core parameter that holds a field of a record, which is the only parameter. */
export function flatField(record: ValueType | undefined, name: string): number {
  if (record?.kind !== "record") throw new Error("the contract has a record here");
  const before = record.fields.slice(
    0,
    record.fields.findIndex((field) => field.name === name),
  );
  return before.flatMap(({ type }) => flatten(type)).length;
}

const PREFIX = `
  (func $has-prefix (param $row i32) (param $rows i32) (param $at i32) (param $length i32) (result i32)
    (loop $next
      (if (i32.eqz (local.get $rows)) (then (return (i32.const 0))))
      (if (i32.le_u (i32.load offset=4 (local.get $row)) (local.get $length))
        (then (if (call $equal (i32.load (local.get $row)) (local.get $at) (i32.load offset=4 (local.get $row)))
          (then (return (i32.const 1))))))
      (local.set $row (i32.add (local.get $row) (i32.const 8)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br $next))
    unreachable)`;
