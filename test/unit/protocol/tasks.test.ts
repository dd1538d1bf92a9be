import { describe, expect, test } from "vitest";
import { answerOf } from "../../fixtures/protocol-steps.ts";
import { head, META, modern, parsed, protocol, success } from "./requests.ts";
import { asks, KNOWING, question, settled, taskServer } from "./task-server.ts";

const ADA = { issuer: "https://id.example", subject: "ada" };
const BOB = { issuer: "https://id.example", subject: "bob" };
const RESULT = { content: [{ type: "text", text: "done" }] };
const UNKNOWN = { code: -32602, message: "Unknown task" };
const NEEDED = { requiredCapabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } } };

describe("a call that becomes a task", () => {
  test("is answered with the task, and its work runs apart", async () => {
    const server = await taskServer();
    const { status, result } = await server.request("tools/call", { name: "work", arguments: { a: 1 } });
    expect(status).toBe(200);
    expect(result).toEqual({
      resultType: "task",
      taskId: "task-number-0001",
      status: "working",
      createdAt: "2027-01-15T08:00:00.000Z",
      lastUpdatedAt: "2027-01-15T08:00:00.000Z",
      ttlMs: 3_600_000,
      pollIntervalMs: 1000,
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "server", version: "1.0.0" } },
    });
    expect(server.calls[0]!.context["task"]).toEqual({ phase: "admit" });
    expect(server.works).toHaveLength(1);
    expect(server.works[0]).toMatchObject({
      deadline: server.now + 900_000,
      request: {
        id: "1",
        method: "tools/call",
        target: "work",
        params: '{"name":"work","arguments":{"a":1}}',
      },
      context: {
        requestId: "r-1",
        retry: true,
        deadline: server.now + 900_000,
        progressToken: "task-number-0001",
        task: { phase: "run", id: "task-number-0001" },
      },
    });
  });

  test("hands back what was admitted, and neither inputs nor what the client wanted to hear", async () => {
    const server = await taskServer();
    server.core = () => success({ resultType: "task", principal: null, admitted: { a: [1] } });
    const meta = { ...KNOWING, progressToken: 7, "io.modelcontextprotocol/logLevel": "debug" };
    await server.request("tools/call", { name: "work", inputResponses: { a: {} } }, meta);
    expect(server.calls[0]!.context).toMatchObject({ progressToken: 7, inputs: { responses: { a: {} } } });
    const { context } = server.works[0]!;
    expect(context["task"]).toEqual({ phase: "run", id: "task-number-0001", admitted: { a: [1] } });
    expect(context).not.toHaveProperty("inputs");
    expect(context).not.toHaveProperty("logLevel");
  });

  test.for([
    ["a result", success(RESULT), { status: "completed", result: RESULT }],
    ["a failed result", success({ isError: true }), { status: "completed", result: { isError: true } }],
    [
      "an error",
      { tag: "failure", val: { code: 5, message: "no", data: '{"a":1}' } },
      { status: "failed", error: { code: 5, message: "no", data: { a: 1 } } },
    ],
    [
      "a refusal",
      { tag: "refused", val: { status: 429, headers: [], error: { code: 6, message: "slow" } } },
      { status: "failed", error: { code: 6, message: "slow" } },
    ],
    [
      "no JSON",
      { tag: "success", val: '{"content":[]}, "taskId": "x"' },
      { status: "failed", error: { code: -32603, message: "Internal error" } },
    ],
    [
      "a result that is too long",
      success({ content: "x".repeat(1024 * 1024) }),
      { status: "failed", error: { code: -32603, message: "The result is larger than this server allows" } },
    ],
    [
      "nothing",
      { tag: "accepted" },
      { status: "failed", error: { code: -32603, message: "Internal error" } },
    ],
  ] as const)("shows %s", async ([, outcome, shown]) => {
    const server = await taskServer();
    const id = await server.create();
    server.now += 1500;
    server.works[0]!.end({ outcome: outcome as never });
    const task = await settled(server, id);
    expect(task).toMatchObject({
      resultType: "complete",
      taskId: id,
      createdAt: "2027-01-15T08:00:00.000Z",
      lastUpdatedAt: "2027-01-15T08:00:01.500Z",
      ...shown,
    });
    expect("result" in task).toBe("result" in shown);
    expect("error" in task).toBe("error" in shown);
    expect(await server.get(id)).toEqual(task);
  });

  test.for([
    ["deadline", { code: -31_504, message: "The request took too long" }],
    ["trap", { code: -32603, message: "Internal error" }],
  ] as const)("fails after a %s", async ([failure, error]) => {
    const server = await taskServer();
    const id = await server.create();
    server.works[0]!.end({ failure });
    expect(await settled(server, id)).toMatchObject({ status: "failed", error });
  });

  test("shows the progress of its work as a message", async () => {
    const server = await taskServer();
    const id = await server.create();
    const tell = (params: object): void =>
      server.works[0]!.notify(JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params }));
    tell({ progressToken: "another", progress: 1, message: "no" });
    expect(await server.get(id)).not.toHaveProperty("statusMessage");
    tell({ progressToken: id, progress: 1, total: 4 });
    expect((await server.get(id))["statusMessage"]).toBe("1 of 4");
    tell({ progressToken: id, progress: 2, message: "halfway".repeat(200) });
    expect((await server.get(id))["statusMessage"]).toHaveLength(1000);
    server.works[0]!.end({ outcome: success(RESULT) });
    expect(await settled(server, id)).not.toHaveProperty("statusMessage");
  });

  test("is an ordinary answer where the tool makes no task of it", async () => {
    const server = await taskServer();
    server.core = () => success({ ...RESULT, structuredContent: { resultType: "task" } });
    expect((await server.request("tools/call", { name: "work" })).result).toMatchObject({
      resultType: "complete",
      ...RESULT,
    });
    server.core = () => ({ tag: "failure", val: { code: -32021, message: "no", data: "{}" } });
    expect(await server.request("tools/call", { name: "work" })).toMatchObject({
      status: 400,
      error: { code: -32021 },
    });
    expect(server.works).toEqual([]);
  });

  test.for([{}, { principal: { subject: "ada" } }, { principal: "ada" }])(
    "is refused when its owner is not known: %j",
    async (said) => {
      const server = await taskServer();
      server.core = () => success({ resultType: "task", ...said });
      expect((await server.request("tools/call", { name: "work" })).error).toMatchObject({ code: -32603 });
      expect(server.works).toEqual([]);
    },
  );
});

describe("a client that does not know tasks", () => {
  const unknowing = { ...KNOWING, "io.modelcontextprotocol/clientCapabilities": { extensions: {} } };

  test("gets an ordinary call", async () => {
    const server = await taskServer();
    server.core = () => success(RESULT);
    await server.request("tools/call", { name: "work" }, unknowing);
    expect(server.calls[0]!.context).not.toHaveProperty("task");
  });

  test.for(["tasks/get", "tasks/update", "tasks/cancel"])("may not call %s", async (method) => {
    const server = await taskServer();
    const params = { taskId: await server.create(), inputResponses: {} };
    expect(await server.request(method, params, unknowing)).toMatchObject({
      status: 400,
      error: { code: -32021, data: NEEDED },
    });
  });
});

describe("requests about a task", () => {
  const methods = ["tasks/get", "tasks/update", "tasks/cancel"] as const;

  test.for(methods)("%s passes the chain as a request for the tool", async (method) => {
    const server = await taskServer();
    const id = await server.create();
    await server.request(method, { taskId: id, inputResponses: {} });
    expect(server.calls[1]!.request).toMatchObject({ method, target: "work" });
    expect(server.calls[1]!.context).not.toHaveProperty("task");
    server.core = () => ({
      tag: "refused",
      val: { status: 401, headers: [["www-authenticate", "Bearer"]], error: { code: 401, message: "no" } },
    });
    expect(await server.request(method, { taskId: id, inputResponses: {} })).toMatchObject({ status: 401 });
    // Whoever may not even ask does not learn which tasks there are.
    const nobodys = await server.request(method, { taskId: "x".repeat(32), inputResponses: {} });
    expect(nobodys.status).toBe(401);
  });

  test.for(methods)("%s of a task of another is as of none", async (method) => {
    const server = await taskServer();
    server.principal = ADA;
    const id = await server.create();
    const answers: unknown[] = [];
    for (const [principal, taskId] of [
      [BOB, id],
      [null, id],
      [{ ...ADA, issuer: "https://other.example" }, id],
      [ADA, "task-number-9999"],
      [ADA, "../task/x"],
      [ADA, "\0"],
      [ADA, "__proto__"],
    ] as const) {
      server.principal = principal;
      answers.push((await server.request(method, { taskId, inputResponses: {} })).error);
    }
    expect(answers).toEqual(answers.map(() => UNKNOWN));
    server.principal = ADA;
    expect(await server.get(id)).toMatchObject({ status: "working" });
  });

  test("need an id, and answers that are objects", async () => {
    const server = await taskServer();
    const taskId = await server.create();
    for (const params of [{}, { taskId: 5 }]) {
      expect((await server.request("tasks/get", params)).error).toMatchObject({ code: -32602 });
    }
    for (const inputResponses of [undefined, null, [], { a: 1 }, { a: null }, "x"]) {
      const { error } = await server.request("tasks/update", { taskId, inputResponses });
      expect(error).toEqual({
        code: -32602,
        message: 'Invalid params: "inputResponses" must be an object of objects',
      });
    }
  });

  test.for(["tasks/list", "tasks/result"])("%s is no method", async (method) => {
    const server = await taskServer();
    expect(await server.request(method, { taskId: "x" })).toMatchObject({
      status: 404,
      error: { code: -32601 },
    });
  });
});

describe("tasks/cancel", () => {
  test("ends the work, once and for all", async () => {
    const server = await taskServer();
    const id = await server.create();
    const [work] = server.works;
    expect((await server.request("tasks/cancel", { taskId: id })).result).toEqual({
      resultType: "complete",
      _meta: expect.anything() as unknown,
    });
    expect(work!.signal.aborted).toBe(true);
    expect(await server.get(id)).toMatchObject({ status: "cancelled" });
    work!.end({ outcome: success(RESULT) });
    expect(await server.request("tasks/cancel", { taskId: id })).toMatchObject({ status: 200 });
    const task = await server.get(id);
    expect(task).toMatchObject({ status: "cancelled" });
    expect(task).not.toHaveProperty("result");
  });

  test("leaves a task that has ended as it is", async () => {
    const server = await taskServer();
    const id = await server.create();
    server.works[0]!.end({ outcome: success(RESULT) });
    await settled(server, id);
    expect(await server.request("tasks/cancel", { taskId: id })).toMatchObject({ status: 200 });
    expect(await server.get(id)).toMatchObject({ status: "completed", result: RESULT });
  });

  test("ends a task that waits for the client", async () => {
    const server = await taskServer();
    const id = await server.create();
    server.works[0]!.end(asks({ a: question }));
    await settled(server, id);
    await server.request("tasks/cancel", { taskId: id });
    const task = await server.get(id);
    expect(task).toMatchObject({ status: "cancelled" });
    expect(task).not.toHaveProperty("inputRequests");
  });
});

describe("a task that asks the client", () => {
  test("waits until all is answered, one by one or at once, and then goes on", async () => {
    const server = await taskServer();
    const id = await server.create();
    server.works[0]!.end(asks({ a: question, "b.c": question }, { step: 1 }));
    expect(await settled(server, id)).toMatchObject({
      status: "input_required",
      inputRequests: { "1.a": question, "1.b.c": question },
    });
    expect(server.works).toEqual([]);

    const partly = { "1.a": { action: "accept" }, a: {}, "2.a": {}, other: {} };
    const { result } = await server.request("tasks/update", { taskId: id, inputResponses: partly });
    expect(result).toEqual({ resultType: "complete", _meta: expect.anything() as unknown });
    expect(await server.get(id)).toMatchObject({
      status: "input_required",
      inputRequests: { "1.b.c": question },
    });

    const rest = { "1.b.c": { action: "decline" }, "1.a": { action: "cancel" } };
    await server.request("tasks/update", { taskId: id, inputResponses: rest });
    expect(await server.get(id)).toMatchObject({ status: "working" });
    expect(server.works[0]!.context).toMatchObject({
      retry: true,
      task: { phase: "run", id },
      inputs: { responses: { a: { action: "accept" }, "b.c": { action: "decline" } }, state: { step: 1 } },
    });

    // The same key in another round is another request.
    server.works[0]!.end(asks({ a: question }));
    expect(await settled(server, id)).toMatchObject({ inputRequests: { "2.a": question } });
    await server.request("tasks/update", { taskId: id, inputResponses: { "1.a": {} } });
    expect(await server.get(id)).toMatchObject({ status: "input_required" });
    await server.request("tasks/update", { taskId: id, inputResponses: { "2.a": {} } });
    server.works[0]!.end({ outcome: success(RESULT) });
    expect(await settled(server, id)).toMatchObject({ status: "completed", result: RESULT });
  });

  test.for([
    ["no JSON", { requests: "{" }],
    ["nothing", { requests: "{}" }],
    ["for what there is not", { requests: '{"a":{"method":"tools/call"}}' }],
    ["with a state that is no JSON", { requests: '{"a":{"method":"roots/list"}}', state: "{" }],
    [
      "with a large state",
      { requests: '{"a":{"method":"roots/list"}}', state: `"${"x".repeat(24 * 1024)}"` },
    ],
  ] as const)("fails when it asks %s", async ([, val]) => {
    const server = await taskServer();
    const id = await server.create();
    server.works[0]!.end({ outcome: { tag: "input-required", val } });
    expect(await settled(server, id)).toMatchObject({ status: "failed", error: { code: -32603 } });
    expect(server.reports).toHaveLength(1);
  });

  test("fails when it asks too often", async () => {
    const server = await taskServer();
    const id = await server.create();
    for (let round = 1; round <= 16; round++) {
      server.works[0]!.end(asks({ a: question }));
      await settled(server, id);
      await server.request("tasks/update", { taskId: id, inputResponses: { [`${round}.a`]: {} } });
    }
    server.works[0]!.end(asks({ a: question }));
    expect(await settled(server, id)).toMatchObject({ status: "failed", error: { code: -32603 } });
  });

  test("keeps no more answers than fit", async () => {
    const server = await taskServer();
    const id = await server.create();
    server.works[0]!.end(asks({ a: question, b: question }));
    await settled(server, id);
    const large = { "1.a": { text: "x".repeat(512 * 1024) } };
    const { error } = await server.request("tasks/update", { taskId: id, inputResponses: large });
    expect(error).toEqual({ code: -32602, message: 'Invalid params: "inputResponses" is too large' });
    expect((await server.get(id))["inputRequests"]).toHaveProperty(["1.a"]);
  });
});

test("a client that asks to hear of tasks has to know them", async () => {
  const server = await taskServer();
  server.core = () => ({ tag: "failure", val: { code: 7, message: "no" } });
  const notifications = { taskIds: ["task-number-0001"] };
  expect(await server.request("subscriptions/listen", { notifications }, META)).toMatchObject({
    status: 400,
    error: { code: -32021, data: NEEDED },
  });
  for (const [filter, meta] of [
    [notifications, KNOWING],
    [{ toolsListChanged: true }, META],
  ] as const) {
    const { error } = await server.request("subscriptions/listen", { notifications: filter }, meta);
    expect(error).toMatchObject({ code: 7 });
  }
});

test.for(["tasks/get", "tasks/update", "tasks/cancel"])("a server without tasks has no %s", (method) => {
  const { fields, body } = modern(method, { taskId: "x", inputResponses: {} }, KNOWING);
  const answer = answerOf(protocol().handle(head({ ...fields, "mcp-name": "x" }), body));
  expect(answer.status).toBe(404);
  expect(parsed(answer).error).toMatchObject({ code: -32601 });
});

test("the extension is declared to modern clients of a server with tasks", async () => {
  const server = await taskServer();
  server.core = () => success({ capabilities: { tools: {}, extensions: { other: {} } } });
  const { result } = await server.request("server/discover");
  expect(result!["capabilities"]).toMatchObject({
    extensions: { other: {}, "io.modelcontextprotocol/tasks": {} },
  });
});
