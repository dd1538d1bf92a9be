import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle, type BundleHost, type BundleInput } from "../../src/bundle/index.ts";

/** A bundle on disk. */
export interface BundleFile {
  /** Of the component. */
  path: string;
  /** Of one of the files beside it. */
  beside: (name: string) => string;
  remove(): Promise<void>;
}

/** Bundles a core and writes it, and what goes beside it, to a new folder. */
export async function bundleFile(
  core: Uint8Array,
  host: BundleHost,
  options: Omit<BundleInput, "core" | "host"> = {},
): Promise<BundleFile> {
  const { bytes, files } = await bundle({ core, host, ...options });
  const folder = await mkdtemp(join(tmpdir(), `tenon-${host}-`));
  const path = join(folder, "server.wasm");
  await writeFile(path, bytes);
  for (const [name, { text }] of Object.entries(files)) await writeFile(join(folder, name), text);
  return { path, beside: (name) => join(folder, name), remove: () => rm(folder, { recursive: true }) };
}
