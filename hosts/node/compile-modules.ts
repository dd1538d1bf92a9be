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
  enableExtendedConst();
  const compiled = [...code].map(async ([name, module]) => [name, await compile(what, module)] as const);
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

/** QuickJS components use extended constant expressions, which V8 has on by default since Node 22. */
function enableExtendedConst(): void {
  if (Number(process.versions.node.split(".")[0]) < 22) {
    v8.setFlagsFromString("--experimental-wasm-extended-const");
  }
}
