import type { ToolContext } from "./context.ts";
import type { Tool } from "./define-tool.ts";
import { errorFields } from "./log.ts";
import { isThenable, whenDone, type MaybePromise } from "./maybe-promise.ts";
import { describeIssues, type Schema } from "./schema.ts";
import { ToolError } from "./tool-error.ts";
import {
  blockResult,
  contentProblem,
  errorResult,
  isToolResult,
  structuredResult,
  textResult,
} from "./tool-result.ts";

/** All that a client learns of an unexpected exception. */
const GENERIC_FAILURE = "The tool failed";

/** A value that a tool returned and its definition does not allow. */
class ReturnError extends Error {
  override readonly name = "ReturnError";
}

/** Runs a tool on unchecked arguments and gives the JSON of its result. Never throws or rejects. */
export function callTool(tool: Tool, args: unknown, ctx: ToolContext): MaybePromise<string> {
  const failed = (error: unknown): string => {
    if (error instanceof ToolError) return errorResult(error.message);
    ctx.log.error(`Tool "${tool.name}" failed`, { tool: tool.name, ...errorFields(error) });
    return errorResult(GENERIC_FAILURE);
  };
  try {
    const result = whenDone(tool.input["~standard"].validate(args), (checked) =>
      checked.issues
        ? errorResult(`Invalid arguments for "${tool.name}":\n${describeIssues(checked.issues)}`)
        : whenDone(tool.run(checked.value as never, ctx), (returned) => resultJson(tool, returned)),
    );
    return isThenable(result) ? result.catch(failed) : result;
  } catch (error) {
    return failed(error);
  }
}

function resultJson(tool: Tool, returned: unknown): MaybePromise<string> {
  if (isToolResult(returned)) {
    const problem = contentProblem(returned.content);
    if (problem !== undefined) throw new ReturnError(problem);
    if (tool.output === undefined || returned.isError === true) return blockResult(returned);
    if (returned.structuredContent !== undefined) {
      return whenDone(checkedOutput(tool.output, returned.structuredContent), (structuredContent) =>
        blockResult({ ...returned, structuredContent: structuredContent as Record<string, unknown> }),
      );
    }
  }
  if (tool.output !== undefined) return whenDone(checkedOutput(tool.output, returned), structuredResult);
  if (typeof returned === "string") return textResult(returned);
  throw new ReturnError(
    `it returned ${describeType(returned)}, and without an output it must return a string or content blocks`,
  );
}

function checkedOutput(output: Schema, value: unknown): MaybePromise<unknown> {
  return whenDone(output["~standard"].validate(value), (checked) => {
    if (!checked.issues) return checked.value;
    throw new ReturnError(`what it returned does not match its output: ${describeIssues(checked.issues)}`);
  });
}

function describeType(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a value of type ${typeof value}`;
}
