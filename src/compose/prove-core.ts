import type { CoreManifest, DynamicList } from "../manifest/index.ts";
import { readComponentGraph, type ComponentGraph } from "../wasm/index.ts";
import { generateCatalog } from "./catalog.ts";
import { CATALOG, HANDLER } from "./contract.ts";
import { claimedLinks, fusedMistakes, type ClaimedLink } from "./fused.ts";
import { orderMistake } from "./order.ts";
import { readPolicy } from "./policy.ts";
import { findChain, instanceOf, nameOf, reachableWithout, type FoundChain } from "./prove-chain.ts";
import { fusedCodeMistakes } from "./prove-fused.ts";
import { partMistakes } from "./prove-parts.ts";
import { STUB } from "./resolve-imports.ts";
import { generateRouter } from "./router.ts";
import { describeServer, LISTS, type Owned, type Routes } from "./routes.ts";
import { isSameCode } from "./same-code.ts";
import { CATALOG_PART } from "./wire-parts.ts";
import { readWiring, type Wiring } from "./wiring.ts";

/** What the bytes of a core prove. */
export interface ProvenCore {
  /** Names of the middleware, in the order a request passes it. */
  chain: string[];
  /** Names of the providers, by the number the router knows them by. */
  providers: string[];
  wiring: Wiring;
  /** Where the manifest says something else than the bytes, or they do not keep what it promises; one sentence each. */
  mistakes: string[];
}

/**
 * Proves from the bytes of a core what its manifest says: who a request passes on its way, and that with access for the
 * authenticated no provider and no list can be reached around the one middleware that authenticates; that everything the
 * composer generated is, byte for byte, what it generates for the manifest, middleware that is fused included; that each part
 * has what it is granted, and no more. Names inside the bytes prove nothing by themselves: they only say which claim of the manifest a component is held
 * against.
 *
 * @throws {@link ToolkitError} `ERR_WASM_DECODE` when the bytes are not a component that is put together from others.
 */
export async function proveCore(core: Uint8Array, manifest: CoreManifest): Promise<ProvenCore> {
  const graph = readComponentGraph(core);
  const wiring = await readWiring(core);
  const claimed = claimedLinks(manifest);
  const found = await findChain(graph, claimed);
  const links = found.links.map(({ as }) => as);
  const chain = links.flatMap(
    (as) => claimed.find((each) => each.as === as)?.parts.map((part) => part.as) ?? [as],
  );
  const providers = found.providers.map(({ as }) => as);
  const held = wiring.parts.filter(({ kind }) => kind === "part").map(({ as }) => as);
  const order = orderMistake(manifest.access, manifest.middleware);
  const mistakes = [
    ...(order === undefined ? [] : [`${order.text}; access is "${manifest.access}"`]),
    ...aroundAuthentication(graph, manifest.access, claimed, found),
    ...differentNames("the chain", manifest.middleware, chain),
    ...differentNames("the list of providers", manifest.providers, providers),
    ...held
      .filter((as) => ![...links, ...providers].includes(as))
      .map((as) => `The bytes hold "${as}", and no request reaches it`),
    ...ambiguousNames(graph),
    ...found.mistakes,
    ...(await generatedMistakes(graph, manifest, found)),
    ...fusedMistakes(manifest),
    ...(await fusedCodeMistakes(core, claimed, wiring.parts)),
    ...partMistakes(manifest, wiring.parts, links),
  ];
  return { chain, providers, wiring, mistakes };
}

/** Whatever of the server can be reached without passing the middleware that authenticates. */
function aroundAuthentication(
  graph: ComponentGraph,
  access: CoreManifest["access"],
  claimed: readonly ClaimedLink[],
  { links, router, providers }: FoundChain,
): string[] {
  if (access === "public") return [];
  const as = claimed.find(({ authenticates }) => authenticates !== undefined)?.as;
  const place = links.findIndex((link) => link.as === as);
  const auth = links[place]?.instance;
  const behind = [
    ...links.slice(place + 1),
    ...(router === undefined ? [] : [{ as: "router", instance: router }]),
    ...providers,
  ];
  const open = behind.filter(({ instance }) => {
    if (auth === undefined || instance === undefined) return true;
    return [...graph.exports.values()].some((entry) => reachableWithout(auth, entry).has(instance));
  });
  if (open.length === 0) return [];
  const names = open.map((each) => `"${each.as}"`).join(", ");
  return [
    auth === undefined
      ? `The manifest says access is "authenticated", and no middleware of the bytes authenticates callers before ${names}`
      : `A request can reach ${names} without passing "${as}", which authenticates callers`,
  ];
}

function differentNames(
  what: string,
  claimed: readonly { as: string }[],
  actual: readonly string[],
): string[] {
  const names = claimed.map(({ as }) => as);
  if (names.join(" ") === actual.join(" ")) return [];
  return [`The manifest says that ${what} is ${quoted(names)}, and the bytes have ${quoted(actual)}`];
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ") || "none";
}

/**
 * Each component has a name of its own and is there once, so that what is known of one holds wherever it is named. Every part
 * has its own instance of the stub.
 */
function ambiguousNames(graph: ComponentGraph): string[] {
  const components = [...graph.names.values()];
  const instances = graph.instantiated.map((each) => nameOf(graph, each)).filter((name) => name !== STUB);
  const twice = [components, instances].flatMap((names) =>
    names.filter((name, i) => names.indexOf(name) !== i),
  );
  return [...new Set(twice)].map((name) => `The bytes hold "${name}" more than once`);
}

/** Holds the router with its lists and the catalog against those made of the manifest, and looks for other ways in. */
async function generatedMistakes(
  graph: ComponentGraph,
  manifest: CoreManifest,
  { router }: FoundChain,
): Promise<string[]> {
  const routes = routesOf(manifest);
  const mistakes = [...graph.exports.keys()]
    .filter((name) => name !== HANDLER && name !== CATALOG)
    .map((name) => `The bytes export "${name}", which is no way into a server`);
  if (router !== undefined && !isSameCode(graph.components[router.component], await generateRouter(routes))) {
    mistakes.push(
      "The router of the bytes is not the one that this version of tenon makes for the tools, resources and prompts of the manifest",
    );
  }
  const catalog = instanceOf(graph.exports.get(CATALOG));
  const expected = await generateCatalog(routes, await readPolicy(manifest));
  if (
    nameOf(graph, catalog) !== CATALOG_PART ||
    !isSameCode(catalog && graph.components[catalog.component], expected)
  ) {
    mistakes.push(
      "The catalog of the bytes is not the one that this version of tenon makes for the manifest",
    );
  }
  return mistakes;
}

/** What the composer made of the manifests of the parts, from the manifest of the whole. */
export function routesOf(manifest: CoreManifest): Routes {
  const { providers, cache } = manifest;
  const owned = <Thing>(
    list: DynamicList,
    things: readonly Thing[] | undefined,
    key: (thing: Thing) => string,
  ): Owned<Thing>[] =>
    (things ?? []).map((thing) => ({
      manifest: thing,
      provider: providers.findIndex((each) => each[list]?.includes(key(thing))),
    }));
  const dynamic = LISTS.flatMap((list) => {
    const owner = providers.findIndex((each) => each.dynamic?.includes(list));
    return owner < 0 ? [] : [[list, owner] as const];
  });
  return {
    server: describeServer(manifest),
    cache,
    providers: providers.map(({ as }) => as),
    digests: providers.map(({ digest }) => digest),
    tools: owned("tools", manifest.tools, (tool) => tool.name),
    resources: owned("resources", manifest.resources, ({ uri }) => uri),
    resourceTemplates: owned("resourceTemplates", manifest.resourceTemplates, (each) => each.uriTemplate),
    prompts: owned("prompts", manifest.prompts, (prompt) => prompt.name),
    dynamic: Object.fromEntries(dynamic),
  };
}
