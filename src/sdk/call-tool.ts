import type { ToolContext } from "./context.ts";
import type { Tool } from "./define-tool.ts";
import { errorFields } from "./log.ts";
import { describeIssues } from "./schema.ts";
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

/** Runs a tool on unchecked arguments and gives the JSON of its result. Never rejects. */
export async function callTool(tool: Tool, args: unknown, ctx: ToolContext): Promise<string> {
  try {
    const checked = await tool.input["~standard"].validate(args);
    if (checked.issues) {
      return errorResult(`Invalid arguments for "${tool.name}":\n${describeIssues(checked.issues)}`);
    }
    return await resultJson(tool, await tool.run(checked.value as never, ctx));
  } catch (error) {
    if (error instanceof ToolError) return errorResult(error.message);
    ctx.log.error(`Tool "${tool.name}" failed`, { tool: tool.name, ...errorFields(error) });
    return errorResult(GENERIC_FAILURE);
  }
}

async function resultJson(tool: Tool, returned: unknown): Promise<string> {
  if (isToolResult(returned)) {
    const problem = contentProblem(returned.content);
    if (problem !== undefined) throw new ReturnError(problem);
    if (tool.output === undefined || returned.isError === true) return blockResult(returned);
    if (returned.structuredContent !== undefined) {
      const structuredContent = await checkedOutput(tool, returned.structuredContent);
      return blockResult({ ...returned, structuredContent: structuredContent as Record<string, unknown> });
    }
  }
  if (tool.output !== undefined) return structuredResult(await checkedOutput(tool, returned));
  if (typeof returned === "string") return textResult(returned);
  throw new ReturnError(
    `it returned ${describeType(returned)}, and without an output it must return a string or content blocks`,
  );
}

async function checkedOutput(tool: Tool, value: unknown): Promise<unknown> {
  const checked = await tool.output!["~standard"].validate(value);
  if (checked.issues) throw new ReturnError(`what it returned does not match its output: ${describeIssues(checked.issues)}`);
  return checked.value;
}

function describeType(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a value of type ${typeof value}`;
}
