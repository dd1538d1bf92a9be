import type { Metafile } from "esbuild";

/** The modules that lead from a module to the one it was bundled for, nearest first: each is imported by the next. */
export function importChain(metafile: Metafile, source: string, generated: string): string[] {
  const importers = new Map<string, string>();
  const queue = [generated];
  for (const path of queue) {
    for (const { path: imported } of metafile.inputs[path]?.imports ?? []) {
      if (imported === generated || importers.has(imported)) continue;
      importers.set(imported, path);
      queue.push(imported);
    }
  }
  const chain: string[] = [];
  for (let at = importers.get(source); at !== undefined && at !== generated; at = importers.get(at))
    chain.push(at);
  return chain;
}
