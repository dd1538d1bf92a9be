import type { CallContext } from "./context.ts";
import { errorFields } from "./log.ts";
import { failure, RPC_ERROR, type Outcome } from "./messages.ts";
import { ToolError } from "./tool-error.ts";

/**
 * The outcome for an exception of an author's code outside tools: the message of a `ToolError`, and for any other a generic
 * text, with the details in the host's log.
 *
 * @param kind What failed, as the client reads it, such as `resource`.
 * @param name Which one, for the log.
 */
export function failedOutcome(kind: string, name: string, error: unknown, ctx: CallContext): Outcome {
  if (error instanceof ToolError) return failure(RPC_ERROR.internalError, error.message);
  const what = `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}`;
  ctx.hostLog.error(`${what} "${name}" failed`, { [kind]: name, ...errorFields(error) });
  return failure(RPC_ERROR.internalError, `The ${kind} failed`);
}
