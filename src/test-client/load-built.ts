import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { loadComponent } from "../project/index.ts";

interface Kept {
  readonly bytes: Uint8Array;
  /** Sources, and when they were last changed. */
  readonly inputs: ReadonlyMap<string, number>;
}

const kept = new Map<string, Kept>();

/**
 * Loads a component, or builds its source, which is done once for as long as nothing of it changes: each test of a file
 * connects anew.
 *
 * @throws ToolkitError for what is not there or does not build.
 */
export async function loadBuilt(reference: string): Promise<Uint8Array> {
  const known = kept.get(reference);
  if (known !== undefined && (await isCurrent(known))) return known.bytes;
  const { bytes, built } = await loadComponent(reference, process.cwd());
  if (built !== undefined) {
    const folder = dirname(resolve(reference));
    const inputs = await Promise.all(built.inputs.map((path) => changed(resolve(folder, path))));
    kept.set(reference, { bytes, inputs: new Map(inputs) });
  }
  return bytes;
}

async function isCurrent({ inputs }: Kept): Promise<boolean> {
  const now = await Promise.all([...inputs.keys()].map(changed));
  return now.every(([path, time]) => inputs.get(path) === time);
}

async function changed(path: string): Promise<[path: string, time: number]> {
  const found = await stat(path).catch(() => undefined);
  return [path, found?.mtimeMs ?? 0];
}
