import { callDynamicTool, callTool, type CallTool } from "./call-tool.ts";
import { argumentCompleter } from "./complete-argument.ts";
import { CallContext, type Surroundings } from "./context.ts";
import { promptGetter } from "./get-prompt.ts";
import { dynamicLists } from "./list-dynamic.ts";
import { whenDone, type MaybePromise } from "./maybe-promise.ts";
import { failure, RPC_ERROR, type Outcome, type Request } from "./messages.ts";
import type { Provider } from "./provider.ts";
import { resourceReader } from "./read-resource.ts";
import { callTaskTool, refusesCall, taskOwner } from "./task-tool.ts";
import { isObject } from "./tool-result.ts";

/** Answers one request, given its context as JSON. Never throws or rejects. */
export type Handle = (context: string, request: Request) => MaybePromise<Outcome>;

type Method = (
  target: string,
  params: Readonly<Record<string, unknown>>,
  context: string,
) => MaybePromise<Outcome>;

/** Methods of one kind, and what answers them. */
export type ProviderMethods = (
  provider: Provider,
  surroundings: Surroundings,
) => readonly (readonly [name: string, method: Method])[];

/**
 * The handler of a provider. It answers the methods of what the provider offers, and the lists of what is dynamic; every
 * other list is a constant of the composition, and every other method is unknown.
 *
 * @param kinds Those of what the provider offers, at least: a component holds the code of no other.
 */
export function handleProvider(
  provider: Provider,
  surroundings: Surroundings,
  kinds: readonly ProviderMethods[],
): Handle {
  const named = { ...surroundings, logger: provider.name };
  const methods = new Map(kinds.flatMap((kind) => kind(provider, named)));
  const { asker } = surroundings;
  return (context, request) => {
    const method = methods.get(request.method);
    if (method === undefined) return failure(RPC_ERROR.methodNotFound, "Method not found");
    let params: unknown;
    try {
      params = JSON.parse(request.params ?? "{}");
    } catch {
      return failure(RPC_ERROR.invalidParams, "Invalid params: not JSON");
    }
    if (!isObject(params)) return failure(RPC_ERROR.invalidParams, "Invalid params: not an object");
    const ended = asker?.begin(context, request);
    if (ended !== undefined) return ended;
    return method(request.target ?? "", params, context);
  };
}

/** `tools/call`. */
export const toolMethods: ProviderMethods = (provider, surroundings) =>
  offers(provider, "tools") ? [["tools/call", toolCaller(provider, surroundings, callTool)]] : [];

/** `tools/call` where calls may become tasks, and `tasks/*`, whose target is the tool of the task. */
export const taskMethods: ProviderMethods = (provider, surroundings) => {
  if (!offers(provider, "tools")) return [];
  const tools = new Map(
    (provider.tools ?? []).filter(({ task }) => task !== undefined).map((tool) => [tool.name, tool]),
  );
  const call = toolCaller(provider, surroundings, callTaskTool);
  const owner: Method = (name, _params, context) =>
    tools.has(name) ? taskOwner(new CallContext(context, surroundings)) : unknownTask();
  return [
    [
      "tools/call",
      (name, params, context) =>
        refusesCall(tools.get(name), () => new CallContext(context, surroundings)) ??
        call(name, params, context),
    ],
    ["tasks/get", owner],
    ["tasks/update", owner],
    ["tasks/cancel", owner],
  ];
};

/** `resources/read`. */
export const resourceMethods: ProviderMethods = (provider, surroundings) => {
  if (!offers(provider, "resources") && !offers(provider, "resourceTemplates")) return [];
  const read = resourceReader(provider, surroundings);
  return [["resources/read", (uri, _params, context) => read(uri, context)]];
};

/** `prompts/get`. */
export const promptMethods: ProviderMethods = (provider, surroundings) => {
  if (!offers(provider, "prompts")) return [];
  const get = promptGetter(provider, surroundings);
  return [["prompts/get", (name, params, context) => get(name, params["arguments"] ?? {}, context)]];
};

/** `completion/complete`. */
export const completionMethods: ProviderMethods = (provider, surroundings) => {
  if (!offers(provider, "prompts") && !offers(provider, "resourceTemplates")) return [];
  const complete = argumentCompleter(provider, surroundings);
  return [["completion/complete", (_target, params, context) => complete(params, context)]];
};

/** The lists of what is dynamic. */
export const listMethods: ProviderMethods = (provider, surroundings) =>
  [...dynamicLists(provider, surroundings)].map(([method, list]) => [
    method,
    (_target, _params, context) => list(context),
  ]);

/** Every kind of method, where their code costs nothing. */
export const ALL_METHODS: readonly ProviderMethods[] = [
  taskMethods,
  resourceMethods,
  promptMethods,
  completionMethods,
  listMethods,
];

function offers(provider: Provider, kind: "tools" | "resources" | "resourceTemplates" | "prompts"): boolean {
  return (provider[kind]?.length ?? 0) > 0 || provider.dynamic?.[kind] !== undefined;
}

function toolCaller({ tools = [], dynamic }: Provider, surroundings: Surroundings, call: CallTool): Method {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const own = dynamic?.tools;
  return (name, params, context) => {
    const tool = byName.get(name);
    if (tool === undefined && own === undefined) return unknownTool();
    const args = params["arguments"] ?? {};
    if (!isObject(args))
      return failure(RPC_ERROR.invalidParams, "Invalid params: arguments is not an object");
    const ctx = new CallContext(context, surroundings);
    const result =
      tool === undefined
        ? callDynamicTool(name, () => own!.call(name, args, ctx), ctx)
        : call(tool, args, ctx);
    if (typeof result === "string") return { tag: "success", val: result };
    return whenDone(result, toolOutcome);
  };
}

function toolOutcome(val: string | undefined): Outcome {
  return val === undefined ? unknownTool() : { tag: "success", val };
}

function unknownTool(): Outcome {
  return failure(RPC_ERROR.invalidParams, "Unknown tool");
}

function unknownTask(): Outcome {
  return failure(RPC_ERROR.invalidParams, "Unknown task");
}
