import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, startTenon, TENON, type Serving } from "../fixtures/tenon.ts";
import { send, type RawAnswer } from "../hosts/bad-input.ts";
import { checkAnswer } from "./check-answer.ts";
import { BYTES, INVALID, VALID } from "./json-texts.ts";
import { messages } from "./messages.ts";

const RUNS = 500;
const CONNECTIONS = 50;

/** A call of the calculator, with the text of a further argument, which the tool ignores. */
function addition(a: number, b: number, id: unknown = 1, further = "0"): string {
  const params = `{"name":"add","arguments":{"a":${a},"b":${b},"x":${further}}}`;
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"tools/call","params":${params}}`;
}

const isSum = (sum: number): object => ({ result: { structuredContent: { sum } } });

describe("over HTTP", () => {
  let server: Serving;
  beforeAll(async () => {
    server = await startTenon("tenon.json");
  });
  afterAll(() => server?.stop());

  const post = (content: string | Uint8Array, headers?: Record<string, string>): Promise<RawAnswer> =>
    send(server.url, { content, ...(headers && { headers }) });

  test(`${RUNS} generated messages get declared answers, and the next call works`, async () => {
    const property = fc.asyncProperty(messages, async ({ text, headers }) => {
      const answer = await post(text, headers);
      expect([200, 202, 400, 404]).toContain(answer.status);
      if (answer.status === 202) expect(answer.text).toBe("");
      else checkAnswer(answer.text);
    });
    await fc.assert(property, { numRuns: RUNS });
    expect(JSON.parse((await post(addition(2, 3))).text)).toMatchObject(isSum(5));
  }, 120_000);

  test("every valid JSON text reaches the tool, every other is refused", async () => {
    for (const text of VALID) {
      const { text: answer } = await post(addition(1, 2, 1, text));
      expect(JSON.parse(answer), text).toMatchObject(isSum(3));
    }
    for (const text of INVALID) {
      const { status, text: answer } = await post(addition(1, 2, 1, text));
      expect([status, checkAnswer(answer).error?.code], text).toEqual([400, -32700]);
    }
  }, 120_000);

  test.each(Object.entries(BYTES))("content with %s is refused", async (_, bytes) => {
    const [before, after] = addition(1, 2, 1, '"|"').split("|");
    const content = Buffer.concat([Buffer.from(before!), Buffer.from(bytes), Buffer.from(after!)]);
    const { status, text } = await post(content);
    expect([status, checkAnswer(text).error?.code]).toEqual([400, -32700]);
  });

  test(`${CONNECTIONS} connections that use one id get each their own answer`, async () => {
    const numbers = Array.from({ length: CONNECTIONS }, (_, index) => index);
    const answers = await Promise.all(numbers.map((n) => post(addition(n, 1000, "same"))));
    const expected = numbers.map((n) => ({ id: "same", ...isSum(n + 1000) }));
    expect(answers.map(({ text }) => JSON.parse(text) as object)).toMatchObject(expected);
  });
});

describe("over stdio", () => {
  test(`${RUNS} generated lines get one answer each at most, and the last call works`, async () => {
    const lines = fc
      .sample(messages, { numRuns: RUNS, seed: 1 })
      .map(({ text }) => text.replaceAll(/[\n\r]/g, " "))
      .concat(addition(2, 3, "last"));
    const child = spawn(process.execPath, [TENON, "serve", "tenon.json", "--stdio"], { cwd: ROOT });
    const exited = once(child, "exit");
    child.stderr.resume();
    child.stdin.end(`${lines.join("\n")}\n`);
    const answers: ReturnType<typeof checkAnswer>[] = [];
    for await (const line of createInterface({ input: child.stdout })) answers.push(checkAnswer(line));
    expect(await exited).toEqual([0, null]);
    expect(answers.length).toBeLessThanOrEqual(lines.length);
    expect(answers.find(({ id }) => id === "last")).toMatchObject(isSum(5));
  }, 120_000);
});
