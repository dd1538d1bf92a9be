import type { CallResult } from "../worker-call.ts";
import { OTHER } from "./metric.ts";

/** How a call ended, in a word. */
export function outcomeOf(result: CallResult): string {
  if ("failure" in result) return result.failure;
  const { outcome } = result;
  switch (outcome.tag) {
    case "success":
      return isToolError(outcome.val) ? "tool-error" : "success";
    case "failure":
      return "rpc-error";
    case "refused":
      return `refused-${refusedStatus(outcome.val.status)}`;
    default:
      return outcome.tag;
  }
}

/** The status is a component's own word: those of HTTP errors alone are labels. */
function refusedStatus(status: number): string {
  return Number.isInteger(status) && status >= 400 && status < 600 ? String(status) : OTHER;
}

/** Few results have the word in them at all. */
function isToolError(result: string): boolean {
  if (!result.includes('"isError"')) return false;
  return (JSON.parse(result) as { isError?: unknown }).isError === true;
}
