import type { Catalog, CatalogEntry, CatalogKind, Restricted } from "./catalog.ts";
import type { Principal } from "./context.ts";
import type { Outcome, Request } from "./messages.ts";
import { mayAllow, type Arguments } from "./rule.ts";
import { isObject } from "./tool-result.ts";
import { matchingTemplates } from "./template-order.ts";

/** Whether a principal may do what it asks for, and what it lacks. */
export type Access =
  | { readonly kind: "allowed" }
  /** All that is needed, sorted. */
  | { readonly kind: "scopes"; readonly scopes: readonly string[] }
  | { readonly kind: "rule" };

/** A kind of things that lists show. */
export interface ListKind {
  readonly kind: Exclude<CatalogKind, "server">;
  /** The member of the result. */
  readonly list: keyof Restricted;
  /** What identifies an entry. */
  readonly key: "name" | "uri" | "uriTemplate";
}

const LISTS: Readonly<Record<string, ListKind>> = {
  "tools/list": { kind: "tool", list: "tools", key: "name" },
  "prompts/list": { kind: "prompt", list: "prompts", key: "name" },
  "resources/list": { kind: "resource", list: "resources", key: "uri" },
  "resources/templates/list": { kind: "resource-template", list: "resourceTemplates", key: "uriTemplate" },
};

const ALLOWED: Access = { kind: "allowed" };

/**
 * Whether a principal may make a request. What the composition does not know, such as what a dynamic provider makes up, needs
 * nothing.
 *
 * @param principal Without one, what the request needs.
 */
export function accessTo(request: Request, principal: Principal | undefined, catalog: Catalog): Access {
  const { restricted } = catalog.get("server", "");
  if (restricted === undefined) return ALLOWED;
  const entries = addressed(request, restricted, catalog);
  const scopes = lackedScopes(entries, principal);
  if (scopes !== undefined) return { kind: "scopes", scopes };
  if (principal === undefined || entries.every(({ rule }) => rule === undefined)) return ALLOWED;
  const given = request.method === "tools/call" ? argumentsOf(request) : undefined;
  return entries.every((entry) => mayFulfil(entry, principal, given)) ? ALLOWED : { kind: "rule" };
}

/** All scopes that are needed, where the principal has not got each of them. */
function lackedScopes(
  entries: readonly CatalogEntry[],
  principal: Principal | undefined,
): readonly string[] | undefined {
  const needed = [...new Set(entries.flatMap(({ scopes = [] }) => scopes))].sort();
  return needed.every((scope) => principal?.scopes.includes(scope)) ? undefined : needed;
}

function mayFulfil({ rule }: CatalogEntry, principal: Principal, given?: Arguments): boolean {
  return rule === undefined || mayAllow(rule, principal, given);
}

/** The entries of what a request addresses, as far as they are restricted. */
function addressed(
  { method, target, params }: Request,
  restricted: Restricted,
  catalog: Catalog,
): readonly CatalogEntry[] {
  const name = target ?? "";
  switch (method) {
    case "tools/call":
    case "tasks/get":
    case "tasks/update":
    case "tasks/cancel":
      return named("tool", restricted.tools, name, catalog);
    case "prompts/get":
      return named("prompt", restricted.prompts, name, catalog);
    case "resources/read":
    case "resources/subscribe":
      return ofUri(name, restricted, catalog);
    case "subscriptions/listen":
      return subscribedUris(params).flatMap((uri) => ofUri(uri, restricted, catalog));
    case "completion/complete":
      return [
        ...named("prompt", restricted.prompts, name, catalog),
        ...named("resource-template", restricted.resourceTemplates, name, catalog),
        ...ofUri(name, restricted, catalog),
      ];
    default:
      return [];
  }
}

function named(
  kind: ListKind["kind"],
  restricted: readonly string[] | undefined,
  name: string,
  catalog: Catalog,
): readonly CatalogEntry[] {
  const entry = restricted?.includes(name) === true ? catalog.get(kind, name) : undefined;
  return entry === undefined ? [] : [entry];
}

/** A resource of that URI, else the templates that it may be read by. */
function ofUri(
  uri: string,
  { resources, resourceTemplates }: Restricted,
  catalog: Catalog,
): readonly CatalogEntry[] {
  if (resources?.includes(uri) === true) return named("resource", resources, uri, catalog);
  if (resourceTemplates === undefined || catalog.get("resource", uri) !== undefined) return [];
  return matchingTemplates(uri, resourceTemplates).flatMap((template) =>
    named("resource-template", resourceTemplates, template, catalog),
  );
}

function subscribedUris(params: Request["params"]): readonly string[] {
  const { notifications }: { notifications?: unknown } = parsedObject(params);
  const uris: unknown = isObject(notifications) ? notifications["resourceSubscriptions"] : undefined;
  return Array.isArray(uris) ? uris.filter((uri) => typeof uri === "string") : [];
}

function argumentsOf({ params }: Request): Arguments {
  const { arguments: given = {} } = parsedObject(params);
  return { value: given };
}

function parsedObject(text: Request["params"]): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text ?? "{}");
  return isObject(value) ? value : {};
}

/** The kind of a list, where some of it is not for everyone. */
export function listKind(method: string, catalog: Catalog): ListKind | undefined {
  const kind = Object.hasOwn(LISTS, method) ? LISTS[method] : undefined;
  const { restricted } = catalog.get("server", "");
  if (kind === undefined || restricted === undefined) return undefined;
  // What a dynamic provider lists may be read by a template.
  const isRestricted =
    restricted[kind.list] !== undefined || (kind.kind === "resource" && restricted.resourceTemplates);
  return isRestricted ? kind : undefined;
}

/** The result of a list with what the principal may use. A page may become shorter; its cursors stay. */
export function visibleOutcome(
  outcome: Outcome,
  { kind, list, key }: ListKind,
  principal: Principal,
  catalog: Catalog,
): Outcome {
  if (outcome.tag !== "success") return outcome;
  const restricted = catalog.get("server", "").restricted ?? {};
  const result = JSON.parse(outcome.val) as Readonly<Record<string, unknown>>;
  const entries = result[list];
  if (!Array.isArray(entries)) throw new TypeError(`the outcome of the list has no ${list}`);
  const isVisible = (name: string): boolean => {
    const known =
      kind === "resource" ? ofUri(name, restricted, catalog) : named(kind, restricted[list], name, catalog);
    return known.every(
      (entry) => lackedScopes([entry], principal) === undefined && mayFulfil(entry, principal),
    );
  };
  const visible = entries.filter((entry: unknown) => {
    const name = isObject(entry) ? entry[key] : undefined;
    return typeof name === "string" && isVisible(name);
  });
  return visible.length === entries.length
    ? outcome
    : { tag: "success", val: JSON.stringify({ ...result, [list]: visible }) };
}
