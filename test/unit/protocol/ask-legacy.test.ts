import { describe, expect, test } from "vitest";
import {
  createClientRequests,
  type HttpAnswer,
  type ProtocolOptions,
  type Step,
} from "../../../src/protocol/index.ts";
import { answerOf } from "../../fixtures/protocol-steps.ts";
import { asks, callStep, contextOf, NAME, server, type Server } from "./asking-server.ts";
import { head, legacy, parsed, success } from "./requests.ts";

const CALL = { name: "greet", arguments: {} };

/** Sends requests of one step to a list, as a host would to the client. */
function waits<Answer>(step: Step<Answer>, read: (part: Answer) => string) {
  if (step.kind !== "wait") throw new Error(`not waiting, but: ${JSON.stringify(step)}`);
  const sent: string[] = [];
  const client = new AbortController();
  const next = step.wait.next((part) => sent.push(read(part)), client.signal);
  return { sent, next, leave: () => client.abort() };
}

const dataOf = (part: HttpAnswer): string => part.body!.replace(/^data: /, "").trimEnd();

const read = (part: string | undefined): string => part!;

function sendLegacy({ http }: Server, revision = "2025-11-25", fields: Record<string, string> = {}) {
  return http.handle(head({ "mcp-protocol-version": revision, ...fields }), legacy("tools/call", CALL));
}

/** Posts the response of a client. */
function post({ http }: Server, id: unknown, rest: Record<string, unknown>): void {
  const answer = answerOf(http.handle(head(), JSON.stringify({ jsonrpc: "2.0", id, ...rest })));
  expect(answer).toEqual({ status: 202, headers: [], body: undefined });
}

const progress = (reached: number): string =>
  JSON.stringify({
    jsonrpc: "2.0",
    method: "notifications/progress",
    params: { progressToken: 7, progress: reached },
  });

function connect(on: Server) {
  const line = (message: unknown) => on.stdio.handle(JSON.stringify(message));
  const request = (id: number, method: string, params: unknown) => {
    const step = line({ jsonrpc: "2.0", id, method, params });
    if (step.kind !== "request") throw new Error(step.kind);
    return step.step;
  };
  const capabilities = { elicitation: {} };
  const clientInfo = { name: "c", version: "1" };
  callStep(request(0, "initialize", { protocolVersion: "2025-11-25", capabilities, clientInfo })).finish(
    success({}),
  );
  return { line, request };
}

function response(text: string) {
  return { kind: "response" as const, id: "1", answerText: () => text };
}

test("the client is sent requests, and its answers lead to the next call", async () => {
  const on = server();
  const step = callStep(sendLegacy(on)).finish(
    asks({ name: NAME, joke: { method: "sampling/createMessage", params: { maxTokens: 5 } } }, { step: 1 }),
  );
  const { sent, next } = waits(step, dataOf);
  const [first, second] = sent.map((text) => JSON.parse(text) as { id: string });
  expect([first, second]).toEqual([
    { jsonrpc: "2.0", id: expect.any(String) as string, ...NAME },
    {
      jsonrpc: "2.0",
      id: expect.any(String) as string,
      method: "sampling/createMessage",
      params: { maxTokens: 5 },
    },
  ]);
  post(on, second!.id, { error: { code: -1, message: "no", data: [1] } });
  post(on, "unknown", { result: {} });
  post(on, second!.id, { result: { late: true } });
  post(on, first!.id, { result: { action: "decline" } });
  const call = callStep(await next);
  expect(contextOf(call)).toMatchObject({
    inputs: {
      responses: { name: { action: "decline" }, joke: { error: { code: -1, message: "no", data: [1] } } },
      state: { step: 1 },
    },
    retry: true,
  });
  expect(on.timers.size).toBe(0);
  const answer = answerOf(call.finish(success({ content: [] })));
  expect(answer).toMatchObject({
    status: 200,
    body: expect.stringMatching(/^data: .*"content"/) as string,
  });
});

test("a roots request has no params, and the answer may be large and of any shape", async () => {
  const on = server();
  const step = callStep(sendLegacy(on)).finish(
    asks({
      a: { method: "roots/list", params: {} },
      b: { method: "roots/list" },
      c: { method: "roots/list" },
    }),
  );
  const { sent, next } = waits(step, dataOf);
  const ids = sent.map((text) => {
    const request = JSON.parse(text) as { id: string };
    expect(request).toEqual({ jsonrpc: "2.0", id: request.id, method: "roots/list" });
    return request.id;
  });
  post(on, ids[0], { result: { roots: [] } });
  post(on, ids[1], { result: 5 });
  post(on, ids[2], { result: { roots: [{ uri: "x".repeat(600_000) }] } });
  expect(contextOf(callStep(await next))["inputs"]).toEqual({
    responses: {
      a: { roots: [] },
      b: { error: { code: -32600, message: "The client's answer is not an object" } },
      c: { error: { code: -32600, message: "The client's answer is too large" } },
    },
  });
});

test("a client that does not answer in time is told so, and that its answer is needed no more", async () => {
  const on = server();
  const { sent, next } = waits(callStep(sendLegacy(on)).finish(asks({ name: NAME })), dataOf);
  on.advance(300_000);
  const answer = parsed({ ...answerOf(await next), body: dataOf(answerOf(await next)) });
  expect(answer).toMatchObject({
    id: 1,
    error: { code: -31_408, message: "The client did not answer in time" },
  });
  const { id } = JSON.parse(sent[0]!) as { id: string };
  expect(sent).toHaveLength(2);
  expect(JSON.parse(sent.at(-1)!)).toMatchObject({
    method: "notifications/cancelled",
    params: { requestId: id },
  });
  post(on, id, { result: {} });
  expect(on.timers.size).toBe(0);
});

test("a client that leaves ends the wait", async () => {
  const on = server();
  const { next, leave } = waits(callStep(sendLegacy(on)).finish(asks({ name: NAME })), dataOf);
  leave();
  expect(answerOf(await next).body).toContain("The request ended before the client answered");
  expect(on.timers.size).toBe(0);
});

test("rounds go on until there is an answer, 16 at most", async () => {
  const on = server();
  let call = callStep(sendLegacy(on));
  for (let round = 1; round <= 16; round++) {
    const { sent, next } = waits(call.finish(asks({ name: NAME }, round)), dataOf);
    post(on, (JSON.parse(sent[0]!) as { id: string }).id, { result: {} });
    call = callStep(await next);
    expect(contextOf(call)).toMatchObject({ inputs: { state: round } });
  }
  expect(answerOf(call.finish(asks({ name: NAME }))).body).toContain("Internal error");
});

test("progress that is sent again in the next round is left out, and is no fault", async () => {
  const on = server();
  const step = on.http.handle(
    head({ "mcp-protocol-version": "2025-11-25" }),
    legacy("tools/call", { ...CALL, _meta: { progressToken: 7 } }),
  );
  const first = callStep(step);
  expect(first.notify(progress(1))?.body).toContain('"progress":1');
  expect(first.notify(progress(1))).toBeUndefined();
  expect(first.dropped).toBe(1);
  const { sent, next } = waits(first.finish(asks({ name: NAME })), dataOf);
  post(on, (JSON.parse(sent[0]!) as { id: string }).id, { result: {} });
  const second = callStep(await next);
  expect(second.notify(progress(1))).toBeUndefined();
  expect(second.notify(progress(2))?.body).toContain('"progress":2');
  expect(second.dropped).toBe(0);
});

test("a client that takes no stream cannot be asked", () => {
  const on = server();
  const step = callStep(sendLegacy(on, "2025-11-25", { accept: "application/json" })).finish(
    asks({ name: NAME }),
  );
  expect(answerOf(step)).toMatchObject({
    status: 406,
    body: expect.stringContaining("text/event-stream") as string,
  });
});

test("waiting requests are bounded", async () => {
  let ids = 0;
  const on = server({
    clientRequests: createClientRequests({ newId: () => `${++ids}`, after: () => () => {}, maxWaiting: 1 }),
  });
  const first = waits(callStep(sendLegacy(on)).finish(asks({ name: NAME })), dataOf);
  const second = waits(callStep(sendLegacy(on)).finish(asks({ name: NAME })), dataOf);
  expect(answerOf(await second.next).status).toBe(503);
  first.leave();
  await first.next;
  expect(waits(callStep(sendLegacy(on)).finish(asks({ name: NAME })), dataOf).sent).toHaveLength(1);
});

test("a host without a way to ask says so", () => {
  const on = server({ clientRequests: undefined } as unknown as Partial<ProtocolOptions>);
  const answer = answerOf(callStep(sendLegacy(on)).finish(asks({ name: NAME })));
  expect(answer.status).toBe(500);
  expect(parsed(answer).error).toEqual({
    code: -32603,
    message: "The request needs an answer of the client, which this server can ask for only since 2026-07-28",
  });
});

const URL_MODE = {
  method: "elicitation/create",
  params: { mode: "url", message: "m", url: "https://a.example" },
};
const TOOLS = { method: "sampling/createMessage", params: { messages: [], maxTokens: 1, tools: [] } };

test.each([
  ["2025-03-26", NAME, { elicitation: {} }],
  ["2025-03-26", URL_MODE, { elicitation: {} }],
  ["2025-06-18", URL_MODE, { elicitation: { url: {} } }],
  ["2025-06-18", TOOLS, { sampling: { tools: {} } }],
  ["2025-03-26", TOOLS, { sampling: { tools: {} } }],
])("clients of %s are not asked for what it lacks: %#", (revision, request, requiredCapabilities) => {
  const answer = answerOf(callStep(sendLegacy(server(), revision)).finish(asks({ x: request })));
  expect(parsed(answer).error).toMatchObject({ code: -32021, data: { requiredCapabilities } });
});

test.each([
  ["2025-11-25", NAME, NAME.params],
  ["2025-06-18", NAME, { message: "Your name?", requestedSchema: { type: "object", properties: {} } }],
  ["2025-11-25", URL_MODE, { ...URL_MODE.params, elicitationId: expect.any(String) as string }],
  ["2025-11-25", TOOLS, TOOLS.params],
  [
    "2025-06-18",
    {
      method: "sampling/createMessage",
      params: {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "a" },
              { type: "text", text: "b" },
            ],
          },
          { role: "assistant", content: { type: "text", text: "c" } },
        ],
      },
    },
    {
      messages: [
        { role: "user", content: { type: "text", text: "a" } },
        { role: "user", content: { type: "text", text: "b" } },
        { role: "assistant", content: { type: "text", text: "c" } },
      ],
    },
  ],
])("requests have the shape of %s: %#", (revision, request, params) => {
  const { sent } = waits(callStep(sendLegacy(server(), revision)).finish(asks({ x: request })), dataOf);
  expect((JSON.parse(sent[0]!) as { params: unknown }).params).toEqual(params);
});

describe("on stdio", () => {
  test("the client's capabilities are known, and its lines are answers", async () => {
    const on = server();
    const { line, request } = connect(on);
    const call = callStep(request(1, "tools/call", CALL));
    expect(contextOf(call)["client"]).toEqual({
      info: { name: "c", version: "1" },
      capabilities: { elicitation: {} },
    });
    const { sent, next } = waits(call.finish(asks({ name: NAME })), read);
    const { id } = JSON.parse(sent[0]!) as { id: string };
    expect(line({ jsonrpc: "2.0", id, result: { action: "cancel" } })).toEqual({
      kind: "answer",
      answer: undefined,
    });
    expect(contextOf(callStep(await next))).toMatchObject({
      client: { capabilities: { elicitation: {} } },
      inputs: { responses: { name: { action: "cancel" } } },
    });
    expect(sent).toHaveLength(1);
  });

  test("no comments are sent there", () => {
    const on = server();
    const { request } = connect(on);
    const { sent } = waits(callStep(request(1, "tools/call", CALL)).finish(asks({ name: NAME })), read);
    on.advance(60_000);
    expect(sent).toHaveLength(1);
  });

  test("a cancelled request takes its own requests back, and is not answered", async () => {
    const on = server();
    const { line, request } = connect(on);
    const { sent, next, leave } = waits(
      callStep(request(1, "tools/call", CALL)).finish(asks({ name: NAME })),
      read,
    );
    expect(line({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } })).toEqual({
      kind: "cancel",
      id: "1",
    });
    leave();
    expect(answerOf(await next)).toBeUndefined();
    expect(JSON.parse(sent[1]!)).toMatchObject({ method: "notifications/cancelled" });
    expect(request(1, "tools/call", CALL).kind).toBe("call");
  });
});

test("a response of another than the owner has no effect", async () => {
  const requests = createClientRequests({ newId: () => "1", after: () => () => {} });
  const { signal } = new AbortController();
  const link = { owner: "session-a", send: () => {} };
  const answers = requests.ask([{ key: "k", method: "roots/list", params: undefined }], link, signal);
  requests.answer(response('{"from":"b"}'), "session-b");
  requests.answer(response('{"from":"none"}'), undefined);
  requests.answer(response('{"from":"a"}'), "session-a");
  expect(await answers).toEqual({ responses: '{"k":{"from":"a"}}' });
});
