/** A JSON Schema, dialect 2020-12. */
export type JsonSchema = { readonly [key: string]: unknown };

/**
 * A schema that checks values: the Standard Schema interface, version 1, which zod, valibot, arktype and others have. The
 * build needs its JSON Schema besides, which it takes from the library; {@link withJsonSchema} gives one to a schema of a
 * library that has none.
 *
 * @see https://standardschema.dev
 */
export interface Schema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Checked<Output> | Promise<Checked<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    /** The Standard JSON Schema interface, version 1. */
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
      readonly output: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
    };
  };
}

/** What a schema says of a value: the parsed value, or what is wrong with it. */
export type Checked<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

/** One reason why a value does not match. */
export interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema accepts. */
export type InferInput<S extends Schema> = NonNullable<S["~standard"]["types"]>["input"];

/** What a schema gives back: defaults filled in, unknown members removed, values transformed. */
export type InferOutput<S extends Schema> = NonNullable<S["~standard"]["types"]>["output"];

/** True for a value that can check others. */
export function isSchema(value: unknown): value is Schema {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  const standard = (value as { "~standard"?: { validate?: unknown } })["~standard"];
  return typeof standard === "object" && typeof standard?.validate === "function";
}

/**
 * A schema with the JSON Schema that describes what it accepts. It is not checked that the two agree.
 *
 * @throws TypeError when `schema` is no Standard Schema.
 */
export function withJsonSchema<S extends Schema>(
  schema: S,
  json: JsonSchema,
): Schema<InferInput<S>, InferOutput<S>> {
  if (!isSchema(schema)) throw new TypeError("Cannot describe a schema: it has no ~standard.validate");
  const described = (): Record<string, unknown> => ({ ...json });
  const { version, vendor, validate } = schema["~standard"];
  return {
    "~standard": {
      version,
      vendor,
      validate,
      jsonSchema: { input: described, output: described },
    },
  };
}
