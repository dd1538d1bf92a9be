import { describe, expect, test, vi } from "vitest";
import { createChangeHub } from "../../../hosts/node/change-hub.ts";
import {
  createSessions,
  type Changes,
  type HttpAnswer,
  type HttpProtocol,
  type SessionsOptions,
  type Step,
} from "../../../src/protocol/index.ts";
import { answerOf, callOf } from "../../fixtures/protocol-steps.ts";
import { head, legacy, modern, NOW, parsed, protocol, success } from "./requests.ts";

const MINUTE = 60_000;

/** A server with sessions, whose clock and timers the test moves. */
function server(limits: Partial<SessionsOptions> = {}) {
  const clock = { now: NOW };
  const timers = new Set<{ at: number; action: () => void }>();
  const changes: Changes = createChangeHub({
    lists: () => new Set(["tools", "prompts", "resources"] as const),
  });
  let ids = 0;
  const sessions = createSessions({
    changes,
    now: () => clock.now,
    after(milliseconds, action) {
      const timer = { at: clock.now + milliseconds, action };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    newId: () => `session-${++ids}`,
    digest: (text) => `digest of ${text}`,
    ...limits,
  });
  const http = protocol({ changes, sessions });
  return {
    http,
    changes,
    wait: (milliseconds: number): void => {
      clock.now += milliseconds;
      for (const timer of timers) {
        if (timer.at <= clock.now) timer.action();
      }
    },
  };
}

type Fields = Record<string, string>;

function initialize(
  http: HttpProtocol,
  fields: Fields = {},
  peer = "a",
  protocolVersion = "2025-11-25",
): HttpAnswer {
  const client = { capabilities: { roots: {} }, clientInfo: { name: "c", version: "1" } };
  const step = http.handle(head(fields, { peer }), legacy("initialize", { protocolVersion, ...client }));
  return callOf(step).finish(success({ capabilities: { tools: {} } }));
}

function open(http: HttpProtocol, fields: Fields = {}, peer = "a", protocolVersion = "2025-11-25"): string {
  const { headers } = initialize(http, fields, peer, protocolVersion);
  return headers.find(([name]) => name === "mcp-session-id")![1];
}

function request(
  http: HttpProtocol,
  session: string,
  message = legacy("ping"),
  fields: Fields = {},
): Step<HttpAnswer> {
  return http.handle(head({ "mcp-session-id": session, ...fields }), message);
}

const status = (step: Step<HttpAnswer>): number => answerOf(step).status;

const READY = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** Opens the stream of a session and keeps what it sends. */
function stream(http: HttpProtocol, session: string, fields: Fields = {}) {
  const get = head({ "mcp-session-id": session, ...fields }, { method: "GET", peer: "a" });
  expect(http.checkHead(get)).toBeUndefined();
  const step = http.handle(get, "");
  if (step.kind !== "call") throw new Error(`not called, but: ${JSON.stringify(step)}`);
  const next = step.call.finish(success({}));
  if (next.kind !== "wait") throw new Error(`not waiting, but: ${JSON.stringify(next)}`);
  const parts: string[] = [];
  const client = new AbortController();
  const ended = next.wait.next(({ body }) => parts.push(body!), client.signal);
  return { parts, ended, leave: () => client.abort(), call: step.call };
}

test("a client cancels a request of its session, and of no other", () => {
  const { http } = server();
  const [mine, other] = [open(http), open(http)];
  const cancel = (session: string, requestId: unknown): string | undefined => {
    const params = { requestId };
    const text = JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params });
    const step = http.handle(head({ "mcp-session-id": session }), text);
    expect(answerOf(step).status).toBe(202);
    return step.cancels;
  };
  const call = (session: string, id: unknown, fields: Fields = {}): string | undefined => {
    const content = legacy("tools/call", { name: "add" }, id);
    return http.handle(head({ "mcp-session-id": session, ...fields }), content).name;
  };
  const name = call(mine, 7);
  expect(name).toBeDefined();
  expect(cancel(mine, 7)).toBe(name);
  expect(call(mine, 7, { origin: "http://localhost" })).toBe(name);
  expect(cancel(mine, "7")).not.toBe(name);
  expect(cancel(other, 7)).not.toBe(name);
  expect(cancel(mine, undefined)).toBeUndefined();
});

test("without a session nothing can be cancelled by a message", () => {
  const step = protocol().handle(head(), legacy("tools/call", { name: "add" }));
  expect(step.name).toBeUndefined();
});

describe("a session", () => {
  test("begins with initialize, and no other request goes without one", () => {
    const { http } = server();
    const begun = initialize(http);
    expect(begun.headers).toContainEqual(["mcp-session-id", "session-1"]);
    expect(parsed(begun).result).toMatchObject({ capabilities: { tools: { listChanged: true } } });
    expect(answerOf(http.handle(head(), legacy("ping")))).toMatchObject({ status: 400 });
    expect(answerOf(http.handle(head(), READY))).toMatchObject({ status: 400 });
    expect(answerOf(http.handle(head(), '{"jsonrpc":"2.0","id":1,"result":{}}'))).toMatchObject({
      status: 400,
    });
    const unknown = answerOf(request(http, "session-2"));
    expect(unknown.status).toBe(404);
    expect(parsed(unknown)).toMatchObject({ id: 1, error: { code: -31404 } });
    expect(status(request(http, "session-1"))).toBe(200);
  });

  test("is not begun by an initialize that the chain refuses", () => {
    const { http } = server();
    const step = http.handle(
      head(),
      legacy("initialize", { protocolVersion: "2025-11-25", capabilities: {} }),
    );
    const error = { code: 1, message: "who are you?" };
    const refused = callOf(step).finish({ tag: "refused", val: { status: 401, headers: [], error } });
    expect(refused.headers.map(([name]) => name)).not.toContain("mcp-session-id");
  });

  test("remembers the client, the revision and the log level", () => {
    const { http } = server();
    const session = open(http, {}, "a", "2025-06-18");
    expect(status(request(http, session, legacy("logging/setLevel", { level: "error" })))).toBe(200);
    const { context } = callOf(request(http, session, legacy("tools/call", { name: "add" })));
    expect(JSON.parse(context)).toMatchObject({
      protocolVersion: "2025-06-18",
      logLevel: "error",
      client: { info: { name: "c", version: "1" }, capabilities: { roots: {} } },
    });
    const other = callOf(request(http, open(http), legacy("tools/call", { name: "add" })));
    expect(JSON.parse(other.context)).toMatchObject({ logLevel: "info" });
  });

  test("has batches when its revision has", () => {
    const { http } = server();
    const message = `[${legacy("ping")}]`;
    expect(request(http, open(http, {}, "a", "2025-03-26"), message).kind).toBe("batch");
    expect(status(request(http, open(http), message))).toBe(400);
  });

  test("belongs to the credential it was begun with", () => {
    const { http } = server();
    const session = open(http, { authorization: "Bearer one" });
    expect(status(request(http, session, undefined, { authorization: "Bearer two" }))).toBe(404);
    expect(status(request(http, session))).toBe(404);
    expect(status(request(http, session, undefined, { authorization: "Bearer one" }))).toBe(200);
    const stolen = head({ "mcp-session-id": session }, { method: "DELETE" });
    expect(status(http.handle(stolen, ""))).toBe(404);
  });

  test("ends with DELETE", () => {
    const { http } = server();
    const session = open(http);
    const end = head({ "mcp-session-id": session }, { method: "DELETE" });
    expect(http.checkHead(end)).toBeUndefined();
    expect(answerOf(http.handle(end, ""))).toEqual({ status: 204, headers: [], body: undefined });
    expect(status(http.handle(end, ""))).toBe(404);
    expect(status(request(http, session))).toBe(404);
  });

  test("ends when nobody uses it for 30 minutes, and after 24 hours in any case", () => {
    const { http, wait } = server();
    const session = open(http);
    const idle = open(http);
    for (let minute = 0; minute < 24 * 60 - 20; minute += 20) {
      wait(20 * MINUTE);
      expect(status(request(http, session))).toBe(200);
    }
    expect(status(request(http, idle))).toBe(404);
    wait(20 * MINUTE);
    expect(status(request(http, session))).toBe(404);
  });

  test("is refused when there are too many, of one peer or of all", () => {
    const { http, wait } = server({ maxSessions: 3, maxPerPeer: 2 });
    open(http);
    open(http);
    const refused = initialize(http);
    expect(refused.status).toBe(503);
    expect(refused.headers).toContainEqual(["retry-after", "60"]);
    open(http, {}, "b");
    expect(initialize(http, {}, "c").status).toBe(503);
    wait(30 * MINUTE);
    open(http, {}, "c");
  });

  test("is refused when clients say too much of themselves, until some have left", () => {
    const { http } = server({ maxKeptLength: 60 });
    const session = open(http);
    expect(initialize(http).status).toBe(503);
    http.handle(head({ "mcp-session-id": session }, { method: "DELETE" }), "");
    open(http);
  });

  test("means nothing to requests of 2026-07-28", () => {
    const { http } = server();
    const { fields, body } = modern("tools/call", { name: "add" });
    const { context } = callOf(http.handle(head({ ...fields, "mcp-session-id": "session-9" }), body));
    expect(JSON.parse(context)).toMatchObject({ protocolVersion: "2026-07-28" });
    for (const method of ["GET", "DELETE"]) {
      const refused = http.checkHead(head({ "mcp-protocol-version": "2026-07-28" }, { method }));
      expect(refused).toMatchObject({ status: 405 });
    }
    expect(http.checkHead(head({}, { method: "PUT" }))!.headers).toContainEqual([
      "allow",
      "POST, GET, DELETE",
    ]);
  });
});

/** Id and method of each event, without the first part. */
function texts(parts: string[]): unknown[] {
  return parts.slice(1).map((part) => /^id: (\d+)\n.*notifications\/(\w+)/.exec(part)?.slice(1));
}

describe("the stream of a session", () => {
  test("passes the chain, and is what this client hears of", async () => {
    const { http, changes } = server();
    const session = open(http);
    callOf(request(http, session, legacy("resources/subscribe", { uri: "a://b" }))).finish(success({}));
    request(http, session, READY);
    const { parts, call, leave, ended } = stream(http, session);
    expect(call.request).toMatchObject({ method: "subscriptions/listen" });
    changes.publish("tools");
    expect(parts).toEqual([
      "retry: 1000\nid: 0\ndata: \n\n",
      'id: 1\ndata: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n',
    ]);
    leave();
    expect(await ended).toMatchObject({ kind: "answer", answer: { body: undefined } });
  });

  test("has no event without data before 2025-11-25, which older clients cannot read", () => {
    const { http } = server();
    expect(stream(http, open(http, {}, "a", "2025-06-18")).parts).toEqual(["retry: 1000\n\n"]);
  });

  test("is told once of what changed while there was none, and again of what a lost one did not bring", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    try {
      const { http, changes } = server();
      const session = open(http);
      request(http, session, READY);
      for (const list of ["tools", "prompts", "tools", "tools"] as const) {
        changes.publish(list);
        vi.runAllTimers();
      }
      const first = stream(http, session);
      expect(texts(first.parts)).toEqual([
        ["2", "prompts"],
        ["4", "tools"],
      ]);
      first.leave();
      await first.ended;
      const second = stream(http, session);
      expect(second.parts).toEqual(["retry: 1000\nid: 4\ndata: \n\n"]);
      const third = stream(http, session, { "last-event-id": "2" });
      await second.ended;
      expect(texts(third.parts)).toEqual([["4", "tools"]]);
      const fourth = stream(http, session, { "last-event-id": "nonsense" });
      expect(texts(fourth.parts)).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("keeps the session in use, and ends with it", async () => {
    const { http, wait } = server();
    const session = open(http);
    const { ended } = stream(http, session);
    wait(23 * 60 * MINUTE);
    expect(status(request(http, session))).toBe(200);
    wait(60 * MINUTE);
    await ended;
    expect(status(request(http, session))).toBe(404);
    const other = open(http);
    const { ended: deleted } = stream(http, other);
    http.handle(head({ "mcp-session-id": other }, { method: "DELETE" }), "");
    await deleted;
    expect(status(request(http, other))).toBe(404);
  });

  test("of a session that ended while the chain ran ends at once", async () => {
    const { http } = server();
    const session = open(http);
    const step = http.handle(head({ "mcp-session-id": session }, { method: "GET" }), "");
    http.handle(head({ "mcp-session-id": session }, { method: "DELETE" }), "");
    const next = step.kind === "call" ? step.call.finish(success({})) : undefined;
    if (next?.kind !== "wait") throw new Error("it does not wait");
    expect(await next.wait.next(() => {}, new AbortController().signal)).toMatchObject({ kind: "answer" });
  });

  test.each([
    ["no session", {}, 400],
    ["an unknown one", { "mcp-session-id": "x" }, 404],
    ["JSON alone", { "mcp-session-id": "session-1", accept: "application/json" }, 406],
  ])("is refused with %s", (_, fields, expected) => {
    const { http } = server();
    open(http);
    expect(status(http.handle(head(fields as Fields, { method: "GET" }), ""))).toBe(expected);
  });

  test("what the chain refuses is refused", () => {
    const { http } = server();
    const step = http.handle(head({ "mcp-session-id": open(http) }, { method: "GET" }), "");
    const error = { code: 1, message: "who are you?" };
    const refused = callOf(step).finish({ tag: "refused", val: { status: 401, headers: [], error } });
    expect(refused.status).toBe(401);
  });
});

test("pages of allowed origins read the id of their session, and may use all its methods", () => {
  const { http } = server();
  const origin = "http://localhost:8080";
  const preflight = { origin, "access-control-request-method": "DELETE" };
  const allowed = http.checkHead(head(preflight, { method: "OPTIONS" }))!;
  expect(allowed.headers).toContainEqual(["access-control-allow-methods", "POST, GET, DELETE"]);
  const { headers } = initialize(http, { origin });
  expect(headers.find(([name]) => name === "access-control-expose-headers")![1]).toContain("mcp-session-id");
});
