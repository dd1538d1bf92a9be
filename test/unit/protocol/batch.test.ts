import { describe, expect, test } from "vitest";
import {
  createStdioProtocol,
  type HttpAnswer,
  type Outcome,
  type Step,
  type StdioStep,
} from "../../../src/protocol/index.ts";
import { answerOf } from "../../fixtures/protocol-steps.ts";
import { head, legacy, META, NOW, parsed, protocol, success } from "./requests.ts";

const ping = (id: unknown): string => legacy("ping", undefined, id);
const call = (id: unknown, name = "add"): string => legacy("tools/call", { name }, id);
const note = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
const batch = (...messages: string[]): string => ` [ ${messages.join(" , ")} ] `;

/** Goes through the steps of a request as a host does, one after another. */
function settle<Answer>(step: Step<Answer>, outcome: Outcome): Answer {
  if (step.kind === "answer") return step.answer;
  if (step.kind === "call") return settle(step.call.finish(outcome), outcome);
  if (step.kind === "wait") throw new Error("nothing waits");
  return step.batch.join(step.batch.steps.map((each) => settle(each, outcome)));
}

function send(
  content: string,
  fields: Record<string, string> = {},
  outcome = success({ ok: 1 }),
): HttpAnswer {
  return settle(protocol().handle(head(fields), content), outcome);
}

describe("over HTTP", () => {
  test("a batch of 2025-03-26 is answered with an array", () => {
    const odd = '"]},[{\\"';
    const answer = send(
      batch(ping(1), note, call("b"), legacy("nope", { odd }, 3), '{"jsonrpc":"2.0"}', "7"),
    );
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body!)).toMatchObject([
      { id: 1, result: {} },
      { id: "b", result: { ok: 1 } },
      { id: 3, error: { code: -32601 } },
      { id: null, error: { code: -32600 } },
      { id: null, error: { code: -32600 } },
    ]);
  });

  test("calls of a batch are independent, and get what the client sent", () => {
    const step = protocol().handle(head(), batch(call(1, "a"), call(2, "b,]")));
    if (step.kind !== "batch") throw new Error("it is no batch");
    const targets = step.batch.steps.map((each) => each.kind === "call" && each.call.request.target);
    expect(targets).toEqual(["a", "b,]"]);
  });

  test("notifications and responses alone are accepted", () => {
    const answer = send(batch(note, '{"jsonrpc":"2.0","id":1,"result":{}}'));
    expect(answer).toEqual({ status: 202, headers: [], body: undefined });
  });

  test("where every message is refused alike, the refusal is seen", () => {
    const error = { code: 1, message: "who are you?" };
    const headers: [string, string][] = [["www-authenticate", "Bearer"]];
    const refused = send(
      batch(call(1), call(2), note),
      {},
      {
        tag: "refused",
        val: { status: 401, headers, error },
      },
    );
    expect(refused.status).toBe(401);
    expect(refused.headers).toContainEqual(["www-authenticate", "Bearer"]);
    expect(JSON.parse(refused.body!)).toMatchObject([{ id: 1 }, { id: 2 }]);
  });

  test.each([
    ["initialize", legacy("initialize", { protocolVersion: "2025-03-26", capabilities: {} }, 9)],
    ["a message of 2026-07-28", legacy("tools/call", { name: "add", _meta: META }, 9)],
    ["subscriptions/listen", legacy("subscriptions/listen", {}, 9)],
  ])("%s must be alone", (_, message) => {
    const [answered, refused] = JSON.parse(send(batch(ping(1), message)).body!) as unknown[];
    expect(answered).toMatchObject({ id: 1, result: {} });
    expect(refused).toMatchObject({ id: 9, error: { code: -32600 } });
  });

  test.each([
    ["an empty one", "[]", {}],
    ["51 messages", batch(...Array.from({ length: 51 }, (_, id) => ping(id))), {}],
    ["of 2025-06-18", batch(ping(1)), { "mcp-protocol-version": "2025-06-18" }],
    ["of 2025-11-25", batch(ping(1)), { "mcp-protocol-version": "2025-11-25" }],
    ["of 2026-07-28", batch(ping(1)), { "mcp-protocol-version": "2026-07-28" }],
    ["of an unknown revision", batch(ping(1)), { "mcp-protocol-version": "2024-01-01" }],
  ])("a batch is refused: %s", (_, content, fields) => {
    const answer = answerOf(protocol().handle(head(fields), content));
    expect(answer.status).toBe(400);
    expect(parsed(answer)).toMatchObject({ id: null, error: { code: -32600 } });
  });

  test.each(["[1,", '[{"a":1,"a":2}]', `[${"[".repeat(70)}${"]".repeat(70)}]`])("%j is broken", (content) => {
    expect(answerOf(protocol().handle(head(), content)).status).toBe(400);
  });

  test("nothing is sent ahead of the answers", () => {
    const step = protocol().handle(
      head(),
      batch(legacy("tools/call", { name: "add", _meta: { progressToken: 1 } })),
    );
    const first = step.kind === "batch" ? step.batch.steps[0] : undefined;
    if (first?.kind !== "call") throw new Error("it is no call");
    expect(JSON.parse(first.call.context)).not.toHaveProperty("progressToken");
  });
});

/** One connection over stdio that has agreed on a revision. */
function connection(protocolVersion: string) {
  const stdio = createStdioProtocol({
    serverInfo: { name: "s", version: "1" },
    now: () => NOW,
    newRequestId: () => "r",
  });
  const run = (step: StdioStep): string | undefined => {
    if (step.kind === "batch") return step.join(step.steps.map(run));
    if (step.kind === "request") return settle(step.step, success({ ok: 1 }));
    return step.kind === "answer" ? step.answer : undefined;
  };
  const take = (line: string): string | undefined => run(stdio.handle(line));
  take(legacy("initialize", { protocolVersion, capabilities: {} }));
  return { stdio, take };
}

describe("over stdio", () => {
  test("a batch is one line, and so is its answer", () => {
    const { take } = connection("2025-03-26");
    const line = take(batch(ping(1), note, call(2)))!;
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toMatchObject([
      { id: 1, result: {} },
      { id: 2, result: { ok: 1 } },
    ]);
    expect(take(batch(note))).toBeUndefined();
  });

  test("a request of a batch can be cancelled by its id, and an id is used once", () => {
    const { stdio } = connection("2025-03-26");
    const step = stdio.handle(batch(call(1), call(1), call(2)));
    expect(step).toMatchObject({ steps: [{ kind: "request" }, { kind: "answer" }, { kind: "request" }] });
    const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 2 } };
    expect(stdio.handle(JSON.stringify(cancelled))).toEqual({ kind: "cancel", id: "2" });
  });

  test("other revisions have no batches", () => {
    const { take } = connection("2025-06-18");
    expect(JSON.parse(take(batch(ping(1)))!)).toMatchObject({ id: null, error: { code: -32600 } });
  });
});
