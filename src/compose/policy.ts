import { metadataUrl } from "../http/protected-resource.ts";
import { nearest, ToolkitError } from "../errors/index.ts";
import {
  canonical,
  type Json,
  type MiddlewareManifest,
  type ProtectedResource,
  type ServerDescription,
} from "../manifest/index.ts";
import type { Rule } from "./compile-rule.ts";
import type { MiddlewarePart } from "./part.ts";
import type { Owned, Routes } from "./routes.ts";
import { inTriedOrder } from "./uri-template.ts";

/** What a composition says of who may use what, beside the scopes of things. */
export interface PolicyTexts {
  /** Of all that decides who may do what. */
  policyDigest: string;
  /** OAuth scopes of each role. */
  roles?: Readonly<Record<string, readonly string[]>>;
  /** Conditions in CEL by the names of tools. */
  rules?: Readonly<Record<string, string>>;
  protectedResource?: ProtectedResource;
}

/** The same, as the catalog says it. */
export interface Policy extends Omit<PolicyTexts, "policyDigest" | "rules"> {
  digest: string;
  rules: ReadonlyMap<string, Rule>;
}

/** Reads the rules of a policy. @throws {@link ToolkitError} `ERR_COMPOSE_RULE`. */
export async function readPolicy({
  policyDigest: digest,
  roles,
  rules = {},
  protectedResource,
}: PolicyTexts): Promise<Policy> {
  const texts = Object.entries(rules);
  const compiled = new Map<string, Rule>();
  if (texts.length > 0) {
    const { compileRule } = await import("./compile-rule.ts");
    for (const [tool, text] of texts) compiled.set(tool, compileRule(tool, text));
  }
  return {
    digest,
    // The catalog that is made of a manifest must be the one that was made before it was written.
    ...(roles && { roles: canonical(roles) }),
    rules: compiled,
    ...(protectedResource && { protectedResource: canonical(protectedResource) }),
  };
}

/** What is checked of the input of a composition. */
interface PolicyInput extends Pick<PolicyTexts, "roles" | "rules"> {
  name: string;
  access: "authenticated" | "public";
}

/** Refuses roles and rules that nothing would ask for. @throws {@link ToolkitError}. */
export function checkPolicy({ name, access, roles, rules = {} }: PolicyInput, { tools }: Routes): void {
  const given = Object.entries({ roles, rules }).find(([, member]) => Object.keys(member ?? {}).length > 0);
  if (access === "public" && given !== undefined) {
    throw new ToolkitError(`Cannot compose "${name}" with ${given[0]}: its access is "public"`, {
      code: "ERR_COMPOSE_ACCESS",
      details: ["Without authentication nobody has a role, and nothing decides by rules"],
      hint: 'Add authentication middleware and set "access" to "authenticated"',
      at: [given[0]],
    });
  }
  const names = tools.map(({ manifest }) => manifest.name);
  const unknown = Object.keys(rules).find((tool) => !names.includes(tool));
  if (unknown === undefined) return;
  const close = nearest(unknown, names);
  throw new ToolkitError(
    `Cannot compose "${name}": a rule is for "${unknown}", and no provider defines a tool of that name`,
    {
      code: "ERR_COMPOSE_RULE",
      details: [`Tools: ${names.slice(0, 20).join(", ")}${names.length > 20 ? " …" : ""}`],
      hint: close === undefined ? "Rules are for tools that providers define" : `Did you mean "${close}"?`,
      at: ["rules", unknown],
    },
  );
}

const HTTP_URL = /^https?:\/\/[^\s/?#@]+[^\s#"\\]*$/;

/**
 * The protected resource metadata of a server (RFC 9728, section 2), from the settings of the middleware that authenticates.
 *
 * @throws {@link ToolkitError} `ERR_COMPOSE_SETTINGS` when no setting says which resource it is.
 */
export function describeResource(
  server: ServerDescription,
  middleware: readonly Pick<MiddlewarePart, "as" | "manifest" | "settings">[],
  routes: Routes,
): { protectedResource?: ProtectedResource } {
  const index = middleware.findIndex(
    ({ manifest }) => manifest.authenticates?.protectedResource !== undefined,
  );
  const part = middleware[index];
  if (part === undefined) return {};
  const { resource: names, authorizationServers } = sourcesOf(part.manifest);
  const urls = (settings: readonly string[]): string[] =>
    settings.flatMap((name) => textsOf(part.settings[name])).filter((text) => HTTP_URL.test(text));
  const [resource] = urls(names);
  if (resource === undefined) {
    throw new ToolkitError(
      `Cannot compose "${part.as}": no setting says at which URL clients reach this server`,
      {
        code: "ERR_COMPOSE_SETTINGS",
        details: [
          `It is the first of ${names.map((name) => `"${name}"`).join(", ")} that is an http or https URL`,
        ],
        hint: `Set "${names[0]}" in "config" of "${part.as}" to it, such as https://mcp.example/mcp`,
        at: ["middleware", index],
      },
    );
  }
  const scopes = scopesOf(routes);
  const described: ProtectedResource = {
    resource,
    authorization_servers: urls(authorizationServers),
    ...(scopes.length > 0 && { scopes_supported: scopes }),
    bearer_methods_supported: ["header"],
    resource_name: server.title ?? server.name,
  };
  return { protectedResource: described };
}

function sourcesOf({ authenticates }: MiddlewareManifest): {
  resource: string[];
  authorizationServers: string[];
} {
  return authenticates!.protectedResource!;
}

function textsOf(value: Json | undefined): string[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");
}

/** All scopes that anything needs, sorted. */
function scopesOf({ tools, resources, resourceTemplates, prompts }: Routes): string[] {
  const things = [...tools, ...resources, ...resourceTemplates, ...prompts];
  return [...new Set(things.flatMap(({ manifest }) => manifest.scopes ?? []))].sort();
}

/** What the server's entry of the catalog says of a policy. */
export function policyMembers({ roles, rules, protectedResource: metadata }: Policy, routes: Routes): object {
  const restricted = restrictedOf(routes, rules);
  return {
    ...(roles && { roles }),
    ...(Object.keys(restricted).length > 0 && { restricted }),
    ...(metadata && {
      protectedResource: metadata,
      protectedResourceMetadata: metadataUrl(metadata.resource),
    }),
  };
}

function isScoped({ manifest }: Owned<{ scopes?: string[] }>): boolean {
  return (manifest.scopes ?? []).length > 0;
}

/** `Restricted` of the SDK. */
function restrictedOf(
  { tools, resources, resourceTemplates, prompts }: Routes,
  rules: Policy["rules"],
): Record<string, string[]> {
  const restricted = {
    tools: tools
      .filter((tool) => isScoped(tool) || rules.has(tool.manifest.name))
      .map(({ manifest }) => manifest.name),
    prompts: prompts.filter(isScoped).map(({ manifest }) => manifest.name),
    resources: resources.filter(isScoped).map(({ manifest }) => manifest.uri),
    // A URI may match several, so it is held against all of them.
    resourceTemplates: resourceTemplates.some(isScoped)
      ? inTriedOrder(resourceTemplates).map(({ manifest }) => manifest.uriTemplate)
      : [],
  };
  return Object.fromEntries(Object.entries(restricted).filter(([, list]) => list.length > 0));
}
