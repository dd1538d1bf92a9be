// Which arguments of a tool also travel as header fields: one reading of `x-mcp-header` for the build and the composer, which refuse
// what is wrong, and for hosts, which compare the fields with the arguments. It runs in guests and in Node.

/** The keyword of a property of an input schema whose value clients repeat in a header field. */
export const HEADER_KEYWORD = "x-mcp-header";

/** An argument that clients repeat in the header field `Mcp-Param-<name>`. */
export interface ParameterHeader {
  /** What follows `Mcp-Param-`, as the schema writes it. */
  readonly name: string;
  /** Members that lead from the arguments to the value. */
  readonly path: readonly string[];
}

/** What a schema says of header fields, or why it cannot say it. */
export type ParameterHeaders =
  | { readonly headers: readonly ParameterHeader[]; readonly problem?: undefined }
  | { readonly headers?: undefined; readonly problem: string };

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const MAX_HEADERS = 16;
/** `number` is not among them: its text is not the same everywhere. */
const TYPES: readonly unknown[] = ["string", "integer", "boolean"];
/** Keywords whose value is data, in which nothing is a keyword. */
const DATA: readonly string[] = ["const", "default", "enum", "examples"];
/** Keywords whose members are schemas, by names of the author's. */
const NAMED_SCHEMAS: readonly string[] = ["$defs", "definitions", "dependentSchemas", "patternProperties"];

/**
 * Reads which members of a tool's arguments travel as header fields: at most 16, with names of at most 64 characters.
 *
 * @param schema JSON Schema of the arguments.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/server/tools#x-mcp-header
 */
export function parameterHeaders(schema: object): ParameterHeaders {
  const headers: ParameterHeader[] = [];
  const problem = visit(schema, [], headers);
  if (problem !== undefined) return { problem };
  if (headers.length > MAX_HEADERS) {
    return {
      problem: `it has ${headers.length} members with ${HEADER_KEYWORD}, and ${MAX_HEADERS} are the most`,
    };
  }
  return { headers };
}

/** Collects what is annotated. `path` is absent where a value has no fixed place in the arguments. */
function visit(
  schema: unknown,
  path: readonly string[] | undefined,
  found: ParameterHeader[],
): string | undefined {
  if (Array.isArray(schema)) return first(schema, (each) => visit(each, undefined, found));
  if (!isObject(schema)) return undefined;
  return first(Object.entries(schema), ([keyword, value]) => {
    if (keyword === HEADER_KEYWORD) return collect(schema, value, path, found);
    if (DATA.includes(keyword)) return undefined;
    if (keyword === "properties" && isObject(value)) {
      return first(Object.entries(value), ([name, property]) =>
        visit(property, path && [...path, name], found),
      );
    }
    const schemas = NAMED_SCHEMAS.includes(keyword) && isObject(value) ? Object.values(value) : value;
    return visit(schemas, undefined, found);
  });
}

function collect(
  schema: { readonly type?: unknown },
  name: unknown,
  path: readonly string[] | undefined,
  found: ParameterHeader[],
): string | undefined {
  if (path === undefined || path.length === 0) {
    return `${HEADER_KEYWORD} ${JSON.stringify(name)} stands where only properties, and properties of these, may have it`;
  }
  const member = `"${path.join(".")}" has ${HEADER_KEYWORD} ${JSON.stringify(name)}`;
  if (typeof name !== "string" || !TOKEN.test(name)) {
    return `${member}, and it must be 1 to 64 characters of A-Z a-z 0-9 ! # $ % & ' * + - . ^ _ \` | ~`;
  }
  if (!TYPES.includes(schema.type)) {
    return `${member} and the type ${JSON.stringify(schema.type) ?? "of no name"}, and it must be string, integer or boolean`;
  }
  const twin = found.find((other) => other.name.toLowerCase() === name.toLowerCase());
  if (twin !== undefined) return `${member}, and so has "${twin.path.join(".")}"`;
  found.push({ name, path });
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function first<T>(items: readonly T[], problemOf: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
