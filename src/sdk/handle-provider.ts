import { callTool } from "./call-tool.ts";
import { CallContext, type Surroundings } from "./context.ts";
import type { Tool } from "./define-tool.ts";
import { whenDone, type MaybePromise } from "./maybe-promise.ts";
import { failure, RPC_ERROR, type Outcome, type Request } from "./messages.ts";
import type { Provider } from "./provider.ts";
import { isObject } from "./tool-result.ts";

/** Answers one request, given its context as JSON. Never throws or rejects. */
export type Handle = (context: string, request: Request) => MaybePromise<Outcome>;

/** The handler of a provider: `tools/call` runs a tool, and every other method is unknown. */
export function handleProvider(provider: Provider, surroundings: Surroundings): Handle {
  const tools = new Map<string, Tool>((provider.tools ?? []).map((tool) => [tool.name, tool]));
  return (context, request) => {
    if (request.method !== "tools/call") return failure(RPC_ERROR.methodNotFound, "Method not found");
    const tool = tools.get(request.target ?? "");
    if (tool === undefined) return failure(RPC_ERROR.invalidParams, "Unknown tool");
    let args: unknown;
    try {
      args = argumentsOf(request.params);
    } catch {
      return failure(RPC_ERROR.invalidParams, "Invalid params: not JSON");
    }
    if (!isObject(args))
      return failure(RPC_ERROR.invalidParams, "Invalid params: arguments is not an object");
    return whenDone(callTool(tool, args, new CallContext(context, surroundings)), (val) => ({
      tag: "success",
      val,
    }));
  };
}

function argumentsOf(params: Request["params"]): unknown {
  if (params === null || params === undefined) return {};
  const parsed: unknown = JSON.parse(params);
  return isObject(parsed) ? (parsed["arguments"] ?? {}) : undefined;
}
