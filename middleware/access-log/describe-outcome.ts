import type { LogFields, Outcome } from "tenon";
import { byteLength } from "./byte-length.ts";

/** What the log says of how a request ended. */
export function describeOutcome(outcome: Outcome): LogFields {
  switch (outcome.tag) {
    case "success":
      return {
        outcome: isToolError(outcome.val) ? "tool-error" : "ok",
        responseBytes: byteLength(outcome.val),
      };
    case "failure":
      return { outcome: "error", code: outcome.val.code, responseBytes: errorBytes(outcome.val) };
    case "refused":
      return {
        outcome: "refused",
        status: outcome.val.status,
        code: outcome.val.error.code,
        responseBytes: errorBytes(outcome.val.error),
      };
    case "input-required":
      return { outcome: "input-required", responseBytes: byteLength(outcome.val.requests) };
    default:
      return { outcome: outcome.tag, responseBytes: 0 };
  }
}

/** Parses only results that hold a member of that name and do not start with it, as failed ones of this SDK do. */
function isToolError(result: string): boolean {
  if (result.startsWith('{"isError":true')) return true;
  if (!result.includes('"isError"')) return false;
  try {
    return (JSON.parse(result) as { isError?: unknown } | null)?.isError === true;
  } catch {
    // What is no JSON is the host's to refuse.
    return false;
  }
}

function errorBytes({ message, data }: { message: string; data?: string | null | undefined }): number {
  return byteLength(message) + byteLength(data);
}
