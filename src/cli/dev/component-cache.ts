import { dirname, resolve, sep } from "node:path";
import { isOciReference } from "../../oci/index.ts";
import { packageFile } from "../../package/index.ts";
import {
  loadComponent,
  resolveReference,
  type ComponentLoader,
  type LoadedComponent,
} from "../../project/index.ts";

/** Components that are loaded again only when what they are made of has changed. */
export interface ComponentCache {
  load: ComponentLoader;
  /** Forgets what is made of these files; true when there was anything. */
  invalidate(paths: ReadonlySet<string>): boolean;
  /** Files whose change makes a component another. Packages and the toolchain are not among them. */
  files(): Set<string>;
  /** Names of the components that were built or read since the last call. */
  takeFresh(): string[];
}

interface Entry {
  loaded: LoadedComponent | undefined;
  files: readonly string[];
}

/** Creates an empty cache. */
export function createComponentCache(): ComponentCache {
  const entries = new Map<string, Entry>();
  const fresh: string[] = [];
  // A reference is followed once: what it is locked to, and not what it leads to meanwhile, is what is served.
  const pulled = new Map<string, LoadedComponent>();
  const pull: ComponentLoader = async (reference, folder, puller) => {
    const known = pulled.get(reference);
    if (known !== undefined) return known;
    const loaded = await loadComponent(reference, folder, puller);
    pulled.set(reference, loaded).set(loaded.pulled?.reference ?? reference, loaded);
    fresh.push(reference);
    return loaded;
  };
  return {
    async load(reference, folder, puller) {
      if (isOciReference(reference)) return await pull(reference, folder, puller);
      const { path } = await resolveReference(reference, folder);
      const known = entries.get(path);
      if (known?.loaded) return known.loaded;
      // What was known of a source that does not build any more is still what can make it build again.
      if (!known) entries.set(path, { loaded: undefined, files: [path] });
      const loaded = await loadComponent(reference, folder);
      entries.set(path, { loaded, files: filesOf(path, loaded) });
      fresh.push(loaded.built?.manifest.name ?? reference);
      return loaded;
    },
    invalidate(paths) {
      let any = false;
      for (const [path, { files }] of entries) {
        if (!files.some((file) => paths.has(file))) continue;
        entries.set(path, { loaded: undefined, files });
        any = true;
      }
      return any;
    },
    files: () => new Set([...entries.values()].flatMap(({ files }) => files)),
    takeFresh: () => fresh.splice(0),
  };
}

function filesOf(path: string, { built }: LoadedComponent): string[] {
  if (!built) return [path];
  const own = packageFile("dist") + sep;
  const inputs = built.inputs.map((input) => resolve(dirname(path), input));
  return [
    path,
    ...inputs.filter((file) => !file.includes(`${sep}node_modules${sep}`) && !file.startsWith(own)),
  ];
}
