import type { Ajv2020 } from "ajv/dist/2020.js";

type JsonSchema = { readonly [key: string]: unknown };

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
/** Keywords whose schemas are about the same value as the schema they are in. */
const IN_PLACE: ReadonlySet<string> = new Set(
  "$ref $dynamicRef allOf anyOf oneOf not if then else dependentSchemas".split(" "),
);
/** Keywords that hold values, which may look like schemas. */
const VALUES: ReadonlySet<string> = new Set(["const", "enum", "default", "examples"]);
/** Keywords that hold schemas by name. */
const MAPS: ReadonlySet<string> = new Set(
  "properties patternProperties $defs definitions dependentSchemas".split(" "),
);
/** Steps the detector may take, some tenths of a second. It decides about common patterns in far fewer. */
const MAX_STEPS = 2000;

/**
 * Why a schema that an author wrote cannot be served: it is no JSON Schema, refers to nothing or in circles, or has a pattern
 * that takes more than linear time. Nothing is ever fetched.
 *
 * @param ownPatterns Patterns that are known to be harmless.
 * @returns words to follow the name of the schema; nothing when it can.
 */
export async function schemaProblem(
  schema: JsonSchema,
  ownPatterns: ReadonlySet<string>,
): Promise<string | undefined> {
  const { $schema: dialect = DIALECT } = schema;
  const parts = subschemas(schema);
  const problem = circle(schema, parts) ?? (dialect === DIALECT ? await invalid(schema) : undefined);
  if (problem !== undefined) return problem;
  const patterns = new Set(parts.flatMap(patternsOf).filter((pattern) => !ownPatterns.has(pattern)));
  const slow = await findSlow([...patterns]);
  return slow === undefined
    ? undefined
    : `has the pattern /${shortened(slow)}/, which may take more than linear time: write it so that no two repetitions can match the same text, or check that text in the code`;
}

let validator: Ajv2020 | undefined;

async function invalid(schema: JsonSchema): Promise<string | undefined> {
  const ajv = await import("ajv/dist/2020.js");
  // Making one takes longer than most schemas do.
  validator ??= new ajv.Ajv2020({
    strict: false,
    logger: false,
    validateFormats: false,
    unicodeRegExp: false,
    code: { optimize: false },
  });
  try {
    validator.compile(schema);
    return undefined;
  } catch (error) {
    return `is not valid: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    validator.removeSchema(schema);
  }
}

/** Every schema within a schema, itself first. */
function subschemas(value: unknown): JsonSchema[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(subschemas);
  const inner = Object.entries(value).flatMap(([key, member]) => {
    if (VALUES.has(key)) return [];
    return MAPS.has(key) && isSchema(member) ? Object.values(member).flatMap(subschemas) : subschemas(member);
  });
  return [value as JsonSchema, ...inner];
}

/** A reference by which a schema comes back to itself with the same value. */
function circle(root: JsonSchema, parts: readonly JsonSchema[]): string | undefined {
  const anchors = new Map(
    parts.flatMap((part) =>
      [part["$anchor"], part["$dynamicAnchor"]].map((name): [string, JsonSchema] => [
        `#${String(name)}`,
        part,
      ]),
    ),
  );
  const open = new Set<JsonSchema>();
  const closed = new Set<JsonSchema>();
  const visit = (schema: JsonSchema): string | undefined => {
    if (open.has(schema)) return "refers to itself without going into the value, which never ends";
    if (closed.has(schema)) return undefined;
    open.add(schema);
    for (const [keyword, value] of Object.entries(schema)) {
      if (!IN_PLACE.has(keyword)) continue;
      for (const next of targets(keyword, value)) {
        const problem = visit(next);
        if (problem !== undefined) return problem;
      }
    }
    open.delete(schema);
    closed.add(schema);
    return undefined;
  };
  const targets = (keyword: string, value: unknown): JsonSchema[] => {
    if (typeof value === "string") return [anchors.get(value) ?? pointed(root, value)].filter(isSchema);
    const inner =
      Array.isArray(value) || keyword === "dependentSchemas" ? Object.values(value as object) : [value];
    return inner.filter(isSchema);
  };
  for (const part of parts) {
    const problem = visit(part);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function pointed(root: JsonSchema, reference: string): unknown {
  let found: unknown = root;
  for (const step of reference.split("/").slice(1)) {
    const key = decoded(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as JsonSchema)[key];
  }
  return found;
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

function patternsOf({ pattern, patternProperties }: JsonSchema): string[] {
  const names = isSchema(patternProperties) ? Object.keys(patternProperties) : [];
  return typeof pattern === "string" ? [pattern, ...names] : names;
}

async function findSlow(patterns: readonly string[]): Promise<string | undefined> {
  if (patterns.length === 0) return undefined;
  const { isSafePattern } = await import("redos-detector");
  return patterns.find((pattern) => {
    // Steps are bounded and not time, so that every machine decides alike.
    const options = { maxSteps: MAX_STEPS, timeout: Infinity };
    try {
      return !isSafePattern(pattern, { ...options, unicode: needsUnicode(pattern) }).safe;
    } catch {
      return true;
    }
  });
}

/** True for a pattern with `\\p{…}` and the like, which mean something else without the flag. */
function needsUnicode(pattern: string): boolean {
  return /\\[pPu]\{/.test(pattern);
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
