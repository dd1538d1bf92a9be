import type { Prompt } from "./define-prompt.ts";
import type { Resource, ResourceTemplate } from "./define-resource.ts";
import type { Tool } from "./define-tool.ts";
import type { Dynamic } from "./dynamic.ts";
import type { Capabilities } from "./services.ts";
import {
  checkCapabilities,
  checkComponent,
  checkStrings,
  checkText,
  mark,
  refuse,
  type Marked,
} from "./definition.ts";
import { isSchema } from "./schema.ts";

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
  /** Their templates differ; a URI belongs to the first that matches. */
  readonly resourceTemplates?: readonly ResourceTemplate[];
  /** Their names differ. */
  readonly prompts?: readonly Prompt[];
  /** Lists that it answers itself. */
  readonly dynamic?: Dynamic;
  /** What it needs of its host, and why. */
  readonly capabilities?: Capabilities;
}

/** A component that offers tools: what its module exports as its default. */
export type Provider = Readonly<ProviderDefinition> & Marked<"provider">;

const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/**
 * Defines a provider: a component that offers tools.
 *
 * @throws TypeError when a name, a version or a tool is not as described, naming what is wrong.
 */
export function provider(definition: ProviderDefinition): Provider {
  const what = checkComponent("provider", definition);
  checkCapabilities(what, definition.capabilities);
  const { tools } = definition;
  if (!Array.isArray(tools) || tools.length === 0) refuse(what, "it has no tools");
  const names = new Set<string>();
  for (const tool of tools as readonly Tool[]) {
    checkTool(what, tool);
    if (names.has(tool.name)) refuse(what, `two tools are named "${tool.name}"`);
    names.add(tool.name);
  }
  return mark("provider", { ...definition, tools: Object.freeze([...(tools as readonly Tool[])]) });
}

function checkTool(owner: string, tool: Partial<Tool> | null | undefined): void {
  if (typeof tool !== "object" || tool === null) refuse(owner, "one of its tools is not an object");
  if (typeof tool.name !== "string") refuse(owner, "one of its tools has no name");
  const what = `tool ${JSON.stringify(tool.name)}`;
  if (!TOOL_NAME.test(tool.name)) refuse(what, "a name has 1 to 128 characters, of A-Z a-z 0-9 . _ -");
  if (typeof tool.description !== "string" || tool.description.trim() === "")
    refuse(what, "it has no description");
  if (typeof tool.run !== "function") refuse(what, "it has no run function");
  if (!isSchema(tool.input))
    refuse(what, "its input is not a schema; for a tool without arguments write z.object({})");
  if (tool.output !== undefined && !isSchema(tool.output)) refuse(what, "its output is not a schema");
  checkText(what, "title", tool.title);
  checkStrings(what, "scopes", tool.scopes);
}
