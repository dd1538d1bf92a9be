import type { Prompt } from "./define-prompt.ts";
import type { Resource, ResourceTemplate } from "./define-resource.ts";
import type { Tool } from "./define-tool.ts";
import type { Dynamic } from "./dynamic.ts";
import type { Capabilities } from "./services.ts";
import { checkPrompt, checkResource, checkTemplate, checkTool } from "./check-offers.ts";
import { checkCapabilities, checkComponent, mark, refuse, type Marked } from "./definition.ts";

/** What {@link provider} takes. */
export interface ProviderDefinition {
  /** Lower-case letters, digits and hyphens; at most 64 characters. */
  readonly name: string;
  /** Semantic version of the component. */
  readonly version: string;
  /** Name for people. */
  readonly title?: string;
  readonly description?: string;
  /** Their names differ. */
  readonly tools?: readonly Tool[];
  /** Their URIs differ. */
  readonly resources?: readonly Resource[];
  /** Their templates differ. */
  readonly resourceTemplates?: readonly ResourceTemplate[];
  /** Their names differ. */
  readonly prompts?: readonly Prompt[];
  /** Lists that it answers itself. */
  readonly dynamic?: Dynamic;
  /** What it needs of its host, and why. */
  readonly capabilities?: Capabilities;
}

/** A component that offers tools, resources or prompts: what its module exports as its default. */
export type Provider = Readonly<ProviderDefinition> & Marked<"provider">;

/** What a dynamic list must have beside `list`. */
const DYNAMIC_MEMBERS = {
  tools: "call",
  resources: "read",
  resourceTemplates: undefined,
  prompts: "get",
} as const;

/**
 * Defines a provider: a component that offers tools, resources or prompts.
 *
 * @throws TypeError when a name, a version or anything it offers is not as described, naming what is wrong.
 */
export function provider(definition: ProviderDefinition): Provider {
  const what = checkComponent("provider", definition);
  checkCapabilities(what, definition.capabilities);
  const { tools, resources, resourceTemplates, prompts, dynamic } = definition;
  const checked = {
    tools: checkAll(what, "tool", "name", tools, checkTool),
    resources: checkAll(what, "resource", "uri", resources, checkResource),
    resourceTemplates: checkAll(what, "resource template", "uriTemplate", resourceTemplates, checkTemplate),
    prompts: checkAll(what, "prompt", "name", prompts, checkPrompt),
  };
  checkDynamic(what, dynamic);
  const offers = Object.values(checked).some((items) => items.length > 0);
  if (!offers && Object.keys(dynamic ?? {}).length === 0) {
    refuse(what, "it offers nothing: no tools, resources, resource templates or prompts");
  }
  return mark("provider", { ...definition, ...checked });
}

/** Checks a list, and that its keys differ; gives a frozen copy. */
function checkAll<T>(
  owner: string,
  kind: string,
  key: keyof T & string,
  items: readonly T[] | undefined,
  check: (what: string, item: T) => void,
): readonly T[] {
  if (items === undefined) return Object.freeze([]);
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
  return Object.freeze([...(items as readonly T[])]);
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
