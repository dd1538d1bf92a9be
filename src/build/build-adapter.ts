import { resolve } from "node:path";
import { bundle, type Bundle } from "./bundle.ts";
import { anyInterfacePlugin } from "./bundle-plugins.ts";
import { componentize } from "./componentize.ts";
import { MARKED_GLOBALS, runtimePartsOf, usedGlobals } from "./used-runtime-parts.ts";

/** What {@link buildAdapter} takes. */
export interface AdapterInput {
  /** Path of the module; its named exports are those of the world. */
  entry: string;
  /** Path of a WIT file or folder. */
  witDir: string;
  /** Name of the world. */
  world: string;
}

/**
 * Builds a host adapter: a component of any world, on the engine and the guest runtime of every other component. The
 * world must import `wasi:random/random@0.2.0` when the code uses `Math.random`, and
 * `wasi:clocks/monotonic-clock@0.2.0` when it sets timers. There is no `console`.
 *
 * @throws ToolkitError `ERR_BUILD_SOURCE` when the module does not compile, with the place.
 * @throws ToolkitError `ERR_BUILD_ENGINE` when the engine refuses it.
 */
export async function buildAdapter(input: AdapterInput): Promise<{ bytes: Uint8Array }> {
  const entry = resolve(input.entry);
  const run = (source: string, define = {}): Promise<Bundle> =>
    bundle({ entry, source, format: "esm", minify: true, plugins: [anyInterfacePlugin], define });
  const marked = await run(`export * from ${JSON.stringify(entry)};`, MARKED_GLOBALS);
  const { code } = await run(entrySource(entry, runtimePartsOf(usedGlobals(marked.code))));
  return { bytes: await componentize({ code, witPath: resolve(input.witDir), world: input.world }) };
}

function entrySource(entry: string, parts: readonly string[]): string {
  const lines = ["install", ...parts].map((part) => `import "tenon-guest/${part}";`);
  return [...lines, `export * from ${JSON.stringify(entry)};`].join("\n");
}
