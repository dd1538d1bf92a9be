import type { Provider } from "../sdk/provider.ts";
import type { Checked, Issue, Schema } from "../sdk/schema.ts";
import { keepShape } from "./keep-shape.ts";

/** A fault that a compiled check found. */
interface CheckError {
  /** JSON pointer to what is wrong. */
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A check that the build has made of a JSON Schema (`src/json-schema/compile-checks.ts`). */
export interface Check {
  (value: unknown): boolean;
  errors?: readonly CheckError[] | null;
}

/** What takes the place of the schemas of one tool. */
export interface ToolChecks {
  /** All that there is to check of the arguments. */
  readonly input?: Check;
  /** What comes before the schema's own check of the arguments. */
  readonly before?: Check;
  /** All that there is to check of a result. */
  readonly output?: Check;
}

/** A provider whose tools check by what the build compiled, where it did. */
export function withChecks(provider: Provider, checks: Readonly<Record<string, ToolChecks>>): Provider {
  keepShape({ value: 0 });
  const tools = (provider.tools ?? []).map((tool) => {
    const { input, before, output } = checks[tool.name] ?? {};
    return {
      ...tool,
      ...(input === undefined ? {} : { input: argumentsSchema(input) }),
      ...(before === undefined ? {} : { input: argumentsSchema(before, tool.input) }),
      ...(output === undefined ? {} : { output: resultSchema(output) }),
    };
  });
  return { ...provider, tools };
}

/** @param next what has the last word, of what passed */
function argumentsSchema(check: Check, next?: Schema): Schema {
  if (next === undefined) return schemaOf((value) => checked(check, value));
  return schemaOf((value) => (check(value) ? next["~standard"].validate(value) : refused(check, value)));
}

/** It is the JSON that is checked: what a client gets, and not the author's own object, which the check would change. */
function resultSchema(check: Check): Schema {
  return schemaOf((value) => checked(check, value === undefined ? value : JSON.parse(JSON.stringify(value))));
}

function schemaOf(validate: Schema["~standard"]["validate"]): Schema {
  return { "~standard": { version: 1, vendor: "tenon", validate } };
}

function checked(check: Check, value: unknown): Checked<unknown> {
  return check(value) ? { value } : refused(check, value);
}

function refused({ errors }: Check, value: unknown): Checked<unknown> {
  return { issues: issuesOf(errors ?? [], value) };
}

/** An issue; where it has no message, its text says what was expected at `path` and what is there. */
interface CompiledIssue extends Issue {
  readonly path: readonly PropertyKey[];
  readonly expected?: string;
  readonly error: CheckError;
}

/** Faults by which an alternative shows that another one was meant. */
const CHOICES: ReadonlySet<string> = new Set(["type", "const", "tenon:one-of"]);

/** Faults that come with another that says it better. */
const SAID_OTHERWISE: ReadonlySet<string> = new Set(["discriminator", "required"]);

function issuesOf(errors: readonly CheckError[], root: unknown): Issue[] {
  let issues: CompiledIssue[] = [];
  for (const error of errors) {
    const { instancePath: place, keyword, params } = error;
    const path = stepsOf(place, root);
    const add = (wanted: string, at = path): void => {
      issues.push({ message: "", path: at, expected: wanted, error });
    };
    if (keyword === "tenon:required") {
      add(params["expected"] as string, [...path, params["missing"] as string]);
    } else if (keyword === "tenon:closed") {
      const known = quoted(params["known"]) || "none";
      const message = `Invalid input: unknown ${quoted(params["unknown"])}; there are ${known}`;
      issues.push({ message, path, error });
    } else if (keyword === "anyOf" || keyword === "oneOf") {
      // It follows what the alternatives found wrong. Those that ask for another kind of value were not meant, unless all do.
      const isElsewhere = ({ error: { instancePath } }: CompiledIssue): boolean =>
        instancePath !== place && !instancePath.startsWith(`${place}/`);
      const start = issues.findLastIndex(isElsewhere) + 1;
      const found = issues.slice(start);
      const meant = found.filter(
        (issue) => issue.error.instancePath !== place || !CHOICES.has(issue.error.keyword),
      );
      issues = [...issues.slice(0, start), ...meant];
      if (meant.length === 0) add([...new Set(found.map((issue) => issue.expected))].join(" or "));
    } else if (!SAID_OTHERWISE.has(keyword)) {
      add(expected(keyword, params));
    }
  }
  return issues;
}

/** Keys and indexes of a JSON pointer into a value. */
function stepsOf(pointer: string, root: unknown): PropertyKey[] {
  let value = root;
  return pointer
    .split("/")
    .slice(1)
    .map((step) => {
      const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
      const found = Array.isArray(value) ? Number(key) : key;
      value = (value as Record<PropertyKey, unknown> | null | undefined)?.[found];
      return found;
    });
}

/** Words for what the keywords with a limit ask for. */
const LIMITS: Readonly<Record<string, (limit: string) => string>> = {
  minLength: (limit) => `at least ${limit} characters`,
  maxLength: (limit) => `at most ${limit} characters`,
  minItems: (limit) => `at least ${limit} items`,
  maxItems: (limit) => `at most ${limit} items`,
  minimum: (limit) => `at least ${limit}`,
  maximum: (limit) => `at most ${limit}`,
  exclusiveMinimum: (limit) => `more than ${limit}`,
  exclusiveMaximum: (limit) => `less than ${limit}`,
};

function expected(keyword: string, params: Readonly<Record<string, unknown>>): string {
  switch (keyword) {
    case "type":
      return [params["type"]].flat().join(" or ");
    case "const":
      return JSON.stringify(params["allowedValue"]);
    case "tenon:one-of":
      return `one of ${(params["values"] as unknown[]).map((value) => JSON.stringify(value)).join("|")}`;
    case "tenon:format":
      return `a text of the format ${String(params["format"])}`;
    case "pattern":
      return `a text that matches /${String(params["pattern"])}/`;
    default:
      return LIMITS[keyword]?.(String(params["limit"])) ?? `what "${keyword}" of its schema asks for`;
  }
}

function quoted(names: unknown): string {
  return (names as string[]).map((name) => JSON.stringify(name)).join(", ");
}
