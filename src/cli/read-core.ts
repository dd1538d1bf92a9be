import { readInput } from "./files.ts";
import { printWarnings } from "./print-error.ts";

/** Reads a core, or composes the `tenon.json` that is named in its place. The composer is loaded only for that. */
export async function readCore(path: string): Promise<Uint8Array> {
  if (path.endsWith(".wasm")) return readInput(path, "core");
  const { composeProject } = await import("../project/index.ts");
  const { bytes, warnings } = await composeProject(path);
  printWarnings(warnings);
  return bytes;
}
