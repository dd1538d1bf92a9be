import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { defaultCacheDir, makePrivateFolder } from "../cache/index.ts";
import { digestOf } from "./digest.ts";

/** Content by its digest, and what was last heard of registries, kept in a folder of the user. */
export interface BlobCache {
  /** Content whose digest is right; nothing when there is none, or another than its name says. */
  read(digest: string): Promise<Uint8Array | undefined>;
  /** Keeps content, whole or not at all. A disk that is full or read-only keeps nothing. @returns whether it is kept */
  write(digest: string, bytes: Uint8Array): Promise<boolean>;
  /** What was last noted under a key. Nobody vouches for it. */
  recall(key: string): Promise<unknown>;
  /** Notes a JSON value under a key. */
  note(key: string, value: unknown): Promise<boolean>;
}

/** Bytes of content that are kept; what was not read for the longest time goes first. */
const MAX_BYTES = 2 * 1024 * 1024 * 1024;
const MAX_NOTES = 10_000;

/**
 * Opens the cache of what came from registries.
 *
 * @param folder Default: `oci` in the cache folder of tenon.
 * @throws ToolkitError `ERR_FILE` when others may write to the folder.
 */
export async function openBlobCache(folder: string = join(defaultCacheDir(), "oci")): Promise<BlobCache> {
  const usable = await makePrivateFolder(folder);
  const blobs = join(folder, "blobs", "sha256");
  const notes = join(folder, "notes");
  const blobPath = (digest: string): string => join(blobs, digest.slice("sha256:".length));
  const notePath = (key: string): string => join(notes, hexOf(new TextEncoder().encode(key)));
  return {
    read: async (digest) => (usable ? await readBlob(blobPath(digest), digest) : undefined),
    async write(digest, bytes) {
      const kept = usable && (await writeWhole(blobs, blobPath(digest), bytes));
      if (kept) await prune(blobs, { maxBytes: MAX_BYTES });
      return kept;
    },
    recall: async (key) => (usable ? await readNote(notePath(key)) : undefined),
    async note(key, value) {
      const bytes = new TextEncoder().encode(JSON.stringify(value));
      const kept = usable && (await writeWhole(notes, notePath(key), bytes));
      if (kept) await prune(notes, { maxFiles: MAX_NOTES });
      return kept;
    },
  };
}

async function readBlob(path: string, digest: string): Promise<Uint8Array | undefined> {
  try {
    const bytes = await readFile(path);
    if (digestOf(bytes) !== digest) return undefined;
    const now = new Date();
    // Where nothing may be written, nothing is pruned either.
    await utimes(path, now, now).catch(() => undefined);
    return bytes;
  } catch {
    return undefined;
  }
}

async function readNote(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch {
    return undefined;
  }
}

async function writeWhole(folder: string, path: string, bytes: Uint8Array): Promise<boolean> {
  const draft = `${path}.${randomBytes(6).toString("hex")}.draft`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    return true;
  } catch {
    await rm(draft, { force: true }).catch(() => undefined);
    return false;
  }
}

/** Removes what was used longest ago, until no more is left than may be. Whoever reads has it in memory. */
async function prune(
  folder: string,
  { maxBytes = Infinity, maxFiles = Infinity }: { maxBytes?: number; maxFiles?: number },
): Promise<void> {
  try {
    const files = await Promise.all(
      (await readdir(folder)).map(async (name) => {
        const path = join(folder, name);
        const { size, mtimeMs } = await stat(path);
        return { path, size, mtimeMs };
      }),
    );
    files.sort((a, b) => b.mtimeMs - a.mtimeMs);
    let bytes = 0;
    const over = files.filter(({ size }, index) => (bytes += size) > maxBytes || index >= maxFiles);
    await Promise.all(over.map(({ path }) => rm(path, { force: true })));
  } catch {
    // Another process prunes at the same time.
  }
}

function hexOf(bytes: Uint8Array): string {
  return digestOf(bytes).slice("sha256:".length);
}
