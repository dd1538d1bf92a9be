import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { ComposeInput } from "../compose/index.ts";
import { ToolkitError } from "../errors/index.ts";
import { checkJson } from "../json-schema/index.ts";
import type { Json } from "../manifest/index.ts";
import { packageFile } from "../package/index.ts";
import { loadComponent } from "./load-component.ts";
import { locateJsonError } from "./locate-json-error.ts";

/** `tenon.json`; `schema/tenon.schema.json` describes each member. */
interface ProjectFile {
  name: string;
  version: string;
  access: "authenticated" | "public";
  providers: Record<string, string>;
  middleware?: { use: string; as?: string; config?: Record<string, Json> }[];
}

const LATER_KEYS = ["grants", "roles", "trust"];

/**
 * Reads a `tenon.json` and the components it names.
 *
 * @throws {@link ToolkitError} `ERR_CONFIG` when the file is not valid, `ERR_FILE` when it or a component cannot be read
 */
export async function readProject(path: string): Promise<ComposeInput> {
  const project = await parseProject(path, await readText(path));
  const folder = dirname(resolve(path));
  const providers = await Promise.all(
    Object.entries(project.providers).map(async ([as, reference]) => ({
      as,
      bytes: await loadComponent(reference, folder),
    })),
  );
  const middleware = await Promise.all(
    (project.middleware ?? []).map(async ({ use, as, config }) => ({
      as: as ?? defaultName(use),
      bytes: await loadComponent(use, folder),
      ...(config && { settings: config }),
    })),
  );
  return { name: project.name, version: project.version, access: project.access, providers, middleware };
}

/** The name a middleware entry has when it gives none: the last path segment without its ending. */
export function defaultName(reference: string): string {
  return reference.replace(/^.*[/\\]/, "").replace(/\.wasm$/, "");
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new ToolkitError(
      `Cannot read configuration "${path}": ${missing ? "there is no such file" : (error as Error).message}`,
      { code: "ERR_FILE", hint: "Name a tenon.json or a composed core.wasm", cause: error },
    );
  }
}

async function parseProject(path: string, text: string): Promise<ProjectFile> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ToolkitError(`Cannot read configuration "${path}": ${locateJsonError(text)}`, {
      code: "ERR_CONFIG",
      cause: error,
    });
  }
  // Refused by name until they are enforced: a grant that nothing checks would be a promise not kept.
  const later = LATER_KEYS.filter((key) => value !== null && typeof value === "object" && key in value);
  if (later.length > 0) {
    throw new ToolkitError(
      `Cannot use configuration "${path}": "${later[0]}" is not supported in this version`,
      {
        code: "ERR_CONFIG",
        hint: "Remove it: every capability but logging, clocks and random numbers stays denied",
      },
    );
  }
  const problems = checkJson(await projectSchema(), value, { own: true });
  if (problems.length > 0) {
    throw new ToolkitError(`Cannot use configuration "${path}": ${problems[0]}`, {
      code: "ERR_CONFIG",
      details: problems.slice(1),
      hint: "schema/tenon.schema.json of this package lists every key",
    });
  }
  return value as ProjectFile;
}

async function projectSchema(): Promise<object> {
  return JSON.parse(await readFile(packageFile("schema", "tenon.schema.json"), "utf8")) as object;
}
