import type { JsonSchema } from "../../sdk/schema.ts";
import { isObject } from "../../sdk/tool-result.ts";

const MAX_MEMBERS = 64;
const MAX_LENGTH = 16 * 1024;

const COMMON = ["title", "description", "default"];
/** What the schema of a member may say (MCP, "PrimitiveSchemaDefinition"). The author's schema checks all of the answer. */
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  string: [...COMMON, "minLength", "maxLength", "format", "enum", "enumNames", "oneOf"],
  number: [...COMMON, "minimum", "maximum"],
  integer: [...COMMON, "minimum", "maximum"],
  boolean: COMMON,
  array: [...COMMON, "minItems", "maxItems"],
};
const FORMATS: readonly unknown[] = ["email", "uri", "date", "date-time"];

type Member = Readonly<Record<string, unknown>>;

/**
 * The schema of a form for the JSON Schema of an object: flat, and with what MCP lets a form say.
 *
 * @throws TypeError naming the member that cannot be in a form.
 */
export function formSchema({ properties, required }: JsonSchema): object {
  const members = Object.entries(isObject(properties) ? properties : {});
  if (members.length === 0) throw new TypeError("Cannot ask for a form without members");
  if (members.length > MAX_MEMBERS) {
    throw new TypeError(`Cannot ask for a form of ${members.length} members: ${MAX_MEMBERS} are the most`);
  }
  const form = {
    type: "object",
    properties: Object.fromEntries(members.map(([name, member]) => [name, formMember(name, member)])),
    ...(Array.isArray(required) && required.length > 0 ? { required: required as unknown[] } : {}),
  };
  const { length } = JSON.stringify(form);
  if (length <= MAX_LENGTH) return form;
  throw new TypeError(
    `Cannot ask for a form whose schema has ${length} characters: ${MAX_LENGTH} are the most`,
  );
}

function formMember(name: string, schema: unknown): object {
  const member = isObject(schema) ? withChoices(schema) : {};
  const { type } = member;
  const keywords = typeof type === "string" && Object.hasOwn(KEYWORDS, type) ? KEYWORDS[type]! : undefined;
  if (keywords === undefined) refuse(name);
  const kept = Object.entries(member).filter(
    ([keyword, value]) => keywords.includes(keyword) && (keyword !== "format" || FORMATS.includes(value)),
  );
  const items = type === "array" ? { items: formItems(name, member["items"]) } : {};
  return { type, ...Object.fromEntries(kept), ...items };
}

/** Lists are of choices. */
function formItems(name: string, schema: unknown): object {
  const items = isObject(schema) ? withChoices(schema) : {};
  if (Array.isArray(items["enum"])) return { type: "string", enum: items["enum"] as unknown[] };
  if (Array.isArray(items["oneOf"])) return { anyOf: items["oneOf"] as unknown[] };
  return refuse(name);
}

/** A choice of texts in the words of MCP, whichever way a library writes it. */
function withChoices(schema: Member): Member {
  const { const: only, anyOf, oneOf = anyOf, ...rest } = schema;
  if (typeof only === "string") return { ...rest, type: "string", enum: [only] };
  if (Array.isArray(rest["enum"]) && rest["enum"].every((value) => typeof value === "string")) {
    return { ...rest, type: "string" };
  }
  if (!Array.isArray(oneOf)) return rest;
  const choices = oneOf.map((choice) => (isObject(choice) ? choice : {}));
  if (!choices.every((choice) => typeof choice["const"] === "string")) return {};
  return choices.every(({ title }) => typeof title === "string")
    ? { ...rest, type: "string", oneOf: choices.map(({ const: value, title }) => ({ const: value, title })) }
    : { ...rest, type: "string", enum: choices.map(({ const: value }) => value) };
}

function refuse(name: string): never {
  throw new TypeError(
    `Cannot ask for "${name}" in a form: its members are texts, numbers, booleans, and choices of texts`,
  );
}
