import type { Inspection, PartImport, PartInspection } from "../../../src/inspect/index.ts";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

/** What inspecting a composed server could give, without composing one. */
export function sampleInspection(
  parts: readonly PartInspection[],
  more: Partial<Inspection> = {},
): Inspection {
  const providers = parts.filter(({ role }) => role === "provider");
  return {
    inspectVersion: 1,
    kind: "core",
    digest: DIGEST,
    sizes: { raw: 2_780_000, gzip: 1_160_000 },
    name: "sample",
    version: "1.0.0",
    access: "public",
    imports: [
      "tenon:host/http@0.1.0",
      "tenon:host/log@0.1.0",
      "tenon:mcp/types@0.1.0",
      "wasi:clocks/wall-clock@0.2.0",
      "wasi:random/random@0.2.0",
    ],
    exports: ["tenon:mcp/catalog@0.1.0", "tenon:mcp/handler@0.1.0"],
    catalog: {
      digest: DIGEST,
      tools: providers.map(({ as }) => ({
        provider: as,
        digest: DIGEST,
        definition: { name: `${as}_tool`, inputSchema: { type: "object" } },
      })),
      resources: [],
      resourceTemplates: [],
      prompts: [],
      dynamic: [],
    },
    chain: parts.filter(({ role }) => role === "middleware").map(({ as }) => as),
    parts: [...parts],
    shared: [{ digest: DIGEST, size: 770_000, usedBy: parts.map(({ as }) => as) }],
    stubs: ["wasi:filesystem/preopens#get-directories"],
    contradictions: [],
    ...more,
  };
}

/** A part with what most parts import. */
export function samplePart(
  as: string,
  role: "middleware" | "provider",
  imports: readonly PartImport[] = [],
): PartInspection {
  return {
    as,
    role,
    name: as,
    version: "1.0.0",
    toolchain: { sdk: "0.1.0", engine: { name: "quickjs-ng", version: "0.11.0" } },
    digest: DIGEST,
    code: DIGEST,
    sizes: { raw: 517_000, gzip: 120_000 },
    capabilities: [],
    imports: [
      ...imports,
      { interface: "tenon:host/log@0.1.0", wires: [{ kind: "log", functions: ["write"] }] },
      {
        interface: "wasi:filesystem/preopens@0.2.12",
        wires: [{ kind: "stub", functions: ["get-directories"] }],
      },
      { interface: "wasi:cli/environment@0.2.12", wires: [{ kind: "stub", functions: ["get-environment"] }] },
    ],
  };
}
