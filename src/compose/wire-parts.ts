import type { Grants, ProviderManifest } from "../manifest/index.ts";
import { generateAudit } from "./audit.ts";
import { generateCatalog } from "./catalog.ts";
import { AUDIT, CATALOG, CONFIG, contract, CRYPTO, HANDLER, HTTP, LOG, RANDOM, SECRETS } from "./contract.ts";
import { generateCrypto } from "./crypto/generate-crypto.ts";
import { partsOfName } from "./fused.ts";
import { GATED, generateGate } from "./gate.ts";
import { headerSecrets, opens } from "./grants.ts";
import { prune, trackOf, type Interface, type Interfaces } from "./interface.ts";
import type { LinkedPart, Source } from "./link.ts";
import type { LogLine } from "./log-call.ts";
import { generateLogSource } from "./log-source.ts";
import { BEHIND, generateMethodSwitch, SWITCHED } from "./method-switch.ts";
import type { MiddlewarePart, Part } from "./part.ts";
import type { Policy } from "./policy.ts";
import { randomExport, randomPart } from "./random.ts";
import { STUB, stubOf, type Resolution } from "./resolve-imports.ts";
import { generateRouter, providerImport } from "./router.ts";
import type { Routes } from "./routes.ts";
import { generateStub, logsDenials, stubImports, type StubRequest } from "./stub.ts";

// Names of generated parts hold a space, which names of parts never do. What is read from the bytes goes by them.

export const ROUTER = "generated router";
export const CATALOG_PART = "generated catalog";
export const RANDOM_PART = "generated random";
export const AUDIT_PART = "generated audit";
export const CRYPTO_PART = "generated crypto";

/** The component that signs a part's log lines. */
export function logOf(as: string): string {
  return `log of ${as}`;
}

/** The component that holds a part's settings, and is the gate or the stub for its keys. */
export function settingsOf(as: string): string {
  return `settings of ${as}`;
}

/** The gate of a part on an interface. */
export function gateOf(as: string, id: string): string {
  return `${trackOf(id).replace(/^.*\/|@.*$/g, "")} gate of ${as}`;
}

/** The component that leaves a middleware out for methods it does not act on. */
export function switchOf(as: string): string {
  return `methods of ${as}`;
}

/** Everything a server is put together from. */
export interface Assembly {
  providers: readonly Part<ProviderManifest>[];
  /** The components of the chain, in the order a request passes them. */
  middleware: readonly MiddlewarePart[];
  routes: Routes;
  policy: Policy;
  /** By the name of the part. */
  grants: ReadonlyMap<string, Grants>;
  /** The line that gates write for every use instead of denying any. Default: they deny. */
  recorded?: LogLine;
}

/** Interfaces answered by a component made for one part, or by a neighbour. */
const WIRED = new Set([HANDLER, CATALOG, AUDIT, CRYPTO, LOG, CONFIG].map(trackOf));

/** True when an import of a part does not depend on what the other parts import. */
export function isWired(name: string, grants: Grants | undefined): boolean {
  const track = trackOf(name);
  return WIRED.has(track) || randomExport(name) !== undefined || opens(grants, track);
}

export function importOf(part: Part, name: string): Interface | undefined {
  return [...part.imports.values()].find((of) => trackOf(of.name) === trackOf(name));
}

/** What the whole imports of its host, by track: what the parts get from there, and what generated parts need. */
export function hostInterfaces(
  resolution: Resolution,
  { providers, middleware, grants }: Assembly,
  known: Interfaces,
): Interfaces {
  const parts = [...providers, ...middleware];
  const types = "tenon:mcp/types@0.1";
  const all: Interfaces = new Map([[types, known.get(types)!], ...resolution.host]);
  // The generated parts use every type of the contract, whichever the others use.
  all.set(types, known.get(types)!);
  const add = (id: string): void => {
    all.set(trackOf(id), hostShape(id, known));
  };
  if (parts.some((part) => logs(part, grants.get(part.as), resolution))) add(LOG);
  if (parts.some(usesInsecureRandom)) add(RANDOM);
  for (const granted of grants.values()) for (const id of gatedInterfaces(granted)) add(id);
  return all;
}

/** Interfaces of the host that the gates of a part need. */
function gatedInterfaces(granted: Grants): string[] {
  const ids = GATED.filter((id) => opens(granted, trackOf(id)));
  return headerSecrets(granted).length > 0 ? [...ids, SECRETS] : ids;
}

/** An interface as a host serves it: settings are constants of the composition. */
function hostShape(id: string, known: Interfaces): Interface {
  const track = trackOf(id);
  return track === trackOf(CONFIG) ? prune(known, track, (name) => name !== "settings") : known.get(track)!;
}

function usesInsecureRandom({ imports }: Part): boolean {
  return [...imports.keys()].some((name) => randomExport(name) !== undefined);
}

/** Every component of the server, each after those it imports from. */
export async function wireParts(assembly: Assembly, resolution: Resolution): Promise<LinkedPart[]> {
  const { providers, middleware, routes, policy, grants } = assembly;
  const types = new Map<string, Source>([
    ["tenon:mcp/types@0.1.0", { from: "host", track: "tenon:mcp/types@0.1" }],
  ]);
  const linked: LinkedPart[] = [
    { id: CATALOG_PART, bytes: await generateCatalog(routes, policy), imports: types },
  ];
  if (middleware.some((part) => importOf(part, AUDIT))) {
    linked.push({ id: AUDIT_PART, bytes: await generateAudit(), imports: types });
  }
  if ([...providers, ...middleware].some((part) => importOf(part, CRYPTO))) {
    linked.push({ id: CRYPTO_PART, bytes: await generateCrypto(), imports: new Map() });
  }
  if ([...providers, ...middleware].some(usesInsecureRandom)) linked.push(await randomPart(RANDOM_PART));
  for (const part of [...providers, ...middleware]) {
    linked.push(...(await ownParts(part, assembly, resolution)));
  }
  const wire = (part: Part, next: Source | undefined): LinkedPart => ({
    id: part.as,
    bytes: part.bytes,
    imports: new Map(
      [...part.imports.keys()].map((name) => [
        name,
        wiredSource(part, name, next, grants.get(part.as)) ?? resolution.sourceOf(part.as, name),
      ]),
    ),
  });
  linked.push(...providers.map((part) => wire(part, undefined)));
  const routerImports = providers.map(({ as, role }, i): [string, Source] => [
    providerImport(i),
    { from: "part", part: as, export: role },
  ]);
  linked.push({
    id: ROUTER,
    bytes: await generateRouter(routes),
    imports: new Map([...types, ...routerImports]),
  });
  let next: Source = { from: "part", part: ROUTER, export: HANDLER };
  for (const part of middleware.toReversed()) {
    linked.push(wire(part, next));
    const own: Source = { from: "part", part: part.as, export: part.role };
    if (part.manifest.methods === undefined) {
      next = own;
      continue;
    }
    const imports = new Map<string, Source>([...types, [SWITCHED, own], [BEHIND, next]]);
    linked.push({ id: switchOf(part.as), bytes: await generateMethodSwitch(part.manifest.methods), imports });
    next = { from: "part", part: switchOf(part.as), export: HANDLER };
  }
  return linked;
}

/** Where a request enters. */
export function entryOf({ middleware }: Assembly): { part: string; export: string } {
  const [first] = middleware;
  if (first === undefined) return { part: ROUTER, export: HANDLER };
  return first.manifest.methods === undefined
    ? { part: first.as, export: first.role }
    : { part: switchOf(first.as), export: HANDLER };
}

/** The components made for one part alone. */
async function ownParts(
  part: Part,
  { grants, recorded }: Assembly,
  resolution: Resolution,
): Promise<LinkedPart[]> {
  const granted = grants.get(part.as) ?? {};
  const own: LinkedPart[] = [];
  const log = fromLog(part);
  if (logs(part, granted, resolution)) {
    own.push({
      id: logOf(part.as),
      bytes: await generateLogSource(partsOfName(part.as)),
      imports: fromHost(LOG),
    });
  }
  if (resolution.stub !== undefined && resolution.isStubbed(part.as)) {
    own.push({
      id: stubOf(part.as),
      component: STUB,
      bytes: await generateStub(resolution.stub),
      imports: stubImports(resolution.stub, log),
    });
  }
  const settings = "settingsText" in part ? (part as MiddlewarePart).settingsText : "{}";
  for (const id of GATED) {
    const isConfig = id === CONFIG;
    if (!opens(granted, trackOf(id))) {
      if (isConfig && importOf(part, CONFIG)) {
        const asks = importOf(part, CONFIG)!.entries.has("get");
        const stub = await settingsStub(settings, asks);
        own.push({
          id: settingsOf(part.as),
          bytes: await generateStub(stub),
          imports: stubImports(stub, log),
        });
      }
      continue;
    }
    const bytes = await generateGate(
      { interface: id, grants: granted, ...(isConfig ? { settings } : {}) },
      recorded,
    );
    const signs = id === HTTP && headerSecrets(granted).length > 0;
    own.push({
      id: isConfig ? settingsOf(part.as) : gateOf(part.as, id),
      bytes,
      imports: new Map([...fromHost(id, ...(signs ? [SECRETS] : [])), [LOG, log]]),
      verbatim: true,
    });
  }
  return own;
}

function fromHost(...ids: string[]): Map<string, Source> {
  return new Map(ids.map((id) => [id, { from: "host", track: trackOf(id) }]));
}

/** True when the part, or something that denies it what it asks for, writes to the log. */
function logs(part: Part, granted: Grants = {}, { stub, isStubbed }: Resolution): boolean {
  return (
    importOf(part, LOG) !== undefined ||
    gatedInterfaces(granted).length > 0 ||
    (importOf(part, CONFIG)?.entries.has("get") ?? false) ||
    (stub !== undefined && logsDenials(stub) && isStubbed(part.as))
  );
}

function fromLog({ as }: Part): Source {
  return { from: "part", part: logOf(as), export: LOG };
}

/**
 * A part's `config` without a grant: its settings as a constant, and every key denied.
 *
 * @param asks The part asks for keys.
 */
export async function settingsStub(settings: string, asks = false): Promise<StubRequest> {
  const track = trackOf(CONFIG);
  return {
    interfaces: await contract(),
    logged: true,
    functions: new Map([[track, asks ? ["settings", "get"] : ["settings"]]]),
    constants: new Map([[`${track}#settings`, settings]]),
  };
}

function wiredSource(
  part: Part,
  name: string,
  next: Source | undefined,
  granted: Grants | undefined,
): Source | undefined {
  const { as } = part;
  const random = randomExport(name);
  if (random !== undefined) return { from: "part", part: RANDOM_PART, export: random };
  const track = trackOf(name);
  switch (track) {
    case trackOf(HANDLER):
      return next;
    case trackOf(CATALOG):
      return { from: "part", part: CATALOG_PART, export: CATALOG };
    case trackOf(AUDIT):
      return { from: "part", part: AUDIT_PART, export: AUDIT };
    case trackOf(CRYPTO):
      return { from: "part", part: CRYPTO_PART, export: CRYPTO };
    case trackOf(LOG):
      return fromLog(part);
    case trackOf(CONFIG):
      return { from: "part", part: settingsOf(as), export: CONFIG };
    default: {
      const id = GATED.find((each) => trackOf(each) === track);
      if (id === undefined || !opens(granted, track)) return undefined;
      return { from: "part", part: gateOf(as, id), export: id };
    }
  }
}
