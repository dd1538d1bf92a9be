import { readFile } from "node:fs/promises";
import { readyMadeModules } from "../build/ready-made-modules.ts";
import { readManifest, writeManifest, type Grants, type MiddlewareManifest } from "../manifest/index.ts";
import { packageFile, packageVersion } from "../package/index.ts";
import { digestOf, readMiddleware, type MiddlewarePart } from "./part.ts";
import { fusedName, joinCapabilities, joinGrants, joinMethods } from "./fused.ts";
import { headerSecrets } from "./grants.ts";
import type { Interfaces } from "./interface.ts";

/** A middleware that comes with this package, as a component of its own. */
export interface ReadyMade {
  manifest: MiddlewareManifest;
  /** `sha256:` and 64 hexadecimal digits. */
  digest: string;
}

/** The components of a chain. */
export interface FusedChain {
  /** In the order that a request passes them. */
  chain: MiddlewarePart[];
  /** By the names of the components. */
  grants: Map<string, Grants>;
  /** Names of the middleware in each component that holds several, in order. */
  fused: string[][];
}

/** More would take the engine's stack where each of them waits for the next. */
const MAX_FUSED = 8;

/** The ready-made middleware of a name; nothing when this package has none, or none that it can fuse. */
export async function readyMade(name: string): Promise<ReadyMade | undefined> {
  if (!readyMadeModules().includes(name)) return undefined;
  const bytes = await readFile(packageFile("dist", "components", `${name}.wasm`)).catch(() => undefined);
  const manifest = bytes && readManifest(bytes);
  return manifest?.kind === "middleware" ? { manifest, digest: digestOf(bytes!) } : undefined;
}

/**
 * Puts ready-made middleware that stands side by side into one component, with what all of it is granted. What is ready-made is
 * told by the bytes. Everything else stays as it is, as does what must not share its grants.
 *
 * @param grants By the names of the parts.
 */
export async function fuseChain(
  middleware: readonly MiddlewarePart[],
  grants: ReadonlyMap<string, Grants>,
  known: Interfaces,
): Promise<FusedChain> {
  const result: FusedChain = { chain: [], grants: new Map(grants), fused: [] };
  for (const run of await runsOf(middleware, grants)) {
    const fused = run.length < 2 ? undefined : await fuse(run, known);
    if (fused === undefined) {
      result.chain.push(...run);
      continue;
    }
    const names = run.map(({ as }) => as);
    const joined = joinGrants(names.map((name) => grants.get(name)));
    for (const name of names) result.grants.delete(name);
    if (joined !== undefined) result.grants.set(fused.as, joined);
    result.chain.push(fused);
    result.fused.push(names);
  }
  return result;
}

/** The chain in pieces, of which each may become one component. */
async function runsOf(
  middleware: readonly MiddlewarePart[],
  grants: ReadonlyMap<string, Grants>,
): Promise<MiddlewarePart[][]> {
  const runs: MiddlewarePart[][] = [];
  let open: MiddlewarePart[] | undefined;
  for (const part of middleware) {
    const fits = mayShare(grants.get(part.as)) && (await isReadyMade(part));
    if (fits && open !== undefined && open.length < MAX_FUSED) open.push(part);
    else runs.push((open = [part]));
    if (!fits) open = undefined;
  }
  return runs;
}

/** False where another part would get more than it asks for: a secret in its requests, or everything. */
function mayShare(grants: Grants = {}): boolean {
  return grants.unsafe !== true && headerSecrets(grants).length === 0;
}

async function isReadyMade({ manifest, digest }: MiddlewarePart): Promise<boolean> {
  return (await readyMade(manifest.name))?.digest === digest;
}

/** One component of several; nothing where it could not be made again to be recognised. */
async function fuse(run: readonly MiddlewarePart[], known: Interfaces): Promise<MiddlewarePart | undefined> {
  const { buildChain } = await import("../build/build-chain.ts");
  const bytes = await buildChain(run);
  if (bytes === undefined) return undefined;
  const manifests = run.map(({ manifest }) => manifest);
  const methods = joinMethods(manifests);
  const names = run.map(({ as }) => as);
  const manifest: MiddlewareManifest = {
    manifestVersion: 1,
    kind: "middleware",
    name: "fused",
    version: packageVersion(),
    description: names.join(", "),
    settingsSchema: {},
    capabilities: joinCapabilities(manifests),
    toolchain: manifests[0]!.toolchain,
    ...(methods && { methods }),
  };
  return {
    ...(await readMiddleware(fusedName(names), writeManifest(bytes, manifest), known)),
    settings: {},
    // A line for each, in which JSON has no line breaks.
    settingsText: run.map((part) => part.settingsText).join("\n"),
  };
}
