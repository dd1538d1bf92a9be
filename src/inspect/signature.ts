import type { Json, JsonSchema } from "../manifest/index.ts";

const MAX_DEPTH = 4;
const MAX_MEMBERS = 24;
/** Types written out for one signature; schemas come from files that nobody vouches for. */
const MAX_TYPES = 400;

/**
 * The shape of a tool on one line, such as `add(a: number, b: number) → {sum: number}`. What does not fit is left out
 * from the inside: first nested objects, then the result, then arguments.
 *
 * @param width In characters.
 */
export function signature(
  tool: { name: string; inputSchema: JsonSchema; outputSchema?: JsonSchema },
  width: number,
): string {
  for (let depth = MAX_DEPTH; depth > 0; depth--) {
    const full = `${head(tool, depth)}${tail(tool, depth)}`;
    if (full.length <= width) return full;
  }
  const short = `${head(tool, 1)}${tail(tool, 0)}`;
  if (short.length <= width) return short;
  const bare = `${tool.name}(…)${tail(tool, 0)}`;
  return bare.length <= width ? bare : `${tool.name.slice(0, Math.max(width - 4, 1))}…(…)`;
}

function head({ name, inputSchema }: { name: string; inputSchema: JsonSchema }, depth: number): string {
  return `${name}(${members(inputSchema, scopeOf(inputSchema, depth))})`;
}

function tail({ outputSchema }: { outputSchema?: JsonSchema }, depth: number): string {
  return outputSchema === undefined ? "" : ` → ${typeText(outputSchema, scopeOf(outputSchema, depth + 1))}`;
}

interface Scope {
  /** Where `$ref` points into. */
  root: JsonSchema;
  /** Levels still to be written out. */
  depth: number;
  /** Types still to be written out. */
  budget: { left: number };
}

function scopeOf(root: JsonSchema, depth: number): Scope {
  return { root, depth, budget: { left: MAX_TYPES } };
}

function members(schema: JsonSchema, scope: Scope): string {
  const properties = objectOf(schema.properties);
  const required = Array.isArray(schema.required) ? schema.required : [];
  const all = Object.entries(properties);
  const entries = all.slice(0, MAX_MEMBERS).map(([name, member]) => {
    const label = /^[\w$-]+$/.test(name) ? name : JSON.stringify(name);
    return `${label}${required.includes(name) ? "" : "?"}: ${typeText(member, scope)}`;
  });
  return [...entries, ...(all.length > MAX_MEMBERS ? ["…"] : [])].join(", ");
}

/** A JSON Schema as a type in the notation of TypeScript, shortened to `…` below the given depth. */
function typeText(value: Json | undefined, scope: Scope): string {
  if (scope.budget.left-- <= 0) return "…";
  if (value === false) return "never";
  const schema = objectOf(value);
  if (typeof schema.$ref === "string") return referenceText(schema.$ref, scope);
  if ("const" in schema) return literal(schema.const ?? null);
  if (Array.isArray(schema.enum)) return union(schema.enum.map(literal));
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return union(choices.map((choice) => typeText(choice, scope)));
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return union(types.map((type) => plainType(type, schema, scope)));
}

function plainType(type: Json | undefined, schema: JsonSchema, scope: Scope): string {
  const inner = { ...scope, depth: scope.depth - 1 };
  if (type === "object" || (type === undefined && "properties" in schema)) {
    if (inner.depth <= 0) return "{…}";
    const text = members(schema, inner);
    if (text !== "") return `{${text}}`;
    const extra = schema.additionalProperties;
    return extra === undefined || typeof extra === "boolean" ? "{}" : `{[key]: ${typeText(extra, inner)}}`;
  }
  if (type === "array") {
    const item = typeText(schema.items, scope);
    return item.includes(" | ") ? `(${item})[]` : `${item}[]`;
  }
  return typeof type === "string" ? type : "any";
}

function referenceText(reference: string, scope: Scope): string {
  const { root, depth } = scope;
  const path = reference.startsWith("#/") ? reference.slice(2).split("/") : [];
  let target: Json | undefined = root;
  for (const step of path) target = objectOf(target)[step.replaceAll("~1", "/").replaceAll("~0", "~")];
  // Schemas may refer to themselves.
  if (depth <= 1 || target === undefined || target === root) return path.at(-1) ?? "…";
  return typeText(target, { ...scope, depth: depth - 1 });
}

function union(texts: readonly string[]): string {
  const all = [...new Set(texts)];
  return all.length > 6 ? `${all.slice(0, 5).join(" | ")} | …` : all.join(" | ");
}

function literal(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 24 ? `${text.slice(0, 22)}…` : text;
}

function objectOf(value: Json | undefined): JsonSchema {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}
