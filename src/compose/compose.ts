import { createHash } from "node:crypto";
import {
  writeManifest,
  type CoreManifest,
  type Grants,
  type Json,
  type PartManifest,
  type ProviderManifest,
} from "../manifest/index.ts";
import { hostImports } from "./allowed-imports.ts";
import { generateCatalog } from "./catalog.ts";
import { checkAccess, checkNames, checkSettings, collectTools, importsCredentials } from "./check.ts";
import { CATALOG, CONFIG, contract, HANDLER, LOG, RANDOM } from "./contract.ts";
import { trackOf, withoutVersion, type Interface, type Interfaces } from "./interface.ts";
import { link, type LinkedPart, type SharedModule, type Source } from "./link.ts";
import { generateLogSource } from "./log-source.ts";
import { randomExport, randomPart } from "./random.ts";
import { readMiddleware, readProvider, type MiddlewarePart, type Part } from "./part.ts";
import { resolveImports, STUB, type Resolution } from "./resolve-imports.ts";
import { generateRouter, providerImport, type Routes } from "./router.ts";
import { generateStub, stubImports } from "./stub.ts";
import { verifyComposition } from "./verify-composition.ts";

/** What to compose. */
export interface ComposeInput {
  /** Name of the server, in kebab-case. */
  name: string;
  /** Semantic version of the server. */
  version: string;
  /** `authenticated` demands a middleware that can see the credential of a request. */
  access: "authenticated" | "public";
  /** At least one. `as` is a name in kebab-case, unique among all parts. */
  providers: readonly { as: string; bytes: Uint8Array }[];
  /** In the order a request passes them. Default settings: `{}`. */
  middleware: readonly { as: string; bytes: Uint8Array; settings?: Record<string, Json> }[];
  /** What parts may do, by their `as`. Default: nothing beyond what every component may. */
  grants?: Readonly<Record<string, Grants>>;
}

/** A composed server. */
export interface Composition {
  bytes: Uint8Array;
  /** What the `tenon:manifest` section of the bytes says. */
  manifest: CoreManifest;
  /** `sha256:` and 64 hexadecimal digits, of the bytes. */
  digest: string;
  /** Interfaces the host must serve. */
  imports: string[];
  exports: string[];
  /** Core modules stored once though several parts hold them. */
  shared: SharedModule[];
}

// Names of generated parts hold a space, which names of parts never do.
const ROUTER = "generated router";
const CATALOG_PART = "generated catalog";
const RANDOM_PART = "generated random";

/**
 * Composes providers and middleware into one server. A request passes the middleware in order, then a generated router
 * that answers lists and forwards calls. Everything a part imports that is neither wired to another part nor allowed to
 * every part is answered by a stub that denies. Equal input gives equal bytes.
 *
 * @throws `ToolkitError` with an `ERR_COMPOSE_*` code that says which parts do not fit and what to do; `ERR_MANIFEST`
 * or `ERR_WASM_DECODE` when a part is not a component built for tenon.
 */
export async function compose(input: ComposeInput): Promise<Composition> {
  checkNames(input);
  const known = await contract();
  const providers: Part<ProviderManifest>[] = [];
  for (const { as, bytes } of input.providers) providers.push(await readProvider(as, bytes, known));
  const middleware: MiddlewarePart[] = [];
  for (const { as, bytes, settings = {} } of input.middleware) {
    const part = await readMiddleware(as, bytes, known);
    checkSettings(as, part.manifest.settingsSchema, settings);
    middleware.push({ ...part, settings });
  }
  checkAccess(input.name, input.access, middleware);
  const routes: Routes = { ...input, tools: collectTools(providers), providers: providers.length };

  const parts = [...providers, ...middleware];
  const resolution = resolveImports(parts.map(withoutWired), known, hostImports(needsOf(parts)));
  const host = hostInterfaces(resolution, parts, known);
  const linkage = {
    host,
    parts: await linkedParts(providers, middleware, routes, resolution, known),
    exports: [
      {
        name: HANDLER,
        part: middleware[0]?.as ?? ROUTER,
        export: middleware[0]?.role ?? HANDLER,
        shape: known.get(trackOf(HANDLER))!,
      },
      { name: CATALOG, part: CATALOG_PART, export: CATALOG },
    ],
  };
  const { bytes: linked, shared } = await link(linkage);
  await verifyComposition(linked, input.name, linkage, parts, known);

  const manifest = coreManifest(input, routes, providers, middleware, deniedFunctions(resolution, parts));
  const bytes = writeManifest(linked, manifest);
  return {
    bytes,
    manifest,
    digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
    imports: [...host.values()].map(({ name }) => name).sort(),
    exports: [HANDLER, CATALOG],
    shared,
  };
}

/** Interfaces answered by a component generated for the part alone, or by a neighbour. */
const WIRED = new Set([HANDLER, CATALOG, LOG, CONFIG].map(trackOf));

function isWired(name: string): boolean {
  return WIRED.has(trackOf(name)) || randomExport(name) !== undefined;
}

function usesInsecureRandom({ imports }: Part): boolean {
  return [...imports.keys()].some((name) => randomExport(name) !== undefined);
}

function withoutWired({ as, imports }: Part): { as: string; imports: Interfaces } {
  return { as, imports: new Map([...imports].filter(([name]) => !isWired(name))) };
}

function importOf(part: Part, name: string): Interface | undefined {
  return [...part.imports.values()].find((of) => trackOf(of.name) === trackOf(name));
}

/** What the parts need of the host beyond what every part may have. */
function needsOf(parts: readonly Part[]): { timers: boolean; credentials: boolean } {
  return { timers: parts.some(usesTimers), credentials: parts.some(importsCredentials) };
}

/**
 * True when the part's own code waits. The C library inside QuickJS imports `subscribe-duration` whether anything waits
 * or not; code that does imports the whole interface.
 */
function usesTimers(part: Part): boolean {
  const clock = importOf(part, "wasi:clocks/monotonic-clock@0.2.0")?.entries;
  if (clock === undefined) return false;
  return (
    clock.has("subscribe-instant") ||
    (clock.has("subscribe-duration") && part.manifest.toolchain.engine.name !== "quickjs")
  );
}

function hostInterfaces({ host }: Resolution, parts: readonly Part[], known: Interfaces): Interfaces {
  const types = "tenon:mcp/types@0.1";
  const all: Interfaces = new Map([[types, known.get(types)!], ...host]);
  // The generated parts use every type of the contract, whichever the others use.
  all.set(types, known.get(types)!);
  if (parts.some((part) => importOf(part, LOG))) all.set(trackOf(LOG), known.get(trackOf(LOG))!);
  if (parts.some(usesInsecureRandom)) all.set(trackOf(RANDOM), known.get(trackOf(RANDOM))!);
  return all;
}

/** Every component of the server, each after those it imports from. */
async function linkedParts(
  providers: readonly Part[],
  middleware: readonly MiddlewarePart[],
  routes: Routes,
  resolution: Resolution,
  known: Interfaces,
): Promise<LinkedPart[]> {
  const types = new Map<string, Source>([
    ["tenon:mcp/types@0.1.0", { from: "host", track: "tenon:mcp/types@0.1" }],
  ]);
  const linked: LinkedPart[] = [
    {
      id: CATALOG_PART,
      bytes: await generateCatalog(
        routes,
        providers.map(({ as }) => as),
      ),
      imports: types,
    },
  ];
  if (resolution.stub !== undefined) {
    linked.push({
      id: STUB,
      bytes: await generateStub(resolution.stub),
      imports: stubImports(resolution.stub),
    });
  }
  if ([...providers, ...middleware].some(usesInsecureRandom)) linked.push(await randomPart(RANDOM_PART));
  for (const part of [...providers, ...middleware]) {
    if (importOf(part, LOG)) {
      const imports = new Map<string, Source>([[LOG, { from: "host", track: trackOf(LOG) }]]);
      linked.push({ id: `log of ${part.as}`, bytes: await generateLogSource(part.as), imports });
    }
    if (importOf(part, CONFIG)) {
      const settings = "settings" in part ? part.settings : {};
      linked.push({
        id: `config of ${part.as}`,
        bytes: await configStub(settings as Json, known),
        imports: new Map(),
      });
    }
  }
  const wire = (part: Part, next: Source | undefined): LinkedPart => ({
    id: part.as,
    bytes: part.bytes,
    imports: new Map(
      [...part.imports.keys()].map((name) => [
        name,
        wiredSource(part, name, next) ?? resolution.sourceOf(name),
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
    next = { from: "part", part: part.as, export: part.role };
  }
  return linked;
}

function wiredSource(part: Part, name: string, next: Source | undefined): Source | undefined {
  const random = randomExport(name);
  if (random !== undefined) return { from: "part", part: RANDOM_PART, export: random };
  switch (trackOf(name)) {
    case trackOf(HANDLER):
      return next;
    case trackOf(CATALOG):
      return { from: "part", part: CATALOG_PART, export: CATALOG };
    case trackOf(LOG):
      return { from: "part", part: `log of ${part.as}`, export: LOG };
    case trackOf(CONFIG):
      return { from: "part", part: `config of ${part.as}`, export: CONFIG };
    default:
      return undefined;
  }
}

/** A part's `config`: its settings as a constant, and every key denied. */
function configStub(settings: Json, known: Interfaces): Promise<Uint8Array> {
  const track = trackOf(CONFIG);
  return generateStub({
    interfaces: known,
    functions: new Map([[track, ["settings", "get"]]]),
    constants: new Map([[`${track}#settings`, JSON.stringify(settings)]]),
  });
}

function deniedFunctions({ denied }: Resolution, parts: readonly Part[]): string[] {
  const all = new Set(denied);
  if (parts.some((part) => importOf(part, CONFIG)?.entries.has("get")))
    all.add(`${withoutVersion(CONFIG)}#get`);
  return [...all].sort();
}

function identity({ as, digest, manifest }: Part): PartManifest {
  const { name, version, capabilities, toolchain } = manifest;
  return { as, name, version, digest, capabilities, toolchain };
}

function coreManifest(
  input: ComposeInput,
  routes: Routes,
  providers: readonly Part<ProviderManifest>[],
  middleware: readonly MiddlewarePart[],
  stubs: string[],
): CoreManifest {
  return {
    manifestVersion: 1,
    kind: "core",
    name: input.name,
    version: input.version,
    access: input.access,
    middleware: middleware.map((part) => ({
      ...identity(part),
      ...(part.manifest.methods === undefined ? {} : { methods: part.manifest.methods }),
    })),
    providers: providers.map((part) => ({
      ...identity(part),
      tools: part.manifest.tools.map(({ name }) => name),
    })),
    tools: routes.tools.map((tool) => tool.manifest),
    stubs,
  };
}
