import type { Issue } from "./schema.ts";

const MAX_ISSUES = 20;
const MAX_ISSUE_LENGTH = 500;

/**
 * What is wrong with a value, one text for each issue, at most 20: the path of the member, and what was expected. Libraries
 * whose messages say nothing, such as zod/mini, say it in other members of an issue.
 */
export function issueTexts(issues: readonly Issue[], value: unknown): string[] {
  const texts = issues.slice(0, MAX_ISSUES).map((issue) => {
    const keys = (issue.path ?? []).map((segment) => (typeof segment === "object" ? segment.key : segment));
    const path = keys
      .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
      .join("")
      .replace(/^\./, "");
    const text = path === "" ? expectation(issue, value) : `${path}: ${expectation(issue, at(value, keys))}`;
    return text.length > MAX_ISSUE_LENGTH ? `${text.slice(0, MAX_ISSUE_LENGTH)}…` : text;
  });
  if (issues.length > MAX_ISSUES) texts.push("and more");
  return texts;
}

const SAYS_NOTHING: ReadonlySet<string> = new Set(["", "Invalid", "Invalid input", "Invalid value"]);

function expectation(issue: Issue, value: unknown): string {
  if (!SAYS_NOTHING.has(issue.message)) return issue.message;
  const expected = expectedBy(issue as unknown as Readonly<Record<string, unknown>>);
  return expected === undefined
    ? `Invalid input: ${received(value)}`
    : `Invalid input: expected ${expected}, ${received(value)}`;
}

/** What an issue of zod, version 4, says beside its message. */
function expectedBy(issue: Readonly<Record<string, unknown>>): string | undefined {
  const { code, expected, values, keys, format, pattern, minimum, maximum, inclusive, divisor } = issue;
  switch (code) {
    case "invalid_value":
      return Array.isArray(values)
        ? `one of ${values.map((item) => JSON.stringify(item)).join("|")}`
        : undefined;
    case "too_small":
      return `${inclusive === false ? "more than" : "at least"} ${sized(issue, minimum)}`;
    case "too_big":
      return `${inclusive === false ? "less than" : "at most"} ${sized(issue, maximum)}`;
    case "invalid_format":
      return typeof pattern === "string"
        ? `a text that matches ${pattern}`
        : `a text of the format ${String(format)}`;
    case "not_multiple_of":
      return `a multiple of ${String(divisor)}`;
    case "unrecognized_keys":
      return Array.isArray(keys)
        ? `no member ${keys.map((key) => JSON.stringify(key)).join(", ")}`
        : undefined;
    default:
      return typeof expected === "string" ? expected : undefined;
  }
}

function sized({ origin }: Readonly<Record<string, unknown>>, limit: unknown): string {
  const count = String(limit);
  if (origin === "string") return `${count} characters`;
  return origin === "array" || origin === "set" || origin === "map" ? `${count} items` : count;
}

function at(value: unknown, keys: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of keys) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<PropertyKey, unknown>)[key];
  }
  return found;
}

function received(value: unknown): string {
  if (value === undefined) return "received undefined";
  if (value === null) return "received null";
  return `received ${Array.isArray(value) ? "array" : typeof value}`;
}
