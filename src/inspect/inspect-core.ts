import {
  claimedLinks,
  partsOfName,
  proveCore,
  sharedModulesOf,
  stubbedFunctions,
  ungatedImports,
  type Wiring,
  type WiredPart,
} from "../compose/index.ts";
import type { CoreManifest, PartManifest } from "../manifest/index.ts";
import { readSections, SECTION } from "../wasm/index.ts";
import { catalogOf } from "./catalog.ts";
import { codeDigest } from "./code-digest.ts";
import { unaskedImports } from "./contradictions.ts";
import { digestOf, sizesOf } from "./digest.ts";
import type { Description, PartInspection, SharedModuleInspection, Verdict } from "./inspection.ts";
import { headingOf, identityOf, serverOf } from "./manifest-claims.ts";

/** What the bytes of a composed server hold, and where its manifest says something else. */
export async function describeCore(bytes: Uint8Array, manifest: CoreManifest): Promise<Description> {
  const { chain, wiring, mistakes } = await proveCore(bytes, manifest);
  const modules = readSections(bytes)
    .filter(({ id }) => id === SECTION.coreModule)
    .map(({ content }) => content);
  const { held, missing } = partsOf(wiring, manifest, chain, modules);
  const parts = [...held, ...missing];
  const contradictions = [...mistakes, ...unaskedImports(parts)];
  return {
    kind: "core",
    ...headingOf(manifest),
    ...serverOf(manifest),
    verdict: verdictOf(manifest, contradictions),
    catalog: catalogOf(manifest),
    chain,
    parts,
    shared: sharedModules(wiring, modules),
    stubs: stubbedFunctions(wiring.parts),
    contradictions,
  };
}

function verdictOf({ access, middleware }: CoreManifest, contradictions: readonly string[]): Verdict {
  if (contradictions.length > 0)
    return { proven: false, text: "the bytes do not prove what the manifest says" };
  const auth = middleware.find(({ authenticates }) => authenticates !== undefined);
  return auth === undefined
    ? { proven: true, text: `access is ${access}: no caller is authenticated, and anyone may call` }
    : { proven: true, text: `every provider and list is behind ${auth.as}` };
}

/** The parts that the bytes hold, in order, with what the manifest says of each; and those that only it names. */
function partsOf(
  wiring: Wiring,
  manifest: CoreManifest,
  chain: readonly string[],
  modules: readonly Uint8Array[],
): { held: PartInspection[]; missing: PartInspection[] } {
  const claims = new Map<string, PartManifest>(
    [...manifest.middleware, ...manifest.providers].map((part) => [part.as, part]),
  );
  const links = claimedLinks(manifest);
  const held = componentsOf(wiring).flatMap(({ as, bytes, imports }): PartInspection[] => {
    const unsafe = ungatedImports(imports);
    const found = {
      ...(unsafe.length > 0 && { unsafe }),
      code: codeDigest(bytes, modules),
      sizes: sizesOf(bytes),
      imports: imports.map(({ interface: id, wires }) => ({
        interface: id,
        wires: wires.map(({ wire, functions }) => ({ ...wire, functions })),
      })),
    };
    const names = links.find((link) => link.as === as)?.parts.map((part) => part.as) ?? [as];
    return names.map((name) => {
      const role = chain.includes(name) ? "middleware" : "provider";
      const claim = claims.get(name);
      claims.delete(name);
      return {
        ...(claim === undefined ? { as: name, role, capabilities: [] } : identityOf(claim, role)),
        ...(names.length > 1 && { fused: names }),
        ...found,
      };
    });
  });
  const missing = [...claims.values()].map((claim): PartInspection => ({
    ...identityOf(claim, "tools" in claim ? "provider" : "middleware"),
    imports: [],
  }));
  return { held, missing };
}

function componentsOf({ parts }: Wiring): WiredPart[] {
  return parts.filter(({ kind }) => kind === "part");
}

function sharedModules(wiring: Wiring, modules: readonly Uint8Array[]): SharedModuleInspection[] {
  const uses = componentsOf(wiring).flatMap(({ as, bytes }) =>
    partsOfName(as).map((name) => ({ as: name, used: sharedModulesOf(bytes) })),
  );
  return modules.map((module, index) => ({
    digest: digestOf(module),
    size: module.length,
    usedBy: uses.filter(({ used }) => used.has(index)).map(({ as }) => as),
  }));
}
