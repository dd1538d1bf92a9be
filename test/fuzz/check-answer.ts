import { expect } from "vitest";

/** What a server may answer on its own to a message: neither -32603 nor anything a guest or a bug would give. */
const CODES = [-32700, -32600, -32601, -32602, -32020, -32022];

/** Checks that a text is one well-formed JSON-RPC response that tells nothing of the inside; gives it. */
export function checkAnswer(text: string): { id: unknown; error?: { code: number }; result?: object } {
  const answer = JSON.parse(text) as ReturnType<typeof checkAnswer> & { jsonrpc: unknown };
  expect(answer.jsonrpc).toBe("2.0");
  expect(["number", "string", "object"]).toContain(typeof answer.id);
  expect("result" in answer).toBe(!("error" in answer));
  if (answer.error === undefined) expect(typeof answer.result).toBe("object");
  else {
    expect(CODES).toContain(answer.error.code);
    expect(JSON.stringify(answer.error)).not.toMatch(/\\n\s+at |\.[jt]s:\d|\/(?:home|root|tmp|usr)\//);
  }
  return answer;
}
