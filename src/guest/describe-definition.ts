import { parameterHeaders } from "../http/parameter-headers.ts";
import { checkCompletions } from "../sdk/check-offers.ts";
import type { Cache } from "../sdk/caching.ts";
import { kindOf } from "../sdk/definition.ts";
import type { Described } from "../sdk/described.ts";
import type { Middleware, Requirement } from "../sdk/define-middleware.ts";
import type { Prompt } from "../sdk/define-prompt.ts";
import type { Resource, ResourceTemplate } from "../sdk/define-resource.ts";
import type { Tool } from "../sdk/define-tool.ts";
import { isThenable } from "../sdk/maybe-promise.ts";
import type { Provider } from "../sdk/provider.ts";
import { isSchema, type Schema } from "../sdk/schema.ts";
import type { Capabilities } from "../sdk/services.ts";
import { isObject } from "../sdk/tool-result.ts";
import { checkObjectSchema, checkOf, describeSchema, type Converters } from "./describe-schema.ts";
import type { SchemaCheck, ZodCheck } from "./zod-check.ts";

/** What the manifest says of a definition and what is to be compiled for it, or why it cannot say it. */
export type Description =
  | ({ readonly kind: string; readonly manifest: Record<string, unknown> } & Compilable)
  | { readonly problem: string };

/** What is known of the schemas of a definition and is not in its manifest. */
export interface Compilable {
  /** By the names of tools. Nothing is compiled for a schema that is not here. */
  readonly checks: Readonly<Record<string, ToolSchemaChecks>>;
  /** Patterns that come with the library of the schemas, not from the author. */
  readonly ownPatterns: readonly string[];
}

/** How the schemas of a tool are checked. */
export interface ToolSchemaChecks {
  readonly input: SchemaCheck | undefined;
  readonly output: SchemaCheck | undefined;
}

const NO_SETTINGS = { type: "object", properties: {} };
const DYNAMIC_LISTS = ["tools", "resources", "resourceTemplates", "prompts"] as const;

/** Describes the default export of an author's module. It runs at build time and never reaches a guest. */
export function describeDefinition(value: unknown, converters: Converters): Description {
  const kind = kindOf(value);
  try {
    if (kind === "provider") {
      const manifest = describeProvider(value as Provider, converters);
      return { kind, manifest, ...compilable(value as Provider, converters) };
    }
    if (kind === "middleware") {
      const manifest = describeMiddleware(value as Middleware, converters);
      return { kind, manifest, checks: {}, ownPatterns: [] };
    }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
  const actual = value === undefined ? "it has no default export" : "its default export is something else";
  return { problem: `${actual}, not what provider() or defineMiddleware() returns` };
}

function describeProvider(provider: Provider, converters: Converters): Record<string, unknown> {
  const { name, version, title, description, dynamic = {}, cache, capabilities } = provider;
  const { tools = [], resources = [], resourceTemplates = [], prompts = [] } = provider;
  const dynamicLists = DYNAMIC_LISTS.filter((list) => dynamic[list] !== undefined);
  return {
    name,
    version,
    title,
    description,
    tools: tools.map((tool) => describeTool(tool, converters)),
    resources: unlessEmpty(resources.map((resource) => describeResource(resource, cache?.reads))),
    resourceTemplates: unlessEmpty(
      resourceTemplates.map((template) => describeTemplate(template, cache?.reads)),
    ),
    prompts: unlessEmpty(prompts.map((prompt) => describePrompt(prompt, converters))),
    dynamic: unlessEmpty(dynamicLists),
    cache: cache?.lists && { lists: cache.lists },
    capabilities: describeCapabilities(capabilities),
  };
}

/** What requires a service: where a requirement does not apply, the middleware can do without it. */
const REQUIRED_BY: Readonly<Record<string, string>> = {
  http: "http",
  kv: "kv",
  secrets: "secret",
};

function unlessEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function describeCapabilities(
  capabilities: Capabilities = {},
  requires: readonly Requirement[] = [],
): unknown[] {
  const isOptional = (service: string): boolean =>
    requires.some((requirement) => Object.hasOwn(requirement, REQUIRED_BY[service] ?? ""));
  return Object.entries(capabilities)
    .map(([service, reason]) => ({
      interface: `tenon:host/${service}`,
      reason,
      ...(isOptional(service) && { optional: true }),
    }))
    .sort((a, b) => (a.interface < b.interface ? -1 : 1));
}

/** What the definition of every thing may say. */
function shared({ title, description, icons, scopes, _meta }: Described): Described {
  return { title, description, icons, scopes, _meta } as Described;
}

function describeTool(tool: Tool, converters: Converters): Record<string, unknown> {
  const { name, input, output, annotations, task, cache } = tool;
  const inputSchema = describeSchema(`the input of tool "${name}"`, input, "input", converters);
  const { problem } = parameterHeaders(inputSchema);
  if (problem !== undefined) throw new Error(`the input of tool "${name}": ${problem}`);
  const outputSchema = output && describeSchema(`the output of tool "${name}"`, output, "output", converters);
  return { name, ...shared(tool), inputSchema, outputSchema, annotations, task, cache };
}

function compilable({ tools = [] }: Provider, converters: Converters): Compilable {
  const ownPatterns = new Set<string>();
  const check = (found: ZodCheck | undefined): SchemaCheck | undefined => {
    for (const pattern of found?.ownPatterns ?? []) ownPatterns.add(pattern);
    return found?.check;
  };
  const checks = tools.map(({ name, input, output }) => [
    name,
    {
      input: check(checkOf(input, "input", converters)),
      output: output && check(checkOf(output, "output", converters)),
    },
  ]);
  return { checks: Object.fromEntries(checks) as Compilable["checks"], ownPatterns: [...ownPatterns] };
}

function describeResource(resource: Resource, reads: Cache | undefined): Record<string, unknown> {
  const { uri, name, mimeType, size, annotations, cache } = resource;
  return { uri, name, ...shared(resource), mimeType, size, annotations, cache: cache ?? reads };
}

function describeTemplate(template: ResourceTemplate, reads: Cache | undefined): Record<string, unknown> {
  const { uriTemplate, name, mimeType, annotations, complete, cache } = template;
  const completes = unlessEmpty(completed(complete));
  return { uriTemplate, name, ...shared(template), mimeType, annotations, completes, cache: cache ?? reads };
}

function completed(complete: object | undefined): string[] {
  return Object.entries(complete ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

function describePrompt(prompt: Prompt, converters: Converters): Record<string, unknown> {
  const { name, complete } = prompt;
  const args = prompt.arguments && describeArguments(name, prompt.arguments, converters);
  checkCompletions(`prompt "${name}"`, complete, args?.map((item) => item.name) ?? []);
  return {
    name,
    ...shared(prompt),
    arguments: unlessEmpty(args ?? []),
    completes: unlessEmpty(completed(complete)),
  };
}

interface Argument {
  name: string;
  title?: unknown;
  description?: unknown;
  required: boolean;
}

/** Arguments of prompts are listed one by one, and not as a schema. */
function describeArguments(prompt: string, schema: Schema, converters: Converters): Argument[] {
  const what = `the arguments of prompt "${prompt}"`;
  const json = describeSchema(what, schema, "input", converters);
  const properties = isObject(json["properties"]) ? json["properties"] : {};
  const required: unknown[] = Array.isArray(json["required"]) ? json["required"] : [];
  return Object.entries(properties).map(([name, property]) => {
    const { title, description, type } = isObject(property) ? property : {};
    if (!acceptsText(schema, name, type)) {
      throw new Error(
        `${what} have "${name}" of type ${JSON.stringify(type)}, and all that clients send are strings: take a string, and convert it`,
      );
    }
    return { name, title, description, required: required.includes(name) };
  });
}

/** Texts that stand for values of other types. */
const SAMPLES = ["1", "true"];

/** True unless a schema refuses every text for a member: one that converts, such as `z.coerce.number()`, does not. */
function acceptsText(schema: Schema, name: string, type: unknown): boolean {
  const types = Array.isArray(type) ? type : [type];
  if (types.includes("string") || types.includes(undefined)) return true;
  return SAMPLES.some((sample) => {
    const checked = schema["~standard"].validate({ [name]: sample });
    if (isThenable(checked) || !checked.issues) return true;
    return !checked.issues.some(({ path }) => {
      const first = path?.[0];
      return (typeof first === "object" ? first.key : first) === name;
    });
  });
}

function describeMiddleware(middleware: Middleware, converters: Converters): Record<string, unknown> {
  const { name, version, title, description, methods, settings, capabilities } = middleware;
  const { authenticates, requires } = middleware;
  const described = isSchema(settings)
    ? describeSchema("the settings", settings, "input", converters)
    : checkObjectSchema("the settings", settings ?? NO_SETTINGS);
  checkSettingNames(middleware, described);
  return {
    name,
    version,
    title,
    description,
    methods,
    settingsSchema: { ...described, additionalProperties: described["additionalProperties"] ?? false },
    authenticates,
    requires: unlessEmpty(requires ?? []),
    capabilities: describeCapabilities(capabilities, requires),
  };
}

/** A requirement that names no setting would never apply. */
function checkSettingNames(
  { requires = [], authenticates }: Middleware,
  schema: Record<string, unknown>,
): void {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const { resource = [], authorizationServers = [] } = authenticates?.protectedResource ?? {};
  const named = requires.flatMap(({ http, kv, secret }) => [http, kv?.prefix, secret]);
  for (const name of [...named, ...resource, ...authorizationServers]) {
    if (name === undefined || Object.hasOwn(properties, name)) continue;
    throw new Error(
      `it names the setting "${name}", and there ${listOf(Object.keys(properties))}: correct its requires or authenticates`,
    );
  }
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "are no settings" : `are ${names.join(", ")}`;
}
