import { availableParallelism } from "node:os";
import { ToolkitError } from "../errors/index.ts";
import type { ComposeInput, Composition } from "../compose/index.ts";
import { loadComponent, type LoadedComponent } from "./load-component.ts";
import { readProject, type Project, type ProjectPart } from "./read-project.ts";
import { readTrust } from "./read-trust.ts";
import { withPlace } from "./with-place.ts";

/** A composition of components, some of which may have been built for it. */
export interface ComposedProject extends Composition {
  /** What the authors of the sources should know, one sentence each. */
  warnings: string[];
}

/** Loads what a reference names; {@link loadComponent} or one that keeps what has not changed. */
export type ComponentLoader = (reference: string, folder: string) => Promise<LoadedComponent>;

/**
 * Loads the components that a `tenon.json` names, building sources, and composes them.
 *
 * @param project A project, or the path of its `tenon.json`.
 * @param composer Puts the components together. Default: `compose`.
 * @throws {@link ToolkitError} `ERR_CONFIG`, `ERR_FILE`, `ERR_BUILD_*` or `ERR_COMPOSE_*`, with the line of the file that
 * leads to it, where there is one
 */
export async function composeProject(
  project: Project | string,
  load: ComponentLoader = loadComponent,
  composer?: (input: ComposeInput) => Promise<Composition>,
): Promise<ComposedProject> {
  const read = typeof project === "string" ? await readProject(project) : project;
  const { file, providers, middleware, folder, describe } = read;
  await readTrust(read);
  const parts = [...providers, ...middleware];
  const loaded = await loadAll(parts, async ({ reference, at }) => {
    try {
      return await load(reference, folder);
    } catch (error) {
      // What is wrong inside a source says so itself.
      throw isAboutReference(error) ? withPlace(error, describe(at)) : error;
    }
  });
  const components = parts.map(({ as, settings }, i) => ({
    as,
    bytes: loaded[i]!.bytes,
    ...(settings && { settings }),
  }));
  const compose = composer ?? (await import("../compose/index.ts")).compose;
  try {
    const { $schema: _, trust: _trust, grants, ...server } = file;
    const composition = await compose({
      ...server,
      providers: components.slice(0, providers.length),
      middleware: components.slice(providers.length),
      ...(grants && { grants }),
    });
    return { ...composition, warnings: loaded.flatMap(({ built }) => built?.warnings ?? []) };
  } catch (error) {
    const at = error instanceof ToolkitError ? error.at : undefined;
    throw at === undefined ? error : withPlace(error, describe(at));
  }
}

function isAboutReference(error: unknown): boolean {
  return error instanceof ToolkitError && (error.code === "ERR_FILE" || error.code === "ERR_CONFIG");
}

/** Loads several at once, and reports the first in order that fails. */
async function loadAll<T>(
  parts: readonly ProjectPart[],
  load: (part: ProjectPart) => Promise<T>,
): Promise<T[]> {
  const results: Promise<T>[] = [];
  const running = new Set<Promise<unknown>>();
  for (const part of parts) {
    if (running.size >= availableParallelism()) await Promise.race(running);
    const result = load(part);
    const settled: Promise<unknown> = result.catch(() => undefined).finally(() => running.delete(settled));
    running.add(settled);
    results.push(result);
  }
  await Promise.all(running);
  return await Promise.all(results);
}
