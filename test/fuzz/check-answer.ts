import { expect } from "vitest";

/** What a server may answer on its own to a message: neither -32603 nor anything a guest or a bug would give. */
const CODES = [-32700, -32600, -32601, -32602, -32020, -32022];

interface Answer {
  jsonrpc: unknown;
  id: unknown;
  error?: { code: number };
  result?: object;
}

/**
 * Checks that a text is one well-formed JSON-RPC response that tells nothing of the inside, or an array of them; gives
 * the first.
 */
export function checkAnswer(text: string): Answer {
  const value = JSON.parse(text) as Answer | Answer[];
  const answers = Array.isArray(value) ? value : [value];
  expect(answers.length).toBeGreaterThan(0);
  for (const answer of answers) check(answer);
  return answers[0]!;
}

function check(answer: Answer): void {
  expect(answer.jsonrpc).toBe("2.0");
  expect(["number", "string", "object"]).toContain(typeof answer.id);
  expect("result" in answer).toBe(!("error" in answer));
  if (answer.error === undefined) expect(typeof answer.result).toBe("object");
  else {
    expect(CODES).toContain(answer.error.code);
    expect(JSON.stringify(answer.error)).not.toMatch(/\\n\s+at |\.[jt]s:\d|\/(?:home|root|tmp|usr)\//);
  }
}
