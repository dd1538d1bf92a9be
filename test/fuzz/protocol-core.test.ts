import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createHttpProtocol, createStdioProtocol, type McpRequest } from "../../src/protocol/index.ts";
import type { Outcome, StdioStep, Step } from "../../src/protocol/index.ts";
import { createAsking } from "../../hosts/node/asking.ts";
import { callOf, type AnsweredCall } from "../fixtures/protocol-steps.ts";
import { checkAnswer } from "./check-answer.ts";
import { messages } from "./messages.ts";

const RUNS = 10_000;
const options = {
  serverInfo: { name: "fuzz", version: "1.0.0" },
  now: () => 0,
  newRequestId: () => "r",
  ...createAsking({}, () => {}),
};
const fields = { host: "localhost", "content-type": "application/json" };
const FAILURES = { deadline: 504, trap: 500, "too-large": 500, overload: 503 } as const;

/** What a core gives for a request. */
function outcome({ method }: McpRequest): Outcome {
  const discovered = '{"serverInfo":{"name":"core","version":"1"},"capabilities":{"tools":{}}}';
  return { tag: "success", val: method === "server/discover" ? discovered : '{"content":[]}' };
}

function checkCall(call: Pick<AnsweredCall<unknown>, "context" | "request">): void {
  const context = JSON.parse(call.context) as { requestId: string; inputs?: { responses: unknown } };
  expect(context).toMatchObject({ requestId: "r" });
  // Nothing that was generated is a state of this server.
  expect(context).not.toHaveProperty("retry");
  if (context.inputs !== undefined) expect(Object.keys(context.inputs)).toEqual(["responses"]);
  const { params, id } = call.request;
  expect(["number", "string"]).toContain(typeof JSON.parse(id!));
  if (params !== undefined) expect(JSON.parse(params)).toBeTypeOf("object");
}

/** Goes through the steps of a request. */
function settle<Answer>(step: Step<Answer>): Answer {
  if (step.kind === "batch") return step.batch.join(step.batch.steps.map((each) => settle(each)));
  if (step.kind === "answer") return step.answer;
  const call = callOf(step);
  checkCall(call);
  return call.finish(outcome(call.request));
}

/** Does what a line asks for, and gives what it is answered with. */
function take(step: StdioStep): string | undefined {
  if (step.kind === "batch") return step.join(step.steps.map(take));
  if (step.kind === "request") return settle(step.step);
  return step.kind === "answer" ? step.answer : undefined;
}

function headOf(headers: Record<string, string>) {
  const all: Record<string, string> = { ...fields, ...headers };
  return { method: "POST", path: "/mcp", headers: (name: string) => all[name] };
}

test(`the protocol core answers ${RUNS} generated messages over HTTP as it should`, () => {
  const protocol = createHttpProtocol(options);
  const property = fc.property(messages, ({ text, headers }) => {
    const step = protocol.handle(headOf(headers), text);
    if (step.kind !== "call") {
      const { status, body } = settle(step);
      expect([200, 202, 400, 404]).toContain(status);
      expect(body === undefined).toBe(status === 202);
      if (body !== undefined) checkAnswer(body);
      return;
    }
    const call = callOf(step);
    checkCall(call);
    const { id } = checkAnswer(call.finish(outcome(call.request)).body!);
    expect(id).toBe(JSON.parse(call.request.id!));
    for (const reason of Object.keys(FAILURES) as (keyof typeof FAILURES)[]) {
      const failed = call.fail(reason);
      expect(failed.status).toBe(FAILURES[reason]);
      expect(JSON.parse(failed.body!)).toMatchObject({ id, error: {} });
    }
  });
  fc.assert(property, { numRuns: RUNS });
}, 120_000);

test(`the protocol core answers ${RUNS} generated messages on one stdio connection as it should`, () => {
  const protocol = createStdioProtocol(options);
  const property = fc.property(messages, ({ text }) => {
    const line = take(protocol.handle(text));
    if (line === undefined) return;
    expect(line).not.toMatch(/[\n\r]/);
    checkAnswer(line);
  });
  fc.assert(property, { numRuns: RUNS });
}, 120_000);
