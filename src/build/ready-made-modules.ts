import { readdirSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { packageFile } from "../package/index.ts";
import { FOR_COMPONENTS } from "./bundle.ts";
import { hostPlugin, ownCodePlugin } from "./bundle-plugins.ts";

/** Where the modules of ready-made middleware lie: one for each, by its name, and what several of them share. */
const FOLDER = ["dist", "modules"] as const;

/**
 * Writes the modules of ready-made middleware: each with the packages it uses and without the SDK, so that several of them go into
 * one component.
 *
 * @param entries Path of each module by its name.
 */
export async function writeReadyMadeModules(entries: Readonly<Record<string, string>>): Promise<void> {
  const { build } = await import("esbuild");
  const { metafile } = await build({
    ...FOR_COMPONENTS,
    metafile: true,
    entryPoints: { ...entries },
    absWorkingDir: packageFile(),
    outdir: packageFile(...FOLDER),
    chunkNames: "shared-[hash]",
    format: "esm",
    splitting: true,
    sourcemap: "linked",
    sourcesContent: false,
    plugins: [hostPlugin, ownCodePlugin],
  });
  const written = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
  for (const file of readdirSync(packageFile(...FOLDER))) {
    // What was a module once would be taken for one of today.
    if (!written.has(file)) rmSync(packageFile(...FOLDER, file));
  }
}

/** The path of the module of a ready-made middleware. */
export function readyMadeModule(name: string): string {
  return packageFile(...FOLDER, `${name}.js`);
}

/** Names of the middleware that there are modules of, sorted; none where this package was not built. */
export function readyMadeModules(): string[] {
  let files: string[];
  try {
    files = readdirSync(packageFile(...FOLDER));
  } catch {
    return [];
  }
  return files
    .filter((file) => file.endsWith(".js") && !file.startsWith("shared-"))
    .map((file) => file.slice(0, -".js".length))
    .sort();
}
