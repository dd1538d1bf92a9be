import v8 from "node:v8";
import { ToolkitError } from "../../src/errors/index.ts";

/**
 * Compiles core modules whose growth is bounded.
 *
 * @param what What error messages call the core.
 * @throws ToolkitError `ERR_HOST_CORE` when one of them is not valid.
 */
export async function compileModules(
  code: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  what: string,
): Promise<Map<string, WebAssembly.Module>> {
  const compiled = withExtendedConst(() =>
    [...code].map(async ([name, module]) => [name, await compile(what, module)] as const),
  );
  return new Map(await Promise.all(compiled));
}

async function compile(what: string, module: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(module);
  } catch (cause) {
    throw new ToolkitError(`Cannot load ${what}: a core module inside is not valid`, {
      code: "ERR_HOST_CORE",
      details: [cause instanceof Error ? cause.message : String(cause)],
      cause,
    });
  }
}

/**
 * Starts compiling what has extended constant expressions, as QuickJS components do; V8 has them on by default since Node 22. With other flags
 * than Node was built with, V8 takes no code that comes with Node, and each thread that starts compiles all it loads.
 */
function withExtendedConst<Result>(start: () => Result): Result {
  if (Number(process.versions.node.split(".")[0]) >= 22) return start();
  v8.setFlagsFromString("--experimental-wasm-extended-const");
  try {
    return start();
  } finally {
    v8.setFlagsFromString("--no-experimental-wasm-extended-const");
  }
}
