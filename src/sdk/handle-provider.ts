import { callDynamicTool, callTool } from "./call-tool.ts";
import { argumentCompleter } from "./complete-argument.ts";
import { CallContext, type Surroundings } from "./context.ts";
import { promptGetter } from "./get-prompt.ts";
import { dynamicLists } from "./list-dynamic.ts";
import { whenDone, type MaybePromise } from "./maybe-promise.ts";
import { failure, RPC_ERROR, type Outcome, type Request } from "./messages.ts";
import type { Provider } from "./provider.ts";
import { resourceReader } from "./read-resource.ts";
import { isObject } from "./tool-result.ts";

/** Answers one request, given its context as JSON. Never throws or rejects. */
export type Handle = (context: string, request: Request) => MaybePromise<Outcome>;

type Method = (
  target: string,
  params: Readonly<Record<string, unknown>>,
  context: string,
) => MaybePromise<Outcome>;

/**
 * The handler of a provider. It answers the methods of what the provider offers, and the lists of what is dynamic; every
 * other list is a constant of the composition, and every other method is unknown.
 */
export function handleProvider(provider: Provider, surroundings: Surroundings): Handle {
  const methods = methodsOf(provider, surroundings);
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
    return method(request.target ?? "", params, context);
  };
}

function methodsOf(provider: Provider, surroundings: Surroundings): ReadonlyMap<string, Method> {
  const { tools = [], resources = [], resourceTemplates = [], prompts = [], dynamic = {} } = provider;
  const methods = new Map<string, Method>();
  if (tools.length > 0 || dynamic.tools !== undefined) {
    methods.set("tools/call", toolCaller(provider, surroundings));
  }
  const hasTemplates = resourceTemplates.length > 0 || dynamic.resourceTemplates !== undefined;
  if (resources.length > 0 || hasTemplates || dynamic.resources !== undefined) {
    const read = resourceReader(provider, surroundings);
    methods.set("resources/read", (uri, _params, context) => read(uri, context));
  }
  const hasPrompts = prompts.length > 0 || dynamic.prompts !== undefined;
  if (hasPrompts) {
    const get = promptGetter(provider, surroundings);
    methods.set("prompts/get", (name, params, context) => get(name, params["arguments"] ?? {}, context));
  }
  if (hasPrompts || hasTemplates) {
    const complete = argumentCompleter(provider, surroundings);
    methods.set("completion/complete", (_target, params, context) => complete(params, context));
  }
  for (const [method, list] of dynamicLists(provider, surroundings)) {
    methods.set(method, (_target, _params, context) => list(context));
  }
  return methods;
}

function toolCaller({ tools = [], dynamic }: Provider, surroundings: Surroundings): Method {
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
        : callTool(tool, args, ctx);
    return whenDone<string | undefined, Outcome>(result, (val) =>
      val === undefined ? unknownTool() : { tag: "success", val },
    );
  };
}

function unknownTool(): Outcome {
  return failure(RPC_ERROR.invalidParams, "Unknown tool");
}
