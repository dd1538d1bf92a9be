import type { BuildFailure, BuildOptions, Message, Metafile, Plugin } from "esbuild";
import { dirname, join, resolve } from "node:path";
import { withRuntimeAsync } from "./async-helper.ts";
import { guestPlugin, leaveOutPlugin, sdkPlugin, zodPlugin } from "./bundle-plugins.ts";
import { importChain } from "./import-chain.ts";
import { bundleError } from "./source-error.ts";

/** A module to bundle. */
export interface BundleInput {
  /** Absolute path of the author's module; relative imports and packages are found from its folder. */
  entry: string;
  /** The generated module that imports it. */
  source: string;
  /** `esm` for the engine; `iife` for a script that leaves `result` as its value. */
  format: "esm" | "iife";
  /** Shortens names as well as spacing and expressions. */
  minify: boolean;
  /** Makes generators of `async` functions. Default true; false for code that is bundled again. */
  lower?: boolean;
  /** True for code that comes with the guest runtime, which then runs its `async` functions. Default false. */
  runtime?: boolean;
  /** What to write in place of free identifiers. */
  define?: Readonly<Record<string, string>>;
  plugins: readonly Plugin[];
}

/** How everything is bundled that goes into a component. */
export const FOR_COMPONENTS = {
  bundle: true,
  // Of the builds that a package has, the one for workers asks for the least; the one for browsers comes next.
  platform: "browser",
  conditions: ["worker", "module"],
  target: "es2023",
  legalComments: "none",
  charset: "utf8",
  logLevel: "silent",
} satisfies BuildOptions;

/** Path of the generated module in {@link Bundle.metafile}. */
export const GENERATED = "tenon-entry.js";

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
  const options = {
    stdin: { contents: input.source, resolveDir: folder, sourcefile: GENERATED, loader: "js" },
    absWorkingDir: folder,
    outfile: join(folder, "component.js"),
    ...FOR_COMPONENTS,
    write: false,
    format: input.format,
    ...(input.format === "iife" ? { globalName: "result" } : {}),
    supported: {
      "top-level-await": false,
      ...(input.lower === false
        ? {}
        : { "async-await": false, "async-generator": false, "for-await": false }),
    },
    define: { ...input.define, "process.env.NODE_ENV": '"production"' },
    // Without it esbuild writes the path of each module as a comment.
    minifyWhitespace: true,
    minifyIdentifiers: input.minify,
    // Also where names stay: code that cannot run must not count as code that uses something.
    minifySyntax: true,
    sourcemap: "external",
    metafile: true,
    plugins: [...input.plugins, guestPlugin, sdkPlugin, zodPlugin],
  } satisfies BuildOptions;
  let result;
  try {
    result = await build(options);
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>;
    if (errors === undefined) throw error;
    throw bundleError(input.entry, folder, errors, await importersOf(errors, options, input.entry));
  }
  const text = (suffix: string): string =>
    result.outputFiles.find((file) => file.path.endsWith(suffix))?.text ?? "";
  const code = text(".js");
  return {
    code: input.runtime === true ? withRuntimeAsync(code) : code,
    sourceMap: text(".js.map"),
    metafile: result.metafile,
  };
}

const UNRESOLVED = /^Could not resolve "(.+)"$/;

/**
 * Who imports the modules, other than the entry, that errors lie in: found by bundling once more without what could not
 * be resolved.
 */
async function importersOf(
  errors: readonly Message[],
  options: BuildOptions & { absWorkingDir: string; plugins: Plugin[] },
  entry: string,
): Promise<(file: string) => string[]> {
  const missing = errors.flatMap(({ text }) => UNRESOLVED.exec(text)?.[1] ?? []);
  const elsewhere = errors.some(
    ({ location }) => location !== null && resolve(options.absWorkingDir, location.file) !== entry,
  );
  if (missing.length === 0 || !elsewhere) return () => [];
  const { build } = await import("esbuild");
  const plugins = [leaveOutPlugin(missing), ...options.plugins];
  const second = await build({ ...options, plugins, sourcemap: false }).catch(() => undefined);
  return (file) => (second?.metafile === undefined ? [] : importChain(second.metafile, file, GENERATED));
}

/** The imports a bundle still has, sorted. */
export function externalImports(metafile: Metafile): string[] {
  const outputs = Object.entries(metafile.outputs).filter(([path]) => path.endsWith(".js"));
  const imports = outputs.flatMap(([, output]) =>
    output.imports.filter(isStatement).map((item) => item.path),
  );
  return [...new Set(imports)].sort();
}

/** An import that is left in the code, unlike a `require` that fails when it is called. */
function isStatement({ external, kind }: { external?: boolean; kind: string }): boolean {
  return external === true && kind === "import-statement";
}
