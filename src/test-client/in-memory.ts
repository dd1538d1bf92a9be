import { catalogEntries } from "../compose/catalog.ts";
import { checkSettings } from "../compose/check.ts";
import { listPages } from "../compose/list-pages.ts";
import { checkPolicy, describeResource, readPolicy, type Policy } from "../compose/policy.ts";
import { collectRoutes, discovery, LISTS, type Routes } from "../compose/routes.ts";
import { withChecks, type ToolChecks } from "../guest/compiled-schema.ts";
import { compileChecks } from "../json-schema/compile-checks.ts";
import { schemasToCompile, type ToolSchemaChecks } from "../json-schema/index.ts";
import type { DynamicList, Json, MiddlewareManifest, ProviderManifest } from "../manifest/index.ts";
import type { Surroundings } from "../sdk/context.ts";
import { handleMiddleware } from "../sdk/handle-middleware.ts";
import { ALL_METHODS, handleProvider, type Handle } from "../sdk/handle-provider.ts";
import { whenDone } from "../sdk/maybe-promise.ts";
import { failure, RPC_ERROR, type Outcome } from "../sdk/messages.ts";
import type { Middleware } from "../sdk/define-middleware.ts";
import type { Provider } from "../sdk/provider.ts";
import { describe } from "./describe.ts";

/** A definition in this process has no bytes. */
const NO_DIGEST = `sha256:${"0".repeat(64)}`;

/** A middleware, and what `tenon.json` would say for it. */
export interface UsedMiddleware {
  readonly definition: Middleware;
  readonly settings: Readonly<Record<string, Json>>;
}

const LIST_METHODS: Readonly<Record<DynamicList, string>> = {
  tools: "tools/list",
  resources: "resources/list",
  resourceTemplates: "resources/templates/list",
  prompts: "prompts/list",
};

/** What `tenon.json` would say of who may use what. */
export interface Authorization {
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  readonly rules?: Readonly<Record<string, string>>;
}

/** What stands around each definition. */
export interface Surrounding {
  of(definition: Provider | Middleware): Surroundings;
  /** The handler, with the process's own functions replaced while it runs. */
  enter(definition: Provider | Middleware, handle: Handle): Handle;
}

/**
 * The handler of a provider behind its middleware, in this process: what the composition of their components would answer.
 *
 * @throws ToolkitError for definitions that would not build, and settings that would not compose.
 */
export async function composeInMemory(
  provider: Provider,
  middleware: readonly UsedMiddleware[],
  surrounding: Surrounding,
  authorization: Authorization = {},
): Promise<Handle> {
  const { manifest, checks } = await describe(provider);
  const access = accessOf(middleware);
  const routes = routesOf(manifest, access === "public" ? "public" : "private");
  const used: DescribedMiddleware[] = [];
  for (const { definition, settings } of middleware) {
    const { manifest: described } = await describe(definition);
    checkSettings(definition.name, described.settingsSchema, { ...settings });
    used.push({ definition, as: definition.name, manifest: described, settings: { ...settings } });
  }
  const { name } = manifest;
  checkPolicy({ name, access, ...authorization }, routes);
  const policy = await readPolicy({
    policyDigest: NO_DIGEST,
    ...authorization,
    ...describeResource(routes.server, used, routes),
  });
  const catalog = catalogReader(routes, policy);
  const checking = withChecks(provider, compiled(checks));
  const provided = handleProvider(checking, surrounding.of(provider), ALL_METHODS);
  let next = routed(routes, surrounding.enter(provider, provided));
  for (const { definition, settings } of used.toReversed()) {
    const text = JSON.stringify(settings);
    const surroundings = { ...surrounding.of(definition), catalog, next, settings: () => text };
    next = surrounding.enter(definition, handleMiddleware(definition, surroundings));
  }
  return next;
}

/** A middleware as the composer has it. */
interface DescribedMiddleware {
  readonly definition: Middleware;
  readonly as: string;
  readonly manifest: MiddlewareManifest;
  readonly settings: Record<string, Json>;
}

/** What `tenon.json` would have to say: who authenticates callers does not do it in a public server. */
export function accessOf(middleware: readonly UsedMiddleware[]): "authenticated" | "public" {
  return middleware.some(({ definition }) => definition.authenticates) ? "authenticated" : "public";
}

/** Looks up entries as the catalog of a composition does. */
function catalogReader(routes: Routes, policy: Policy): NonNullable<Surroundings["catalog"]> {
  const entries = new Map(
    [...catalogEntries(routes, policy)].flatMap(([kind, things]) =>
      things.map(({ name, text }) => [`${kind} ${name}`, text] as const),
    ),
  );
  return (kind, name) => entries.get(`${kind} ${name}`);
}

/** The checks that the build would compile into a component. */
function compiled(checks: Readonly<Record<string, ToolSchemaChecks>>): Record<string, ToolChecks> {
  return Object.fromEntries(
    Object.entries(checks).map(([tool, schemas]) => [tool, compileChecks(schemasToCompile(schemas))]),
  );
}

function routesOf(manifest: ProviderManifest, scope: "private" | "public"): Routes {
  const { name, version } = manifest;
  return collectRoutes({ name, version }, [{ as: name, manifest, digest: NO_DIGEST }], scope);
}

/** The end of the chain: lists are constants with what is dynamic behind them, and all else is the provider's. */
function routed(routes: Routes, handle: Handle): Handle {
  const constants = new Map<string, Outcome>([
    ["ping", { tag: "success", val: "{}" }],
    ["server/discover", { tag: "success", val: discovery(routes) }],
  ]);
  const lists = new Map(LISTS.map((list) => [LIST_METHODS[list], list]));
  return (context, request) => {
    const constant = constants.get(request.method);
    if (constant !== undefined) return constant;
    const list = lists.get(request.method);
    if (list === undefined) return handle(context, request);
    if (routes.cache.lists[list] === undefined) return failure(RPC_ERROR.methodNotFound, "Method not found");
    const pages = listPages(list, routes);
    const cursor = request.target ?? undefined;
    const page = pages.find((each) => each.cursor === cursor);
    if (page === undefined) {
      return failure(RPC_ERROR.invalidParams, 'Invalid params: "cursor" is not one this server gave out');
    }
    if (routes.dynamic[list] === undefined || page !== pages.at(-1)) {
      return { tag: "success", val: `${page.head}${page.tail}` };
    }
    return whenDone(handle(context, request), (outcome) => spliced(list, page.head, outcome));
  };
}

/** What the provider lists behind the constant entries that `head` ends with. */
function spliced(list: DynamicList, head: string, outcome: Outcome): Outcome {
  if (outcome.tag !== "success") return outcome;
  const rest = outcome.val.slice(`{"${list}":[`.length);
  const comma = rest === "]}" || head.endsWith("[") ? "" : ",";
  return { tag: "success", val: `${head}${comma}${rest}` };
}
