import { expect, test } from "vitest";
import { createAsking } from "../../../hosts/node/asking.ts";
import type { HttpAnswer, Outcome, ProtocolOptions, Step } from "../../../src/protocol/index.ts";
import { answerOf } from "../../fixtures/protocol-steps.ts";
import { asks, callStep, contextOf, KEY, NAME, server, type Server } from "./asking-server.ts";
import { head, META, modern, parsed, success } from "./requests.ts";

function sendModern(
  { http }: Server,
  params: Record<string, unknown>,
  method = "tools/call",
): Step<HttpAnswer> {
  const { fields, body } = modern(method, params);
  return http.handle(head(fields), body);
}

/** Asks a modern client in a `tools/call`, and gives what it is to send back. */
function askModern(on: Server, params: Record<string, unknown>, state: unknown = { step: 1 }): string {
  const step = callStep(sendModern(on, params)).finish(asks({ name: NAME }, state));
  return parsed(answerOf(step)).result!["requestState"] as string;
}

function refusal(on: Server, params: Record<string, unknown>, method = "tools/call") {
  const answer = answerOf(sendModern(on, params, method));
  const { error } = parsed(answer);
  return { status: answer.status, code: error!["code"], message: error!["message"] };
}

const PARAMS = { name: "greet", arguments: { b: [1, { d: 2, c: 3 }], a: "x" } };

test("the client gets the requests and a sealed state as a result", () => {
  const on = server();
  const answer = answerOf(
    callStep(sendModern(on, PARAMS)).finish(asks({ name: NAME }, { secret: "s3cr3t" })),
  );
  expect(answer.status).toBe(200);
  const { result } = parsed(answer);
  expect(result).toEqual({
    resultType: "input_required",
    _meta: { "io.modelcontextprotocol/serverInfo": { name: "asking", version: "1" } },
    inputRequests: { name: NAME },
    requestState: expect.stringMatching(/^[\w-]+$/) as string,
  });
  expect(Buffer.from(result!["requestState"] as string, "base64url").toString("latin1")).not.toContain(
    "s3cr3t",
  );
});

test("the retry reaches the core with answers and state in the context, and not in params", () => {
  const on = server();
  const requestState = askModern(on, PARAMS);
  const inputResponses = { name: { action: "accept", content: { name: "Ada" } } };
  const call = callStep(sendModern(on, { ...PARAMS, inputResponses, requestState }));
  expect(contextOf(call)).toMatchObject({
    inputs: { responses: inputResponses, state: { step: 1 } },
    retry: true,
  });
  expect(JSON.parse(call.request.params!)).toEqual(PARAMS);
  expect(parsed(answerOf(call.finish(success({ content: [] })))).result).toMatchObject({
    resultType: "complete",
  });
});

test("rounds go on, each with a state of its own", () => {
  const on = server();
  const first = askModern(on, PARAMS, 1);
  const call = callStep(sendModern(on, { ...PARAMS, requestState: first }));
  const second = parsed(answerOf(call.finish(asks({}, 2)))).result!;
  expect(second).not.toHaveProperty("inputRequests");
  expect(second["requestState"]).not.toBe(first);
  const last = callStep(sendModern(on, { ...PARAMS, requestState: second["requestState"] }));
  expect(contextOf(last)).toMatchObject({ inputs: { responses: {}, state: 2 }, retry: true });
});

test("prompts and resources may ask as well", () => {
  const on = server();
  for (const [method, params] of [
    ["prompts/get", { name: "p" }],
    ["resources/read", { uri: "a://b" }],
  ] as const) {
    const { result } = parsed(
      answerOf(callStep(sendModern(on, params, method)).finish(asks({ name: NAME }))),
    );
    expect(result).toMatchObject({ resultType: "input_required" });
    expect(result).not.toHaveProperty("ttlMs");
    const again = callStep(sendModern(on, { ...params, requestState: result!["requestState"] }, method));
    expect(contextOf(again)).toMatchObject({ inputs: { responses: {} }, retry: true });
  }
});

test("a state counts as a retry once, and is still good after that", () => {
  const on = server();
  const requestState = askModern(on, PARAMS);
  expect(contextOf(callStep(sendModern(on, { ...PARAMS, requestState })))).toHaveProperty("retry", true);
  for (let i = 0; i < 2; i++) {
    const again = contextOf(callStep(sendModern(on, { ...PARAMS, requestState })));
    expect(again).toMatchObject({ inputs: { state: { step: 1 } } });
    expect(again).not.toHaveProperty("retry");
  }
});

test("answers without a state are passed on, and are no retry", () => {
  const on = server();
  const call = callStep(sendModern(on, { ...PARAMS, inputResponses: { name: {} } }));
  expect(contextOf(call)["inputs"]).toEqual({ responses: { name: {} } });
  expect(contextOf(call)).not.toHaveProperty("retry");
  expect(JSON.parse(call.request.params!)).toEqual(PARAMS);
});

const FOREIGN = /requestState" is not what this server gave out for this request and its arguments/;

test("a state that was changed, or belongs to another request or server, is refused", () => {
  const on = server();
  const requestState = askModern(on, PARAMS);
  const refused = { status: 200, code: -32602, message: expect.stringMatching(FOREIGN) as string };
  for (const state of [`${requestState}-TAMPERED`, requestState.slice(1), "", "x".repeat(100_000), "é"]) {
    expect(refusal(on, { ...PARAMS, requestState: state }), state.slice(0, 20)).toEqual(refused);
  }
  expect(refusal(on, { ...PARAMS, name: "other", requestState })).toEqual(refused);
  expect(refusal(on, { name: "greet", requestState })).toEqual(refused);
  expect(refusal(on, { ...PARAMS, arguments: { ...PARAMS.arguments, a: "y" }, requestState })).toEqual(
    refused,
  );
  expect(refusal(on, { ...PARAMS, more: 1, requestState })).toEqual(refused);
  expect(refusal(on, { ...PARAMS, requestState }, "prompts/get")).toEqual(refused);
  expect(refusal(server({ keys: [new Uint8Array(32)] }), { ...PARAMS, requestState })).toEqual(refused);
  const other = { serverInfo: { name: "another", version: "1" } };
  expect(refusal(server(other), { ...PARAMS, requestState })).toEqual(refused);
});

test("equal arguments are equal however they are written, and another server with the key goes on", () => {
  const requestState = askModern(server(), PARAMS);
  const reordered = { a: "x", b: [1, { c: 3, d: 2 }] };
  const call = callStep(sendModern(server(), { requestState, arguments: reordered, name: "greet" }));
  expect(contextOf(call)).toMatchObject({ inputs: { state: { step: 1 } }, retry: true });
});

test("a state expires", () => {
  const on = server({ lifetimeMs: 1000 });
  const requestState = askModern(on, PARAMS);
  on.advance(999);
  expect(sendModern(on, { ...PARAMS, requestState }).kind).toBe("call");
  on.advance(1);
  expect(refusal(on, { ...PARAMS, requestState })).toEqual({
    status: 200,
    code: -32602,
    message: 'Invalid params: "requestState" has expired, start again without it',
  });
});

test.each([
  [{ inputResponses: null }, /"inputResponses" must be an object/],
  [{ inputResponses: [] }, /"inputResponses" must be an object/],
  [{ inputResponses: { name: 12_345 } }, /each of "inputResponses" must be an object/],
  [{ inputResponses: { name: null } }, /each of "inputResponses" must be an object/],
  [
    { inputResponses: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [i, {}])) },
    /"inputResponses" is too large/,
  ],
  [{ inputResponses: { name: { text: "x".repeat(600_000) } } }, /"inputResponses" is too large/],
  [{ requestState: null }, /"requestState" must be a string/],
  [{ requestState: { a: 1 } }, /"requestState" must be a string/],
])("params of a retry are checked: %#", (members, message) => {
  expect(refusal(server(), { ...PARAMS, ...members })).toEqual({
    status: 200,
    code: -32602,
    message: expect.stringMatching(message) as string,
  });
});

test("other methods take no notice of these params", () => {
  expect(sendModern(server(), { inputResponses: 1, requestState: 2 }, "tools/list").kind).toBe("call");
});

test.each([
  ["tools/list", asks({ name: NAME }), /for tools\/list: only tools\/call, prompts\/get and resources\/read/],
  ["tools/call", asks({ name: 1 }), /"greet": the requests are malformed/],
  ["tools/call", asks({ name: { method: "tools/call" } }), /the requests are malformed/],
  ["tools/call", asks({ name: { ...NAME, params: [] } }), /the requests are malformed/],
  ["tools/call", asks([NAME]), /the requests are malformed/],
  ["tools/call", asks(Object.fromEntries(Array.from({ length: 33 }, (_, i) => [i, NAME]))), /over a limit/],
  ["tools/call", { tag: "input-required", val: { requests: "{" } }, /the requests are malformed/],
  ["tools/call", asks({}), /nothing is asked, and there is no state/],
  [
    "tools/call",
    asks({ name: NAME }, "é".repeat(12_300)),
    /the state is not JSON, or longer than 24000 bytes/,
  ],
  ["tools/call", { tag: "input-required", val: { requests: "{}", state: "{" } }, /the state is not JSON/],
] as [string, Outcome, RegExp][])("what a core must not ask is a fault: %s %#", (method, outcome, fault) => {
  const on = server();
  const params = method === "tools/call" ? PARAMS : {};
  const answer = answerOf(callStep(sendModern(on, params, method)).finish(outcome));
  expect(answer.status).toBe(500);
  expect(parsed(answer).error).toEqual({ code: -32603, message: "Internal error" });
  expect(on.faults).toEqual([expect.stringMatching(fault)]);
});

test("a state as long as may be fits, whatever its characters", () => {
  const on = server();
  const state = "🦀".repeat(23_998 / 4);
  const requestState = askModern(on, PARAMS, state);
  expect(requestState.length).toBeLessThanOrEqual(32 * 1024);
  expect(contextOf(callStep(sendModern(on, { ...PARAMS, requestState })))).toMatchObject({
    inputs: { state },
  });
});

test("a client is asked 16 times in one request at most", () => {
  const on = server();
  let requestState = askModern(on, PARAMS);
  for (let round = 2; round <= 16; round++) {
    const step = callStep(sendModern(on, { ...PARAMS, requestState })).finish(asks({ name: NAME }, round));
    requestState = parsed(answerOf(step)).result!["requestState"] as string;
  }
  const step = callStep(sendModern(on, { ...PARAMS, requestState })).finish(asks({ name: NAME }, 17));
  expect(answerOf(step).status).toBe(500);
  expect(on.faults).toEqual([expect.stringMatching(/the client was asked 16 times/)]);
});

test("without a key nobody is asked, and the log says why", () => {
  const on = server({ states: undefined } as unknown as Partial<ProtocolOptions>);
  const answer = answerOf(callStep(sendModern(on, PARAMS)).finish(asks({ name: NAME })));
  expect(answer.status).toBe(500);
  expect(on.faults).toEqual([expect.stringMatching(/no key to seal the state with/)]);
  expect(refusal(on, { ...PARAMS, requestState: "abc" })).toMatchObject({ code: -32602 });
});

test("stdio needs nothing else", () => {
  const on = server();
  const take = (params: Record<string, unknown>, id: number) => {
    const step = on.stdio.handle(
      JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { ...params, _meta: META } }),
    );
    if (step.kind !== "request") throw new Error(step.kind);
    return step.step;
  };
  const asked = JSON.parse(answerOf(callStep(take(PARAMS, 1)).finish(asks({ name: NAME }, 5)))!) as {
    result: Record<string, unknown>;
  };
  const { requestState } = asked.result;
  expect(contextOf(callStep(take({ ...PARAMS, requestState }, 2)))).toMatchObject({ inputs: { state: 5 } });
  // The refusal of a state must leave nothing in flight.
  expect(JSON.parse(answerOf(take({ requestState, name: "x" }, 3))!)).toMatchObject({
    error: { code: -32602 },
  });
  expect(take(PARAMS, 3).kind).toBe("call");
});

test("createAsking() takes keys of 32 bytes, and at least one", () => {
  for (const stateKeys of [[], [new Uint8Array(31)], [KEY, new Uint8Array(33)]]) {
    expect(() => createAsking({ stateKeys }, () => {})).toThrow(/a key has 32 bytes/);
  }
});
