import type { JsonObject } from "../message.ts";
import type { RpcError } from "../types.ts";

/** Where a task is; the last three are final. */
export type TaskStatus = "working" | "input_required" | "completed" | "failed" | "cancelled";

/** What a task waits for. */
export interface Asked {
  /** Requests without an answer yet, by keys that no other request of the task has. */
  requests: Record<string, JsonObject>;
  /** Answers so far, by the keys the component chose. */
  answers: Record<string, JsonObject>;
  /** What the component gets back with the answers, as JSON. */
  state: string | undefined;
}

/** A call whose result is fetched later (MCP extension `io.modelcontextprotocol/tasks`). */
export interface Task {
  readonly id: string;
  /** Name of the tool. */
  readonly tool: string;
  /** Whose it is: two texts are the same exactly when the callers are. */
  readonly owner: string;
  status: TaskStatus;
  /** For people. */
  statusMessage?: string | undefined;
  /** Times are in milliseconds since 1970-01-01T00:00:00Z. */
  readonly createdAt: number;
  updatedAt: number;
  /** When it is forgotten. */
  readonly expiresAt: number;
  /** How often it has asked the client. */
  rounds: number;
  /** Present while the status is `input_required`. */
  asked?: Asked | undefined;
  /** Present when the status is `failed`. */
  error?: RpcError | undefined;
}

/** What clients should wait between two questions, in milliseconds. */
const POLL_INTERVAL_MS = 1000;

/** True when the status does not change any more. */
export function isFinal({ status }: Task): boolean {
  return status !== "working" && status !== "input_required";
}

/** A task as its creation is answered: without what it asks or came to. */
export function handleText(task: Task): string {
  return JSON.stringify({ resultType: "task", ...common(task) });
}

/**
 * A task as `tasks/get` answers it.
 *
 * @param result The result of a completed task, as JSON.
 */
export function taskText(task: Task, result: string | undefined): string {
  const text = JSON.stringify({
    ...common(task),
    ...(task.asked && { inputRequests: task.asked.requests }),
  });
  if (task.error) return `${text.slice(0, -1)},"error":${errorText(task.error)}}`;
  return result === undefined ? text : `${text.slice(0, -1)},"result":${result}}`;
}

function common(task: Task): Record<string, unknown> {
  return {
    taskId: task.id,
    status: task.status,
    statusMessage: task.statusMessage,
    createdAt: new Date(task.createdAt).toISOString(),
    lastUpdatedAt: new Date(task.updatedAt).toISOString(),
    ttlMs: task.expiresAt - task.createdAt,
    pollIntervalMs: POLL_INTERVAL_MS,
  };
}

function errorText({ code, message, data }: RpcError): string {
  const text = JSON.stringify({ code, message });
  return data === undefined ? text : `${text.slice(0, -1)},"data":${data}}`;
}
