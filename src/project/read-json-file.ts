import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describeLocation, displayPath, ToolkitError, type ErrorCode } from "../errors/index.ts";
import { findProblems, type Problem } from "../json-schema/index.ts";
import { packageFile } from "../package/index.ts";
import { readJsonText, type JsonText } from "./json-text.ts";

/** What kind of JSON file is read. */
export interface JsonFileKind {
  /** What errors call it. */
  what: string;
  /** Of an error about its content. */
  code: ErrorCode;
  /** Says what is wrong with its content. */
  findProblems: (value: unknown) => readonly Problem[] | Promise<readonly Problem[]>;
  /** What to do where something is wrong with it, without a full stop. */
  hint: string;
  /** What to do where it cannot be read. Default: nothing is said. */
  missingHint?: string;
}

const MAX_BYTES = 1024 * 1024;
const MAX_PROBLEMS = 5;

/**
 * Reads a JSON file of at most 1 MiB and checks its content.
 *
 * @throws {@link ToolkitError} with the code of the kind and the line of each mistake; `ERR_FILE` when it cannot be read
 */
export async function readJsonFile(path: string, kind: JsonFileKind): Promise<JsonText> {
  const absolute = resolve(path);
  const shown = displayPath(absolute);
  const read = readJsonText(absolute, await readText(absolute, shown, kind));
  if ("problem" in read) {
    throw new ToolkitError(`Cannot read ${kind.what} "${shown}": ${read.problem}`, {
      code: kind.code,
      details: read.locations.flatMap(describeLocation),
    });
  }
  const problems = await kind.findProblems(read.value);
  const [first, ...others] = problems.slice(0, MAX_PROBLEMS);
  if (!first) return read;
  const { locate } = read;
  throw new ToolkitError(`Cannot use ${kind.what} "${shown}": ${first.text}`, {
    code: kind.code,
    details: [
      ...describeLocation(locate(first.at)),
      ...others.flatMap(({ text, at }) => [text, ...describeLocation(locate(at))]),
      ...(problems.length > MAX_PROBLEMS ? [`and ${problems.length - MAX_PROBLEMS} more mistakes`] : []),
    ],
    hint: kind.hint,
  });
}

async function readText(path: string, shown: string, { what, missingHint }: JsonFileKind): Promise<string> {
  let state: string;
  let cause: unknown;
  try {
    const bytes = await readFile(path);
    if (bytes.length <= MAX_BYTES) return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    state = `it has more than ${MAX_BYTES} bytes`;
  } catch (error) {
    cause = error;
    const { code, message } = error as NodeJS.ErrnoException;
    const states: Record<string, string> = {
      ENOENT: "there is no such file",
      EISDIR: "it is a folder",
      ERR_ENCODING_INVALID_ENCODED_DATA: "it is not UTF-8",
    };
    state = states[code ?? ""] ?? message;
  }
  throw new ToolkitError(`Cannot read ${what} "${shown}": ${state}`, {
    code: "ERR_FILE",
    cause,
    ...(missingHint !== undefined && { hint: missingHint }),
  });
}

/**
 * Finds what is wrong by a schema of this package.
 *
 * @param name File in `schema/`.
 */
export function againstSchema(name: string): JsonFileKind["findProblems"] {
  return async (value) => findProblems(await schemaOf(name), value, { own: true });
}

const schemas = new Map<string, Promise<object>>();

function schemaOf(name: string): Promise<object> {
  let schema = schemas.get(name);
  if (schema === undefined) {
    schema = readFile(packageFile("schema", name), "utf8").then((text) => JSON.parse(text) as object);
    schemas.set(name, schema);
  }
  return schema;
}
