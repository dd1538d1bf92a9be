import { dirname, resolve } from "node:path";
import { describeLocation } from "../errors/index.ts";
import type { Grants, Json, ServerDescription } from "../manifest/index.ts";
import type { TrustRule } from "../signatures/index.ts";
import { defaultName } from "./load-component.ts";
import { againstSchema, readJsonFile, type JsonFileKind } from "./read-json-file.ts";

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
  trust?: TrustRule[];
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

const CONFIGURATION: JsonFileKind = {
  what: "configuration",
  code: "ERR_CONFIG",
  findProblems: againstSchema("tenon.schema.json"),
  hint: "schema/tenon.schema.json of this package lists every key",
  missingHint: 'Name a tenon.json or a composed core.wasm, or start with "tenon new"',
};

/**
 * Reads a `tenon.json`.
 *
 * @throws {@link ToolkitError} `ERR_CONFIG` when the file is not valid, with the line of each mistake; `ERR_FILE` when it
 * cannot be read
 */
export async function readProject(path: string): Promise<Project> {
  const absolute = resolve(path);
  const { value, locate } = await readJsonFile(absolute, CONFIGURATION);
  const file = value as ProjectFile;
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
    describe: (at) => describeLocation(locate(at)),
  };
}
