import type { JsonSchema, Schema } from "../sdk/schema.ts";
import { isObject } from "../sdk/tool-result.ts";
import { zodCheck, type ZodCheck } from "./zod-check.ts";

/** Turns a schema of one library into JSON Schema; `io` is the side of its transformations that is described. */
export type Convert = (schema: unknown, options: object) => unknown;

/** What the project has to describe schemas with. It runs at build time alone. */
export interface Converters {
  /** zod's `toJSONSchema`. */
  readonly zod: Convert | undefined;
  /** `toJsonSchema` of `@valibot/to-json-schema`. */
  readonly valibot: Convert | undefined;
}

const MAX_SCHEMA_LENGTH = 256 * 1024;
const MAX_SCHEMA_DEPTH = 64;
const TARGET = "draft-2020-12";
/**
 * Actions of valibot that JSON Schema has no words for: what tidies a text and leaves it one, and checks by functions. They are
 * left out, as zod leaves out its own; the schema itself still has them.
 */
const UNDESCRIBED = (
  "normalize to_lower_case to_upper_case trim trim_end trim_start " +
  "check check_items every_item partial_check raw_check some_item"
).split(" ");

/**
 * The JSON Schema of an author's schema.
 *
 * @param what Words that name it in errors.
 * @throws Error when it has none, or one that refers elsewhere, on the side of the input is not of an object, is longer than 262,144 characters or
 *   nested deeper than 64.
 */
export function describeSchema(
  what: string,
  schema: Schema,
  io: "input" | "output",
  converters: Converters,
): JsonSchema {
  let json: unknown;
  try {
    json = converted(schema, io, converters);
  } catch (error) {
    throw new Error(`${what} has no JSON Schema: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (json === undefined) {
    const { vendor } = schema["~standard"];
    throw new Error(
      `${what} has no JSON Schema, as "${vendor}" gives none: ${
        vendor === "valibot" ? "install @valibot/to-json-schema, or " : ""
      }describe it by withJsonSchema(schema, json)`,
    );
  }
  return io === "output" ? checkSchema(what, json) : checkObjectSchema(what, json);
}

/** How the build can check by a schema without its library; nothing where only the library knows. */
export function checkOf(schema: Schema, io: "input" | "output", { zod }: Converters): ZodCheck | undefined {
  return "_zod" in schema && zod !== undefined ? zodCheck(schema, io, zod) : undefined;
}

function converted(schema: Schema, io: "input" | "output", { zod, valibot }: Converters): unknown {
  const { jsonSchema, vendor } = schema["~standard"];
  if ("_zod" in schema && zod !== undefined) return withoutDialect(zod(schema, { target: TARGET, io }));
  if (jsonSchema !== undefined) return jsonSchema[io]({ target: TARGET });
  if (vendor === "valibot" && valibot !== undefined) {
    return withoutDialect(valibot(schema, { typeMode: io, target: TARGET, ignoreActions: UNDESCRIBED }));
  }
  const { toJsonSchema } = schema as { toJsonSchema?: unknown };
  return typeof toJsonSchema === "function" ? Reflect.apply(toJsonSchema, schema, []) : undefined;
}

/** These libraries name the dialect in every schema; nobody wrote it, and MCP assumes that one. */
function withoutDialect(json: unknown): unknown {
  if (!isObject(json)) return json;
  const { $schema: _, ...schema } = json;
  return schema;
}

/** Checks a JSON Schema of an object. @throws Error as above. */
export function checkObjectSchema(what: string, json: unknown): JsonSchema {
  if (!isObject(json) || json["type"] !== "object") throw new Error(`${what} does not describe an object`);
  return checkSchema(what, json);
}

function checkSchema(what: string, json: unknown): JsonSchema {
  if (!isObject(json)) throw new Error(`${what} has a JSON Schema that is not an object`);
  if (isDeeperThan(json, MAX_SCHEMA_DEPTH)) {
    throw new Error(`${what} is nested deeper than ${MAX_SCHEMA_DEPTH}`);
  }
  const { length } = JSON.stringify(json);
  if (length > MAX_SCHEMA_LENGTH) {
    throw new Error(`${what} has ${length} characters, and ${MAX_SCHEMA_LENGTH} are the most`);
  }
  const reference = foreignReference(json);
  if (reference !== undefined) {
    throw new Error(`${what} refers to "${reference}", and only references within it (#…) can be followed`);
  }
  return json;
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== "object") return false;
  if (levels === 0) return true;
  return Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}

function foreignReference(value: unknown): string | undefined {
  if (value === null || typeof value !== "object") return undefined;
  for (const [key, member] of Object.entries(value)) {
    const isReference = key === "$ref" || key === "$dynamicRef";
    if (isReference && typeof member === "string" && !member.startsWith("#")) return member;
    const found = foreignReference(member);
    if (found !== undefined) return found;
  }
  return undefined;
}
