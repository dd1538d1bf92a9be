import { randomBytes } from "node:crypto";
import { access, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describeLocation, displayPath, ToolkitError } from "../../errors/index.ts";
import { canonical } from "../../manifest/index.ts";
import { parseReference } from "../../oci/index.ts";
import type { JsonText } from "../json-text.ts";
import { againstSchema, readJsonFile, type JsonFileKind } from "../read-json-file.ts";

/** `tenon.lock`; `schema/lock.schema.json` describes each member. */
export interface LockFile {
  /** Version of this format. */
  lockVersion: 1;
  /** By the names that the parts have in the server. */
  components: Record<string, LockedComponent>;
}

/** The bytes that a reference into a registry stands for, and what they hold. */
export interface LockedComponent {
  /** As `tenon.json` has it. */
  reference: string;
  /** Digest of the manifest in the registry. */
  manifest: string;
  /** Digest of the component. */
  component: string;
  /** Of the component, in bytes. */
  size: number;
  /** The key that signed it. Absent: no rule asked for one. */
  signer?: string;
  /** Digest of what clients see of it. Absent: it offers nothing. */
  definitions?: string;
  /** Interfaces that it gets only when granted, sorted. */
  capabilities: string[];
  /** Version of the toolkit that made it. Absent: it does not say, as for the next one. */
  sdk?: string;
  /** Name and version of the engine inside. */
  engine?: string;
}

const LOCK: JsonFileKind = {
  what: "lock file",
  code: "ERR_LOCK",
  findProblems: againstSchema("lock.schema.json"),
  hint: 'Restore the file, or remove it and run "tenon compose", which locks what the registries have now',
};

/** Where the lock file of a project in a folder is. */
export function lockPath(folder: string): string {
  return join(folder, "tenon.lock");
}

/**
 * Reads a lock file; nothing when there is none.
 *
 * @throws {@link ToolkitError} `ERR_LOCK` with the line, when it is not one: not JSON, a key twice, a member that is unknown
 * or missing, a reference that is none or with another digest; `ERR_FILE` when it cannot be read
 */
export async function readLock(path: string): Promise<LockFile | undefined> {
  const isThere = await access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
  );
  if (!isThere) return undefined;
  const read = await readJsonFile(path, LOCK);
  const lock = read.value as LockFile;
  for (const [as, { reference, manifest }] of Object.entries(lock.components)) {
    const problem = referenceProblem(reference, manifest);
    if (problem !== undefined) throw entryError(path, read, as, problem);
  }
  return lock;
}

function referenceProblem(reference: string, manifest: string): string | undefined {
  try {
    const { digest = manifest } = parseReference(reference);
    return digest === manifest ? undefined : 'its "manifest" is not the digest of its reference';
  } catch (error) {
    if (error instanceof ToolkitError) return "its reference is not one into a registry";
    throw error;
  }
}

function entryError(path: string, { locate }: JsonText, as: string, problem: string): ToolkitError {
  return new ToolkitError(`Cannot use lock file "${displayPath(path)}": "${as}": ${problem}`, {
    code: "ERR_LOCK",
    details: describeLocation(locate(["components", as, "reference"])),
    hint: LOCK.hint,
  });
}

/** A lock file as text: the same for the same content, members sorted. */
export function lockText(lock: LockFile): string {
  return `${JSON.stringify(canonical(lock), null, 2)}\n`;
}

/**
 * Writes a lock file whole or not at all; one without components is removed. Of several processes that write at once one
 * has its way.
 *
 * @throws {@link ToolkitError} `ERR_FILE`
 */
export async function writeLock(path: string, lock: LockFile): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    if (Object.keys(lock.components).length === 0) {
      await rm(path, { force: true });
      return;
    }
    await writeFile(temporary, lockText(lock), { flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new ToolkitError(
      `Cannot write lock file "${displayPath(path)}": ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
      {
        code: "ERR_FILE",
        hint: 'Run "tenon compose" where it can be written, and bring the file along',
        cause: error,
      },
    );
  }
}
