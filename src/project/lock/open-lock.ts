import { displayPath, nearest, ToolkitError } from "../../errors/index.ts";
import { formatReference, isOciReference, parseReference } from "../../oci/index.ts";
import type { Puller } from "../create-puller.ts";
import type { Project, ProjectPart } from "../read-project.ts";
import { lockPath, readLock, type LockedComponent } from "./lock-file.ts";
import { frozenError } from "./lock-error.ts";
import type { LockRules, PulledPart } from "./settle-lock.ts";

/** How a project takes its lock file. */
export interface LockOptions extends LockRules {
  /** Names of parts whose references are looked up again, or all of them. Default: none. */
  update?: "all" | readonly string[];
}

/** The lock file of a project. */
export interface ProjectLock {
  /** The reference that a part is loaded by: with the digest it is locked to, where it is. */
  exact(part: ProjectPart): string;
  /**
   * Holds what was loaded against the file, and writes it anew where it changed and may.
   *
   * @returns what changed, for people
   * @throws {@link ToolkitError} `ERR_LOCK`
   */
  settle(parts: readonly PulledPart[], puller: Puller): Promise<string[]>;
}

/**
 * Reads the lock file of a project. Frozen, it must have each reference as it is and no other, before anything is fetched.
 *
 * @throws {@link ToolkitError} `ERR_LOCK`; `ERR_USAGE` for an update of what does not come from a registry
 */
export async function openLock(project: Project, options: LockOptions): Promise<ProjectLock> {
  const path = lockPath(project.folder);
  const lock = await readLock(path);
  const parts = [...project.providers, ...project.middleware].filter(({ reference }) =>
    isOciReference(reference),
  );
  const locked = new Map(Object.entries(lock?.components ?? {}));
  if (options.frozen) checkFrozen(path, parts, locked);
  const isUpdated = updated(parts, options.update);
  return {
    exact({ as, reference }) {
      const entry = locked.get(as);
      return entry?.reference === reference && !isUpdated(as)
        ? formatReference({ ...parseReference(reference), digest: entry.manifest })
        : reference;
    },
    async settle(pulled, puller) {
      if (lock === undefined && pulled.length === 0) return [];
      // Loaded for this alone: it reads components, which takes the composer.
      const { settleLock } = await import("./settle-lock.ts");
      return await settleLock(path, lock, pulled, puller, options);
    },
  };
}

function checkFrozen(
  path: string,
  parts: readonly ProjectPart[],
  locked: ReadonlyMap<string, LockedComponent>,
): void {
  const wanted = new Map(parts.map(({ as, reference }) => [as, reference]));
  const missing = parts.flatMap(({ as, reference }) => {
    const entry = locked.get(as);
    if (entry === undefined) return [`${as}: ${reference} has no entry`];
    return entry.reference === reference ? [] : [`${as}: ${entry.reference} became ${reference}`];
  });
  const unused = [...locked].flatMap(([as, { reference }]) =>
    wanted.has(as) ? [] : [`${as}: no reference of that name any more, ${reference}`],
  );
  if (missing.length + unused.length > 0) throw frozenError(path, [...missing, ...unused]);
}

function updated(
  parts: readonly ProjectPart[],
  update: "all" | readonly string[] = [],
): (as: string) => boolean {
  if (update === "all") return () => true;
  const names = parts.map(({ as }) => as);
  const unknown = update.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const suggestion = nearest(unknown, names);
    throw new ToolkitError(`Cannot update "${unknown}": no part of that name comes from a registry`, {
      code: "ERR_USAGE",
      hint: suggestion ? `Did you mean "${suggestion}"?` : `From registries: ${names.join(", ") || "none"}`,
    });
  }
  return (as) => update.includes(as);
}

/** The error for a part whose locked digest the registry does not give. */
export function lostError(
  { as, reference }: ProjectPart,
  { folder }: Project,
  exact: string,
  cause: ToolkitError,
): ToolkitError {
  return new ToolkitError(
    `Cannot load "${reference}": what "${displayPath(lockPath(folder))}" has of it cannot be had any more`,
    {
      code: "ERR_LOCK",
      details: [`${exact.slice(exact.indexOf("@") + 1)} was locked`, cause.message],
      hint: `Push it again, or run "tenon compose --update ${as}" for what is there now`,
      cause,
    },
  );
}
