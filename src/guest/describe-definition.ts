import { kindOf } from "../sdk/definition.ts";
import type { Middleware } from "../sdk/define-middleware.ts";
import type { Tool } from "../sdk/define-tool.ts";
import type { Provider } from "../sdk/provider.ts";
import { isSchema, type Schema } from "../sdk/schema.ts";
import { isObject } from "../sdk/tool-result.ts";

/** zod's `toJSONSchema`. */
export type ToJsonSchema = (schema: unknown, options: object) => unknown;

/** What the manifest says of a definition, or why it cannot say it. */
export type Description = { kind: string; manifest: Record<string, unknown> } | { problem: string };

const NO_SETTINGS = { type: "object", properties: {} };

/** Describes the default export of an author's module. It runs at build time and never reaches a guest. */
export function describeDefinition(value: unknown, toJsonSchema: ToJsonSchema | undefined): Description {
  const kind = kindOf(value);
  try {
    if (kind === "provider") return { kind, manifest: describeProvider(value as Provider, toJsonSchema) };
    if (kind === "middleware")
      return { kind, manifest: describeMiddleware(value as Middleware, toJsonSchema) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
  const actual = value === undefined ? "it has no default export" : "its default export is something else";
  return { problem: `${actual}, not what provider() or defineMiddleware() returns` };
}

function describeProvider(
  provider: Provider,
  toJsonSchema: ToJsonSchema | undefined,
): Record<string, unknown> {
  const { name, version, title, description, tools = [] } = provider;
  return { name, version, title, description, tools: tools.map((tool) => describeTool(tool, toJsonSchema)) };
}

function describeTool(tool: Tool, toJsonSchema: ToJsonSchema | undefined): Record<string, unknown> {
  const { name, title, description, input, output, annotations, scopes } = tool;
  const inputSchema = objectSchema(`the input of tool "${name}"`, input, "input", toJsonSchema);
  const outputSchema = output && objectSchema(`the output of tool "${name}"`, output, "output", toJsonSchema);
  return { name, title, description, inputSchema, outputSchema, annotations, scopes };
}

function describeMiddleware(
  middleware: Middleware,
  toJsonSchema: ToJsonSchema | undefined,
): Record<string, unknown> {
  const { name, version, title, description, methods, settings } = middleware;
  const described = isSchema(settings)
    ? objectSchema("the settings", settings, "input", toJsonSchema)
    : objectJsonSchema("the settings", settings ?? NO_SETTINGS);
  return {
    name,
    version,
    title,
    description,
    methods,
    settingsSchema: { ...described, additionalProperties: described["additionalProperties"] ?? false },
  };
}

function objectSchema(
  what: string,
  schema: Schema,
  io: "input" | "output",
  toJsonSchema: ToJsonSchema | undefined,
): Record<string, unknown> {
  if (!("_zod" in schema) || toJsonSchema === undefined) throw new Error(`${what} is not a schema of zod 4`);
  let json: unknown;
  try {
    json = toJsonSchema(schema, { target: "draft-2020-12", io });
  } catch (error) {
    throw new Error(`${what} has no JSON Schema: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  return objectJsonSchema(what, json);
}

/** `$schema` is left out: 2020-12 is what MCP assumes. */
function objectJsonSchema(what: string, json: unknown): Record<string, unknown> {
  if (!isObject(json) || json["type"] !== "object") throw new Error(`${what} does not describe an object`);
  const { $schema, ...schema } = json;
  return $schema === undefined || $schema === "https://json-schema.org/draft/2020-12/schema" ? schema : json;
}
