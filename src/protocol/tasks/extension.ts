import { isObject, type RequestMessage } from "../message.ts";
import { META } from "../request-context.ts";
import { RPC } from "../rpc-error.ts";
import type { RpcError } from "../types.ts";

// What every protocol core knows of tasks, whether its host has them or not.

/** The name of the extension. */
export const TASKS = "io.modelcontextprotocol/tasks";

/** True for requests about tasks. */
export function isTaskMethod(method: string): boolean {
  return method.startsWith("tasks/");
}

/** True when the client of a request knows tasks. */
export function knowsTasks({ meta }: RequestMessage): boolean {
  const capabilities = meta[META.clientCapabilities];
  const extensions = isObject(capabilities) ? capabilities["extensions"] : undefined;
  return isObject(extensions) && isObject(extensions[TASKS]);
}

/** True for a request to hear of tasks, which only clients that know them may send. */
export function hearsOfTasks({ method, params }: RequestMessage): boolean {
  const filter = method === "subscriptions/listen" ? params?.["notifications"] : undefined;
  return isObject(filter) && "taskIds" in filter;
}

/** The error for a client that has to know tasks and does not. */
export const TASKS_NEEDED: RpcError = {
  code: RPC.missingClientCapability,
  message: "The client does not declare the tasks extension",
  data: JSON.stringify({ requiredCapabilities: { extensions: { [TASKS]: {} } } }),
};
