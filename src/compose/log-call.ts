import { LOG } from "./contract.ts";
import type { StaticMemory } from "./core-text.ts";
import { trackOf, type Interfaces } from "./interface.ts";
import { functionType } from "./value-type.ts";

/** What every line of one kind says. */
export interface LogLine {
  /** A case of `tenon:host/log` `level`. */
  level: string;
  message: string;
}

/** The line that a gate or a stub writes for what it denies. */
export const DENIED: LogLine = { level: "warning", message: "denied" };

/** Core parameters of `$log`: level, source?, message, fields?. */
export const LOG_PARAMETERS: string = "i32 ".repeat(9).trim();

/**
 * The text of a call of `$log`, the core function of `tenon:host/log` `write`. It names no source: the component behind it
 * signs the line with the name of the part.
 *
 * @param fields Address and length of a JSON object.
 */
export function logCall(
  known: Interfaces,
  memory: StaticMemory,
  { level, message }: LogLine,
  fields: readonly [at: string, length: string],
): string {
  const [entry] = functionType(known, trackOf(LOG), "write").parameters;
  const levels =
    entry?.kind === "record" ? entry.fields.find(({ name }) => name === "level")?.type : undefined;
  if (levels?.kind !== "variant") throw new Error("the contract has levels here");
  const said = memory.text(message);
  const words = [levels.cases.findIndex(({ name }) => name === level), 0, 0, 0, said.at, said.length, 1];
  return `(call $log ${words.map((word) => `(i32.const ${word})`).join(" ")} ${fields.join(" ")})`;
}
