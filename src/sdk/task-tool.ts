import { callChecked, callTool, runTool, type CallTool } from "./call-tool.ts";
import type { CallContext } from "./context.ts";
import type { Tool } from "./define-tool.ts";
import { whenDone, type MaybePromise } from "./maybe-promise.ts";
import { failure, type Outcome } from "./messages.ts";
import { ReturnError } from "./return-error.ts";

const EXTENSION = "io.modelcontextprotocol/tasks";
const MISSING_CLIENT_CAPABILITY = -32021;
const MAX_ADMITTED = 64 * 1024;

/** The error for a call that has to become a task and cannot; nothing where the call may go on. */
export function refusesCall(tool: Tool | undefined, context: () => CallContext): Outcome | undefined {
  if (tool?.task !== "required" || context().task !== undefined) return undefined;
  return failure(
    MISSING_CLIENT_CAPABILITY,
    `"${tool.name}" runs as a task, which this client does not support`,
    {
      requiredCapabilities: { extensions: { [EXTENSION]: {} } },
    },
  );
}

/** A call of a tool whose calls may become tasks. Its answer, where it becomes one, has `resultType` `task`. */
export const callTaskTool: CallTool = (tool, args, ctx) => {
  if (tool.task === undefined) return callTool(tool, args, ctx);
  return callChecked(tool, args, ctx, runOrAdmit);
};

function runOrAdmit(tool: Tool, checked: unknown, ctx: CallContext): MaybePromise<string> {
  if (ctx.task?.phase === "run") return runTool(tool, checked, ctx, ctx.task.admitted);
  return whenDone(admit(tool, checked, ctx), (admitted) =>
    ctx.task === undefined
      ? runTool(tool, checked, ctx, admitted === undefined ? undefined : JSON.parse(admitted))
      : `{"resultType":"task"${admitted === undefined ? "" : `,"admitted":${admitted}`},"principal":${owner(ctx)}}`,
  );
}

/** The outcome of a request about a task of one of these tools: who sent it, for the host to compare. */
export function taskOwner(ctx: CallContext): Outcome {
  return { tag: "success", val: `{"principal":${owner(ctx)}}` };
}

function owner({ principal }: CallContext): string {
  if (principal === undefined) return "null";
  const { issuer, subject } = principal;
  return JSON.stringify({ issuer, subject });
}

/** What `admit` returned, as JSON. */
function admit(tool: Tool, args: unknown, ctx: CallContext): MaybePromise<string | undefined> {
  if (tool.admit === undefined) return undefined;
  return whenDone(tool.admit(args as never, ctx), (admitted) => {
    const text = JSON.stringify(admitted) as string | undefined;
    if (text === undefined || text.length <= MAX_ADMITTED) return text;
    throw new ReturnError(`what its admit returned is JSON of more than ${MAX_ADMITTED} characters`);
  });
}
