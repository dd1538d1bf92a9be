import type { Message } from "esbuild";
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { resolve } from "node:path";
import {
  describeLocation,
  displayPath,
  ToolkitError,
  type ErrorCode,
  type SourceLocation,
} from "../errors/index.ts";

const MAX_MESSAGES = 5;
const MAX_IMPORTERS = 6;
const NODE_HINT =
  "Components run without Node: use ctx, the standard library of JavaScript and packages that need no more";

/**
 * The error for a module that does not build, from the bundler's messages.
 *
 * @param importersOf Who leads to a file, nearest first.
 */
export function bundleError(
  entry: string,
  folder: string,
  messages: readonly Message[],
  importersOf: (file: string) => readonly string[],
): ToolkitError {
  const [first] = messages;
  const details = messages.slice(0, MAX_MESSAGES).flatMap((message, index) => {
    const { location } = message;
    const text = index === 0 ? [] : [textOf(message)];
    if (location === null) return text;
    const { file, line, column, lineText } = location;
    return [
      ...text,
      ...describeLocation({ file: resolve(folder, file), line, column: column + 1, lineText }),
      ...describeImporters(importersOf(file), folder),
    ];
  });
  if (messages.length > MAX_MESSAGES) details.push(`and ${messages.length - MAX_MESSAGES} more errors`);
  const hint = messages.flatMap((message) => hintsOf(message))[0];
  return new ToolkitError(
    `Cannot build "${displayPath(entry)}": ${first === undefined ? "the bundler failed" : textOf(first)}`,
    {
      code: "ERR_BUILD_SOURCE",
      details,
      ...(hint === undefined ? {} : { hint: trim(hint) }),
    },
  );
}

/** The error for uses of globals that components do not have; there is at least one. */
export function missingGlobalsError(
  entry: string,
  folder: string,
  missing: readonly { name: string; hint: string; file: string; line: number; column: number }[],
  importersOf: (file: string) => readonly string[],
): ToolkitError {
  const [{ name, hint }] = missing as [(typeof missing)[number]];
  const details = missing.slice(0, MAX_MESSAGES).flatMap((use, index) => {
    const file = resolve(folder, use.file);
    return [
      ...(index === 0 || use.name === name ? [] : [`nor "${use.name}"`]),
      ...describeLocation({ ...use, ...sourceLine(file, use.line), file }),
      ...describeImporters(importersOf(use.file), folder),
    ];
  });
  if (missing.length > MAX_MESSAGES) details.push(`and ${missing.length - MAX_MESSAGES} more uses`);
  return new ToolkitError(`Cannot build "${displayPath(entry)}": components do not have "${name}"`, {
    code: "ERR_BUILD_SOURCE",
    details,
    hint: `${hint}. If that code never runs: tenon build --allow-missing ${name}`,
  });
}

/** The text of a line of a file, while the file is there. */
export function sourceLine(file: string, line: number): { lineText?: string } {
  try {
    const lineText = readFileSync(file, "utf8").split("\n")[line - 1];
    return lineText === undefined ? {} : { lineText };
  } catch {
    return {};
  }
}

function describeImporters(importers: readonly string[], folder: string): string[] {
  const shown = importers.slice(0, MAX_IMPORTERS).map((file) => displayPath(resolve(folder, file)));
  if (shown.length === 0) return [];
  const more = importers.length > MAX_IMPORTERS ? ", …" : "";
  return [`imported by ${shown.join(", by ")}${more}`];
}

/** The error for a module whose code fails, or whose definition is refused, while the build loads it. */
export function loadError(
  entry: string,
  problem: string,
  options: {
    code: ErrorCode;
    location?: SourceLocation | undefined;
    hint?: string | undefined;
    cause?: unknown;
  },
): ToolkitError {
  const { code, location, hint, cause } = options;
  return new ToolkitError(`Cannot build "${displayPath(entry)}": ${trim(problem)}`, {
    code,
    details: location === undefined ? [] : describeLocation(location),
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}

const UNRESOLVED = /^Could not resolve "(.+)"$/;

/** The name of the module of Node that could not be resolved, if that is what a message says. */
function missingBuiltin({ text }: Message): string | undefined {
  const [, name] = UNRESOLVED.exec(text) ?? [];
  return name !== undefined && isBuiltin(name) ? name : undefined;
}

function textOf(message: Message): string {
  const builtin = missingBuiltin(message);
  return builtin === undefined
    ? trim(message.text)
    : `"${builtin}" is a module of Node, which components do not have`;
}

/** Our plugins leave hints where esbuild carries data of theirs through. */
function hintsOf(message: Message): string[] {
  const { detail, notes } = message;
  if (missingBuiltin(message) !== undefined) return [NODE_HINT];
  return typeof detail === "object" && detail !== null && "hint" in detail
    ? [String(detail.hint)]
    : notes.map((note) => note.text);
}

function trim(text: string): string {
  return text.replace(/\.$/, "");
}
