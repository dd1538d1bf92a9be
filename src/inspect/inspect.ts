import { coreOf } from "../compose/index.ts";
import { ToolkitError } from "../errors/index.ts";
import {
  readManifest,
  type Manifest,
  type MiddlewareManifest,
  type ProviderManifest,
} from "../manifest/index.ts";
import { binaryKind, exportNames, importNames } from "../wasm/index.ts";
import { catalogOf } from "./catalog.ts";
import { codeDigest } from "./code-digest.ts";
import { componentContradictions } from "./contradictions.ts";
import { digestOf, sizesOf } from "./digest.ts";
import { describeCore } from "./inspect-core.ts";
import type { Description, Inspection, PartImport, PartInspection } from "./inspection.ts";
import { headingOf, identityOf } from "./manifest-claims.ts";

/** How to inspect. */
export interface InspectOptions {
  /** What error messages call the file, such as its path. Default: `component`. */
  name?: string;
}

/**
 * Reads what a component is and holds, without running it: any WebAssembly component, and more of one that carries a
 * manifest. Parts, wiring and sizes are read from the bytes; where the manifest says something else, `contradictions`
 * names it.
 *
 * @throws {@link ToolkitError} `ERR_WASM_DECODE` when the bytes are no component, `ERR_MANIFEST` when the manifest is
 * malformed.
 */
export async function inspect(bytes: Uint8Array, options: InspectOptions = {}): Promise<Inspection> {
  try {
    return await read(bytes);
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    const what = options.name === undefined ? "component" : `"${options.name}"`;
    throw new ToolkitError(`Cannot inspect ${what}: ${error.message.replace(/^Cannot \w+ [^:]*: /, "")}`, {
      code: error.code,
      details: error.details,
      cause: error,
      hint: error.hint ?? "Name a WebAssembly component, such as one that tenon build or tenon compose wrote",
    });
  }
}

async function read(bytes: Uint8Array): Promise<Inspection> {
  if (binaryKind(bytes) !== "component") {
    throw new ToolkitError("Cannot read component: it is a core module, not a component", {
      code: "ERR_WASM_DECODE",
      hint: 'Make a component of it, for example with "wasm-tools component new"',
    });
  }
  const manifest = readManifest(bytes);
  const inner = manifest === undefined ? coreOf(bytes) : undefined;
  const file = {
    inspectVersion: 1 as const,
    digest: digestOf(bytes),
    sizes: sizesOf(bytes),
    ...interfacesOf(bytes),
  };
  if (inner === undefined) return { ...file, ...(await describe(bytes, manifest)) };
  const core = { digest: digestOf(inner), sizes: sizesOf(inner), ...interfacesOf(inner) };
  return { ...file, ...(await describe(inner, readManifest(inner))), kind: "bundle", core };
}

async function describe(bytes: Uint8Array, manifest: Manifest | undefined): Promise<Description> {
  return manifest?.kind === "core" ? describeCore(bytes, manifest) : describeComponent(bytes, manifest);
}

function interfacesOf(bytes: Uint8Array): { imports: string[]; exports: string[] } {
  return { imports: importNames(bytes).sort(), exports: exportNames(bytes).sort() };
}

function describeComponent(
  bytes: Uint8Array,
  manifest: MiddlewareManifest | ProviderManifest | undefined,
): Description {
  const { imports, exports } = interfacesOf(bytes);
  const code = codeDigest(bytes);
  const opened = imports.map((name): PartImport => ({
    interface: name,
    wires: [{ kind: "open", functions: [] }],
  }));
  if (manifest === undefined) {
    const part: PartInspection = {
      as: "component",
      role: "component",
      code,
      sizes: sizesOf(bytes),
      capabilities: [],
      imports: opened,
    };
    return { kind: "component", parts: [part], shared: [], stubs: [], contradictions: [] };
  }
  const part: PartInspection = {
    ...identityOf({ as: manifest.name, digest: digestOf(bytes), ...manifest }, manifest.kind),
    code,
    sizes: sizesOf(bytes),
    imports: opened,
  };
  return {
    kind: manifest.kind,
    ...headingOf(manifest),
    ...(manifest.kind === "provider" && { catalog: catalogOf(manifest) }),
    parts: [part],
    shared: [],
    stubs: [],
    contradictions: componentContradictions(manifest, imports, exports),
  };
}
