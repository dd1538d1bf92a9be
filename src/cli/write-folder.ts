import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { ToolkitError } from "../errors/index.ts";
import { fileError, writeOutput } from "./files.ts";

/** A file of a folder that a command writes. */
export interface OutputFile {
  content: Uint8Array | string;
  /** True for a program. Default false. */
  executable?: boolean;
}

/** The file that says what a command wrote, so that it may replace that later. */
export interface FolderRecord {
  /** Its name; JSON with a member `files`: `sha256:` and 64 hexadecimal digits, by path. */
  name: string;
  /** Its other members. */
  members: object;
}

/**
 * Writes a folder that appears whole or not at all. One that is there already is replaced when it is empty, or holds what the
 * record in it says and nothing else.
 *
 * @param force True to write into any folder: files of these names are replaced one by one, others stay.
 * @throws {@link ToolkitError} `ERR_FILE` when the folder holds anything else, or cannot be written.
 */
export async function writeFolder(
  path: string,
  files: Readonly<Record<string, OutputFile>>,
  { record, force }: { record: FolderRecord; force: boolean },
): Promise<void> {
  const target = resolve(path);
  const digests = Object.fromEntries(
    Object.entries(files).map(([name, { content }]) => [name, digestOf(content)]),
  );
  const all = {
    ...files,
    [record.name]: { content: `${JSON.stringify({ ...record.members, files: digests }, null, 2)}\n` },
  };
  try {
    const state = await stateOf(target, record.name);
    if (state.foreign !== undefined && !force) throw foreignFolder(path, state.foreign);
    if (state.foreign !== undefined) return await writeInto(target, all);
    const staged = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
    try {
      await writeInto(staged, all);
      if (state.exists) await rm(target, { recursive: true });
      await rename(staged, target);
    } finally {
      await rm(staged, { recursive: true, force: true });
    }
  } catch (error) {
    throw error instanceof ToolkitError ? error : fileError(`Cannot write "${path}"`, error);
  }
}

async function writeInto(folder: string, files: Readonly<Record<string, OutputFile>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, { content, executable = false }] of Object.entries(files)) {
    const file = join(folder, name);
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await writeOutput(file, bytes);
    if (executable) await chmod(file, 0o755);
  }
}

/** Whether the folder exists, and what keeps it from being replaced. */
async function stateOf(folder: string, record: string): Promise<{ exists: boolean; foreign?: string }> {
  let entries: string[];
  try {
    entries = await filesIn(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { exists: false };
    throw error;
  }
  if (entries.length === 0) return { exists: true };
  const recorded = await readRecord(join(folder, record));
  if (recorded === undefined)
    return { exists: true, foreign: `it has no ${record} that lists what is in it` };
  for (const entry of entries.filter((each) => each !== record)) {
    const digest = Object.hasOwn(recorded, entry) ? recorded[entry] : undefined;
    if (digest === undefined) return { exists: true, foreign: `"${entry}" is not of the last run` };
    if (digest !== digestOf(await readFile(join(folder, entry)))) {
      return { exists: true, foreign: `"${entry}" was changed since the last run` };
    }
  }
  return { exists: true };
}

/** Paths of everything in a folder that is not a folder itself, with `/` between names. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .split(sep)
        .join("/"),
    );
}

async function readRecord(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const { files } = JSON.parse(await readFile(path, "utf8")) as { files?: Record<string, unknown> };
    return files !== null && typeof files === "object" ? files : undefined;
  } catch {
    return undefined;
  }
}

function digestOf(content: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

function foreignFolder(path: string, state: string): ToolkitError {
  return new ToolkitError(`Cannot write "${path}": ${state}`, {
    code: "ERR_FILE",
    hint: 'Name another folder with "-o", or give "--force" to replace files of the same names',
  });
}
