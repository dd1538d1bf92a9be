import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { describeLocation, displayPath, ToolkitError, type SourceLocation } from "../errors/index.ts";
import { findProblems } from "../json-schema/index.ts";
import type { Grants, Json, ServerDescription } from "../manifest/index.ts";
import { packageFile } from "../package/index.ts";
import { readJsonText, type JsonText } from "./json-text.ts";
import { defaultName } from "./load-component.ts";

/** `tenon.json`; `schema/tenon.schema.json` describes each member. */
export interface ProjectFile extends ServerDescription {
  $schema?: string;
  access: "authenticated" | "public";
  providers: Record<string, string>;
  middleware?: { use: string; as?: string; config?: Record<string, Json> }[];
  fuse?: boolean;
  grants?: Record<string, Grants>;
  roles?: Record<string, string[]>;
  rules?: Record<string, string>;
}

/** One component that a `tenon.json` names. */
export interface ProjectPart {
  /** Its name in the composition. */
  as: string;
  /** A path, or the name of a ready-made component. */
  reference: string;
  /** Where the file names it. */
  at: readonly (string | number)[];
  /** Of a middleware. */
  settings?: Record<string, Json>;
}

/** A `tenon.json` that was read and matches its schema; the components it names were not looked at. */
export interface Project {
  /** Absolute path of the file. */
  path: string;
  /** What relative references start from. */
  folder: string;
  file: ProjectFile;
  providers: ProjectPart[];
  /** In the order a request passes them. */
  middleware: ProjectPart[];
  /** The lines for an error that say where in the file something is. */
  describe: (at: readonly (string | number)[]) => string[];
}

const LATER_KEYS = ["trust"];
const MAX_BYTES = 1024 * 1024;
const MAX_PROBLEMS = 5;

/**
 * Reads a `tenon.json`.
 *
 * @throws {@link ToolkitError} `ERR_CONFIG` when the file is not valid, with the line of each mistake; `ERR_FILE` when it
 * cannot be read
 */
export async function readProject(path: string): Promise<Project> {
  const absolute = resolve(path);
  const shown = displayPath(absolute);
  const read = readJsonText(absolute, await readText(absolute, shown));
  if ("problem" in read)
    throw configError(`Cannot read configuration "${shown}": ${read.problem}`, read.locations);
  const file = await checkProject(shown, read);
  return {
    path: absolute,
    folder: dirname(absolute),
    file,
    providers: Object.entries(file.providers).map(([as, reference]) => ({
      as,
      reference,
      at: ["providers", as],
    })),
    middleware: (file.middleware ?? []).map(({ use, as, config }, i) => ({
      as: as ?? defaultName(use),
      reference: use,
      at: ["middleware", i, "use"],
      ...(config && { settings: config }),
    })),
    describe: (at) => describeLocation(read.locate(at)),
  };
}

async function readText(path: string, shown: string): Promise<string> {
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
  throw new ToolkitError(`Cannot read configuration "${shown}": ${state}`, {
    code: "ERR_FILE",
    hint: 'Name a tenon.json or a composed core.wasm, or start with "tenon new"',
    cause,
  });
}

async function checkProject(shown: string, { value, locate }: JsonText): Promise<ProjectFile> {
  // Refused by name until they are enforced: a rule that nothing checks would be a promise not kept.
  const later = LATER_KEYS.find((key) => value !== null && typeof value === "object" && key in value);
  if (later !== undefined) {
    throw configError(
      `Cannot use configuration "${shown}": "${later}" is not supported in this version`,
      [locate([later])],
      "Remove it",
    );
  }
  const problems = findProblems(await projectSchema(), value, { own: true });
  const [first, ...others] = problems.slice(0, MAX_PROBLEMS);
  if (!first) return value as ProjectFile;
  throw new ToolkitError(`Cannot use configuration "${shown}": ${first.text}`, {
    code: "ERR_CONFIG",
    details: [
      ...describeLocation(locate(first.at)),
      ...others.flatMap(({ text, at }) => [text, ...describeLocation(locate(at))]),
      ...(problems.length > MAX_PROBLEMS ? [`and ${problems.length - MAX_PROBLEMS} more mistakes`] : []),
    ],
    hint: "schema/tenon.schema.json of this package lists every key",
  });
}

function configError(message: string, locations: readonly SourceLocation[], hint?: string): ToolkitError {
  return new ToolkitError(message, {
    code: "ERR_CONFIG",
    details: locations.flatMap(describeLocation),
    ...(hint && { hint }),
  });
}

let schema: Promise<object> | undefined;

function projectSchema(): Promise<object> {
  schema ??= readFile(packageFile("schema", "tenon.schema.json"), "utf8").then(
    (text) => JSON.parse(text) as object,
  );
  return schema;
}
