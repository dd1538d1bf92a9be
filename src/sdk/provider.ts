import type { ProviderCache } from "./caching.ts";
import type { Prompt } from "./define-prompt.ts";
import type { Resource, ResourceTemplate } from "./define-resource.ts";
import type { Tool } from "./define-tool.ts";
import type { Dynamic } from "./dynamic.ts";
import type { Capabilities } from "./services.ts";
import { checkProvider } from "./check-definition.ts";
import { mark, type Marked } from "./definition.ts";

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
  /** How long clients may keep what they got. */
  readonly cache?: ProviderCache;
  /** What it needs of its host, and why. */
  readonly capabilities?: Capabilities;
}

/** A component that offers tools, resources or prompts: what its module exports as its default. */
export type Provider = Readonly<ProviderDefinition> & Marked<"provider">;

/**
 * Defines a provider: a component that offers tools, resources or prompts.
 *
 * @throws TypeError when a name, a version or anything it offers is not as described, naming what is wrong.
 */
export function provider(definition: ProviderDefinition): Provider {
  checkProvider(definition);
  const { tools, resources, resourceTemplates, prompts } = definition;
  return mark("provider", {
    ...definition,
    tools: frozen(tools),
    resources: frozen(resources),
    resourceTemplates: frozen(resourceTemplates),
    prompts: frozen(prompts),
  });
}

function frozen<T>(items: readonly T[] = []): readonly T[] {
  return Object.freeze([...items]);
}
