import { createRequire } from "node:module";
import type { ErrorObject, ValidateFunction } from "ajv/dist/2020.js";
import { nearest } from "../errors/index.ts";

const compiled = new WeakMap<object, ValidateFunction>();

/** How far a schema can be relied on. */
export interface SchemaTrust {
  /** True for a schema of this package, which needs no check of its own: that halves the first use. Default false. */
  own?: boolean;
}

/** One thing wrong with a value. */
export interface Problem {
  /** One sentence, naming the place and, for an unknown key, the nearest there is. */
  text: string;
  /** Keys and indexes from the root of the value to what is wrong; to the key itself where that is what is wrong. */
  at: string[];
}

/** {@link findProblems} for who needs the sentences alone. */
export function checkJson(schema: object, value: unknown, trust?: SchemaTrust): string[] {
  return [...new Set(findProblems(schema, value, trust).map(({ text }) => text))];
}

/**
 * Checks a JSON value against a JSON Schema 2020-12, without ever fetching a `$ref`.
 *
 * @returns everything wrong; empty when the value is valid
 * @throws `Error` when the schema itself is not valid
 */
export function findProblems(schema: object, value: unknown, { own = false }: SchemaTrust = {}): Problem[] {
  let validate = compiled.get(schema);
  if (!validate) {
    const { Ajv2020 } = ajv();
    validate = new Ajv2020({
      strict: false,
      allErrors: true,
      verbose: true,
      logger: false,
      // A schema is used a few times at most: making the code for it costs more than running it.
      code: { optimize: false },
      ...(own && { validateSchema: false, meta: false }),
    }).compile(schema);
    compiled.set(schema, validate);
  }
  if (validate(value)) return [];
  const errors = validate.errors ?? [];
  const telling = errors.filter(({ keyword }) => !SUMMARIES.has(keyword));
  return (telling.length > 0 ? telling : errors).map((error) => ({ text: explain(error), at: steps(error) }));
}

/** What checks is loaded for the first check: a server that starts from what was checked before makes none. */
function ajv(): typeof import("ajv/dist/2020.js") {
  return createRequire(import.meta.url)("ajv/dist/2020.js") as typeof import("ajv/dist/2020.js");
}

/** Keywords that fail with the error of a schema inside them, which says more. */
const SUMMARIES: ReadonlySet<string> = new Set(["anyOf", "oneOf", "if", "propertyNames"]);

/** The key that an error is about, where it is about a key and not its value. */
function faultyKey({ params, propertyName }: ErrorObject): string | undefined {
  const { additionalProperty, unevaluatedProperty } = params as Record<string, string | undefined>;
  return propertyName ?? additionalProperty ?? unevaluatedProperty;
}

function steps(error: ErrorObject): string[] {
  const key = faultyKey(error);
  return [...pathSteps(error.instancePath), ...(key === undefined ? [] : [key])];
}

function explain(error: ErrorObject): string {
  const { keyword, params, instancePath, data } = error;
  const place = instancePath === "" ? "" : ` in ${pathName(instancePath)}`;
  const key = faultyKey(error);
  if (error.propertyName !== undefined) return `key "${key}"${place} ${requirement(error)}`;
  if (key !== undefined) {
    const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {});
    const suggestion = nearest(key, known);
    const hint = suggestion
      ? `, did you mean "${suggestion}"?`
      : known.length
        ? `, known: ${known.join(", ")}`
        : "";
    return `unknown key "${key}"${place}${hint}`;
  }
  switch (keyword) {
    case "required":
      return `missing key "${params.missingProperty}"${place}`;
    case "type":
      return `${pathName(instancePath)} must be ${[params.type].flat().join(" or ")}, got ${typeName(data)}`;
    case "enum":
      return `${pathName(instancePath)} must be one of ${(params.allowedValues as unknown[]).map((v) => JSON.stringify(v)).join(", ")}, got ${shorten(data)}`;
    case "const":
      return `${pathName(instancePath)} must be ${JSON.stringify(params.allowedValue)}, got ${shorten(data)}`;
    case "false schema":
      return `${pathName(instancePath)} is not allowed with the other keys`;
    default:
      return `${pathName(instancePath)} ${requirement(error)}, got ${shorten(data)}`;
  }
}

/** What the schema asks; a pattern speaks through its description, which people can read. */
function requirement({ keyword, message, parentSchema }: ErrorObject): string {
  const { description } = parentSchema as { description?: unknown };
  if (keyword !== "pattern" || typeof description !== "string") return message ?? "is not valid";
  return `must match "${description.replace(/\.$/, "")}"`;
}

/** `/middleware/0/use` as `middleware[0].use`. */
function pathName(instancePath: string): string {
  if (instancePath === "") return "the whole value";
  const name = pathSteps(instancePath)
    .map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`))
    .join("");
  return `"${name.replace(/^\./, "")}"`;
}

function pathSteps(instancePath: string): string[] {
  const encoded = instancePath.split("/").slice(1);
  return encoded.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
