import { ToolkitError } from "../../errors/index.ts";
import { findProblems } from "../../json-schema/index.ts";

/** One call to record. */
export type RecordedCall =
  | { tool: string; arguments?: object }
  | { prompt: string; arguments?: object }
  | { resource: string };

const MAX_CALLS = 1000;

const NAME = { type: "string", minLength: 1, maxLength: 2048 };
const CALL = {
  type: "object",
  properties: { tool: NAME, prompt: NAME, resource: NAME, arguments: { type: "object" } },
  additionalProperties: false,
};

/**
 * Reads the calls of `tenon compose --record`.
 *
 * @param file What errors call the text.
 * @throws {@link ToolkitError} `ERR_CONFIG` naming the call by its index, from 0.
 */
export function readCalls(file: string, text: string): RecordedCall[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw mistake(file, "it is not JSON", cause);
  }
  if (!Array.isArray(value)) throw mistake(file, "it is not a list of calls");
  if (value.length === 0 || value.length > MAX_CALLS) {
    throw mistake(file, `it has ${value.length} calls, and 1 to ${MAX_CALLS} can be recorded`);
  }
  for (const [i, call] of (value as unknown[]).entries()) {
    const [problem] = findProblems(CALL, call, { own: true });
    if (problem) throw mistake(file, `call ${i}: ${problem.text}`);
    const named = ["tool", "prompt", "resource"].filter((kind) => Object.hasOwn(call as object, kind));
    if (named.length !== 1) {
      throw mistake(file, `call ${i} names ${named.join(" and ") || "no tool, prompt or resource"}`);
    }
    if (named[0] === "resource" && Object.hasOwn(call as object, "arguments")) {
      throw mistake(file, `call ${i}: a resource has no arguments`);
    }
  }
  return value as RecordedCall[];
}

function mistake(file: string, state: string, cause?: unknown): ToolkitError {
  return new ToolkitError(`Cannot record the calls in "${file}": ${state}`, {
    code: "ERR_CONFIG",
    hint: 'Write a list such as [{ "tool": "add", "arguments": { "a": 2, "b": 3 } }]; also "resource" or "prompt"',
    ...(cause !== undefined && { cause }),
  });
}
