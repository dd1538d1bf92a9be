import type { BuildFailure, Metafile, Plugin } from "esbuild";
import { dirname, join } from "node:path";
import { bundleError } from "./source-error.ts";
import { guestPlugin, nodePlugin, sdkPlugin, zodPlugin } from "./bundle-plugins.ts";

/** A module to bundle. */
export interface BundleInput {
  /** Absolute path of the author's module; relative imports and packages are found from its folder. */
  entry: string;
  /** The generated module that imports it. */
  source: string;
  /** `esm` for the engine; `iife` for a script that leaves `result` as its value. */
  format: "esm" | "iife";
  /** Shortens names as well as spacing. */
  minify: boolean;
  plugins: readonly Plugin[];
}

/** A bundled module. */
export interface Bundle {
  code: string;
  /** Source map, version 3; its sources are relative to the entry's folder. */
  sourceMap: string;
  metafile: Metafile;
}

/**
 * Bundles a module for the engine: one file of ES2023 without `async` functions, which become generators, since the
 * engine would run the jobs of its own promises too late. Paths leave no trace in the code.
 *
 * @throws ToolkitError `ERR_BUILD_SOURCE` with the place in the source.
 */
export async function bundle(input: BundleInput): Promise<Bundle> {
  const { build } = await import("esbuild");
  const folder = dirname(input.entry);
  let result;
  try {
    result = await build({
      stdin: { contents: input.source, resolveDir: folder, sourcefile: "tenon-entry.js", loader: "js" },
      absWorkingDir: folder,
      outfile: join(folder, "component.js"),
      write: false,
      bundle: true,
      format: input.format,
      ...(input.format === "iife" ? { globalName: "result" } : {}),
      platform: "neutral",
      mainFields: ["module", "main"],
      target: "es2023",
      supported: {
        "async-await": false,
        "async-generator": false,
        "for-await": false,
        "top-level-await": false,
      },
      define: { "process.env.NODE_ENV": '"production"' },
      // Without it esbuild writes the path of each module as a comment.
      minifyWhitespace: true,
      minifyIdentifiers: input.minify,
      minifySyntax: input.minify,
      legalComments: "none",
      charset: "utf8",
      sourcemap: "external",
      metafile: true,
      logLevel: "silent",
      plugins: [nodePlugin, ...input.plugins, guestPlugin, sdkPlugin, zodPlugin],
    });
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>;
    if (errors === undefined) throw error;
    throw bundleError(input.entry, folder, errors);
  }
  const text = (suffix: string): string =>
    result.outputFiles.find((file) => file.path.endsWith(suffix))?.text ?? "";
  return { code: text(".js"), sourceMap: text(".js.map"), metafile: result.metafile };
}

/** The imports a bundle still has, sorted. */
export function externalImports(metafile: Metafile): string[] {
  const outputs = Object.entries(metafile.outputs).filter(([path]) => path.endsWith(".js"));
  const imports = outputs.flatMap(([, output]) =>
    output.imports.filter((item) => item.external).map((item) => item.path),
  );
  return [...new Set(imports)].sort();
}
