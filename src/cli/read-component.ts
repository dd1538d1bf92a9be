import { isOciReference } from "../oci/reference.ts";
import type { PullerSettings } from "../project/index.ts";
import { readInput } from "./files.ts";

/**
 * Reads a component, core or bundle: a file, or what a reference into a registry (`oci://`) leads to. The registry client is
 * loaded only for that.
 *
 * @throws {@link ToolkitError} `ERR_FILE` or `ERR_OCI_*`
 */
export async function readComponent(
  name: string,
  what: string,
  registry: PullerSettings,
): Promise<Uint8Array> {
  if (!isOciReference(name)) return readInput(name, what);
  const { createPuller } = await import("../project/create-puller.ts");
  return (await createPuller(registry).pull(name)).bytes;
}
