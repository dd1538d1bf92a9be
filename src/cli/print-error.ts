import { inspect, styleText } from "node:util";
import { ToolkitError } from "../errors/index.ts";

/**
 * Prints an error for the person at the terminal, on stderr.
 *
 * @returns the exit code: 2 for wrong usage, 1 for everything else
 */
export function printError(error: unknown): number {
  const debug = process.env.TENON_DEBUG === "1";
  if (error instanceof ToolkitError) {
    const lines = [`${red("Error:")} ${error.message}`];
    for (const detail of error.details) lines.push(`       ${detail.replaceAll("\n", "\n       ")}`);
    if (error.hint) lines.push(`Hint:  ${error.hint}`);
    lines.push(`[${error.code}]`);
    process.stderr.write(`${lines.join("\n")}\n`);
    if (debug) process.stderr.write(`${inspect(error)}\n`);
    return error.code === "ERR_USAGE" ? 2 : 1;
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${red("Error:")} Unexpected failure: ${message}\n`);
  process.stderr.write("Hint:  Set TENON_DEBUG=1 for the stack trace\n");
  if (debug) process.stderr.write(`${inspect(error)}\n`);
  return 1;
}

/** Prints what the person at the terminal should know, on stderr. */
export function printWarnings(warnings: readonly string[]): void {
  for (const warning of warnings) process.stderr.write(`Warning: ${warning}\n`);
}

function red(text: string): string {
  const colour = process.stderr.isTTY && !process.env.NO_COLOR;
  return colour ? styleText("red", text) : text;
}
