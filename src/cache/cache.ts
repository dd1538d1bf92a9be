import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { ToolkitError } from "../errors/index.ts";

/** What was made once and is kept in a folder of the user. */
export interface Cache {
  /** The files of an entry; nothing when there is none, or any of it does not match its hash. */
  read(key: string): Promise<Map<string, Uint8Array> | undefined>;
  /** Keeps files under a key, whole or not at all. A disk that is full or read-only costs time and nothing else. */
  write(key: string, files: ReadonlyMap<string, Uint8Array>): Promise<void>;
}

const INDEX = "index.json";
const DEFAULT_MAX_BYTES = 512 * 1024 * 1024;

/** Where things are kept: `TENON_CACHE_DIR`, or `tenon` in the user's cache folder. */
export function defaultCacheDir(): string {
  const given = process.env["TENON_CACHE_DIR"];
  if (given) return given;
  const user =
    process.platform === "darwin"
      ? join(homedir(), "Library", "Caches")
      : process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(user, "tenon");
}

/**
 * Opens a cache whose entries, and the one written last whatever its size, are together no larger than `maxBytes`: those go first that
 * were not read for the longest time. The folder is made if need be; nothing is kept where the file system allows none.
 *
 * @param maxBytes Default 512 MiB.
 * @throws ToolkitError `ERR_FILE` when others may write to the folder.
 */
export async function openCache(folder: string, maxBytes = DEFAULT_MAX_BYTES): Promise<Cache> {
  const usable = await makePrivateFolder(folder);
  return {
    read: async (key) => (usable ? readEntry(join(folder, nameOf(key))) : undefined),
    write: async (key, files) => {
      if (usable) await writeEntry(folder, nameOf(key), files, maxBytes);
    },
  };
}

/**
 * Makes a folder that nobody else may write to. False where the file system allows none.
 *
 * @throws ToolkitError `ERR_FILE` when others may write to the folder.
 */
export async function makePrivateFolder(folder: string): Promise<boolean> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    return false;
  }
  if (process.getuid === undefined) return true;
  const { uid, mode } = statSync(folder);
  if ((uid === process.getuid() || uid === 0) && (mode & 0o022) === 0) return true;
  throw new ToolkitError(`Cannot use cache folder "${folder}": others may write to it`, {
    code: "ERR_FILE",
    hint: `Run "chmod 700 ${folder}", or name another folder in TENON_CACHE_DIR`,
  });
}

/** Two dozen files are read sooner one by one than through as many promises. */
function readEntry(entry: string): Map<string, Uint8Array> | undefined {
  try {
    const index = JSON.parse(readFileSync(join(entry, INDEX), "utf8")) as Record<string, string>;
    const files = new Map<string, Uint8Array>();
    for (const [name, hash] of Object.entries(index)) {
      const content = readFileSync(join(entry, name));
      if (sha256(content) !== hash) throw new Error(`"${name}" does not match its hash`);
      files.set(name, content);
    }
    const now = new Date();
    utimesSync(entry, now, now);
    return files;
  } catch {
    return undefined;
  }
}

async function writeEntry(
  folder: string,
  name: string,
  files: ReadonlyMap<string, Uint8Array>,
  maxBytes: number,
): Promise<void> {
  try {
    const entry = join(folder, name);
    const draft = await mkdtemp(join(folder, "draft-"));
    const index: Record<string, string> = {};
    await Promise.all(
      [...files].map(([file, content]) => {
        index[file] = sha256(content);
        return writeFile(join(draft, file), content, { mode: 0o600 });
      }),
    );
    await writeFile(join(draft, INDEX), JSON.stringify(index), { mode: 0o600 });
    // What is there is broken, or another process has just made it: either way this one is as good.
    const old = join(folder, `draft-${randomBytes(8).toString("hex")}`);
    await rename(entry, old).catch(() => undefined);
    await rename(draft, entry).catch(() => rm(draft, { recursive: true, force: true }));
    await rm(old, { recursive: true, force: true });
    await prune(folder, maxBytes);
  } catch {
    // A full or read-only disk leaves the next time as slow as this one.
  }
}

/** Removes the entries that were not used for the longest time. Whoever uses one has it in memory. */
async function prune(folder: string, maxBytes: number): Promise<void> {
  // Thousands of files are asked for their size sooner one by one than through as many promises.
  const names = readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const entries = names.map((name) => measured(join(folder, name))).sort((a, b) => b.usedMs - a.usedMs);
  let total = 0;
  for (const [i, { path, bytes }] of entries.entries()) {
    total += bytes;
    if (total > maxBytes && i > 0) await rm(path, { recursive: true, force: true });
  }
}

function measured(path: string): { path: string; bytes: number; usedMs: number } {
  try {
    const sizes = readdirSync(path).map((file) => statSync(join(path, file)).size);
    return { path, bytes: sizes.reduce((sum, size) => sum + size, 0), usedMs: statSync(path).mtimeMs };
  } catch {
    // Another process has just removed it.
    return { path, bytes: 0, usedMs: 0 };
  }
}

function nameOf(key: string): string {
  return sha256(key);
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
