import type { CallContext } from "./context.ts";
import type { Tool } from "./define-tool.ts";
import { errorFields } from "./log.ts";
import { issueTexts } from "./issues.ts";
import { attempt, isThenable, whenDone, type MaybePromise } from "./maybe-promise.ts";
import type { Checked, Schema } from "./schema.ts";
import { describeType, ReturnError } from "./return-error.ts";
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

/** Runs a tool on unchecked arguments and gives the JSON of its result. Never throws or rejects. */
export type CallTool = (tool: Tool, args: unknown, ctx: CallContext) => MaybePromise<string>;

// To make a function costs the engine as much as a call of ten, so that on the way of a tool that answers at once none is made.

/** An ordinary call. */
export const callTool: CallTool = (tool, args, ctx) => callChecked(tool, args, ctx, runTool);

/** Gives what `run` makes of checked arguments, or the result for what went wrong. Never throws or rejects. */
export function callChecked(
  tool: Tool,
  args: unknown,
  ctx: CallContext,
  run: (tool: Tool, checked: unknown, ctx: CallContext) => MaybePromise<string>,
): MaybePromise<string> {
  try {
    const validated = tool.input["~standard"].validate(args);
    const result = isThenable(validated)
      ? Promise.resolve(validated).then((checked) => runChecked(tool, args, checked, ctx, run))
      : runChecked(tool, args, validated, ctx, run);
    if (typeof result === "string") return result;
    return Promise.resolve(result).catch((error: unknown) => failedResult(tool.name, error, ctx));
  } catch (error) {
    return failedResult(tool.name, error, ctx);
  }
}

function runChecked(
  tool: Tool,
  args: unknown,
  checked: Checked<unknown>,
  ctx: CallContext,
  run: (tool: Tool, checked: unknown, ctx: CallContext) => MaybePromise<string>,
): MaybePromise<string> {
  if (!checked.issues) return run(tool, checked.value, ctx);
  return errorResult(`Invalid arguments for "${tool.name}":\n${issueTexts(checked.issues, args).join("\n")}`);
}

/** Does the work of a tool. Throws and rejects as the tool does. */
export function runTool(
  tool: Tool,
  args: unknown,
  ctx: CallContext,
  admitted?: unknown,
): MaybePromise<string> {
  const { output } = tool;
  const returned: unknown = tool.run(args as never, ctx, admitted as never);
  // What most tools return, ahead of all else that it could be.
  if (typeof returned === "string" && output === undefined) return textResult(returned);
  return isThenable(returned)
    ? Promise.resolve(returned).then((value) => resultJson(output, value))
    : resultJson(output, returned);
}

/** The same for a tool that only the author's own `call` knows; nothing when it knows none of that name. */
export function callDynamicTool(
  name: string,
  call: () => unknown,
  ctx: CallContext,
): MaybePromise<string | undefined> {
  return attempt<string | undefined>(
    () =>
      whenDone(call(), (returned) => (returned === undefined ? undefined : resultJson(undefined, returned))),
    (error) => failedResult(name, error, ctx),
  );
}

function failedResult(name: string, error: unknown, ctx: CallContext): string {
  if (error instanceof ToolError) return errorResult(error.message);
  ctx.hostLog.error(`Tool "${name}" failed`, { tool: name, ...errorFields(error) });
  return errorResult(GENERIC_FAILURE);
}

function resultJson(output: Schema | undefined, returned: unknown): MaybePromise<string> {
  if (isToolResult(returned)) {
    const problem = contentProblem(returned.content);
    if (problem !== undefined) throw new ReturnError(problem);
    if (output === undefined || returned.isError === true) return blockResult(returned);
    if (returned.structuredContent !== undefined) {
      return whenDone(checkedOutput(output, returned.structuredContent), (structuredContent) =>
        blockResult({ ...returned, structuredContent }),
      );
    }
  }
  if (output !== undefined) return whenDone(checkedOutput(output, returned), structuredJson);
  if (typeof returned === "string") return textResult(returned);
  throw new ReturnError(
    `it returned ${describeType(returned)}, and without an output it must return a string or content blocks`,
  );
}

function structuredJson(value: unknown): string {
  const json = structuredResult(value);
  if (json === undefined) throw new ReturnError(`it returned ${describeType(value)}, which has no JSON`);
  return json;
}

function checkedOutput(output: Schema, value: unknown): MaybePromise<unknown> {
  const checked = output["~standard"].validate(value);
  return isThenable(checked)
    ? Promise.resolve(checked).then((done) => acceptedOutput(done, value))
    : acceptedOutput(checked, value);
}

function acceptedOutput(checked: Checked<unknown>, value: unknown): unknown {
  if (!checked.issues) return checked.value;
  throw new ReturnError(
    `what it returned does not match its output: ${issueTexts(checked.issues, value).join("; ")}`,
  );
}
