import { availableParallelism } from "node:os";
import { ToolkitError } from "../errors/index.ts";
import type { ComposeInput, Composition } from "../compose/index.ts";
import type { RepositorySettings } from "../oci/index.ts";
import { createPuller, type Puller } from "./create-puller.ts";
import { loadComponent, type LoadedComponent } from "./load-component.ts";
import { lostError, openLock, type LockOptions } from "./lock/open-lock.ts";
import { readProject, type Project, type ProjectPart } from "./read-project.ts";
import { readTrust } from "./read-trust.ts";
import { withPlace } from "./with-place.ts";

/** A composition of components, some of which may have been built for it. */
export interface ComposedProject extends Composition {
  /** What the authors of the sources should know, one sentence each. */
  warnings: string[];
  /** What of `tenon.lock` is another now, one line each; empty when it is as it was. */
  lockChanges: string[];
}

/** Loads what a reference names; {@link loadComponent} or one that keeps what has not changed. */
export type ComponentLoader = (reference: string, folder: string, puller: Puller) => Promise<LoadedComponent>;

/** How a project is composed. */
export interface ComposeProjectOptions extends LockOptions {
  /** Default: {@link loadComponent}. */
  load?: ComponentLoader;
  /** Puts the components together. Default: `compose`. */
  composer?: (input: ComposeInput) => Promise<Composition>;
  /** Ask no registry: what is locked must be in the cache. Default false. */
  offline?: boolean;
  /** How registries are talked to. */
  registry?: RepositorySettings;
}

/**
 * Loads the components that a `tenon.json` names, building sources, and composes them. What comes from registries is what
 * `tenon.lock` beside it says; what that does not have yet is put into it.
 *
 * @param project A project, or the path of its `tenon.json`.
 * @throws {@link ToolkitError} `ERR_CONFIG`, `ERR_FILE`, `ERR_BUILD_*`, `ERR_OCI_*`, `ERR_LOCK` or `ERR_COMPOSE_*`, with the
 * line of the file that leads to it, where there is one
 */
export async function composeProject(
  project: Project | string,
  options: ComposeProjectOptions = {},
): Promise<ComposedProject> {
  const read = typeof project === "string" ? await readProject(project) : project;
  const { file, providers, middleware, describe } = read;
  const parts = [...providers, ...middleware];
  const { loaded, lockChanges } = await loadParts(read, parts, options);
  const components = parts.map(({ as, settings }, i) => ({
    as,
    bytes: loaded[i]!.bytes,
    ...(settings && { settings }),
  }));
  const compose = options.composer ?? (await import("../compose/index.ts")).compose;
  try {
    const { $schema: _, trust: _trust, grants, ...server } = file;
    const composition = await compose({
      ...server,
      providers: components.slice(0, providers.length),
      middleware: components.slice(providers.length),
      ...(grants && { grants }),
    });
    return { ...composition, warnings: loaded.flatMap(({ built }) => built?.warnings ?? []), lockChanges };
  } catch (error) {
    const at = error instanceof ToolkitError ? error.at : undefined;
    throw at === undefined ? error : withPlace(error, describe(at));
  }
}

/** Loads the parts of a project, and settles what it has locked. */
async function loadParts(
  project: Project,
  parts: readonly ProjectPart[],
  { load = loadComponent, offline = false, registry = {}, ...lockOptions }: ComposeProjectOptions,
): Promise<{ loaded: LoadedComponent[]; lockChanges: string[] }> {
  const trust = await readTrust(project);
  const lock = await openLock(project, lockOptions);
  const puller = createPuller({ ...registry, trust, offline });
  const loaded = await loadAll(parts, async (part) => {
    const exact = lock.exact(part);
    try {
      return await load(exact, project.folder, puller);
    } catch (error) {
      const isLost = exact !== part.reference && isNotFound(error) && !offline;
      const told = isLost ? lostError(part, project, exact, error) : error;
      // What is wrong inside a source says so itself.
      throw isAboutReference(told) ? withPlace(told, project.describe(part.at)) : told;
    }
  });
  const pulled = parts.flatMap(({ as, reference }, i) => {
    const from = loaded[i]!.pulled;
    return from === undefined ? [] : [{ as, reference, pulled: from }];
  });
  return { loaded, lockChanges: await lock.settle(pulled, puller) };
}

function isNotFound(error: unknown): error is ToolkitError {
  return error instanceof ToolkitError && error.code === "ERR_OCI_NOT_FOUND";
}

function isAboutReference(error: unknown): boolean {
  return error instanceof ToolkitError && /^ERR_(?:CONFIG|FILE|LOCK|OCI_|SIGNATURE|TRUST)/.test(error.code);
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
