import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { nearest } from "../errors/index.ts";

const compiled = new WeakMap<object, ValidateFunction>();

/** How far a schema can be relied on. */
export interface SchemaTrust {
  /** True for a schema of this package, which needs no check of its own: that halves the first use. Default false. */
  own?: boolean;
}

/**
 * Checks a JSON value against a JSON Schema 2020-12, without ever fetching a `$ref`.
 *
 * @returns one sentence for each thing wrong, naming the place and, for an unknown key, the nearest there is; empty
 * when the value is valid
 * @throws `Error` when the schema itself is not valid
 */
export function checkJson(schema: object, value: unknown, { own = false }: SchemaTrust = {}): string[] {
  let validate = compiled.get(schema);
  if (!validate) {
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
  // A failed branch of anyOf or oneOf is reported by the branch itself; the summary adds nothing.
  const telling = errors.filter(
    ({ keyword }) => keyword !== "anyOf" && keyword !== "oneOf" && keyword !== "if",
  );
  return [...new Set((telling.length > 0 ? telling : errors).map(explain))];
}

function explain(error: ErrorObject): string {
  const { keyword, params, instancePath, data } = error;
  const place = instancePath === "" ? "" : ` in ${pathName(instancePath)}`;
  switch (keyword) {
    case "additionalProperties":
    case "unevaluatedProperties": {
      const key = String(params.additionalProperty ?? params.unevaluatedProperty);
      const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {});
      const suggestion = nearest(key, known);
      const hint = suggestion
        ? `, did you mean "${suggestion}"?`
        : known.length
          ? `, known: ${known.join(", ")}`
          : "";
      return `unknown key "${key}"${place}${hint}`;
    }
    case "required":
      return `missing key "${params.missingProperty}"${place}`;
    case "type":
      return `${pathName(instancePath)} must be ${[params.type].flat().join(" or ")}, got ${typeName(data)}`;
    case "enum":
      return `${pathName(instancePath)} must be one of ${(params.allowedValues as unknown[]).map((v) => JSON.stringify(v)).join(", ")}, got ${shorten(data)}`;
    case "const":
      return `${pathName(instancePath)} must be ${JSON.stringify(params.allowedValue)}, got ${shorten(data)}`;
    case "propertyNames":
      return `key "${params.propertyName}"${place} is not allowed`;
    default:
      return `${pathName(instancePath)} ${error.message ?? "is not valid"}, got ${shorten(data)}`;
  }
}

/** `/middleware/0/use` as `middleware[0].use`. */
function pathName(instancePath: string): string {
  if (instancePath === "") return "the whole value";
  const steps = instancePath
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const name = steps.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`)).join("");
  return `"${name.replace(/^\./, "")}"`;
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
