/**
 * A schema that checks values: any zod 4 schema. It is the Standard Schema interface, version 1, so that the guest
 * holds no code of a particular library beyond what the author's module uses.
 *
 * @see https://standardschema.dev
 */
export interface Schema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Checked<Output> | Promise<Checked<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
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

const MAX_ISSUES = 20;
const MAX_ISSUE_LENGTH = 500;

/** True for a value that can check others. */
export function isSchema(value: unknown): value is Schema {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  const standard = (value as { "~standard"?: { validate?: unknown } })["~standard"];
  return typeof standard === "object" && typeof standard?.validate === "function";
}

/** One line for each issue, at most 20: the path of the member, and what was expected. */
export function describeIssues(issues: readonly Issue[]): string {
  const lines = issues.slice(0, MAX_ISSUES).map((issue) => {
    const path = (issue.path ?? []).map(pathSegment).join("").replace(/^\./, "");
    const text = path === "" ? expectation(issue) : `${path}: ${expectation(issue)}`;
    return text.length > MAX_ISSUE_LENGTH ? `${text.slice(0, MAX_ISSUE_LENGTH)}…` : text;
  });
  if (issues.length > MAX_ISSUES) lines.push(`and ${issues.length - MAX_ISSUES} more`);
  return lines.join("\n");
}

function pathSegment(segment: PropertyKey | { readonly key: PropertyKey }): string {
  const key = typeof segment === "object" ? segment.key : segment;
  return typeof key === "number" ? `[${key}]` : `.${String(key)}`;
}

/** zod/mini has no texts of its own and says only "Invalid input". */
function expectation(issue: Issue): string {
  const { expected } = issue as { expected?: unknown };
  return issue.message === "Invalid input" && typeof expected === "string"
    ? `Invalid input: expected ${expected}`
    : issue.message;
}
