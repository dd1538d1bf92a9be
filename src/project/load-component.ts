import { readdir, readFile } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import type { BuiltComponent } from "../build/index.ts";
import { nearest, ToolkitError } from "../errors/index.ts";
import { isOciReference } from "../oci/index.ts";
import { packageFile } from "../package/index.ts";
import { createPuller, type Pulled, type Puller } from "./create-puller.ts";

/** A component that a reference led to. */
export interface LoadedComponent {
  bytes: Uint8Array;
  /** What there is to know of its build, where the reference named a source. */
  built?: BuiltComponent;
  /** Where it came from, where the reference led into a registry. */
  pulled?: Pulled;
}

/** What a reference leads to. */
export interface ResolvedReference {
  /** Absolute path. */
  path: string;
  /** `source`: a module that is built when it is loaded. */
  kind: "component" | "source";
}

const SOURCE_ENDING = /\.[cm]?[jt]sx?$/;
const FILE_ENDING = /\.(?:wasm|[cm]?[jt]sx?)$/;

/** True for the name of a module that can be built. */
export function isSource(path: string): boolean {
  return SOURCE_ENDING.test(path);
}

/** The name a reference gives a part that has none: the last path segment without its ending, tag or digest. */
export function defaultName(reference: string): string {
  if (isOciReference(reference))
    return reference.replace(/@.*$/, "").replace(/^.*\//, "").replace(/:.*$/, "");
  return reference.replace(/^.*[/\\]/, "").replace(FILE_ENDING, "");
}

/** Names of the components that come with this package, sorted. */
export async function readyMadeNames(): Promise<string[]> {
  const files = await readdir(packageFile("dist", "components")).catch((): string[] => []);
  // Adapters lie beside them, but stand between a core and its host.
  return files
    .filter((file) => file.endsWith(".wasm") && !file.startsWith("adapter-"))
    .map(defaultName)
    .sort();
}

/**
 * Reads a component by reference: a path (relative to `folder`) of a component or of a TypeScript or JavaScript module,
 * which is built; the bare name of a ready-made component; or a reference into a registry, `oci://…`.
 *
 * @param puller Fetches what is in a registry. Default: one that takes it whoever signed it.
 * @throws {@link ToolkitError} `ERR_FILE` when there is nothing at the reference, `ERR_CONFIG` for an unknown kind of
 * reference, `ERR_BUILD_*` when a source does not build, `ERR_OCI_*` when a registry does not give it
 */
export async function loadComponent(
  reference: string,
  folder: string,
  puller: Puller = createPuller(),
): Promise<LoadedComponent> {
  if (isOciReference(reference)) {
    const pulled = await puller.pull(reference);
    return { bytes: pulled.bytes, pulled };
  }
  const { path, kind } = await resolveReference(reference, folder);
  if (kind === "component") return { bytes: await readComponent(reference, path) };
  const { buildComponent } = await import("../build/index.ts");
  const built = await buildComponent({ entry: path });
  return { bytes: built.bytes, built };
}

/** Reads the file behind a reference, as {@link loadComponent} does. */
async function readComponent(reference: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new ToolkitError(
      `Cannot load component "${reference}": ${missing ? "there is no such file" : (error as Error).message}`,
      {
        code: "ERR_FILE",
        hint: 'Build it first with "tenon build", or name its TypeScript source here',
        cause: error,
      },
    );
  }
}

/** Finds what a reference leads to that is not into a registry, as {@link loadComponent} does; a path is not looked at. */
export async function resolveReference(reference: string, folder: string): Promise<ResolvedReference> {
  const isPath = isAbsolute(reference) || /^\.|[/\\]/.test(reference) || FILE_ENDING.test(reference);
  if (isPath) return { path: resolve(folder, reference), kind: isSource(reference) ? "source" : "component" };
  const names = await readyMadeNames();
  if (names.includes(reference)) {
    return { path: packageFile("dist", "components", `${reference}.wasm`), kind: "component" };
  }
  const suggestion = nearest(reference, names);
  throw new ToolkitError(`Cannot load component "${reference}": there is no ready-made one of that name`, {
    code: "ERR_CONFIG",
    hint: suggestion
      ? `Did you mean "${suggestion}"?`
      : `Ready-made: ${names.join(", ") || "none"}; for a file of your own write "./${reference}.wasm" or "./${reference}.ts"`,
  });
}
