import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { packageFile } from "./package-file.ts";

const EXTENSION = extname(fileURLToPath(import.meta.url));

/**
 * The path of a module of this package, named from its root without extension: the TypeScript where sources run, and what was
 * compiled of it where this package is installed, wherever the code that asks was bundled to.
 */
export function ownModule(...segments: string[]): string {
  const folders = EXTENSION === ".ts" ? segments : ["dist", ...segments];
  return `${packageFile(...folders)}${EXTENSION}`;
}
