import { ToolkitError } from "../errors/index.ts";
import type { HostImports } from "./allowed-imports.ts";
import {
  conflictBetween,
  dependenciesOf,
  functionsOf,
  prune,
  trackOf,
  withoutVersion,
  type Interfaces,
} from "./interface.ts";
import type { Source } from "./link.ts";
import type { StubRequest } from "./stub.ts";

/** The component that stands in for everything denied: an instance for each part that is denied something. */
export const STUB = "generated stub";

/** The instance of {@link STUB} behind a part. */
export function stubOf(as: string): string {
  return `stub of ${as}`;
}

/** A component whose imports are resolved together with those of others. */
export interface Importer {
  as: string;
  imports: Interfaces;
  /** True for what comes from the host, whatever it is. */
  unsafe?: boolean;
}

/** Where the imports that no part answers come from. */
export interface Resolution {
  /** The source of an interface for a part that imports it. */
  sourceOf: (as: string, name: string) => Source;
  /** What the composition imports, by track. */
  host: Interfaces;
  /** What the stub stands in for; nothing when nothing is denied. */
  stub: StubRequest | undefined;
  /** True when the stub answers some import of a part. */
  isStubbed: (as: string) => boolean;
  /** Functions answered by the stub, as `interface#function`. */
  denied: string[];
}

/**
 * Divides the imports of all parts between the host and a stub, function by function. Functions that share a resource
 * stay together: the host serves all functions of a resource or none.
 *
 * @param known Interfaces whose shape is given.
 * @param options `logged` when what is denied is to be logged. Default false.
 * @throws {@link ToolkitError} `ERR_COMPOSE_INTERFACE_MISMATCH` when two parts import one interface in two shapes.
 */
export function resolveImports(
  importers: readonly Importer[],
  known: Interfaces,
  allowed: HostImports,
  { logged = false }: { logged?: boolean } = {},
): Resolution {
  const interfaces = mergeImports(importers, known);
  const denied = importers.filter(({ unsafe }) => !unsafe);
  const host: Interfaces = new Map();
  const stubbed = new Map<string, string[]>();
  const sources = new Map<string, (as: string) => Source>();
  const judged = mergeImports(denied, known);

  for (const [track, of] of judged) {
    const functions = functionsOf(of);
    const open = functions.filter((name) => allowed.serves(track, name));
    const onlyTypes = functions.length === 0 && allowed.servesTypes(track);
    const ownsResource = [...allowed.resources].some((resource) => resource.startsWith(`${track} `));
    const fromStub = (as: string): Source & { from: "part" } => ({
      from: "part",
      part: stubOf(as),
      export: of.name,
    });
    if (open.length === 0 && !onlyTypes && !ownsResource) {
      stubbed.set(track, functions);
      sources.set(track, fromStub);
      continue;
    }
    const served = prune(judged, track, (name) => open.includes(name));
    host.set(track, { name: allowed.idOf(track, of.name), entries: served.entries });
    if (served.entries.size === of.entries.size) {
      sources.set(track, () => ({ from: "host", track }));
    } else {
      stubbed.set(
        track,
        functions.filter((name) => !open.includes(name)),
      );
      sources.set(track, (as) => ({ ...fromStub(as), from: "both", track, of, functions: open }));
    }
  }
  const unsafe = importers.filter((each) => each.unsafe);
  for (const [track, { name, entries }] of mergeImports(unsafe, known)) {
    host.set(track, { name, entries: new Map([...entries, ...(host.get(track)?.entries ?? [])]) });
  }
  addDependencies(host, interfaces, allowed);
  return {
    sourceOf: (as, name) => {
      const importer = importers.find((each) => each.as === as && each.imports.has(name))!;
      const track = trackOf(importer.imports.get(name)!.name);
      return importer.unsafe ? { from: "host", track } : sources.get(track)!(as);
    },
    host,
    stub:
      stubbed.size === 0
        ? undefined
        : { interfaces: judged, functions: stubbed, hostResources: allowed.resources, logged },
    isStubbed: (as) =>
      denied.some(
        (each) => each.as === as && [...each.imports.values()].some(({ name }) => stubbed.has(trackOf(name))),
      ),
    denied: [...stubbed].flatMap(([track, names]) => names.map((name) => `${withoutVersion(track)}#${name}`)),
  };
}

/** One interface per track, with every entry some part uses. */
function mergeImports(importers: readonly Importer[], known: Interfaces): Interfaces {
  const merged: Interfaces = new Map();
  const owners = new Map<string, string>();
  for (const { as, imports } of importers) {
    for (const of of imports.values()) {
      const track = trackOf(of.name);
      const into = merged.get(track) ?? { name: known.get(track)?.name ?? of.name, entries: new Map() };
      merged.set(track, into);
      const conflict = conflictBetween(of, into);
      if (conflict !== undefined) {
        const other = owners.get(`${track}#${conflict}`)!;
        throw new ToolkitError(
          `Cannot compose "${other}" with "${as}": they import "${withoutVersion(track)}" in two shapes`,
          {
            code: "ERR_COMPOSE_INTERFACE_MISMATCH",
            details: [`"${conflict}" of ${into.name} and ${of.name} has different types`],
            hint: `Rebuild "${other}" and "${as}" against one version of ${withoutVersion(track)}`,
          },
        );
      }
      for (const [name, entry] of of.entries) {
        if (!into.entries.has(name)) owners.set(`${track}#${name}`, as);
        into.entries.set(name, entry);
      }
    }
  }
  return merged;
}

/** Adds the interfaces whose types the host's interfaces use, without their functions. */
function addDependencies(host: Interfaces, interfaces: Interfaces, allowed: HostImports): void {
  for (const of of host.values()) {
    for (const track of dependenciesOf(of)) {
      if (host.has(track)) continue;
      const { name, entries } = interfaces.get(track)!;
      const types = [...entries].filter(([, { kind }]) => kind !== "function");
      // A Map visits what is added while it is iterated, so dependencies of dependencies follow.
      host.set(track, { name: allowed.idOf(track, name), entries: new Map(types) });
    }
  }
}
