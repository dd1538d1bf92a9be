import type { JsonSchema } from "../sdk/schema.ts";

/** What the build compiles to check values, instead of a schema of a library or before it. */
export interface SchemaCheck {
  /** JSON Schema with the keywords of `src/json-schema/compile-checks.ts`. */
  readonly schema: JsonSchema;
  /**
   * True when it decides as the library would, and gives back what the library would, so that the library is not needed.
   * Otherwise what it refuses the library would refuse as well, and the library has the last word.
   */
  readonly exact: boolean;
}

/** What is learned of a schema of zod beside its JSON Schema. */
export interface ZodCheck {
  /** Nothing where the library must do without: what it accepts is not what its JSON Schema says. */
  readonly check: SchemaCheck | undefined;
  /** Patterns that zod brings, for its formats. */
  readonly ownPatterns: readonly string[];
}

type ToJsonSchema = (schema: unknown, options: object) => unknown;

/** How far a JSON Schema stands for the schema it was made from. */
const EXACT = 0;
/** What the JSON Schema refuses is refused, and there is more to do: defaults, transformations, checks by functions. */
const NECESSARY = 1;
/** The JSON Schema refuses what the schema takes, or its messages are the author's. */
const UNRELATED = 2;
type Standing = typeof EXACT | typeof NECESSARY | typeof UNRELATED;

interface Definition {
  readonly type: string;
  readonly error?: unknown;
  readonly coerce?: boolean;
  readonly checks?: readonly { readonly _zod: { readonly def: CheckDefinition } }[];
  readonly check?: string;
  readonly catchall?: Zod;
  readonly shape?: Readonly<Record<string, Zod>>;
  readonly options?: readonly Zod[];
  readonly discriminator?: string;
  readonly unionFallback?: boolean;
  readonly keyType?: Zod;
  readonly mode?: string;
  readonly in?: Zod;
  readonly values?: readonly unknown[];
}

interface CheckDefinition {
  readonly check: string;
  readonly error?: unknown;
  readonly format?: string;
  readonly pattern?: RegExp;
  readonly position?: number;
  readonly value?: unknown;
}

interface Zod {
  readonly _zod: { readonly def: Definition };
}

function definitionOf({ _zod: inside }: Zod): Definition {
  return inside.def;
}

const EXACT_TYPES: ReadonlySet<string> = new Set(
  "string number boolean null any unknown enum literal array tuple object optional nullable nonoptional lazy".split(
    " ",
  ),
);
const NECESSARY_TYPES: ReadonlySet<string> = new Set(["default", "prefault", "readonly"]);
const SCALARS: ReadonlySet<string> = new Set(["string", "number", "boolean", "null", "literal", "enum"]);
const EXACT_CHECKS: ReadonlySet<string> = new Set(
  "min_length max_length length_equals less_than greater_than number_format".split(" "),
);
/** Formats that are their pattern and nothing else. */
const EXACT_FORMATS: ReadonlySet<string> = new Set(
  (
    "regex lowercase uppercase includes starts_with ends_with email uuid guid nanoid cuid cuid2 ulid xid ksuid " +
    "ipv4 e164 date time datetime duration"
  ).split(" "),
);
/** Formats whose pattern the author wrote. */
const WRITTEN_FORMATS: ReadonlySet<string> = new Set(["regex"]);

/**
 * How a schema of zod can be checked by its JSON Schema. What is not known for certain is left to zod.
 *
 * @param toJsonSchema zod's own.
 */
export function zodCheck(schema: unknown, io: "input" | "output", toJsonSchema: ToJsonSchema): ZodCheck {
  let standing: Standing = EXACT;
  const ownPatterns = new Set<string>();
  const describe = (strips: boolean): JsonSchema =>
    toJsonSchema(schema, {
      target: "draft-2020-12",
      io,
      override({ zodSchema, jsonSchema }: { zodSchema: Zod; jsonSchema: Record<string, unknown> }) {
        const def = definitionOf(zodSchema);
        standing = worse(standing, standingOf(def));
        for (const { format, pattern } of checksOf(def)) {
          if (pattern !== undefined && !WRITTEN_FORMATS.has(format ?? "")) ownPatterns.add(pattern.source);
        }
        if (def.type === "object") describeKeys(def, jsonSchema, strips);
        if (def.type === "union") describeTag(def, jsonSchema);
      },
    }) as JsonSchema;
  const stripping = describe(true);
  const done = (check: SchemaCheck | undefined): ZodCheck => ({ check, ownPatterns: [...ownPatterns] });
  // A schema of arguments is passed on by zod when it is not exact; what a tool returns, zod alone turns into what is sent.
  if ((standing as Standing) === EXACT) return done({ schema: stripping, exact: true });
  if ((standing as Standing) === UNRELATED || io === "output") return done(undefined);
  return done({ schema: describe(false), exact: false });
}

function worse(a: Standing, b: Standing): Standing {
  return a > b ? a : b;
}

/** A schema of a format, such as `z.email()`, is its own first check. */
function checksOf(def: Definition): CheckDefinition[] {
  const own = def.check === undefined ? [] : [def as Definition & CheckDefinition];
  return [...own, ...(def.checks ?? []).map(({ _zod: inside }) => inside.def)];
}

function standingOf(def: Definition): Standing {
  // Messages of the author's own are what the model should read.
  if (def.error !== undefined || def.coerce === true) return UNRELATED;
  return checksOf(def).map(standingOfCheck).reduce(worse, standingOfType(def));
}

function standingOfType(def: Definition): Standing {
  switch (def.type) {
    case "union":
      return standingOfUnion(def);
    case "record": {
      if (def.mode === "loose") return UNRELATED;
      const key = definitionOf(def.keyType!);
      return key.type === "string" && checksOf(key).length === 0 ? EXACT : NECESSARY;
    }
    case "pipe":
      return definitionOf(def.in!).type === "transform" ? UNRELATED : NECESSARY;
    default:
      if (EXACT_TYPES.has(def.type)) return hasInheritedName(def) ? UNRELATED : EXACT;
      return NECESSARY_TYPES.has(def.type) ? NECESSARY : UNRELATED;
  }
}

/** Members that every object seems to have, such as `constructor`. */
function hasInheritedName({ shape = {} }: Definition): boolean {
  return Object.keys(shape).some((name) => name in Object.prototype);
}

/** Members that one alternative does not know are another's, so what is removed must not depend on more than one. */
function standingOfUnion(def: Definition): Standing {
  if (def.unionFallback === true) return UNRELATED;
  if (tagsOf(def) !== undefined) return EXACT;
  const containers = def.options!.filter((option) => !SCALARS.has(definitionOf(option).type));
  return containers.length <= 1 && def.discriminator === undefined ? EXACT : NECESSARY;
}

function standingOfCheck({ check, error, format = "", pattern, position, value }: CheckDefinition): Standing {
  // A check by a function says in its own words what is wrong, and only once all else is right.
  if (check === "custom") return NECESSARY;
  if (error !== undefined) return UNRELATED;
  if (check === "string_format") {
    // JSON Schema has no flags.
    if (pattern !== undefined && pattern.flags !== "") return UNRELATED;
    if (position !== undefined) return UNRELATED;
    return EXACT_FORMATS.has(format) && pattern !== undefined ? EXACT : NECESSARY;
  }
  if (check === "less_than" || check === "greater_than") return Number.isFinite(value) ? EXACT : UNRELATED;
  return EXACT_CHECKS.has(check) ? EXACT : UNRELATED;
}

/** Members that are not named: an object of zod drops them, a strict one refuses them. */
function describeKeys(
  { shape = {}, catchall }: Definition,
  json: Record<string, unknown>,
  strips: boolean,
): void {
  if (catchall === undefined) {
    delete json["additionalProperties"];
    if (strips) json["additionalProperties"] = false;
  } else if (definitionOf(catchall).type === "never") {
    delete json["additionalProperties"];
    json["tenon:closed"] = Object.keys(shape);
  }
}

/** Has the alternative of a discriminated union chosen by its tag, so that only what is wrong with that one is told. */
function describeTag(def: Definition, json: Record<string, unknown>): void {
  const tags = tagsOf(def);
  if (tags === undefined) return;
  const tag = def.discriminator!;
  json["type"] = "object";
  json["required"] = [tag];
  json["properties"] = { [tag]: { enum: tags } };
  json["tenon:tag"] = tag;
}

/** The texts that tell the alternatives of a union apart; nothing unless each is an object with one of its own. */
function tagsOf({ discriminator, options }: Definition): unknown[] | undefined {
  if (discriminator === undefined) return undefined;
  const tags = options!.map((option) => {
    const { type, shape } = definitionOf(option);
    const member = shape?.[discriminator];
    if (type !== "object" || member === undefined) return [];
    const { type: kind, values = [] } = definitionOf(member);
    return kind === "literal" && values.length === 1 ? values : [];
  });
  const all = tags.flat();
  const tell = all.every((tag) => typeof tag === "string" && tag !== "") && new Set(all).size === all.length;
  return tell && tags.every((values) => values.length > 0) ? all : undefined;
}
