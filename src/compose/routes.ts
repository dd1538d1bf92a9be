import { ToolkitError, type ErrorCode } from "../errors/index.ts";
import {
  canonical,
  type CacheHint,
  type CoreManifest,
  type DynamicList,
  type Json,
  type PromptManifest,
  type ProviderManifest,
  type ResourceManifest,
  type ResourceTemplateManifest,
  type ServerDescription,
  type ToolManifest,
} from "../manifest/index.ts";
import { listFreshness } from "./list-freshness.ts";
import type { Part } from "./part.ts";
import { shapeOf, templatePattern } from "./uri-template.ts";

/** Something a provider offers; `provider` counts from 0. */
export interface Owned<Thing> {
  manifest: Thing;
  provider: number;
}

/** Everything a composition offers, each kind in the order of its list. */
export interface Routes {
  server: ServerDescription;
  /** Names of the providers, by number. */
  providers: readonly string[];
  /** `sha256:` and 64 hexadecimal digits of their components, by number. */
  digests: readonly string[];
  tools: readonly Owned<ToolManifest>[];
  resources: readonly Owned<ResourceManifest>[];
  resourceTemplates: readonly Owned<ResourceTemplateManifest>[];
  prompts: readonly Owned<PromptManifest>[];
  /** The provider that answers a list itself, by kind. */
  dynamic: Readonly<Partial<Record<DynamicList, number>>>;
  cache: CoreManifest["cache"];
}

/**
 * Collects what the providers offer, in the order they are declared.
 *
 * @param scope The widest that results of the server may have.
 * @throws {@link ToolkitError} `ERR_COMPOSE_*_COLLISION` when two providers offer the same thing.
 */
export function collectRoutes(
  server: ServerDescription,
  parts: readonly Pick<Part<ProviderManifest>, "as" | "digest" | "manifest">[],
  scope: CacheHint["scope"],
): Routes {
  const owned = <Thing>(of: (manifest: ProviderManifest) => readonly Thing[] | undefined): Owned<Thing>[] =>
    parts.flatMap(({ manifest }, provider) =>
      (of(manifest) ?? []).map((thing) => ({ manifest: thing, provider })),
    );
  const offered = {
    server: describeServer(server),
    providers: parts.map(({ as }) => as),
    digests: parts.map(({ digest }) => digest),
    tools: owned(({ tools }) => tools),
    resources: owned(({ resources }) => resources),
    resourceTemplates: owned(({ resourceTemplates }) => resourceTemplates),
    prompts: owned(({ prompts }) => prompts),
    dynamic: collectDynamic(parts),
  };
  const lists = LISTS.filter((list) => offers(offered, ...relatives(list))).map((list) => {
    const listed = { things: offered[list], dynamic: offered.dynamic[list] };
    return [
      list,
      listFreshness(
        listed,
        parts.map(({ manifest }) => manifest),
        scope,
      ),
    ] as const;
  });
  const routes: Routes = { ...offered, cache: { scope, lists: Object.fromEntries(lists) } };
  const { tools, resources, resourceTemplates, prompts, providers } = routes;
  refuseTwins("tool", "TOOL", tools, ({ name }) => name, providers);
  refuseTwins("resource", "RESOURCE", resources, ({ uri }) => uri, providers);
  refuseTwins(
    "resource template",
    "RESOURCE",
    resourceTemplates,
    ({ uriTemplate }) => uriTemplate,
    providers,
  );
  refuseTwins("prompt", "PROMPT", prompts, ({ name }) => name, providers);
  refuseLookalikes(routes);
  return routes;
}

/** Kinds of lists. Each is also the name of the one member of its result. */
export const LISTS: readonly DynamicList[] = ["tools", "resources", "resourceTemplates", "prompts"];

/** What a thing of a list is called. */
export const KINDS: Record<DynamicList, string> = {
  tools: "tool",
  resources: "resource",
  resourceTemplates: "resource template",
  prompts: "prompt",
};

/** What clients see of a manifest's entry. */
export function definitionOf(list: DynamicList, entry: object): Record<string, Json> {
  return Object.fromEntries(
    MEMBERS[list].flatMap((member) => {
      const value = (entry as Record<string, Json | undefined>)[member];
      return value === undefined ? [] : [[member, value] as const];
    }),
  );
}

const READABLE = ["name", "title", "description", "mimeType", "annotations", "icons"];

/** Members that clients see, in the order they are written; scopes, for one, are not among them. */
const MEMBERS: Record<DynamicList, readonly string[]> = {
  tools: ["name", "title", "description", "inputSchema", "outputSchema", "annotations", "icons", "_meta"],
  resources: ["uri", ...READABLE, "size", "_meta"],
  resourceTemplates: ["uriTemplate", ...READABLE, "_meta"],
  prompts: ["name", "title", "description", "arguments", "icons", "_meta"],
};

type Offered = Pick<Routes, DynamicList | "dynamic">;

/** True when the composition has anything of those kinds. */
export function offers(routes: Offered, ...lists: DynamicList[]): boolean {
  return lists.some((list) => routes[list].length > 0 || routes.dynamic[list] !== undefined);
}

/** Kinds whose lists exist together: one capability declares both. */
function relatives(list: DynamicList): readonly DynamicList[] {
  return list === "resources" || list === "resourceTemplates" ? ["resources", "resourceTemplates"] : [list];
}

/** True when `completion/complete` can give anything but nothing. */
export function completes({ prompts, resourceTemplates, dynamic }: Routes): boolean {
  return (
    [...prompts, ...resourceTemplates].some(({ manifest }) => (manifest.completes ?? []).length > 0) ||
    dynamic.prompts !== undefined ||
    dynamic.resourceTemplates !== undefined
  );
}

/** What `server/discover` answers. */
export function discovery(routes: Routes): string {
  const { instructions, ...serverInfo } = routes.server;
  const hints = Object.values(routes.cache.lists);
  return JSON.stringify({
    ttlMs: Math.min(...hints.map(({ ttlMs }) => ttlMs)),
    cacheScope: hints.every(({ scope }) => scope === "public") ? "public" : "private",
    serverInfo,
    capabilities: capabilitiesOf(routes),
    instructions,
  });
}

/** What MCP clients are told that the server can do. */
export function capabilitiesOf(routes: Routes): Record<string, object> {
  return {
    ...(offers(routes, "tools") ? { tools: {} } : {}),
    ...(offers(routes, "resources", "resourceTemplates") ? { resources: {} } : {}),
    ...(offers(routes, "prompts") ? { prompts: {} } : {}),
    ...(completes(routes) ? { completions: {} } : {}),
  };
}

/** The members that describe a server, and no others. */
export function describeServer(server: ServerDescription): ServerDescription {
  const { name, version, title, description, websiteUrl, icons, instructions } = server;
  // What is generated of a manifest must be what was generated before it was written.
  const optional = { title, description, websiteUrl, icons: icons && canonical(icons), instructions };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  return { name, version, ...(Object.fromEntries(given) as Omit<ServerDescription, "name" | "version">) };
}

function collectDynamic(
  parts: readonly Pick<Part<ProviderManifest>, "as" | "manifest">[],
): Partial<Record<DynamicList, number>> {
  const dynamic: Partial<Record<DynamicList, number>> = {};
  for (const [provider, { as, manifest }] of parts.entries()) {
    for (const list of manifest.dynamic ?? []) {
      const owner = dynamic[list];
      if (owner !== undefined && owner !== provider) {
        throw new ToolkitError(
          `Cannot compose "${parts[owner]!.as}" with "${as}": both answer the list of ${KINDS[list]}s themselves`,
          {
            code: "ERR_COMPOSE_DYNAMIC_COLLISION",
            details: [`A ${KINDS[list]} that nothing else has could belong to either`],
            hint: `Compose "${parts[owner]!.as}" and "${as}" into two servers`,
          },
        );
      }
      dynamic[list] = provider;
    }
  }
  return dynamic;
}

function refuseTwins<Thing>(
  kind: string,
  code: "PROMPT" | "RESOURCE" | "TOOL",
  things: readonly Owned<Thing>[],
  nameOf: (thing: Thing) => string,
  providers: readonly string[],
): void {
  const owners = new Map<string, number>();
  for (const { manifest, provider } of things) {
    const name = nameOf(manifest);
    const owner = owners.get(name);
    if (owner !== undefined) {
      const [a, b] = [providers[owner]!, providers[provider]!];
      throw new ToolkitError(`Cannot compose "${a}" with "${b}": both have a ${kind} called "${name}"`, {
        code: `ERR_COMPOSE_${code}_COLLISION` satisfies ErrorCode,
        hint: `Rename the ${kind} in "${a}" or in "${b}"`,
      });
    }
    owners.set(name, provider);
  }
}

/** Two templates that match the same URIs could not both be reached. Within a provider the first one counts. */
function refuseLookalikes({ resourceTemplates, providers }: Routes): void {
  const seen = new Map<string, Owned<ResourceTemplateManifest>>();
  for (const each of resourceTemplates) {
    const { uriTemplate } = each.manifest;
    const shape = shapeOf(templatePattern(uriTemplate));
    const other = seen.get(shape);
    if (other !== undefined && other.provider !== each.provider) {
      const [a, b] = [providers[other.provider]!, providers[each.provider]!];
      throw new ToolkitError(
        `Cannot compose "${a}" with "${b}": their resource templates match the same URIs`,
        {
          code: "ERR_COMPOSE_RESOURCE_COLLISION",
          details: [`"${a}" has ${other.manifest.uriTemplate}`, `"${b}" has ${uriTemplate}`],
          hint: `Change the fixed text of the template in "${a}" or in "${b}"`,
        },
      );
    }
    if (other === undefined) seen.set(shape, each);
  }
}
