import { parseArgs } from "node:util";
import { nearest, ToolkitError } from "../errors/index.ts";

/** One option of a command, as {@link parseArguments} and the help page need it. */
export interface Option {
  /** `string` options take a value, `boolean` ones do not. */
  type: "string" | "boolean";
  /** One-letter form. */
  short?: string;
  /** May be given more than once. */
  multiple?: boolean;
}

/** What a command line came to. */
export interface Arguments {
  positionals: string[];
  /** Values by option name; a `multiple` option has them all, any other the last. */
  values: Record<string, string | boolean | string[] | undefined>;
}

/**
 * Reads a command's arguments.
 *
 * @throws {@link ToolkitError} `ERR_USAGE` for an unknown option, a missing value or a value too many; unknown ones
 * come with the nearest option there is.
 */
export function parseArguments(
  command: string,
  argv: readonly string[],
  options: Readonly<Record<string, Option>>,
): Arguments {
  const { positionals, tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const values: Arguments["values"] = {};
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (!option) throw unknownOption(command, token.rawName, options);
    if (option.type === "string" && (token.value === undefined || token.value === "")) {
      throw usageError(command, `option "${token.rawName}" needs a value`);
    }
    if (option.type === "boolean" && token.value !== undefined) {
      throw usageError(command, `option "${token.rawName}" takes no value, got "${token.value}"`);
    }
    const value = token.value ?? true;
    if (option.multiple) values[token.name] = [...((values[token.name] as string[]) ?? []), String(value)];
    else if (token.name in values) throw usageError(command, `option "${token.rawName}" is given twice`);
    else values[token.name] = value;
  }
  return { positionals, values };
}

/** The error for a command line that cannot be understood; the process ends with 2. */
export function usageError(command: string, state: string, hint?: string): ToolkitError {
  return new ToolkitError(`Cannot run "tenon ${command}": ${state}`, {
    code: "ERR_USAGE",
    hint: hint ?? `Run "tenon ${command} --help" for its options`,
  });
}

function unknownOption(
  command: string,
  rawName: string,
  options: Readonly<Record<string, Option>>,
): ToolkitError {
  const suggestion = nearest(
    rawName,
    Object.keys(options).map((name) => `--${name}`),
  );
  const hint = suggestion ? `Did you mean "${suggestion}"?` : undefined;
  return usageError(command, `unknown option "${rawName}"`, hint);
}
