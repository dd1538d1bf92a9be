import { createHash } from "node:crypto";
import {
  writeManifest,
  type AppliedRequirement,
  type CoreManifest,
  type Grants,
  type Json,
  type PartManifest,
  type ProviderManifest,
  type ServerDescription,
} from "../manifest/index.ts";
import { hostImports } from "./allowed-imports.ts";
import { checkNames, checkSettings } from "./check.ts";
import { checkOrder } from "./check-order.ts";
import { CATALOG, CONFIG, contract, CREDENTIALS, HANDLER } from "./contract.ts";
import { fuseChain } from "./fuse.ts";
import { checkGrants, isForeign, openGrants, opens } from "./grants.ts";
import { trackOf, withoutVersion } from "./interface.ts";
import { checkLists } from "./list-pages.ts";
import { checkKeysApart } from "./keys-apart.ts";
import { link, type SharedModule } from "./link.ts";
import type { LogLine } from "./log-call.ts";
import { writeSourceMaps } from "../source-map/index.ts";
import { readMiddleware, readProvider, type MiddlewarePart, type Part } from "./part.ts";
import { policyDigest } from "./policy-digest.ts";
import { applyingRequirements, checkRequirements } from "./requirements.ts";
import { checkPolicy, describeResource, readPolicy, type PolicyTexts } from "./policy.ts";
import { resolveImports, type Importer, type Resolution } from "./resolve-imports.ts";
import { collectRoutes, type Owned } from "./routes.ts";
import { verifyComposition } from "./verify-composition.ts";
import {
  CATALOG_PART,
  entryOf,
  hostInterfaces,
  importOf,
  isWired,
  wireParts,
  type Assembly,
} from "./wire-parts.ts";

/** What to compose. */
export interface ComposeInput extends ServerDescription {
  /**
   * `authenticated`: exactly one middleware authenticates callers, and every request passes it; `public`: none does, and
   * anyone may call.
   */
  access: "authenticated" | "public";
  /** At least one. `as` is a name in kebab-case, unique among all parts. */
  providers: readonly { as: string; bytes: Uint8Array }[];
  /** In the order a request passes them. Default settings: `{}`. */
  middleware: readonly { as: string; bytes: Uint8Array; settings?: Record<string, Json> }[];
  /** What parts may do, by their `as`. Default: nothing beyond what every component may. */
  grants?: Readonly<Record<string, Grants>>;
  /** OAuth scopes of each role. Default: there are no roles. */
  roles?: Readonly<Record<string, readonly string[]>>;
  /** What a caller of a tool must fulfil beside its scopes, in a subset of CEL, by the names of tools. Default: nothing. */
  rules?: Readonly<Record<string, string>>;
  /**
   * Puts ready-made middleware that stands side by side into one component, with one engine; its grants are joined. Default
   * true.
   */
  fuse?: boolean;
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

/**
 * Composes providers and middleware into one server. A request passes the middleware in order, then a generated router
 * that answers lists and forwards calls. Everything a part imports that is neither wired to another part nor allowed to
 * every part is answered by a stub that denies. Equal input gives equal bytes.
 *
 * @throws `ToolkitError` with an `ERR_COMPOSE_*` code that says which parts do not fit and what to do; `ERR_MANIFEST`
 * or `ERR_WASM_DECODE` when a part is not a component built for tenon.
 */
export function compose(input: ComposeInput): Promise<Composition> {
  return composeWith(input);
}

/**
 * The same with gates that deny nothing for want of a grant, and log what the parts use. What comes of it must run in the
 * process that made it and go nowhere else, so this is not part of the public module; {@link readWiring} knows no grant for
 * such gates.
 *
 * @param message What the lines say: something that no part can guess.
 */
export function composeRecording(input: ComposeInput, message: string): Promise<Composition> {
  return composeWith(input, { level: "info", message });
}

async function composeWith(input: ComposeInput, recorded?: LogLine): Promise<Composition> {
  checkNames(input);
  const known = await contract();
  const providers: Part<ProviderManifest>[] = [];
  for (const { as, bytes } of input.providers) providers.push(await readProvider(as, bytes, known));
  const middleware: MiddlewarePart[] = [];
  for (const [i, { as, bytes, settings = {} }] of input.middleware.entries()) {
    const part = await readMiddleware(as, bytes, known);
    checkSettings(as, part.manifest.settingsSchema, settings, ["middleware", i, "config"]);
    middleware.push({ ...part, settings, settingsText: JSON.stringify(settings) });
  }
  const requirements = middleware.map(applyingRequirements);
  checkOrder(input.name, input.access, middleware, requirements);
  const parts = [...providers, ...middleware];
  const checked = checkGrants(input.grants ?? {}, parts);
  const grants = recorded === undefined ? checked : openGrants(checked, parts);
  for (const [i, part] of middleware.entries()) {
    checkRequirements(part, requirements[i]!, grants.get(part.as) ?? {}, i);
  }
  checkKeysApart(providers, middleware, requirements, checked);
  // Callers who are known may get different things.
  const routes = collectRoutes(input, providers, input.access === "public" ? "public" : "private");
  checkLists(routes);
  const { access, roles, rules, fuse = true } = input;
  checkPolicy(input, routes);
  // A recording tells of each part what it uses.
  const { fused, ...joined } =
    fuse && recorded === undefined
      ? await fuseChain(middleware, grants, known)
      : { chain: middleware, grants, fused: [] };
  const policyTexts = {
    ...(roles && { roles }),
    ...(rules && { rules }),
    policyDigest: policyDigest({ access, middleware, fused, grants, roles, rules, routes }),
    ...describeResource(input, middleware, routes),
  };
  const policy = await readPolicy(policyTexts);
  const assembly: Assembly = {
    providers,
    middleware: joined.chain,
    routes,
    policy,
    grants: joined.grants,
    ...(recorded && { recorded }),
  };

  const components = [...providers, ...joined.chain];
  const others = components.flatMap((part) => importers(part, joined.grants.get(part.as)));
  const needs = needsOf(components, joined.grants);
  const resolution = resolveImports(others, known, hostImports(needs), { logged: true });
  const host = hostInterfaces(resolution, assembly, known);
  const linkage = {
    host,
    parts: await wireParts(assembly, resolution),
    exports: [
      { name: HANDLER, ...entryOf(assembly), shape: known.get(trackOf(HANDLER))! },
      { name: CATALOG, part: CATALOG_PART, export: CATALOG },
    ],
  };
  const { bytes: linked, shared } = await link(linkage);
  await verifyComposition(linked, input.name, linkage, components, known);

  const claims = { providers, middleware, fused, requirements, grants, routes };
  const manifest = coreManifest(input, claims, policyTexts, deniedFunctions(resolution, assembly));
  const bytes = writeManifest(writeSourceMaps(linked, components), manifest);
  return {
    bytes,
    manifest,
    digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
    imports: [...host.values()].map(({ name }) => name).sort(),
    exports: [HANDLER, CATALOG],
    shared,
  };
}

/** The imports of a part that depend on what the other parts import: those that are judged, and those of an unsafe part. */
function importers({ as, imports }: Part, granted: Grants | undefined): Importer[] {
  const left = [...imports].filter(([name]) => !isWired(name, granted));
  const unsafe = left.filter(([name]) => granted?.unsafe === true && isForeign(name));
  return [
    { as, imports: new Map(left.filter((each) => !unsafe.includes(each))) },
    { as, imports: new Map(unsafe), unsafe: true },
  ];
}

/** What the parts need of the host beyond what every part may have. */
function needsOf(
  parts: readonly Part[],
  grants: ReadonlyMap<string, Grants>,
): { timers: boolean; credentials: boolean } {
  const isSafe = ({ as }: Part): boolean => grants.get(as)?.unsafe !== true;
  return {
    timers: parts.filter(isSafe).some(usesTimers),
    credentials: parts.some((part) => importOf(part, CREDENTIALS) !== undefined),
  };
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

function deniedFunctions({ denied }: Resolution, { providers, middleware, grants }: Assembly): string[] {
  const all = new Set(denied);
  for (const part of [...providers, ...middleware]) {
    if (importOf(part, CONFIG)?.entries.has("get") && !opens(grants.get(part.as), trackOf(CONFIG)))
      all.add(`${withoutVersion(CONFIG)}#get`);
  }
  return [...all].sort();
}

/** What the manifest says of the parts, whichever components they are in. */
interface Claims extends Pick<Assembly, "grants" | "middleware" | "providers" | "routes"> {
  fused: string[][];
  /** Those of each middleware that apply. */
  requirements: readonly (readonly AppliedRequirement[])[];
}

function coreManifest(
  input: ComposeInput,
  { providers, middleware, fused, requirements, routes, grants }: Claims,
  policy: PolicyTexts,
  stubs: string[],
): CoreManifest {
  const identity = ({ as, digest, manifest }: Part): PartManifest => {
    const { name, version, capabilities, toolchain } = manifest;
    const granted = grants.get(as);
    const part = { as, name, version, digest, capabilities, toolchain };
    return granted === undefined ? part : { ...part, grants: granted };
  };
  const { tools, resources, resourceTemplates, prompts } = routes;
  return {
    manifestVersion: 1,
    kind: "core",
    ...routes.server,
    access: input.access,
    ...policy,
    cache: routes.cache,
    middleware: middleware.map((part, i) => ({
      ...identity(part),
      ...(part.manifest.methods === undefined ? {} : { methods: part.manifest.methods }),
      ...(part.manifest.authenticates && { authenticates: part.manifest.authenticates }),
      ...unlessEmpty("requires", [...requirements[i]!]),
    })),
    ...unlessEmpty("fused", fused),
    providers: providers.map((part) => ({
      ...identity(part),
      tools: part.manifest.tools.map(({ name }) => name),
      ...unlessEmpty(
        "resources",
        (part.manifest.resources ?? []).map(({ uri }) => uri),
      ),
      ...unlessEmpty(
        "resourceTemplates",
        (part.manifest.resourceTemplates ?? []).map(({ uriTemplate }) => uriTemplate),
      ),
      ...unlessEmpty(
        "prompts",
        (part.manifest.prompts ?? []).map(({ name }) => name),
      ),
      ...unlessEmpty("dynamic", part.manifest.dynamic ?? []),
      ...(part.manifest.asks === true ? { asks: true } : {}),
    })),
    tools: manifestsOf(tools),
    ...unlessEmpty("resources", manifestsOf(resources)),
    ...unlessEmpty("resourceTemplates", manifestsOf(resourceTemplates)),
    ...unlessEmpty("prompts", manifestsOf(prompts)),
    stubs,
  };
}

function manifestsOf<Thing>(owned: readonly Owned<Thing>[]): Thing[] {
  return owned.map(({ manifest }) => manifest);
}

/** A member, left out when it lists nothing. */
function unlessEmpty<Name extends string, Thing>(name: Name, list: Thing[]): { [Key in Name]?: Thing[] } {
  return list.length === 0 ? {} : ({ [name]: list } as { [Key in Name]?: Thing[] });
}
