import type { CallContext } from "./context.ts";
import type { Tool } from "./define-tool.ts";
import { errorFields } from "./log.ts";
import { issueTexts } from "./issues.ts";
import { attempt, whenDone, type MaybePromise } from "./maybe-promise.ts";
import type { Schema } from "./schema.ts";
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

/** An ordinary call. */
export const callTool: CallTool = (tool, args, ctx) =>
  callChecked(tool, args, ctx, (checked) => runTool(tool, checked, ctx, undefined));

/** Gives what `run` makes of checked arguments, or the result for what went wrong. Never throws or rejects. */
export function callChecked(
  tool: Tool,
  args: unknown,
  ctx: CallContext,
  run: (checked: unknown) => MaybePromise<string>,
): MaybePromise<string> {
  return attempt(
    () =>
      whenDone(tool.input["~standard"].validate(args), (checked) =>
        checked.issues
          ? errorResult(
              `Invalid arguments for "${tool.name}":\n${issueTexts(checked.issues, args).join("\n")}`,
            )
          : run(checked.value),
      ),
    (error) => failedResult(tool.name, error, ctx),
  );
}

/** Does the work of a tool. Throws and rejects as the tool does. */
export function runTool(
  tool: Tool,
  args: unknown,
  ctx: CallContext,
  admitted: unknown,
): MaybePromise<string> {
  return whenDone(tool.run(args as never, ctx, admitted as never), (returned) =>
    resultJson(tool.output, returned),
  );
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
  if (output !== undefined) {
    return whenDone(checkedOutput(output, returned), (value) => {
      const json = structuredResult(value);
      if (json === undefined) throw new ReturnError(`it returned ${describeType(value)}, which has no JSON`);
      return json;
    });
  }
  if (typeof returned === "string") return textResult(returned);
  throw new ReturnError(
    `it returned ${describeType(returned)}, and without an output it must return a string or content blocks`,
  );
}

function checkedOutput(output: Schema, value: unknown): MaybePromise<unknown> {
  return whenDone(output["~standard"].validate(value), (checked) => {
    if (!checked.issues) return checked.value;
    throw new ReturnError(
      `what it returned does not match its output: ${issueTexts(checked.issues, value).join("; ")}`,
    );
  });
}
