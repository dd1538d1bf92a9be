import { failedOutcome } from "./answer-failure.ts";
import { CompletionContext, type Surroundings } from "./context.ts";
import type { Complete } from "./define-resource.ts";
import { attempt, whenDone, type MaybePromise } from "./maybe-promise.ts";
import { failure, RPC_ERROR, type Outcome } from "./messages.ts";
import type { Provider } from "./provider.ts";
import { describeType, ReturnError } from "./return-error.ts";
import { isObject } from "./tool-result.ts";

/** Suggests values, given the params of `completion/complete`. */
export type CompleteArgument = (
  params: Readonly<Record<string, unknown>>,
  context: string,
) => MaybePromise<Outcome>;

/** As many as the protocol allows (MCP, "Completion Results"). */
const MAX_VALUES = 100;
const NONE: Outcome = { tag: "success", val: '{"completion":{"values":[]}}' };

/** How a provider suggests values: by the `complete` of the thing that is asked for. */
export function argumentCompleter(provider: Provider, surroundings: Surroundings): CompleteArgument {
  const find = completerFinder(provider);
  return (params, context) => {
    const { ref, argument } = params;
    if (!isObject(ref) || !isObject(argument)) return invalid("ref and argument must be objects");
    const { name, value } = argument;
    if (typeof name !== "string" || typeof value !== "string") {
      return invalid("argument must have a name and a value, as strings");
    }
    const owner = find(ref);
    if (owner === undefined) return failure(RPC_ERROR.invalidParams, "Unknown prompt or resource template");
    const complete = owner.completerOf(name);
    if (complete === undefined) return NONE;
    const ctx = new CompletionContext(context, surroundings, knownArguments(params["context"]));
    return attempt<Outcome>(
      () => whenDone(complete(value, ctx), (values) => ({ tag: "success", val: completionJson(values) })),
      (error) => failedOutcome("completion", `${owner.name}#${name}`, error, ctx),
    );
  };
}

function invalid(problem: string): Outcome {
  return failure(RPC_ERROR.invalidParams, `Invalid params: ${problem}`);
}

interface Owner {
  /** For the log. */
  readonly name: string;
  completerOf(variable: string): Complete | undefined;
}

function completerFinder({
  resources = [],
  resourceTemplates = [],
  prompts = [],
  dynamic,
}: Provider): (ref: Readonly<Record<string, unknown>>) => Owner | undefined {
  const templatesByText = new Map(resourceTemplates.map((item) => [item.uriTemplate, item.complete]));
  const promptsByName = new Map(prompts.map((item) => [item.name, item.complete]));
  const uris = new Set(resources.map((item) => item.uri));
  return ({ type, name, uri }) => {
    const isPrompt = type === "ref/prompt";
    const key = isPrompt ? name : uri;
    if (typeof key !== "string" || (!isPrompt && type !== "ref/resource")) return undefined;
    const defined = isPrompt ? promptsByName : templatesByText;
    if (defined.has(key)) return { name: key, completerOf: (variable) => own(defined.get(key), variable) };
    if (!isPrompt && uris.has(key)) return { name: key, completerOf: () => undefined };
    const lists = isPrompt ? dynamic?.prompts : dynamic?.resourceTemplates;
    if (lists === undefined) return undefined;
    return {
      name: key,
      completerOf: (variable) =>
        lists.complete && ((value, ctx) => lists.complete!(key, variable, value, ctx)),
    };
  };
}

function own(
  completers: { readonly [variable: string]: Complete | undefined } | undefined,
  name: string,
): Complete | undefined {
  return completers !== undefined && Object.hasOwn(completers, name) ? completers[name] : undefined;
}

function knownArguments(context: unknown): Record<string, string> {
  const known = isObject(context) ? context["arguments"] : undefined;
  if (!isObject(known)) return {};
  const texts = Object.entries(known).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(texts);
}

function completionJson(values: unknown): string {
  if (!Array.isArray(values) || values.some((value) => typeof value !== "string")) {
    throw new ReturnError(`it returned ${describeType(values)}, and must return a list of strings`);
  }
  const more = values.length > MAX_VALUES;
  const completion = more
    ? { values: values.slice(0, MAX_VALUES) as string[], total: values.length, hasMore: true }
    : { values: values as string[] };
  return JSON.stringify({ completion });
}
