import { ToolkitError } from "../errors/index.ts";
import type { BundleHost } from "./bundle.ts";

/** What the services and every host of bundles have. */
const SERVED = /^(?:tenon:mcp\/(?:types|outbox)|tenon:host\/log|wasi:(?:clocks|io|random)\/[a-z-]+)@/;

/**
 * Refuses a core that imports what its host would have to leave out: a server that is denied something only once it
 * runs there is worse than none.
 *
 * @throws ToolkitError `ERR_HOST_CORE` naming every such import.
 */
export async function checkImports(core: Uint8Array, name: string, host: BundleHost): Promise<void> {
  const { componentWit } = await import("@bytecodealliance/jco-transpile/wasm-tools");
  const world = await componentWit(core);
  const imports = [...world.matchAll(/^ {2}import ([^;]+);$/gm)].map((match) => match[1]!);
  const unserved = imports.filter((each) => !SERVED.test(each));
  if (unserved.length === 0) return;
  throw new ToolkitError(`Cannot bundle "${name}" for ${host}: it imports what ${host} does not serve`, {
    code: "ERR_HOST_CORE",
    details: unserved,
    hint: 'Leave out the component that needs it, or run the server with "tenon serve"',
  });
}
