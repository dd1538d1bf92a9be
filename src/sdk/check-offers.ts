import type { Prompt } from "./define-prompt.ts";
import type { Resource, ResourceTemplate } from "./define-resource.ts";
import type { Tool } from "./define-tool.ts";
import { refuse } from "./check-component.ts";
import { checkAnnotations, checkCache, checkDescribed, checkToolAnnotations } from "./check-described.ts";
import { isSchema } from "./schema.ts";
import { isObject } from "./tool-result.ts";
import { parseUriTemplate, uriProblem, UriTemplateError } from "./uri-template.ts";

const NAME = /^[A-Za-z0-9_.-]{1,128}$/;
const MAX_LABEL_LENGTH = 256;

/** Checks a tool, whose name is a string. @throws DefinitionError saying what is wrong. */
export function checkTool(what: string, tool: Tool): void {
  checkName(what, tool.name);
  if (typeof tool.description !== "string" || tool.description.trim() === "")
    refuse(what, "it has no description");
  checkFunction(what, tool, "run");
  if (!isSchema(tool.input))
    refuse(what, "its input is not a schema; for a tool without arguments write z.object({})");
  if (tool.output !== undefined && !isSchema(tool.output)) refuse(what, "its output is not a schema");
  checkTask(what, tool);
  // Who may call it is decided before a result is given again, so that it may be for everyone of those.
  checkCache(what, "cache", tool.cache);
  checkToolAnnotations(what, tool.annotations);
  checkDescribed(what, tool);
}

function checkTask(what: string, tool: Tool): void {
  const { task } = tool;
  if (task !== undefined && task !== "optional" && task !== "required") {
    refuse(what, 'its task is neither "optional" nor "required"');
  }
  if (tool.admit === undefined) return;
  checkFunction(what, tool, "admit");
  if (task === undefined) refuse(what, 'it has an admit and no task: add task: "optional" or "required"');
}

/** Checks a resource, whose URI is a string. @throws DefinitionError saying what is wrong. */
export function checkResource(what: string, resource: Resource): void {
  const problem = uriProblem(resource.uri);
  if (problem !== undefined) refuse(what, `its URI ${problem}`);
  const { size } = resource;
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
    refuse(what, "its size is not a number of bytes");
  }
  checkReadable(what, resource);
}

/** Checks a template, which is a string. @throws DefinitionError saying what is wrong. */
export function checkTemplate(what: string, definition: ResourceTemplate): void {
  checkReadable(what, definition);
  checkCompletions(what, definition.complete, variablesOf(what, definition.uriTemplate));
}

function variablesOf(what: string, template: string): readonly string[] {
  try {
    return parseUriTemplate(template).variables;
  } catch (error) {
    if (error instanceof UriTemplateError) return refuse(what, error.message);
    throw error;
  }
}

/** Checks a prompt, whose name is a string. @throws DefinitionError saying what is wrong. */
export function checkPrompt(what: string, prompt: Prompt): void {
  checkName(what, prompt.name);
  checkFunction(what, prompt, "get");
  if (prompt.arguments !== undefined && !isSchema(prompt.arguments))
    refuse(what, "its arguments are not a schema");
  checkDescribed(what, prompt);
  // Which arguments there are, only the JSON Schema tells, which only the build makes.
  checkCompletions(what, prompt.complete, prompt.arguments === undefined ? [] : undefined);
}

/**
 * Checks what suggests values.
 *
 * @param known Names it may have; `undefined` when that is not known here.
 * @throws DefinitionError saying what is wrong.
 */
export function checkCompletions(
  what: string,
  completers: unknown,
  known: readonly string[] | undefined,
): void {
  if (completers === undefined) return;
  if (!isObject(completers)) refuse(what, "its complete is not an object");
  for (const [name, complete] of Object.entries(completers)) {
    if (typeof complete !== "function") refuse(what, `its complete has no function for "${name}"`);
    if (known !== undefined && !known.includes(name)) {
      const there = known.length === 0 ? "there is none" : `there are ${known.join(", ")}`;
      refuse(what, `it completes "${name}", and ${there}`);
    }
  }
}

function checkReadable(what: string, definition: Omit<Resource, "uri" | "read">): void {
  const { name, mimeType, annotations, cache, scopes } = definition;
  if (typeof name !== "string" || name === "" || name.length > MAX_LABEL_LENGTH)
    refuse(what, `it has no name of 1 to ${MAX_LABEL_LENGTH} characters`);
  if (mimeType !== undefined && (typeof mimeType !== "string" || !/^[^\s/]+\/[^\s/]/.test(mimeType)))
    refuse(what, "its mimeType is not one such as text/plain");
  checkAnnotations(what, annotations);
  checkCache(what, "cache", cache, scopes);
  checkFunction(what, definition, "read");
  checkDescribed(what, definition);
}

function checkName(what: string, name: string): void {
  if (!NAME.test(name)) refuse(what, "a name has 1 to 128 characters, of A-Z a-z 0-9 . _ -");
}

function checkFunction(what: string, definition: object, member: string): void {
  if (typeof (definition as Record<string, unknown>)[member] !== "function")
    refuse(what, `it has no ${member} function`);
}
