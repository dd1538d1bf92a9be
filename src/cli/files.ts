import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ToolkitError } from "../errors/index.ts";

/**
 * Reads a file the user named.
 *
 * @throws {@link ToolkitError} `ERR_FILE` when it cannot be read
 */
export async function readInput(path: string, what: string): Promise<Uint8Array> {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fileError(`Cannot read ${what} "${path}"`, error);
  }
}

/**
 * Writes a result: to stdout for `-`, else to a file that appears whole or not at all.
 *
 * @throws {@link ToolkitError} `ERR_USAGE` when stdout is a terminal, `ERR_FILE` when the file cannot be written
 */
export async function writeOutput(path: string, bytes: Uint8Array): Promise<void> {
  if (path === "-") {
    if (process.stdout.isTTY) {
      throw new ToolkitError("Cannot write WebAssembly to a terminal: it is binary", {
        code: "ERR_USAGE",
        hint: 'Redirect stdout, or name a file with "-o"',
      });
    }
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    return;
  }
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(`Cannot write "${path}"`, error);
  }
}

/** The error for a file that the system does not give. */
export function fileError(action: string, error: unknown, { hint }: { hint?: string } = {}): ToolkitError {
  const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
  const states: Record<string, string> = {
    ENOENT: "there is no such file or folder",
    EACCES: "permission denied",
    EISDIR: "it is a folder",
    ENOSPC: "the disk is full",
  };
  return new ToolkitError(`${action}: ${states[code] ?? code}`, {
    code: "ERR_FILE",
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}
