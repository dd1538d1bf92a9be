import { coreOf, readWiring } from "../compose/index.ts";
import { ToolkitError } from "../errors/index.ts";
import {
  readManifest,
  type CoreManifest,
  type Manifest,
  type MiddlewareManifest,
  type PartManifest,
  type ProviderManifest,
} from "../manifest/index.ts";
import { binaryKind, exportNames, importNames, readSections, SECTION } from "../wasm/index.ts";
import { catalogOf } from "./catalog.ts";
import { codeDigest, sharedModulesOf } from "./code-digest.ts";
import { componentContradictions, coreContradictions } from "./contradictions.ts";
import { digestOf, sizesOf } from "./digest.ts";
import type { Inspection, PartImport, PartInspection, SharedModuleInspection } from "./inspection.ts";

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

type Description = Omit<Inspection, "digest" | "exports" | "imports" | "inspectVersion" | "sizes">;

async function describe(bytes: Uint8Array, manifest: Manifest | undefined): Promise<Description> {
  return manifest?.kind === "core" ? describeCore(bytes, manifest) : describeComponent(bytes, manifest);
}

function interfacesOf(bytes: Uint8Array): { imports: string[]; exports: string[] } {
  return { imports: importNames(bytes).sort(), exports: exportNames(bytes).sort() };
}

function heading({ name, version, title, description }: Manifest): Partial<Description> {
  return {
    name,
    version,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
  };
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
    ...identity({ as: manifest.name, digest: digestOf(bytes), ...manifest }, manifest.kind),
    code,
    sizes: sizesOf(bytes),
    imports: opened,
  };
  return {
    kind: manifest.kind,
    ...heading(manifest),
    ...(manifest.kind === "provider" && { catalog: catalogOf(manifest) }),
    parts: [part],
    shared: [],
    stubs: [],
    contradictions: componentContradictions(manifest, imports, exports),
  };
}

/** What the manifest says of a part. */
function identity(
  part: PartManifest & { methods?: string[] },
  role: "middleware" | "provider",
): Omit<PartInspection, "imports"> {
  const { as, name, version, toolchain, methods, digest, capabilities, grants } = part;
  return {
    as,
    role,
    name,
    version,
    toolchain,
    ...(methods && { methods }),
    digest,
    capabilities,
    ...(grants && { grants }),
  };
}

async function describeCore(bytes: Uint8Array, manifest: CoreManifest): Promise<Description> {
  const wiring = await readWiring(bytes);
  const modules = readSections(bytes)
    .filter(({ id }) => id === SECTION.coreModule)
    .map(({ content }) => content);
  const shared = modules.map((module): SharedModuleInspection => ({
    digest: digestOf(module),
    size: module.length,
    usedBy: [],
  }));
  const router = wiring.parts.findIndex(({ kind }) => kind === "router");
  const claims = new Map(
    [...manifest.middleware, ...manifest.providers].map((part) => [part.as, part] as const),
  );
  const parts = wiring.parts
    .filter(({ kind }) => kind === "part")
    .map((wired): PartInspection => {
      const role = wiring.parts.indexOf(wired) < router ? "middleware" : "provider";
      for (const index of sharedModulesOf(wired.bytes)) shared[index]?.usedBy.push(wired.as);
      const claim = claims.get(wired.as);
      claims.delete(wired.as);
      return {
        ...(claim === undefined ? { as: wired.as, role, capabilities: [] } : identity(claim, role)),
        code: codeDigest(wired.bytes, modules),
        sizes: sizesOf(wired.bytes),
        imports: wired.imports.map(({ interface: name, wires }) => ({
          interface: name,
          wires: wires.map(({ wire, functions }) => ({ ...wire, functions })),
        })),
      };
    });
  const missing = [...claims.values()].map((claim): PartInspection => ({
    ...identity(claim, "tools" in claim ? "provider" : "middleware"),
    imports: [],
  }));
  const stubs = stubsOf(parts);
  return {
    kind: "core",
    ...heading(manifest),
    access: manifest.access,
    catalog: catalogOf(manifest),
    chain: parts.filter(({ role }) => role === "middleware").map(({ as }) => as),
    parts: [...parts, ...missing],
    shared,
    stubs,
    contradictions: coreContradictions(manifest, [...parts, ...missing], stubs),
  };
}

/** Functions that lead to a stub, of whichever part. */
function stubsOf(parts: readonly PartInspection[]): string[] {
  const stubs = parts.flatMap(({ imports }) =>
    imports.flatMap(({ interface: id, wires }) =>
      wires
        .filter(({ kind }) => kind === "stub")
        .flatMap(({ functions }) => functions.map((name) => `${id.replace(/@.*$/, "")}#${name}`)),
    ),
  );
  return [...new Set(stubs)].sort();
}
