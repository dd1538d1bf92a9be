import { describe, expect, test } from "vitest";
import { createChangeHub } from "../../../hosts/node/change-hub.ts";
import {
  createStdioProtocol,
  type Changes,
  type ChangingList,
  type HttpAnswer,
  type Step,
} from "../../../src/protocol/index.ts";
import { answerOf, callOf } from "../../fixtures/protocol-steps.ts";
import { head, legacy, modern, NOW, parsed, protocol, success } from "./requests.ts";

const ID = "io.modelcontextprotocol/subscriptionId";
const ALL: readonly ChangingList[] = ["tools", "prompts", "resources"];

/** Tells of every change at once, as the window of the hub is for hosts to test. */
function changesOf(lists: readonly ChangingList[] = ALL): Changes {
  const hub = createChangeHub({ lists: () => new Set(lists) });
  const listeners = new Set<(topic: never) => void>();
  return {
    ...hub,
    lists: new Set(lists),
    publish: (topic) => listeners.forEach((listener) => listener(topic as never)),
    subscribe(onChange) {
      const topics = new Set<string>();
      const inner = hub.subscribe(onChange);
      const listener = (topic: never): void => {
        if (topics.has(topic)) onChange(topic);
      };
      listeners.add(listener);
      return {
        add: (topic) => inner.add(topic) && topics.add(topic) !== undefined,
        remove: (topic) => void (inner.remove(topic), topics.delete(topic)),
        end: () => void listeners.delete(listener),
      };
    },
  };
}

/** Goes on with a request that the chain let pass, and keeps what is sent. */
function listen<Answer>(step: Step<Answer>, read: (part: Answer) => string) {
  if (step.kind !== "call") throw new Error(`not called, but: ${JSON.stringify(step)}`);
  const next = step.call.finish(success({}));
  if (next.kind !== "wait") throw new Error(`not waiting, but: ${JSON.stringify(next)}`);
  const sent: unknown[] = [];
  const client = new AbortController();
  const ended = next.wait.next((part) => sent.push(JSON.parse(read(part))), client.signal);
  return { sent, ended, leave: () => client.abort() };
}

const dataOf = ({ body }: HttpAnswer): string => body!.replace(/^data: /, "");

function open(changes: Changes, notifications: unknown, fields: Record<string, string> = {}) {
  const message = modern("subscriptions/listen", { notifications });
  return protocol({ changes }).handle(head({ ...message.fields, ...fields }, { peer: "a" }), message.body);
}

describe("subscriptions/listen", () => {
  test("is acknowledged first, gives what was asked for, and ends with a result", async () => {
    const changes = changesOf();
    const { sent, ended, leave } = listen(
      open(changes, { toolsListChanged: true, promptsListChanged: false, resourceSubscriptions: ["a://b"] }),
      dataOf,
    );
    for (const topic of ["prompts", "resource:a://b", "resource:a://c", "tools"] as const) {
      changes.publish(topic);
    }
    const meta = { [ID]: 1 };
    expect(sent).toEqual([
      {
        jsonrpc: "2.0",
        method: "notifications/subscriptions/acknowledged",
        params: { _meta: meta, notifications: { toolsListChanged: true, resourceSubscriptions: ["a://b"] } },
      },
      { jsonrpc: "2.0", method: "notifications/resources/updated", params: { _meta: meta, uri: "a://b" } },
      { jsonrpc: "2.0", method: "notifications/tools/list_changed", params: { _meta: meta } },
    ]);
    leave();
    const last = dataOf(answerOf(await ended));
    expect(JSON.parse(last)).toMatchObject({ id: 1, result: { resultType: "complete", _meta: meta } });
    changes.publish("tools");
    expect(sent).toHaveLength(3);
  });

  test("what the server does not have is not acknowledged", () => {
    const notifications = {
      toolsListChanged: true,
      promptsListChanged: true,
      resourceSubscriptions: ["a://b"],
    };
    const { sent } = listen(open(changesOf(["tools"]), notifications), dataOf);
    expect(sent).toMatchObject([{ params: { notifications: { toolsListChanged: true } } }]);
    expect(sent).not.toHaveProperty("0.params.notifications.promptsListChanged");
    expect(sent).not.toHaveProperty("0.params.notifications.resourceSubscriptions");
  });

  test.each([
    ["no filter", undefined],
    ["a filter that is a list", []],
    ["a switch that is text", { toolsListChanged: "yes" }],
    ["URIs that are none", { resourceSubscriptions: [1] }],
    ["one URI", { resourceSubscriptions: "a://b" }],
    ["an empty URI", { resourceSubscriptions: [""] }],
    ["a long URI", { resourceSubscriptions: [`a://${"b".repeat(2048)}`] }],
    [
      "a filter of 64 Ki characters",
      { resourceSubscriptions: Array.from({ length: 33 }, (_, i) => `a://${i}`.padEnd(2000, "x")) },
    ],
    ["257 URIs", { resourceSubscriptions: Array.from({ length: 257 }, (_, i) => `a://${i}`) }],
  ])("is refused with %s", (_, notifications) => {
    expect(parsed(answerOf(open(changesOf(), notifications))).error).toMatchObject({ code: -32602 });
  });

  test("needs a client that takes a stream", () => {
    const step = open(changesOf(), { toolsListChanged: true }, { accept: "application/json" });
    expect(callOf(step).finish(success({}))).toMatchObject({ status: 406 });
  });

  test("what the chain refuses stays refused", () => {
    const refused = callOf(open(changesOf(), {})).finish({
      tag: "refused",
      val: { status: 401, headers: [], error: { code: 1, message: "who are you?" } },
    });
    expect(refused.status).toBe(401);
  });

  test("is an unknown method where nothing can be heard of", () => {
    const message = modern("subscriptions/listen", { notifications: {} });
    expect(answerOf(protocol().handle(head(message.fields), message.body)).status).toBe(404);
    const discover = modern("server/discover");
    const told = callOf(protocol().handle(head(discover.fields), discover.body)).finish(
      success({ capabilities: { tools: {} } }),
    );
    expect(parsed(told).result).toMatchObject({ capabilities: { tools: {} } });
    expect(parsed(told)).not.toHaveProperty("result.capabilities.tools.listChanged");
  });

  test("one peer has 100 streams at most, and leaving frees a place", async () => {
    const changes = changesOf();
    const streams = Array.from({ length: 100 }, () => listen(open(changes, {}), dataOf));
    const refused = callOf(open(changes, {})).finish(success({}));
    expect(refused.status).toBe(503);
    expect(refused.headers).toContainEqual(["retry-after", "60"]);
    streams[0]!.leave();
    await streams[0]!.ended;
    listen(open(changes, {}), dataOf);
  });
});

describe("capabilities", () => {
  const capabilities = { tools: {}, resources: { other: 1 } };
  const declared = {
    tools: { listChanged: true },
    resources: { other: 1, listChanged: true, subscribe: true },
  };

  test("are declared where clients can hear of changes", () => {
    const { fields, body } = modern("server/discover");
    const http = protocol({ changes: changesOf() });
    const told = callOf(http.handle(head(fields), body)).finish(success({ capabilities }));
    expect(parsed(told).result).toMatchObject({ capabilities: declared });
    const initialize = legacy("initialize", { protocolVersion: "2025-11-25", capabilities: {} });
    const stateless = callOf(http.handle(head(), initialize)).finish(success({ capabilities }));
    expect(parsed(stateless).result).toMatchObject({ capabilities: { tools: {}, resources: { other: 1 } } });
    expect(parsed(stateless)).not.toHaveProperty("result.capabilities.tools.listChanged");
  });

  test("over HTTP without a session, resources/subscribe is an unknown method", () => {
    const step = protocol({ changes: changesOf() }).handle(
      head(),
      legacy("resources/subscribe", { uri: "a://b" }),
    );
    expect(parsed(answerOf(step)).error).toMatchObject({ code: -32601 });
  });
});

/** One connection over stdio, and what is sent unasked. */
function connect(changes: Changes) {
  const lines: unknown[] = [];
  const stdio = createStdioProtocol({
    serverInfo: { name: "s", version: "1" },
    now: () => NOW,
    newRequestId: () => "r",
    notifications: true,
    changes,
    push: (line) => lines.push(JSON.parse(line)),
  });
  const request = (line: string): Step<string | undefined> => {
    const step = stdio.handle(line);
    if (step.kind !== "request") throw new Error(`no request: ${JSON.stringify(step)}`);
    return step.step;
  };
  const ask = (method: string, params: Record<string, unknown>, id: unknown): unknown =>
    JSON.parse(callOf(request(legacy(method, params, id))).finish(success({}))!);
  return { stdio, lines, request, ask };
}

describe("over stdio", () => {
  test("a client before 2026-07-28 hears of lists once it is ready, and of what it subscribed to", () => {
    const changes = changesOf();
    const { stdio, lines, ask } = connect(changes);
    expect(ask("initialize", { protocolVersion: "2025-06-18", capabilities: {} }, 1)).toBeDefined();
    changes.publish("tools");
    expect(lines).toEqual([]);
    stdio.handle('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    expect(ask("resources/subscribe", { uri: "a://b" }, 2)).toMatchObject({ id: 2, result: {} });
    changes.publish("prompts");
    changes.publish("resource:a://b");
    expect(ask("resources/unsubscribe", { uri: "a://b" }, 3)).toMatchObject({ id: 3, result: {} });
    changes.publish("resource:a://b");
    expect(lines).toEqual([
      { jsonrpc: "2.0", method: "notifications/prompts/list_changed" },
      { jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri: "a://b" } },
    ]);
  });

  test("the 257th subscription is refused", () => {
    const { ask } = connect(changesOf());
    for (let i = 0; i < 256; i++) ask("resources/subscribe", { uri: `a://${i}` }, i);
    expect(ask("resources/subscribe", { uri: "a://0" }, 256)).toMatchObject({ result: {} });
    expect(ask("resources/subscribe", { uri: "a://256" }, 257)).toMatchObject({ error: { code: -32602 } });
  });

  test("subscriptions/listen names itself in each message, and cancelling it sends nothing more", async () => {
    const changes = changesOf();
    const { stdio, request } = connect(changes);
    const message = modern("subscriptions/listen", { notifications: { toolsListChanged: true } });
    const { sent, ended, leave } = listen(request(message.body), (line) => line!);
    changes.publish("tools");
    expect(sent).toMatchObject([{ params: { _meta: { [ID]: 1 } } }, { params: { _meta: { [ID]: 1 } } }]);
    const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } };
    expect(stdio.handle(JSON.stringify(cancelled))).toMatchObject({ kind: "cancel" });
    leave();
    expect(answerOf(await ended)).toBeUndefined();
  });
});

test("what components notify reaches whoever subscribed, whatever the client of the call wants", () => {
  const changes = changesOf();
  const heard: string[] = [];
  const subscription = changes.subscribe((topic) => heard.push(topic));
  for (const topic of ["tools", "resource:a://b"] as const) subscription.add(topic);
  const call = callOf(
    protocol({ changes }).handle(head({ accept: "application/json" }), legacy("tools/call", { name: "x" })),
  );
  const notify = (method: string, params?: object): void =>
    expect(
      call.notify(JSON.stringify({ jsonrpc: "2.0", method: `notifications/${method}`, params })),
    ).toBeUndefined();
  notify("tools/list_changed");
  notify("prompts/list_changed", {});
  notify("resources/updated", { uri: "a://b" });
  expect(heard).toEqual(["tools", "resource:a://b"]);
  expect(call.dropped).toBe(0);
  notify("resources/updated", { uri: 1 });
  notify("resources/updated");
  expect(call.dropped).toBe(2);
});
