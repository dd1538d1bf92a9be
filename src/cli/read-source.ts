import { usageError } from "./arguments.ts";
import { readInput } from "./files.ts";

/** What an option that names a source is for. */
export interface SourceKind {
  /** What errors call what is there, such as `state key`. */
  readonly name: string;
  readonly command: string;
  readonly option: string;
  /** What to do instead of giving it on the command line, without a full stop. */
  readonly hint: string;
}

/** A text that must not stand on a command line, and words for where it was. */
export interface Sourced {
  readonly text: string;
  readonly where: string;
}

/**
 * Reads what an option names: `env:NAME` or `file:<path>`. A variable that is not set is empty.
 *
 * @throws ToolkitError `ERR_USAGE` when the source is not named as it must be; `ERR_FILE` when it is a file that cannot be read.
 */
export async function readSource(
  source: string,
  { name, command, option, hint }: SourceKind,
): Promise<Sourced> {
  const at = source.indexOf(":");
  const [from, rest] = [source.slice(0, at), source.slice(at + 1)];
  if (rest === "" || (from !== "env" && from !== "file")) {
    // What is given may be the secret itself, which must not be shown.
    throw usageError(command, `"--${option}" is not like env:NAME or file:PATH`, hint);
  }
  if (from === "file") {
    const text = Buffer.from(await readInput(rest, name)).toString("utf8");
    return { text, where: `the file "${rest}"` };
  }
  return { text: process.env[rest] ?? "", where: `the environment variable ${rest}` };
}
