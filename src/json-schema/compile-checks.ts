import { createRequire } from "node:module";
import type { Ajv2020, CodeKeywordDefinition, KeywordCxt, ValidateFunction } from "ajv/dist/2020.js";

// A module that imports a package of the older kind has every file of it read for the names it exports, which takes as long as
// running it.
const require = createRequire(import.meta.url);
const { _, Ajv2020: Ajv, stringify } = require("ajv/dist/2020.js") as typeof import("ajv/dist/2020.js");
const { getProperty } =
  require("ajv/dist/compile/codegen/index.js") as typeof import("ajv/dist/compile/codegen/index.js");
const { usePattern } =
  require("ajv/dist/vocabularies/code.js") as typeof import("ajv/dist/vocabularies/code.js");
const { default: standalone } =
  require("ajv/dist/standalone/index.js") as typeof import("ajv/dist/standalone/index.js");

/**
 * Faults after which elements of lists are not looked at any more. A list of a million wrong ones would else take more memory
 * than a component has.
 */
const ENOUGH_ERRORS = 25;

/** `"tenon:closed": [name, …]`: an object has no member but these. One error tells the first five others. */
const CLOSED: CodeKeywordDefinition = {
  keyword: "tenon:closed",
  type: "object",
  schemaType: "array",
  error: {
    message: "",
    params: ({ params }) => _`{unknown: ${params["unknown"]}, known: ${params["known"]}}`,
  },
  code(cxt: KeywordCxt) {
    const known = cxt.gen.const("known", stringify(cxt.schema));
    const unknown = cxt.gen.const(
      "unknown",
      _`Object.keys(${cxt.data}).filter((k) => !${known}.includes(k)).slice(0, 5)`,
    );
    cxt.setParams({ unknown, known });
    cxt.fail(_`${unknown}.length > 0`);
  },
};

/** `"tenon:required": {name: what is expected}`: `required`, whose errors do not say what is missing. */
const REQUIRED: CodeKeywordDefinition = {
  keyword: "tenon:required",
  type: "object",
  schemaType: "object",
  error: {
    message: "",
    params: ({ params }) => _`{missing: ${params["missing"]}, expected: ${params["expected"]}}`,
  },
  code(cxt: KeywordCxt) {
    for (const [missing, expected] of Object.entries(cxt.schema as Record<string, string>)) {
      cxt.gen.if(_`${cxt.data}${getProperty(missing)} === undefined`, () => {
        cxt.setParams({ missing: _`${missing}`, expected: _`${expected}` });
        cxt.error();
      });
    }
  },
};

/** `"tenon:one-of": [scalar, …]`: `enum`, which would bring the schema into the code. */
const ONE_OF: CodeKeywordDefinition = {
  keyword: "tenon:one-of",
  schemaType: "array",
  error: { message: "", params: ({ params }) => _`{values: ${params["values"]}}` },
  code(cxt: KeywordCxt) {
    const values = cxt.gen.const("values", stringify(cxt.schema));
    cxt.setParams({ values });
    cxt.fail(_`!${values}.includes(${cxt.data})`);
  },
};

/**
 * `maxLength` and `minLength`. Characters are counted only where the number of UTF-16 units leaves it open, so that a text
 * takes no more time than the limit allows: counting a megabyte takes a component half a second.
 */
const LENGTHS: readonly CodeKeywordDefinition[] = (["maxLength", "minLength"] as const).map((keyword) => ({
  keyword,
  type: "string",
  schemaType: "number",
  error: { message: "", params: ({ schemaCode }) => _`{limit: ${schemaCode}}` },
  code(cxt: KeywordCxt) {
    const limit = cxt.schema as number;
    const units = _`${cxt.data}.length`;
    const characters = _`Array.from(${cxt.data}).length`;
    cxt.fail(
      keyword === "maxLength"
        ? _`${units} > ${limit} && (${units} > ${2 * limit} || ${characters} > ${limit})`
        : _`${units} < ${limit} || (${units} < ${2 * limit} && ${characters} < ${limit})`,
    );
  },
}));

/** `"tenon:format": {name, pattern}`: `pattern` with a name that says more. */
const FORMAT: CodeKeywordDefinition = {
  keyword: "tenon:format",
  type: "string",
  schemaType: "object",
  error: { message: "", params: ({ schema }) => _`{format: ${(schema as Format).name}}` },
  code(cxt: KeywordCxt) {
    const pattern = usePattern(cxt, (cxt.schema as Format).pattern);
    cxt.fail(_`!${pattern}.test(${cxt.data})`);
  },
};

interface Format {
  readonly name: string;
  readonly pattern: string;
}

/** `"tenon:unless-full": schema`: elements and further members are as the schema wants them, unless enough is wrong already. */
const UNLESS_FULL: CodeKeywordDefinition = {
  keyword: "tenon:unless-full",
  schemaType: ["object", "boolean"],
  code(cxt: KeywordCxt) {
    const valid = cxt.gen.name("_valid");
    cxt.gen.if(_`errors <= ${ENOUGH_ERRORS}`, () => cxt.subschema({ keyword: "tenon:unless-full" }, valid));
  },
};

type Schemas = Readonly<Record<string, unknown>>;

/** What a keyword becomes before it is compiled. What is not here only describes, and stays out of the code. */
const KEYWORDS: Readonly<Record<string, (value: never) => Schemas>> = {
  ...Object.fromEntries(
    (
      "type const minLength maxLength pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf " +
      "minItems maxItems minProperties maxProperties uniqueItems $ref $anchor $id tenon:closed"
    )
      .split(" ")
      .map((keyword) => [keyword, (value: unknown) => ({ [keyword]: value })]),
  ),
  enum: (values: unknown) => ({ "tenon:one-of": values }),
  "tenon:tag": (tag: string) => ({ discriminator: { propertyName: tag }, required: [tag] }),
  items: (schema: unknown) => ({ items: element(schema) }),
  additionalProperties: (schema: unknown) => ({ additionalProperties: element(schema) }),
  propertyNames: (schema: unknown) => (isText(schema) ? {} : { propertyNames: element(schema) }),
  not: (schema: unknown) => ({ not: compilable(schema) }),
  prefixItems: (schemas: unknown[]) => ({ prefixItems: schemas.map(compilable) }),
  anyOf: (schemas: unknown[]) => ({ anyOf: schemas.map(compilable) }),
  oneOf: (schemas: unknown[]) => ({ oneOf: schemas.map(compilable) }),
  allOf: (schemas: unknown[]) => ({ allOf: schemas.map(compilable) }),
  properties: (schemas: Schemas) => ({ properties: mapped(schemas) }),
  $defs: (schemas: Schemas) => ({ $defs: mapped(schemas) }),
};

function compilable(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).flatMap(([keyword, value]) =>
    Object.hasOwn(KEYWORDS, keyword) ? Object.entries(KEYWORDS[keyword]!(value as never)) : [],
  );
  const { format: name, pattern, ...rest } = Object.fromEntries(entries) as Schemas;
  const texts =
    pattern === undefined ? {} : name === undefined ? { pattern } : { "tenon:format": { name, pattern } };
  return { ...rest, ...texts, ...required(schema as Schemas) };
}

function required({ required: names, properties = {} }: Schemas): Schemas {
  if (!Array.isArray(names) || names.length === 0) return {};
  const expected = (names as string[]).map((name) => [name, kindOf((properties as Schemas)[name])]);
  return { "tenon:required": Object.fromEntries(expected) };
}

/** Words for what a schema takes, as far as one word says it. */
function kindOf(schema: unknown): string {
  const { type, enum: values } = (typeof schema === "object" && schema !== null ? schema : {}) as Schemas;
  if (Array.isArray(values)) return `one of ${values.map((value) => JSON.stringify(value)).join("|")}`;
  return type === undefined ? "a value" : [type as string | string[]].flat().join(" or ");
}

function element(schema: unknown): unknown {
  const inner = compilable(schema);
  if (typeof inner !== "object" || Object.keys(inner!).length === 0) return inner;
  return { "tenon:unless-full": inner };
}

function mapped(schemas: Schemas): Schemas {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, compilable(schema)]));
}

/** True for what says of a member's name that it is a text. */
function isText(schema: unknown): boolean {
  return JSON.stringify(schema) === '{"type":"string"}';
}

function createAjv(source: boolean): Ajv2020 {
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    messages: false,
    logger: false,
    validateSchema: false,
    meta: false,
    // Formats are annotations in 2020-12; those that are checked come as patterns.
    validateFormats: false,
    // Patterns come from expressions without the flag.
    unicodeRegExp: false,
    removeAdditional: true,
    discriminator: true,
    keywords: [CLOSED, FORMAT, ONE_OF, REQUIRED, UNLESS_FULL],
    code: { source, esm: true, optimize: 2 },
  });
  for (const definition of LENGTHS) ajv.removeKeyword(definition.keyword as string).addKeyword(definition);
  // Keywords that no check has: without them the code that notes what was evaluated is left out.
  return Object.assign(ajv, { opts: { ...ajv.opts, unevaluated: false, dynamicRef: false } });
}

/**
 * Makes the check of each schema, by the names they have: it says whether a value is as the schema wants it, and keeps what
 * is wrong. From objects whose other members are dropped it removes those.
 *
 * @throws Error when ajv cannot compile one.
 */
export function compileChecks(schemas: Readonly<Record<string, object>>): Record<string, ValidateFunction> {
  const ajv = createAjv(false);
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(compilable(schema) as object)]),
  );
}

/**
 * The same as the text of a module that exports each check by its name. It imports nothing but parts of `ajv/dist/runtime`, by
 * `require`, and evaluates no text.
 */
export function checksModule(schemas: Readonly<Record<string, object>>): string {
  const ajv = createAjv(true);
  for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(compilable(schema) as object, name);
  return forEngine(standalone(ajv, Object.fromEntries(Object.keys(schemas).map((name) => [name, name]))));
}

/** What a check is told of where it stands in another, with defaults for one that stands alone. */
const PLACE = '{instancePath="", parentData, parentDataProperty, rootData=data}={}';
/** The loop that removes what an object must not have. */
const REMOVAL = /for\(const (key\d+) in (data\d*)\)\{if\(!(\(*\1 === [^{}]*)\)\{delete \2\[\1\];\}\}/g;
const KNOWN = /key\d+ === "((?:[^"\\]|\\.)*)"/g;

/**
 * The same code with two things less to do in QuickJS, where they take two thirds of a check that finds nothing: making an
 * object to take defaults from, and walking through the members of an object that has no more than it should.
 */
function forEngine(code: string): string {
  return code
    .replaceAll(`(data, ${PLACE}){`, '(data, place){const instancePath = place ? place.instancePath : "";')
    .replaceAll(/,parentData:data\d*,parentDataProperty:(?:"(?:[^"\\]|\\.)*"|\w+),rootData\}/g, "}")
    .replaceAll(REMOVAL, (loop, _key: string, data: string, condition: string) => {
      if (!/^[()| ]*$/.test(condition.replaceAll(KNOWN, ""))) return loop;
      const names = [...condition.matchAll(KNOWN)].map(([, name]) => JSON.parse(`"${name}"`) as string);
      // What every object seems to have says nothing of this one.
      if (names.some((name) => name in Object.prototype)) return loop;
      const present = names.map((name) => `+(${data}${String(getProperty(name))} !== undefined)`).join(" + ");
      return `if(Object.keys(${data}).length !== ${present}){${loop}}`;
    });
}
