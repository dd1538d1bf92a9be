import { readFile } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { nearest, ToolkitError } from "../errors/index.ts";
import { packageFile } from "../package/index.ts";

/** Middleware that comes with this package. */
export const READY_MADE_MIDDLEWARE: readonly string[] = ["access-log"];

/**
 * Reads a component by reference: a path (relative to `folder`), or the bare name of a ready-made middleware.
 *
 * @throws {@link ToolkitError} `ERR_FILE` when there is nothing at the reference, `ERR_CONFIG` for an unknown kind of
 * reference
 */
export async function loadComponent(reference: string, folder: string): Promise<Uint8Array> {
  if (reference.startsWith("oci://")) {
    throw new ToolkitError(`Cannot load "${reference}": registries are not supported in this version`, {
      code: "ERR_CONFIG",
      hint: "Name a component file",
    });
  }
  try {
    return await readFile(componentPath(reference, folder));
  } catch (error) {
    if (error instanceof ToolkitError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new ToolkitError(
      `Cannot load component "${reference}": ${missing ? "there is no such file" : (error as Error).message}`,
      { code: "ERR_FILE", hint: 'Build it first with "tenon build"', cause: error },
    );
  }
}

function componentPath(reference: string, folder: string): string {
  if (isAbsolute(reference)) return reference;
  if (reference.startsWith(".") || reference.includes("/") || reference.endsWith(".wasm")) {
    return resolve(folder, reference);
  }
  if (READY_MADE_MIDDLEWARE.includes(reference))
    return packageFile("dist", "components", `${reference}.wasm`);
  const suggestion = nearest(reference, READY_MADE_MIDDLEWARE);
  throw new ToolkitError(
    `Cannot load component "${reference}": there is no ready-made middleware of that name`,
    {
      code: "ERR_CONFIG",
      hint: suggestion
        ? `Did you mean "${suggestion}"?`
        : `Ready-made: ${READY_MADE_MIDDLEWARE.join(", ")}; for a file of your own write "./${reference}.wasm"`,
    },
  );
}
