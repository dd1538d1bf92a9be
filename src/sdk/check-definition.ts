import type { ProviderCache } from "./caching.ts";
import type { Dynamic } from "./dynamic.ts";
import { checkCapabilities, checkComponent, checkStrings, refuse } from "./check-component.ts";
import { checkCache } from "./check-described.ts";
import { checkPrompt, checkResource, checkTemplate, checkTool } from "./check-offers.ts";
import { checkRequirements } from "./check-requirements.ts";
import type { AuthenticationDefinition } from "./define-authentication.ts";
import type { MiddlewareDefinition } from "./define-middleware.ts";
import type { ProviderDefinition } from "./provider.ts";
import { isSchema } from "./schema.ts";
import { isObject } from "./tool-result.ts";

// A component is built from a definition that these have passed, so they are left out of it: the build replaces this
// module by functions that do nothing.

/** What a dynamic list must have beside `list`. */
const DYNAMIC_MEMBERS = {
  tools: "call",
  resources: "read",
  resourceTemplates: undefined,
  prompts: "get",
} as const;

/** Checks what a provider is defined with. @throws DefinitionError saying what is wrong. */
export function checkProvider(definition: ProviderDefinition): void {
  const what = checkComponent("provider", definition);
  checkCapabilities(what, definition.capabilities);
  const { tools, resources, resourceTemplates, prompts, dynamic } = definition;
  const offered =
    checkAll(what, "tool", "name", tools, checkTool) +
    checkAll(what, "resource", "uri", resources, checkResource) +
    checkAll(what, "resource template", "uriTemplate", resourceTemplates, checkTemplate) +
    checkAll(what, "prompt", "name", prompts, checkPrompt);
  checkDynamic(what, dynamic);
  checkProviderCache(what, definition.cache);
  if (offered === 0 && Object.keys(dynamic ?? {}).length === 0) {
    refuse(what, "it offers nothing: no tools, resources, resource templates or prompts");
  }
}

/** Checks what a middleware is defined with. @throws DefinitionError saying what is wrong. */
export function checkMiddleware(definition: MiddlewareDefinition<never>): void {
  const what = checkComponent("middleware", definition);
  const { settings } = definition;
  if (typeof definition.handle !== "function") refuse(what, "it has no handle function");
  checkStrings(what, "methods", definition.methods);
  checkCapabilities(what, definition.capabilities);
  if (settings !== undefined && !isSchema(settings) && (typeof settings !== "object" || settings === null)) {
    refuse(what, "its settings are neither a schema nor a JSON Schema");
  }
  checkRequirements(what, definition.requires);
}

/** Checks what authentication is defined with, beyond what every middleware has. @throws DefinitionError saying what is wrong. */
export function checkAuthentication(definition: AuthenticationDefinition<never>): void {
  const what = checkComponent("authentication", definition);
  if (typeof definition.authenticate !== "function") refuse(what, "it has no authenticate function");
  if ("handle" in definition || "methods" in definition) {
    refuse(what, "it has handle or methods, and authenticates every request itself");
  }
}

/** Checks a list, and that its keys differ. */
function checkAll<T>(
  owner: string,
  kind: string,
  key: keyof T & string,
  items: readonly T[] | undefined,
  check: (what: string, item: T) => void,
): number {
  if (items === undefined) return 0;
  if (!Array.isArray(items)) refuse(owner, `its ${kind}s are not a list`);
  const seen = new Set<unknown>();
  for (const item of items as readonly T[]) {
    if (typeof item !== "object" || item === null) refuse(owner, `one of its ${kind}s is not an object`);
    const id = (item as T)[key];
    if (typeof id !== "string") refuse(owner, `one of its ${kind}s has no ${key}`);
    if (seen.has(id)) refuse(owner, `two ${kind}s have the ${key} "${id}"`);
    seen.add(id);
    check(`${kind} ${JSON.stringify(id)}`, item);
  }
  return items.length;
}

function checkProviderCache(what: string, cache: ProviderCache | undefined): void {
  if (cache === undefined) return;
  if (!isObject(cache)) refuse(what, "its cache is not an object");
  for (const [kind, each] of Object.entries(cache)) {
    if (kind !== "lists" && kind !== "reads") refuse(what, `its cache has "${kind}"; there are lists, reads`);
    checkCache(what, `cache.${kind}`, each);
  }
}

function checkDynamic(what: string, dynamic: Dynamic | undefined): void {
  if (dynamic === undefined) return;
  if (typeof dynamic !== "object" || dynamic === null) refuse(what, "its dynamic is not an object");
  for (const [kind, lists] of Object.entries(dynamic) as [string, unknown][]) {
    if (!Object.hasOwn(DYNAMIC_MEMBERS, kind)) {
      refuse(what, `its dynamic has "${kind}"; there are ${Object.keys(DYNAMIC_MEMBERS).join(", ")}`);
    }
    const needed = DYNAMIC_MEMBERS[kind as keyof typeof DYNAMIC_MEMBERS];
    for (const member of ["list", ...(needed === undefined ? [] : [needed])]) {
      if (typeof (lists as Record<string, unknown> | null | undefined)?.[member] !== "function") {
        refuse(what, `its dynamic ${kind} has no ${member} function`);
      }
    }
  }
  if (dynamic.resourceTemplates !== undefined && dynamic.resources === undefined) {
    refuse(what, "its dynamic resourceTemplates need dynamic resources, whose read answers for them");
  }
}
