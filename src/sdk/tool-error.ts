/**
 * A failure the model should read, such as "No city of that name". Thrown by a tool, it becomes a result with
 * `isError: true` and its message; every other exception becomes a generic text, with the details in the log.
 */
export class ToolError extends Error {
  override readonly name: string = "ToolError";
}
