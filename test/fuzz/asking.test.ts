import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createAsking } from "../../hosts/node/asking.ts";
import { createHttpProtocol, type Call, type HttpAnswer, type Step } from "../../src/protocol/index.ts";
import { checkAnswer } from "./check-answer.ts";

const RUNS = 2000;
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

const faults: string[] = [];
const asking = createAsking({}, (line) => faults.push(Buffer.from(line).toString()));
const http = createHttpProtocol({
  serverInfo: { name: "fuzz", version: "1.0.0" },
  now: Date.now,
  newRequestId: () => "r",
  ...asking,
});

function send(body: object, fields: Record<string, string>): Step<HttpAnswer> {
  const all: Record<string, string> = {
    host: "localhost",
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...fields,
  };
  return http.handle(
    { method: "POST", path: "/mcp", headers: (name) => all[name] },
    JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", ...body }),
  );
}

function sendModern(params: object): Step<HttpAnswer> {
  return send(
    { params: { ...params, name: "t", _meta: META } },
    { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "t" },
  );
}

function called<Answer>(step: Step<Answer>): Call<Answer> {
  if (step.kind !== "call") throw new Error(`not called, but: ${JSON.stringify(step)}`);
  return step.call;
}

/** JSON without what JSON cannot tell apart. */
const json = fc
  .jsonValue({ maxDepth: 3 })
  .map((value): unknown => JSON.parse(JSON.stringify(value)) as unknown)
  .filter((value) => !JSON.stringify(value).includes("__proto__"));
const args = fc.dictionary(fc.constantFrom("a", "b", "1", "é"), json, {
  maxKeys: 3,
  noNullPrototype: true,
});

test("a state opens for a request with equal arguments, and for no other", () => {
  const property = fc.property(args, args, json, fc.boolean(), (one, other, state, same) => {
    const step = called(sendModern({ arguments: one })).finish({
      tag: "input-required",
      val: { requests: '{"k":{"method":"roots/list"}}', state: JSON.stringify(state) },
    });
    if (step.kind !== "answer") throw new Error(step.kind);
    const { requestState } = (checkAnswer(step.answer.body!) as { result: { requestState: string } }).result;
    const reordered = Object.fromEntries(Object.entries(one).toReversed());
    const again = same ? reordered : other;
    const next = sendModern({ requestState, arguments: again });
    expect(next.kind).toBe(isDeepStrictEqual(one, again) ? "call" : "answer");
    if (next.kind === "call") {
      expect(JSON.parse(next.call.context)).toMatchObject({ inputs: { state }, retry: true });
    } else if (next.kind === "answer") {
      expect(checkAnswer(next.answer.body!).error).toMatchObject({ code: -32602 });
    }
  });
  fc.assert(property, { numRuns: RUNS });
}, 60_000);

const asked = fc.oneof(
  fc.record({
    method: fc.constantFrom("elicitation/create", "sampling/createMessage", "roots/list"),
    params: fc.dictionary(
      fc.constantFrom("mode", "message", "requestedSchema", "messages", "tools", "url"),
      fc.oneof(json, fc.constant("url")),
    ),
  }),
  json,
);
const requests = fc.oneof(
  fc.dictionary(fc.string({ maxLength: 5 }), asked, { maxKeys: 4 }).map((value) => JSON.stringify(value)),
  fc.json({ maxDepth: 3 }),
  fc.string(),
);
const state = fc.option(fc.oneof(fc.json({ maxDepth: 3 }), fc.string()), { nil: undefined });

test("whatever a component asks, the client gets a well-formed answer or question", async () => {
  const revisions = fc.constantFrom("2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26");
  const property = fc.asyncProperty(requests, state, revisions, async (text, kept, revision) => {
    faults.length = 0;
    const modern = revision === "2026-07-28";
    const first = modern
      ? sendModern({ arguments: {} })
      : send({ params: { name: "t" } }, { "mcp-protocol-version": revision });
    let step = called(first).finish({ tag: "input-required", val: { requests: text, state: kept } });
    if (step.kind === "wait") {
      const client = new AbortController();
      const sent: { id?: string; method: string }[] = [];
      const next = step.wait.next(
        (part) => sent.push(JSON.parse(part.body!.slice("data: ".length)) as (typeof sent)[number]),
        client.signal,
      );
      for (const { id } of sent) send({ id, method: undefined, result: {} }, {});
      step = await next;
      const call = called(step);
      const { inputs } = JSON.parse(call.context) as { inputs: { responses: object } };
      expect(Object.keys(inputs.responses)).toHaveLength(sent.length);
      return;
    }
    if (step.kind !== "answer") throw new Error(step.kind);
    const { status, body } = step.answer;
    const answer = JSON.parse(body!) as { result?: object; error?: { code: number } };
    if (answer.error === undefined) expect(answer.result).toMatchObject({ resultType: "input_required" });
    else if (answer.error.code === -32603) expect([status, faults.length]).toEqual([500, 1]);
    else expect([modern, answer.error.code]).toEqual([false, -32021]);
  });
  await fc.assert(property, { numRuns: RUNS });
}, 60_000);
