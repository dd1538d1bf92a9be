import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, startTenon, TENON, type Serving } from "../fixtures/tenon.ts";
import { send, type RawAnswer } from "../hosts/bad-input.ts";
import { checkAnswer } from "./check-answer.ts";
import { BYTES, EITHER, INVALID, VALID } from "./json-texts.ts";
import { messages } from "./messages.ts";

const RUNS = 10_000;
/** Messages on their way at once: over HTTP, a round trip takes longer than an answer. */
const AT_ONCE = 8;
const CONNECTIONS = 50;

/** A call of the calculator, with the text of a further argument, which the tool ignores. */
function addition(a: number, b: number, id: unknown = 1, further = "0"): string {
  const params = `{"name":"add","arguments":{"a":${a},"b":${b},"x":${further}}}`;
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"tools/call","params":${params}}`;
}

const isSum = (sum: number): object => ({ result: { structuredContent: { sum } } });

/** Feeds lines to a server, and gives its answers once it has ended by itself. */
async function answersTo(lines: readonly string[]): Promise<ReturnType<typeof checkAnswer>[]> {
  const child = spawn(process.execPath, [TENON, "serve", "tenon.json", "--stdio"], { cwd: ROOT });
  const exited = once(child, "exit");
  child.stderr.resume();
  child.stdin.end(`${lines.join("\n")}\n`);
  const answers: ReturnType<typeof checkAnswer>[] = [];
  for await (const line of createInterface({ input: child.stdout })) answers.push(checkAnswer(line));
  expect(await exited).toEqual([0, null]);
  return answers;
}

/** Those that are one line: a text that is broken in two would be two messages. */
function onOneLine(texts: typeof VALID): typeof VALID {
  return texts.filter(([, text]) => !/[\n\r]/.test(text));
}

describe("over HTTP", () => {
  let server: Serving;
  beforeAll(async () => {
    server = await startTenon("tenon.json");
  });
  afterAll(() => server?.stop());

  const post = (content: string | Uint8Array, headers?: Record<string, string>): Promise<RawAnswer> =>
    send(server.url, { content, ...(headers && { headers }) });

  test(`${RUNS} generated messages get declared answers, and the next call works`, async () => {
    const several = fc.array(messages, { minLength: AT_ONCE, maxLength: AT_ONCE });
    const property = fc.asyncProperty(several, async (batch) => {
      const answers = await Promise.all(batch.map(({ text, headers }) => post(text, headers)));
      for (const answer of answers) {
        expect([200, 202, 400, 404]).toContain(answer.status);
        if (answer.status === 202) expect(answer.text).toBe("");
        else checkAnswer(answer.text);
      }
    });
    await fc.assert(property, { numRuns: RUNS / AT_ONCE });
    expect(JSON.parse((await post(addition(2, 3))).text)).toMatchObject(isSum(5));
  }, 300_000);

  describe("JSONTestSuite", () => {
    test.each(VALID)("%s reaches the tool", async (_, text) => {
      expect(JSON.parse((await post(addition(1, 2, 1, text))).text)).toMatchObject(isSum(3));
    });
    test.each(INVALID)("%s is refused", async (_, text) => {
      const { status, text: answer } = await post(addition(1, 2, 1, text));
      expect([status, checkAnswer(answer).error?.code]).toEqual([400, -32700]);
    });
    test.each(EITHER)("%s is answered", async (_, text) => {
      const { status, text: answer } = await post(addition(1, 2, 1, text));
      expect([200, 400]).toContain(status);
      checkAnswer(answer);
    });
  });

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
    const answers = await answersTo(lines);
    expect(answers.length).toBeLessThanOrEqual(lines.length);
    expect(answers.find(({ id }) => id === "last")).toMatchObject(isSum(5));
  }, 300_000);

  test("JSONTestSuite: every valid text reaches the tool, every other is refused", async () => {
    const [valid, invalid] = [onOneLine(VALID), onOneLine(INVALID)];
    const lines = [...valid, ...invalid].map(([name, text]) => addition(1, 2, name, text));
    const answers = await answersTo(lines);
    const sums = answers.filter(({ result }) => result !== undefined);
    expect(new Set(sums.map(({ id }) => id))).toEqual(new Set(valid.map(([name]) => name)));
    expect(sums).toHaveLength(valid.length);
    expect(sums).toMatchObject(valid.map(() => isSum(3)));
    const refused = answers.filter(({ error }) => error !== undefined);
    expect(refused.map(({ id, error }) => [id, error!.code])).toEqual(invalid.map(() => [null, -32700]));
  }, 120_000);
});
