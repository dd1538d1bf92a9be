import {
  createHostServices,
  openKvStore,
  unsetValues,
  type HostServices,
  type LimitsInput,
  type KvStore,
} from "../../hosts/node/index.ts";
import { ToolkitError } from "../errors/index.ts";
import type { CoreManifest } from "../manifest/index.ts";

/** What a server of the command line lends to the cores it runs, one after another. */
export interface LentServices {
  /** Those a core was granted. All cores share one store of keys. */
  services: (manifest: CoreManifest) => HostServices;
  /** The store itself, for what the host keeps; absent where other processes use it as well. */
  kv?: KvStore;
  /** Closes the store; to be called once no core runs any more. */
  close: () => Promise<void>;
}

/**
 * Opens what `--kv` names, or the variable `TENON_KV`; default a store in memory.
 *
 * @throws `ToolkitError` as `openKvStore` says, but `ERR_USAGE` for what names no store.
 */
export async function lendServices(
  kvOption: string | undefined,
  limits: LimitsInput = {},
): Promise<LentServices> {
  const kv = await open(kvOption ?? (process.env.TENON_KV || "memory"), limits);
  return {
    services: (manifest) => createHostServices(manifest, { kv, limits }),
    ...(kv.isShared !== true && { kv }),
    close: () => kv.close(),
  };
}

async function open(where: string, limits: LimitsInput): Promise<KvStore> {
  try {
    return await openKvStore(where, { limits });
  } catch (error) {
    if (!(error instanceof ToolkitError) || error.code !== "ERR_CONFIG") throw error;
    const { message, hint } = error;
    throw new ToolkitError(message, { code: "ERR_USAGE", ...(hint !== undefined && { hint }) });
  }
}

/** One line for each value that is granted and that nothing holds: more likely forgotten than meant. */
export function unsetWarnings(manifest: CoreManifest): string[] {
  return unsetValues(manifest).map(({ part, kind, name, variable }) => {
    const what = kind === "config" ? "the configuration key" : "the secret";
    return `"${part}" is granted ${what} "${name}", and ${variable} is not set`;
  });
}
