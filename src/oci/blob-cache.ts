import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { defaultCacheDir, makePrivateFolder } from "../cache/index.ts";
import { digestOf } from "./digest.ts";

/** Content by its digest, kept in a folder of the user. */
export interface BlobCache {
  /** Content whose digest is right; nothing when there is none, or another than its name says. */
  read(digest: string): Promise<Uint8Array | undefined>;
  /** Keeps content, whole or not at all. A disk that is full or read-only keeps nothing. @returns whether it is kept */
  write(digest: string, bytes: Uint8Array): Promise<boolean>;
}

/**
 * Opens the cache of what came from registries.
 *
 * @param folder Default: `oci` in the cache folder of tenon.
 * @throws ToolkitError `ERR_FILE` when others may write to the folder.
 */
export async function openBlobCache(folder: string = join(defaultCacheDir(), "oci")): Promise<BlobCache> {
  const usable = await makePrivateFolder(folder);
  const blobs = join(folder, "blobs", "sha256");
  const pathOf = (digest: string): string => join(blobs, digest.slice("sha256:".length));
  return {
    read: async (digest) => (usable ? await readBlob(pathOf(digest), digest) : undefined),
    write: async (digest, bytes) => usable && (await writeBlob(blobs, pathOf(digest), bytes)),
  };
}

async function readBlob(path: string, digest: string): Promise<Uint8Array | undefined> {
  try {
    const bytes = await readFile(path);
    return digestOf(bytes) === digest ? bytes : undefined;
  } catch {
    return undefined;
  }
}

async function writeBlob(folder: string, path: string, bytes: Uint8Array): Promise<boolean> {
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
