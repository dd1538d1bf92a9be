import { describe, expect, test } from "vitest";
import { createMemoryKv } from "../../../hosts/node/services/kv-store.ts";
import { success } from "./requests.ts";
import { asks, question, settled, taskServer } from "./task-server.ts";

const ADA = { issuer: "https://id.example", subject: "ada" };
const BOB = { issuer: "https://id.example", subject: "bob" };
const RESULT = { content: [{ type: "text", text: "done" }] };
const UNKNOWN = { code: -32602, message: "Unknown task" };

describe("what is kept", () => {
  test("ends with the time to live", async () => {
    const server = await taskServer({ ttlMs: 60_000, deadlineMs: 120_000 });
    const ended = await server.create();
    server.works[0]!.end({ outcome: success(RESULT) });
    await settled(server, ended);
    const waiting = await server.create();
    server.works[0]!.end(asks({ a: question }));
    await settled(server, waiting);
    const running = await server.create();
    const [work] = server.works;
    expect(work!.deadline).toBe(server.now + 60_000);
    server.now += 59_999;
    for (const id of [ended, waiting, running]) expect(await server.get(id)).toMatchObject({ taskId: id });
    server.now += 1;
    for (const id of [ended, waiting, running]) {
      expect((await server.request("tasks/get", { taskId: id })).error).toEqual(UNKNOWN);
    }
    expect(work!.signal.aborted).toBe(true);
  });

  test("outlives the server: results stay, work fails, and what waits goes on", async () => {
    const keys = createMemoryKv(() => 1_800_000_000_000);
    const first = await taskServer({ keys });
    first.principal = ADA;
    const ended = await first.create();
    first.works[0]!.end({ outcome: success(RESULT) });
    await settled(first, ended);
    const waiting = await first.create({ text: "a\nb" });
    first.works[0]!.end(asks({ a: question }, ["state"]));
    await settled(first, waiting);
    const running = await first.create();
    // The first server is not closed: it may have crashed.

    const second = await taskServer({ keys, newTaskId: () => "task-of-the-second" });
    second.principal = ADA;
    expect(await second.get(ended)).toMatchObject({ status: "completed", result: RESULT });
    expect(await second.get(running)).toMatchObject({
      status: "failed",
      error: { code: -31_499, message: "The server was stopped before the task had ended" },
    });
    expect(await second.get(waiting)).toMatchObject({ inputRequests: { "1.a": question } });
    second.principal = BOB;
    expect((await second.request("tasks/get", { taskId: waiting })).error).toEqual(UNKNOWN);
    second.principal = ADA;
    await second.request("tasks/update", { taskId: waiting, inputResponses: { "1.a": { b: 2 } } });
    expect(second.works[0]).toMatchObject({
      request: { target: "work", params: '{"name":"work","arguments":{"text":"a\\nb"}}' },
      context: { inputs: { responses: { a: { b: 2 } }, state: ["state"] }, task: { id: waiting } },
    });
    second.works[0]!.end({ outcome: success(RESULT) });
    expect(await settled(second, waiting)).toMatchObject({ status: "completed" });
  });

  test("is closed: work fails and is stopped, and nothing new starts", async () => {
    const server = await taskServer();
    const id = await server.create();
    await server.close();
    expect(server.works[0]!.signal.aborted).toBe(true);
    expect(await server.get(id)).toMatchObject({ status: "failed", error: { code: -31_499 } });
    expect(await server.request("tools/call", { name: "work" })).toMatchObject({ status: 503 });
  });

  test("a store that fails is an internal error, and the log has it", async () => {
    const kv = createMemoryKv(() => 0);
    const broken = Promise.reject(new Error("no disk"));
    broken.catch(() => undefined);
    const server = await taskServer({ keys: { ...kv, set: () => broken } });
    const { status, error } = await server.request("tools/call", { name: "work" });
    expect([status, error]).toEqual([200, { code: -32603, message: "Internal error" }]);
    expect(server.reports).toEqual(["The store of tasks failed"]);
    expect(server.works).toEqual([]);
  });
});

describe("how many", () => {
  test("tasks may be at work is bounded", async () => {
    const server = await taskServer({ maxWorking: 2 });
    await server.create();
    await server.create();
    const refused = await server.request("tools/call", { name: "work" });
    expect(refused).toMatchObject({ status: 503, error: { code: -31_503 } });
    server.works[0]!.end({ outcome: success(RESULT) });
    await settled(server, "task-number-0001");
    expect(await server.request("tools/call", { name: "work" })).toMatchObject({ status: 200 });
  });

  test("one caller may have is bounded, and callers that nothing tells apart share the server's", async () => {
    const server = await taskServer({ maxWorking: 10_000, ttlMs: 60_000 });
    server.principal = ADA;
    for (let i = 0; i < 100; i++) await server.create();
    expect(await server.request("tools/call", { name: "work" })).toMatchObject({ status: 503 });
    server.principal = null;
    for (let i = 0; i < 900; i++) await server.create();
    expect(await server.request("tools/call", { name: "work" })).toMatchObject({ status: 503 });
    server.principal = BOB;
    expect(await server.request("tools/call", { name: "work" })).toMatchObject({ status: 503 });
    server.now += 60_000;
    expect(await server.request("tools/call", { name: "work" })).toMatchObject({ status: 200 });
  });

  test("results are kept is bounded", async () => {
    const server = await taskServer();
    const large = success({ content: "x".repeat(1000 * 1024) });
    const statuses: unknown[] = [];
    for (let i = 0; i < 34; i++) {
      const id = await server.create();
      server.works[0]!.end({ outcome: large });
      statuses.push((await settled(server, id))["status"]);
    }
    expect(statuses.filter((status) => status === "completed")).toHaveLength(32);
    expect(statuses.at(-1)).toBe("failed");
  });
});

test.for([0, 999, 86_400_001, 1.5])("tasks do not live for %s ms", async (ttlMs) => {
  await expect(taskServer({ ttlMs })).rejects.toThrow(`ttlMs is ${ttlMs}, not 1,000 to 86400000`);
});
