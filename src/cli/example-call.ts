import type { Json, JsonSchema, ToolManifest } from "../manifest/index.ts";

/** A tool's name and plausible arguments as they are typed after `tenon call <url>`, quoted for a POSIX shell. */
export function exampleCall(tool: ToolManifest): string {
  const properties = (tool.inputSchema.properties ?? {}) as Record<string, JsonSchema>;
  const required = (tool.inputSchema.required ?? []) as string[];
  let next = 2;
  const entries = required.map((name): [string, Json] => {
    const schema = properties[name] ?? {};
    const [first] = (schema.enum as Json[] | undefined) ?? [];
    if (first !== undefined) return [name, first];
    if (schema.type === "number" || schema.type === "integer") return [name, next++];
    if (schema.type === "boolean") return [name, true];
    return [name, schema.type === "array" ? [] : schema.type === "object" ? {} : "text"];
  });
  const text = JSON.stringify(Object.fromEntries(entries));
  return `${tool.name} '${text.replaceAll("'", String.raw`'\''`)}'`;
}
