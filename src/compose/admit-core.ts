import { ToolkitError } from "../errors/index.ts";
import type { CoreManifest } from "../manifest/index.ts";
import { importNames } from "../wasm/index.ts";
import { CREDENTIALS } from "./contract.ts";
import { trackOf } from "./interface.ts";
import { proveCore } from "./prove-core.ts";

const MAX_MISTAKES = 10;

/**
 * Lets a core go on to a host when its bytes prove what its manifest says, as {@link proveCore} has it. A public core without
 * middleware promises nothing about the way of a request, and needs no proof, unless it asks for credentials.
 *
 * @param action What is being done with it, to stand behind `Cannot`: `load core "a.wasm"`.
 * @throws {@link ToolkitError} `ERR_HOST_CORE` naming what differs.
 */
export async function admitCore(core: Uint8Array, manifest: CoreManifest, action: string): Promise<void> {
  const seesCredentials = importNames(core).some((name) => trackOf(name) === trackOf(CREDENTIALS));
  if (manifest.access === "public" && manifest.middleware.length === 0 && !seesCredentials) return;
  const mistakes = await mistakesOf(core, manifest);
  if (mistakes.length === 0) return;
  const more = mistakes.length - MAX_MISTAKES;
  throw new ToolkitError(`Cannot ${action}: its bytes do not prove what its manifest says`, {
    code: "ERR_HOST_CORE",
    details: [...mistakes.slice(0, MAX_MISTAKES), ...(more > 0 ? [`and ${more} more`] : [])],
    hint: "Compose it again with this version of tenon, from components you trust",
  });
}

async function mistakesOf(core: Uint8Array, manifest: CoreManifest): Promise<string[]> {
  try {
    return (await proveCore(core, manifest)).mistakes;
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    return [
      `They are not put together as tenon does it: ${error.message.replace(/^Cannot \w+ [^:]*: /, "")}`,
    ];
  }
}
