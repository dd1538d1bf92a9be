import { failedOutcome } from "./answer-failure.ts";
import { CallContext, type Surroundings } from "./context.ts";
import { attempt, whenDone, type MaybePromise } from "./maybe-promise.ts";
import type { Outcome } from "./messages.ts";
import type { Provider } from "./provider.ts";
import { describeType, ReturnError } from "./return-error.ts";
import { isObject } from "./tool-result.ts";
import { parseUriTemplate, uriProblem } from "./uri-template.ts";

/** Answers one list method. */
export type ListDynamic = (context: string) => MaybePromise<Outcome>;

const MAX_ENTRIES = 1000;
const MAX_CHARACTERS = 2 * 1024 * 1024;
const NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/** What a list holds: the member of its result, what identifies an entry, and what one must be like. */
interface Kind {
  readonly method: string;
  readonly member: "tools" | "resources" | "resourceTemplates" | "prompts";
  readonly key: "name" | "uri" | "uriTemplate";
  /** What is wrong with an entry. */
  problem(entry: Readonly<Record<string, unknown>>, key: string): string | undefined;
}

const KINDS: readonly Kind[] = [
  {
    method: "tools/list",
    member: "tools",
    key: "name",
    problem: ({ inputSchema, outputSchema }, name) => {
      if (!NAME.test(name)) return "has a name that is not 1 to 128 characters of A-Z a-z 0-9 . _ -";
      if (!isObject(inputSchema) || inputSchema["type"] !== "object")
        return "has no inputSchema of type object";
      if (outputSchema !== undefined && !isObject(outputSchema))
        return "has an outputSchema that is not an object";
      if (JSON.stringify(inputSchema).includes('"x-mcp-header":'))
        return "has x-mcp-header, which hosts know of constant tools alone";
      return undefined;
    },
  },
  {
    method: "resources/list",
    member: "resources",
    key: "uri",
    problem: ({ name }, uri) => {
      const problem = uriProblem(uri);
      return problem === undefined ? nameProblem(name) : `has a URI that ${problem}`;
    },
  },
  {
    method: "resources/templates/list",
    member: "resourceTemplates",
    key: "uriTemplate",
    problem: ({ name }, template) => templateProblem(template) ?? nameProblem(name),
  },
  {
    method: "prompts/list",
    member: "prompts",
    key: "name",
    problem: ({ arguments: args }, name) => {
      if (!NAME.test(name)) return "has a name that is not 1 to 128 characters of A-Z a-z 0-9 . _ -";
      if (args !== undefined && (!Array.isArray(args) || !args.every(isNamed)))
        return "has arguments without names";
      return undefined;
    },
  },
];

function isNamed(item: unknown): boolean {
  return isObject(item) && typeof item["name"] === "string";
}

function nameProblem(name: unknown): string | undefined {
  return typeof name === "string" && name !== "" ? undefined : "has no name";
}

function templateProblem(template: string): string | undefined {
  try {
    parseUriTemplate(template);
    return undefined;
  } catch (error) {
    return `has a template that is wrong: ${(error as Error).message}`;
  }
}

/** The list methods that a provider answers itself. The composition shows what it defines beside them. */
export function dynamicLists(
  provider: Provider,
  surroundings: Surroundings,
): readonly (readonly [method: string, list: ListDynamic])[] {
  return KINDS.flatMap((kind) => {
    const source = provider.dynamic?.[kind.member];
    if (source === undefined) return [];
    const defined = new Set(
      (provider[kind.member] ?? []).map((item) => (item as unknown as Record<string, string>)[kind.key]!),
    );
    const list: ListDynamic = (context) => {
      const ctx = new CallContext(context, surroundings);
      return attempt<Outcome>(
        () =>
          whenDone<unknown, Outcome>(source.list(ctx), (entries) => ({
            tag: "success",
            val: listJson(kind, entries, defined),
          })),
        (error) => failedOutcome("list", kind.member, error, ctx),
      );
    };
    return [[kind.method, list] as const];
  });
}

function listJson(kind: Kind, entries: unknown, defined: ReadonlySet<string>): string {
  if (!Array.isArray(entries)) throw new ReturnError(`it returned ${describeType(entries)}, and not a list`);
  if (entries.length > MAX_ENTRIES) {
    throw new ReturnError(`it returned ${entries.length} entries, and ${MAX_ENTRIES} are the most`);
  }
  const seen = new Set(defined);
  for (const [index, entry] of entries.entries()) {
    const key: unknown = isObject(entry) ? entry[kind.key] : undefined;
    const problem =
      typeof key === "string" ? kind.problem(entry as Record<string, unknown>, key) : `has no ${kind.key}`;
    if (problem !== undefined) throw new ReturnError(`${kind.member}[${index}] ${problem}`);
    if (seen.has(key as string)) {
      throw new ReturnError(`${kind.member}[${index}] has the ${kind.key} "${String(key)}", which is taken`);
    }
    seen.add(key as string);
  }
  const json = `{"${kind.member}":${JSON.stringify(entries)}}`;
  if (json.length > MAX_CHARACTERS) {
    throw new ReturnError(`its list has ${json.length} characters, and ${MAX_CHARACTERS} are the most`);
  }
  return json;
}
