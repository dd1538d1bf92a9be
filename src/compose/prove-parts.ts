import {
  canonicalJson,
  type CoreManifest,
  type GrantedService,
  type Grants,
  type Json,
  type PartManifest,
} from "../manifest/index.ts";
import { CREDENTIALS } from "./contract.ts";
import { claimedLinks } from "./fused.ts";
import { isForeign } from "./grants.ts";
import { withoutVersion } from "./interface.ts";
import { ungatedImports } from "./ungated.ts";
import type { WiredImport, WiredPart } from "./wiring.ts";

const SERVICES = ["http", "kv", "config", "secrets"] as const;

/** A component as the manifest of a core has it. */
type Claim = Pick<PartManifest, "as" | "grants"> & {
  authenticates?: CoreManifest["middleware"][number]["authenticates"];
};

/**
 * Holds what each part of a core imports against what its manifest lets it have: grants, the credential of a request, and
 * the next link of the chain. One sentence for each difference.
 *
 * @param chain Names of the components of middleware as the bytes have them.
 */
export function partMistakes(
  manifest: CoreManifest,
  parts: readonly WiredPart[],
  chain: readonly string[],
): string[] {
  const { providers, stubs } = manifest;
  const claims = new Map<string, Claim>(
    [...claimedLinks(manifest), ...providers].map((part) => [part.as, part]),
  );
  const held = parts.filter(({ kind }) => kind === "part");
  const missing = [...claims.keys()].filter((as) => !held.some((part) => part.as === as));
  const all = [...held, ...missing.map((as) => ({ as, imports: [] as WiredImport[] }))];
  return [
    ...all.flatMap((part) => {
      const place = chain.indexOf(part.as);
      const next = place < 0 ? undefined : (chain[place + 1] ?? "router");
      return mistakesOf(part, claims.get(part.as), next);
    }),
    ...differentStubs(stubs, stubbedFunctions(held)),
  ];
}

/** Functions that a stub answers for some part, as `interface#function`, sorted. */
export function stubbedFunctions(parts: readonly Pick<WiredPart, "imports">[]): string[] {
  const stubbed = parts.flatMap(({ imports }) =>
    imports.flatMap(({ interface: id, wires }) =>
      wires
        .filter(({ wire }) => wire.kind === "stub")
        .flatMap(({ functions }) => functions.map((name) => `${withoutVersion(id)}#${name}`)),
    ),
  );
  return [...new Set(stubbed)].sort();
}

function mistakesOf(
  { as, imports }: Pick<WiredPart, "as" | "imports">,
  claim: Claim | undefined,
  next: string | undefined,
): string[] {
  const found: string[] = [];
  const enforced: Record<GrantedService, string[]> = { http: [], kv: [], config: [], secrets: [] };
  let seesCredentials = false;
  for (const { interface: id, wires } of imports) {
    const name = withoutVersion(id);
    for (const { wire, functions } of wires) {
      if (wire.kind === "unknown") {
        found.push(`"${as}" has ${name} from something that this version of tenon does not make`);
      } else if (wire.kind === "host" && functions.length > 0) {
        if (name === withoutVersion(CREDENTIALS)) seesCredentials = true;
      } else if (wire.kind === "part" || (wire.kind === "next" && wire.part !== next)) {
        found.push(`"${as}" calls "${wire.part}" by ${name}, past the chain`);
      } else if (wire.kind === "gate" && wire.grant === undefined) {
        found.push(`The gate before ${name} of "${as}" is not one that this version of tenon makes`);
      } else if (wire.kind === "gate") {
        for (const service of SERVICES) enforced[service].push(...itemsOf(wire.grant, service));
      }
    }
  }
  const ungated = ungatedImports(imports);
  for (const name of ungated) {
    if (claim?.grants?.unsafe && isForeign(name)) continue;
    found.push(`"${as}" has ${name} from the host without a gate`);
  }
  if (claim?.grants?.unsafe && imports.length > 0 && ungated.length === 0) {
    found.push(`The manifest grants "${as}" unsafe, and its bytes have nothing from the host that needs it`);
  }
  const authenticates = claim?.authenticates !== undefined;
  if (authenticates !== seesCredentials) {
    found.push(
      authenticates
        ? `The manifest says that "${as}" authenticates callers, and in the bytes it sees no credential`
        : `"${as}" sees the credential of a request, and the manifest does not say that it authenticates callers`,
    );
  }
  for (const service of SERVICES) {
    const claimed = itemsOf(claim?.grants, service).sort().join(", ");
    const actual = enforced[service].sort().join(", ");
    if (claimed === actual) continue;
    found.push(
      `The manifest grants "${as}" ${service} ${claimed || "nothing"}, and its gate lets ${actual || "nothing"} through`,
    );
  }
  return found;
}

function itemsOf(grants: Grants | undefined, service: GrantedService): string[] {
  return ((grants?.[service] ?? []) as Json[]).map(canonicalJson);
}

/** Functions that the manifest says are denied and that are not, or that are without its saying so. */
function differentStubs(claimed: readonly string[], actual: readonly string[]): string[] {
  const open = claimed.filter((name) => !actual.includes(name));
  const shut = actual.filter((name) => !claimed.includes(name));
  return [
    ...listed(open, (names) => `The manifest says that stubs deny ${names}, and no stub of the bytes does`),
    ...listed(shut, (names) => `Stubs of the bytes deny ${names}, and the manifest does not say so`),
  ];
}

const MAX_LISTED = 5;

function listed(names: readonly string[], sentence: (names: string) => string): string[] {
  if (names.length === 0) return [];
  const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : "";
  return [sentence(names.slice(0, MAX_LISTED).join(", ") + more)];
}
