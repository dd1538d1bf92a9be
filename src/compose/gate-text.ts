import {
  flatten,
  layoutOf,
  liftedSignature,
  payloadOffset,
  storeDiscriminant,
  type CoreSignature,
} from "./canonical-abi.ts";
import { LOG } from "./contract.ts";
import { FIND, StaticMemory } from "./core-text.ts";
import { trackOf, withoutVersion, type Interfaces } from "./interface.ts";
import { DENIED, logCall, type LogLine } from "./log-call.ts";
import { functionType, type FunctionType, type ValueType } from "./value-type.ts";

/** Longest text of a denial that repeats what was asked for, in bytes. */
const MAX_QUOTED = 256;
/** Room for the text of a denial, in bytes: a few texts of that length. */
const MAX_SAID = 8 * MAX_QUOTED;
/** A control character is six bytes in JSON. */
const MAX_ESCAPE = 6;

/** A condition on two neighbouring core parameters, a text's address and length. */
export type TextCheck = (at: string, length: string) => string;

/** How a function that denies judges a call. Texts are instructions. */
export interface Judgement {
  /** Gives 0 when no grant covers the call. */
  covered: string;
  /** Says that no grant covers it, with {@link GateText.say}. */
  say: string;
  /** Says what was asked for to the log, with {@link GateText.note}. */
  request: string;
  /**
   * Runs for what is covered. It refuses the call by leaving to the block `$denied`, once the reason was said to the
   * component; the log has it as well.
   */
  further?: string;
  /** Core parameters that are passed on as something else. */
  changed?: ReadonlyMap<number, string>;
}

/**
 * Builds the core module of a gate: functions that look at their arguments and pass them on as they came. What is denied
 * is logged.
 */
export class GateText {
  readonly memory = new StaticMemory();
  #known: Interfaces;
  #interface: string;
  #recorded: LogLine | undefined;
  #imports: { interface: string; text: string }[] = [];
  #functions: string[] = [];
  #said: number;
  #noted: number;

  /** @param recorded With it nothing is denied for want of a grant, and every use is logged in that line. */
  constructor(known: Interfaces, id: string, recorded?: LogLine) {
    this.#known = known;
    this.#interface = id;
    this.#recorded = recorded;
    this.#said = this.memory.reserve(MAX_SAID);
    this.#noted = this.memory.reserve(2 * MAX_ESCAPE * MAX_SAID);
    this.import("log", LOG, "write");
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
    const asked = "(local.get 0) (local.get 1)";
    this.exportChecked(name, () => ({
      covered: check("(local.get 0)", "(local.get 1)"),
      say: `(call $begin)
        ${this.say(`no grant covers ${what} "`)}
        (call $say ${asked} (i32.const ${MAX_QUOTED}))
        ${this.say('"')}`,
      request: `${this.note(`${name} `)} (call $note ${asked} (i32.const ${MAX_QUOTED}))`,
    }));
  }

  /** Exports a function whose error has a case `denied`. */
  exportChecked(name: string, judge: (parameters: readonly ValueType[]) => Judgement): void {
    this.#export(name, ({ parameters, result }, { answer, pass }) => {
      const { covered, say, request, further = "", changed } = judge(parameters);
      if (result?.kind !== "variant") throw new Error("a function that denies has an error");
      const begin = this.#constant(
        "$note-begin",
        `{"interface":"${withoutVersion(this.#interface)}","request":"`,
      );
      const log = (line: LogLine): string => `${this.#constant("$append", '"}')}
      ${logCall(this.#known, this.memory, line, [
        `(i32.const ${this.#noted})`,
        `(i32.sub (global.get $noted) (i32.const ${this.#noted}))`,
      ])}`;
      const reason =
        further === ""
          ? ""
          : `(if (global.get $refused) (then
        (global.set $refused (i32.const 0))
        ${this.#constant("$append", '","reason":"')}
        (call $note (i32.const ${this.#said}) (i32.sub (global.get $said) (i32.const ${this.#said})) (i32.const ${MAX_SAID}))))`;
      const uncovered =
        this.#recorded === undefined
          ? `(block $uncovered
        (br_if $uncovered (i32.eqz ${covered}))
        ${further}
        ${pass(changed)})
      ${say}`
          : `${begin} ${request} ${log(this.#recorded)}
      ${further}
      ${pass(changed)}`;
      return `(block $denied
      ${uncovered})
    ${begin}
    ${request}
    ${reason}
    ${log(DENIED)}
    ${this.#denial(result, answer)}`;
    });
  }

  /** Says a constant in the text of a denial. */
  say(text: string): string {
    const { at, length } = this.memory.text(text);
    return `(call $say (i32.const ${at}) (i32.const ${length}) (i32.const ${length}))`;
  }

  /** Says a constant, which JSON need not escape, in what the log says of the request. */
  note(text: string): string {
    return this.#constant("$append", text);
  }

  #constant(call: string, text: string): string {
    const { at, length } = this.memory.text(text);
    return `(call ${call} (i32.const ${at}) (i32.const ${length}))`;
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
  (global $noted (mut i32) (i32.const 0))
  ;; the text of the denial is a reason beyond the want of a grant
  (global $refused (mut i32) (i32.const 0))
  (func $begin (global.set $said (i32.const ${this.#said})))
  ;; the length of a text that is cut before a character that would go over the limit
  (func $cut (param $at i32) (param $length i32) (param $most i32) (result i32)
    (if (i32.gt_u (local.get $length) (local.get $most)) (then
      (local.set $length (local.get $most))
      (loop $back
        (if (i32.eq (i32.and (i32.load8_u (i32.add (local.get $at) (local.get $length))) (i32.const 0xc0)) (i32.const 0x80))
          (then (local.set $length (i32.sub (local.get $length) (i32.const 1))) (br $back))))))
    (local.get $length))
  ;; appends a text to the denial
  (func $say (param $at i32) (param $length i32) (param $most i32)
    (local.set $length (call $cut (local.get $at) (local.get $length) (local.get $most)))
    (memory.copy (global.get $said) (local.get $at) (local.get $length))
    (global.set $said (i32.add (global.get $said) (local.get $length))))
  ;; begins the fields of a log line with JSON
  (func $note-begin (param $at i32) (param $length i32)
    (global.set $noted (i32.const ${this.#noted}))
    (call $append (local.get $at) (local.get $length)))
  (func $append (param $at i32) (param $length i32)
    (memory.copy (global.get $noted) (local.get $at) (local.get $length))
    (global.set $noted (i32.add (global.get $noted) (local.get $length))))
  (func $put (param $byte i32)
    (i32.store8 (global.get $noted) (local.get $byte))
    (global.set $noted (i32.add (global.get $noted) (i32.const 1))))
  ;; appends a text as the inside of a JSON string
  (func $note (param $at i32) (param $length i32) (param $most i32) (local $end i32) (local $c i32)
    (local.set $end (i32.add (local.get $at) (call $cut (local.get $at) (local.get $length) (local.get $most))))
    (loop $next
      (if (i32.eq (local.get $at) (local.get $end)) (then (return)))
      (local.set $c (i32.load8_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (if (i32.lt_u (local.get $c) (i32.const 0x20))
        (then
          (i32.store (global.get $noted) (i32.const 0x3030755c)) ;; "\\u00"
          (global.set $noted (i32.add (global.get $noted) (i32.const 4)))
          (call $put (i32.add (i32.const 0x30) (i32.shr_u (local.get $c) (i32.const 4))))
          (local.set $c (i32.and (local.get $c) (i32.const 15)))
          (call $put (i32.add (local.get $c) (select (i32.const 0x57) (i32.const 0x30) (i32.gt_u (local.get $c) (i32.const 9))))))
        (else
          (if (i32.or (i32.eq (local.get $c) (i32.const 0x22)) (i32.eq (local.get $c) (i32.const 0x5c)))
            (then (call $put (i32.const 0x5c))))
          (call $put (local.get $c))))
      (br $next)))
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
