import type { CoreManifest, DynamicList } from "../manifest/index.ts";
import {
  ByteWriter,
  readComponentGraph,
  readSections,
  SECTION,
  type ComponentGraph,
  type Definition,
} from "../wasm/index.ts";
import { generateCatalog } from "./catalog.ts";
import { CATALOG, HANDLER } from "./contract.ts";
import { trackOf } from "./interface.ts";
import { BEHIND, generateMethodSwitch, SWITCHED } from "./method-switch.ts";
import { readPolicy } from "./policy.ts";
import { generateRouter, providerImport } from "./router.ts";
import { describeServer, LISTS, type Owned, type Routes } from "./routes.ts";
import { CATALOG_PART, ROUTER, switchOf } from "./wire-parts.ts";

/** How requests pass through a core, read from its bytes. */
export interface ProvenCore {
  /** Names of the middleware, in the order a request passes them. */
  chain: string[];
  /** Names of the providers, by the number the router knows them by. */
  providers: string[];
  /** What the generated parts of the core do that its manifest does not say, one sentence each. */
  mistakes: string[];
}

type Instance = Definition & { from: "instantiate" };

/**
 * Follows the wires of a core from its export to the router and from there to the providers, and holds what the composer
 * generated, byte for byte, against what it generates for the manifest: the router with its lists, the catalog, and what
 * decides which methods a middleware sees.
 *
 * @throws {@link ToolkitError} `ERR_WASM_DECODE` when the bytes are not a component that is put together from others.
 */
export async function proveCore(core: Uint8Array, manifest: CoreManifest): Promise<ProvenCore> {
  const graph = readComponentGraph(core);
  const routes = routesOf(manifest);
  const proven: ProvenCore = { chain: [], providers: [], mistakes: [] };
  const router = await followChain(graph, manifest, proven);
  if (router === undefined) {
    proven.mistakes.push("The chain of the bytes does not end at a router");
  } else {
    for (let i = 0; router.given.has(providerImport(i)); i++) {
      proven.providers.push(nameOf(graph, instanceOf(router.given.get(providerImport(i)))));
    }
    if (!isSame(graph, router, await generateRouter(routes))) {
      proven.mistakes.push(
        "The router of the bytes is not the one that this version of tenon makes for the tools, resources and prompts of the manifest",
      );
    }
  }
  const catalog = instanceOf(graph.exports.get(CATALOG));
  const expected = await generateCatalog(routes, await readPolicy(manifest));
  if (nameOf(graph, catalog) !== CATALOG_PART || !isSame(graph, catalog, expected)) {
    proven.mistakes.push(
      "The catalog of the bytes is not the one that this version of tenon makes for the manifest",
    );
  }
  return proven;
}

/** The router, at the end of the middleware that a request passes. */
async function followChain(
  graph: ComponentGraph,
  { middleware }: CoreManifest,
  { chain, mistakes }: ProvenCore,
): Promise<Instance | undefined> {
  let at = instanceOf(graph.exports.get(HANDLER));
  while (at !== undefined && chain.length <= graph.instantiated.length) {
    const name = nameOf(graph, at);
    if (name === ROUTER) return at;
    const link: Instance | undefined = at.given.has(SWITCHED) ? instanceOf(at.given.get(SWITCHED)) : at;
    const as = nameOf(graph, link);
    const next = instanceOf(
      [...(link?.given ?? [])].find(([imported]) => trackOf(imported) === trackOf(HANDLER))?.[1],
    );
    const methods = middleware.find((each) => each.as === as)?.methods;
    const isSwitched = link !== at;
    if (isSwitched !== (methods !== undefined)) {
      mistakes.push(
        `The manifest says that "${as}" acts on ${methods === undefined ? "every method" : methods.join(", ")}, ` +
          `and in the bytes it acts on ${isSwitched ? "some methods alone" : "every method"}`,
      );
    } else if (
      methods !== undefined &&
      (name !== switchOf(as) ||
        instanceOf(at.given.get(BEHIND)) !== next ||
        !isSame(graph, at, await generateMethodSwitch(methods)))
    ) {
      mistakes.push(
        `What decides whether "${as}" sees a request is not what its methods in the manifest ask for`,
      );
    }
    chain.push(as);
    at = next;
  }
  return undefined;
}

/** What the composer made of the manifests of the parts, from the manifest of the whole. */
function routesOf(manifest: CoreManifest): Routes {
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

/** The instance of a component that a definition leads to. */
function instanceOf(definition: Definition | undefined): Instance | undefined {
  const source = definition?.from === "alias" ? definition.of : definition;
  return source?.from === "instantiate" ? source : undefined;
}

function nameOf({ names }: ComponentGraph, instance: Instance | undefined): string {
  return (instance && names.get(instance.component)) ?? "a component without a name";
}

function isSame(
  { components }: ComponentGraph,
  instance: Instance | undefined,
  expected: Uint8Array,
): boolean {
  const actual = instance && components[instance.component];
  return actual !== undefined && Buffer.compare(withoutCustom(actual), withoutCustom(expected)) === 0;
}

/** Custom sections are no code; linking leaves out most of them. */
function withoutCustom(component: Uint8Array): Uint8Array {
  const out = new ByteWriter();
  for (const { id, whole } of readSections(component)) if (id !== SECTION.custom) out.bytes(whole);
  return out.finish();
}
