import {
  canonicalJson,
  type CapabilityRequest,
  type CoreManifest,
  type Grants,
  type Json,
} from "../manifest/index.ts";

/** A middleware as the manifest of a core has it. */
type Middleware = CoreManifest["middleware"][number];

/** One component of a chain as the manifest of a core has it: a middleware, or several that are fused. */
export type ClaimedLink = Pick<Middleware, "as" | "authenticates" | "capabilities" | "grants" | "methods"> & {
  /** In the order that a request passes them. */
  parts: Middleware[];
};

// No name of a part has it.
const SEPARATOR = "+";

/** The name of the component that several parts are fused into. */
export function fusedName(parts: readonly string[]): string {
  return parts.join(SEPARATOR);
}

/** The parts behind a name of {@link fusedName}; of any other name itself. */
export function partsOfName(name: string): string[] {
  return name.split(SEPARATOR);
}

/** The components of the chain that a manifest claims, in order. */
export function claimedLinks({ middleware, fused = [] }: CoreManifest): ClaimedLink[] {
  const links: ClaimedLink[] = [];
  for (let i = 0; i < middleware.length;) {
    const group = fused.find((names) => isAt(names, middleware, i));
    const parts = middleware.slice(i, i + (group?.length ?? 1));
    links.push(group === undefined ? { ...parts[0]!, parts } : joinedClaim(parts));
    i += parts.length;
  }
  return links;
}

/** Where a manifest says that middleware is fused which does not stand together; one sentence each. */
export function fusedMistakes(manifest: CoreManifest): string[] {
  const names = claimedLinks(manifest).map(({ as }) => as);
  return (manifest.fused ?? [])
    .filter((group, i, all) => {
      const name = fusedName(group);
      return !names.includes(name) || all.findIndex((each) => fusedName(each) === name) !== i;
    })
    .map((group) => `The manifest says that ${fusedName(group)} are fused, and they do not stand together`);
}

function isAt(names: readonly string[], middleware: readonly Middleware[], at: number): boolean {
  return names.length > 1 && names.every((name, i) => middleware[at + i]?.as === name);
}

function joinedClaim(parts: Middleware[]): ClaimedLink {
  const grants = joinGrants(parts.map((part) => part.grants));
  const methods = joinMethods(parts);
  return {
    as: fusedName(parts.map(({ as }) => as)),
    capabilities: joinCapabilities(parts),
    ...(grants && { grants }),
    ...(methods && { methods }),
    parts,
  };
}

/** What several parts may do together; nothing when none of them may anything. */
export function joinGrants(all: readonly (Grants | undefined)[]): Grants | undefined {
  const joined: Record<string, Json[]> = {};
  for (const grants of all) {
    for (const [service, items] of Object.entries(grants ?? {})) {
      joined[service] = [...(joined[service] ?? []), ...(items as Json[])];
    }
  }
  const services = Object.entries(joined).map(([service, items]) => [service, distinct(items)]);
  return services.length === 0 ? undefined : (Object.fromEntries(services) as Grants);
}

/** Methods that several parts act on; nothing when one of them acts on all. */
export function joinMethods(parts: readonly { methods?: string[] }[]): string[] | undefined {
  const lists = parts.map(({ methods }) => methods);
  return lists.includes(undefined) ? undefined : [...new Set(lists.flatMap((methods) => methods!))];
}

/** What several parts ask for. */
export function joinCapabilities(
  parts: readonly { capabilities: CapabilityRequest[] }[],
): CapabilityRequest[] {
  const names = parts.flatMap(({ capabilities }) => capabilities.map((each) => each.interface));
  return [...new Set(names)].map((name) => ({ interface: name }));
}

function distinct(items: readonly Json[]): Json[] {
  return [...new Map(items.map((item) => [canonicalJson(item), item])).values()];
}
