import { codeOf } from "../compose/index.ts";
import { digestOf } from "./digest.ts";

/**
 * The digest of a component's code, which is the same for the component's file and for the part that the composer made
 * of it.
 *
 * @param shared Core modules of the composition around it, by index.
 * @throws {@link ToolkitError} `ERR_WASM_DECODE` when the component is malformed.
 */
export function codeDigest(component: Uint8Array, shared: readonly Uint8Array[] = []): string {
  return digestOf(codeOf(component, shared));
}
