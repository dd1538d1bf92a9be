import { canonicalJson, type Json, type Manifest, type Toolchain } from "../manifest/index.ts";

/** What of a component an SBOM is of. */
export interface SbomSubject {
  /** Absent for a component that carries none. */
  manifest: Manifest | undefined;
  /** What to call a component without a manifest. */
  name: string;
  /** `sha256:` and 64 hex digits, of the component. */
  digest: string;
}

type Part = { [key: string]: Json };

/**
 * The parts that a component is made of, as CycloneDX 1.6: of a composed server the components it was composed of, and of each component its
 * engine and SDK, as its manifest has them. The same component gives the same text: there is no time and no serial number.
 *
 * @see https://cyclonedx.org/docs/1.6/json/
 */
export function writeSbom({ manifest, name, digest }: SbomSubject): Uint8Array {
  const root: Part = {
    type: "application",
    "bom-ref": "component",
    name: manifest?.name ?? name,
    ...(manifest !== undefined && { version: manifest.version }),
    ...(manifest?.description !== undefined && { description: manifest.description }),
    hashes: hashes(digest),
  };
  const parts = new Map<string, Part>();
  const dependencies: { ref: string; dependsOn: string[] }[] = [];
  const depend = (ref: string, on: readonly string[]): void =>
    void dependencies.push({ ref, dependsOn: [...new Set(on)].sort() });
  if (manifest?.kind === "core") {
    const composed = [...manifest.middleware, ...manifest.providers].map((part) => {
      const ref = `part:${part.as}`;
      parts.set(ref, {
        type: "library",
        "bom-ref": ref,
        name: part.name,
        version: part.version,
        hashes: hashes(part.digest),
      });
      depend(ref, addToolchain(parts, part.toolchain));
      return ref;
    });
    depend("component", composed);
  } else depend("component", manifest === undefined ? [] : addToolchain(parts, manifest.toolchain));
  for (const ref of parts.keys()) if (!dependencies.some((known) => known.ref === ref)) depend(ref, []);
  const document: Json = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: root },
    components: [...parts].sort(([a], [b]) => compare(a, b)).map(([, part]) => part),
    dependencies: dependencies.sort((a, b) => compare(a.ref, b.ref)),
  };
  return new TextEncoder().encode(canonicalJson(document));
}

/** Adds what made a component and is in it. @returns the references */
function addToolchain(parts: Map<string, Part>, { sdk, engine }: Toolchain): string[] {
  const sdkRef = `pkg:npm/tenon@${sdk}`;
  const engineRef = `engine:${engine.name}@${engine.version}`;
  parts.set(sdkRef, { type: "framework", "bom-ref": sdkRef, name: "tenon", version: sdk, purl: sdkRef });
  parts.set(engineRef, {
    type: "platform",
    "bom-ref": engineRef,
    name: engine.name,
    version: engine.version,
  });
  return [sdkRef, engineRef];
}

function hashes(digest: string): Json {
  return [{ alg: "SHA-256", content: digest.slice("sha256:".length) }];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
