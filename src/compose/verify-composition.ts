import { ToolkitError } from "../errors/index.ts";
import { wasmTools } from "./wasm-tools.ts";

/**
 * Has wasm-tools decode and validate the result as a whole: the parts' function bodies, and that what each part exports
 * has the shape its neighbours import.
 *
 * @throws {@link ToolkitError} `ERR_COMPOSE_INTERFACE_MISMATCH` when it is not a valid component.
 */
export async function verifyComposition(bytes: Uint8Array, name: string): Promise<void> {
  const { componentWit } = await wasmTools();
  try {
    await componentWit(bytes);
  } catch (cause) {
    throw new ToolkitError(`Cannot compose "${name}": a part does not have the shape it claims`, {
      code: "ERR_COMPOSE_INTERFACE_MISMATCH",
      details: [String(cause)],
      hint: "Rebuild the parts with this version of tenon",
      cause,
    });
  }
}
