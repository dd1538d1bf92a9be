export { createTaskProtocol, type TaskProtocol } from "./task-requests.ts";
export type { TaskCall, TaskOptions } from "./tasks.ts";
