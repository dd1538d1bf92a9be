import { OWN } from "../../src/protocol/index.ts";
import type { CallResult } from "./worker-call.ts";

/**
 * The answer to a call of a part whose circuit is open.
 *
 * @param forMs Milliseconds until one is worth trying again.
 */
export function restingRefusal(forMs: number): CallResult {
  const headers: [string, string][] = [["retry-after", String(Math.ceil(forMs / 1000))]];
  const error = { code: OWN.resting, message: "This part of the server fails, try again later" };
  return { outcome: { tag: "refused", val: { status: 503, headers, error } } };
}
