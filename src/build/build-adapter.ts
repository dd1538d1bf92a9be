import { join } from "node:path";
import { bundle, type Bundle } from "./bundle.ts";
import { anyInterfacePlugin } from "./bundle-plugins.ts";
import { componentize } from "./componentize.ts";
import { MARKED_GLOBALS, runtimePartsOf, usedGlobals } from "./used-runtime-parts.ts";

/** What {@link buildAdapter} takes. */
export interface AdapterInput {
  /** Text of the module; its named exports are those of the world. */
  source: string;
  /** Where its imports are found from. */
  folder: string;
  /** Text of the world and of every package it needs. */
  wit: string;
  /** Name of the world. */
  world: string;
  /** Values, as JSON has them, that free identifiers of the modules stand for. Default none. */
  constants?: Readonly<Record<string, unknown>>;
  /**
   * True for a part that many requests do not need: its memory is laid out with the first call. Each of its functions must take
   * text that is never empty. Default false.
   */
  startsLate?: boolean;
}

/**
 * Builds a part of a host adapter: a component of any world, on the engine and the guest runtime of every other
 * component. The world must import `wasi:random/random@0.2.0` when the code uses `Math.random`, and
 * `wasi:clocks/monotonic-clock@0.2.0` when it sets timers. There is no `console`.
 *
 * @throws ToolkitError `ERR_BUILD_SOURCE` when the module does not compile, with the place.
 * @throws ToolkitError `ERR_BUILD_ENGINE` when the engine refuses it.
 */
export async function buildAdapter(input: AdapterInput): Promise<{ bytes: Uint8Array }> {
  const entry = join(input.folder, "adapter.js");
  const constants = Object.fromEntries(
    Object.entries(input.constants ?? {}).map(([name, value]) => [name, JSON.stringify(value)]),
  );
  const run = (source: string, define = {}): Promise<Bundle> =>
    bundle({
      entry,
      source,
      format: "esm",
      minify: true,
      plugins: [anyInterfacePlugin],
      define: { ...constants, ...define },
    });
  const marked = await run(input.source, MARKED_GLOBALS);
  const { code } = await run(withRuntime(input.source, runtimePartsOf(usedGlobals(marked.code))));
  return {
    bytes: await componentize({ code, wit: input.wit, world: input.world, startsLate: input.startsLate }),
  };
}

function withRuntime(source: string, parts: readonly string[]): string {
  const runtime = ["install", ...parts].map((part) => `import "tenon-guest/${part}";`);
  // An adapter has no calls of its own that would say so.
  const serving = ['import { startServing } from "tenon-guest/serving";', "startServing();"];
  return [...runtime, ...serving, source].join("\n");
}
