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

/** The part of a composition that stands in for everything denied. */
export const STUB = "generated stub";

/** A component whose imports are resolved together with those of others. */
export interface Importer {
  as: string;
  imports: Interfaces;
}

/** Where the imports that no part answers come from. */
export interface Resolution {
  /** The source of an interface, for every part that imports it. */
  sourceOf: (name: string) => Source;
  /** What the composition imports, by track. */
  host: Interfaces;
  /** What the stub stands in for; nothing when nothing is denied. */
  stub: StubRequest | undefined;
  /** Functions answered by the stub, as `interface#function`. */
  denied: string[];
}

/**
 * Divides the imports of all parts between the host and a stub, function by function. Functions that share a resource
 * stay together: the host serves all functions of a resource or none.
 *
 * @param known Interfaces whose shape is given.
 * @throws {@link ToolkitError} `ERR_COMPOSE_INTERFACE_MISMATCH` when two parts import one interface in two shapes.
 */
export function resolveImports(
  importers: readonly Importer[],
  known: Interfaces,
  allowed: HostImports,
): Resolution {
  const interfaces = mergeImports(importers, known);
  const used = new Set(
    importers.flatMap(({ imports }) => [...imports.values()].map(({ name }) => trackOf(name))),
  );
  const host: Interfaces = new Map();
  const stubbed = new Map<string, string[]>();
  const sources = new Map<string, Source>();

  for (const track of used) {
    const of = interfaces.get(track)!;
    const functions = functionsOf(of);
    const open = functions.filter((name) => allowed.serves(track, name));
    const onlyTypes = functions.length === 0 && allowed.servesTypes(track);
    const ownsResource = [...allowed.resources].some((resource) => resource.startsWith(`${track} `));
    const fromStub: Source = { from: "part", part: STUB, export: of.name };
    if (open.length === 0 && !onlyTypes && !ownsResource) {
      stubbed.set(track, functions);
      sources.set(track, fromStub);
      continue;
    }
    const served = prune(interfaces, track, (name) => open.includes(name));
    host.set(track, { name: allowed.idOf(track, of.name), entries: served.entries });
    if (served.entries.size === of.entries.size) {
      sources.set(track, { from: "host", track });
    } else {
      stubbed.set(
        track,
        functions.filter((name) => !open.includes(name)),
      );
      sources.set(track, { ...fromStub, from: "both", track, of, functions: open });
    }
  }
  addDependencies(host, interfaces, allowed);
  return {
    sourceOf: (name) => sources.get(trackOf(name))!,
    host,
    stub:
      stubbed.size === 0 ? undefined : { interfaces, functions: stubbed, hostResources: allowed.resources },
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
