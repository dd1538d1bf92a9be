import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { packageFile } from "../package/index.ts";

// Compiled JavaScript where this package is installed, TypeScript where its sources run.
const EXTENSION = extname(fileURLToPath(import.meta.url));

/** The module behind `import … from "tenon"`. */
export const SDK_MODULE: string = sdkModule("index");

/** The path of a module of the SDK. */
export function sdkModule(name: string): string {
  return fileURLToPath(new URL(`../sdk/${name}${EXTENSION}`, import.meta.url));
}

/** The path of a module of the guest runtime. */
export function guestModule(name: string): string {
  return fileURLToPath(new URL(`../guest/${name}${EXTENSION}`, import.meta.url));
}

/**
 * A module of the SDK or of the guest runtime as it is compiled: the same on every machine, whether this package runs from its
 * sources or not.
 */
export function compiledModule(folder: "guest" | "sdk", name: string): string {
  return packageFile("dist", "src", folder, `${name}.js`);
}
