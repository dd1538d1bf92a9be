import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import {
  loadCore,
  openKvStore,
  serveHttp,
  serveStdio,
  type HttpServer,
  type LoadedCore,
  type ServeHttpOptions,
} from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { compose } from "../../../src/compose/index.ts";

const VERSION = "2026-07-28";
const folder = mkdtempSync(join(tmpdir(), "tenon-tasks-"));
const running = new Set<HttpServer>();
let core: LoadedCore;

beforeAll(async () => {
  const [component, middleware] = await Promise.all(
    ["long-running", "named-caller"].map((name) =>
      buildComponent({ entry: `test/fixtures/components/${name}.ts` }),
    ),
  );
  const { bytes } = await compose({
    name: "long-running",
    version: "1.0.0",
    access: "authenticated",
    providers: [{ as: "long-running", bytes: component!.bytes }],
    middleware: [{ as: "named-caller", bytes: middleware!.bytes }],
  });
  core = await loadCore(bytes, { cacheDir: join(folder, "cache") });
});

afterEach(async () => {
  await Promise.all([...running].map((server) => server.close()));
  running.clear();
});

afterAll(() => rmSync(folder, { recursive: true }));

interface Answer {
  status: number;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
}

type Send = (message: object) => Promise<Answer>;

/** A client with a name, which knows tasks unless it is told not to. */
function clientOf(send: Send, name: string | undefined = "ada", knows = true) {
  let id = 0;
  const meta = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientCapabilities": {
      elicitation: {},
      ...(knows && { extensions: { "io.modelcontextprotocol/tasks": {} } }),
    },
    ...(name !== "" && { "io.modelcontextprotocol/clientInfo": { name, version: "1.0.0" } }),
  };
  const request = (method: string, params: object = {}): Promise<Answer> =>
    send({ jsonrpc: "2.0", id: `${name}-${++id}`, method, params: { ...params, _meta: meta } });
  const call = (tool: string, args: object = {}, rest: object = {}): Promise<Answer> =>
    request("tools/call", { name: tool, arguments: args, ...rest });
  return {
    request,
    call,
    async create(tool: string, args: object = {}): Promise<string> {
      const { result } = await call(tool, args);
      expect(result).toMatchObject({ resultType: "task", status: "working" });
      return result!["taskId"] as string;
    },
    /** Asks until the task has that status, or one that is final. */
    async until(taskId: string, status: string): Promise<Record<string, unknown>> {
      for (;;) {
        const { result } = await request("tasks/get", { taskId });
        if (result!["status"] !== "working" || result!["status"] === status) return result!;
      }
    },
  };
}

async function start(options: ServeHttpOptions = {}) {
  let output = "";
  const written = new EventEmitter();
  const server = await serveHttp(core, {
    port: 0,
    workers: 1,
    log: (lines) => {
      output += Buffer.from(lines).toString("utf8");
      written.emit("lines");
    },
    ...options,
  });
  running.add(server);
  const send: Send = async (message) => {
    const { method, params } = message as { method: string; params: { name?: string; taskId?: string } };
    const name = params.name ?? params.taskId;
    const response = await fetch(server.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": VERSION,
        "mcp-method": method,
        ...(name !== undefined && { "mcp-name": name }),
      },
      body: JSON.stringify(message),
    });
    return { status: response.status, ...((await response.json()) as Omit<Answer, "status">) };
  };
  return {
    server,
    client: (name?: string, knows?: boolean) => clientOf(send, name, knows),
    logged: async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(output)) await once(written, "lines");
    },
  };
}

const accept = (content: object): object => ({ action: "accept", content });
const text = (said: string): object => ({ content: [{ type: "text", text: said }] });

describe("over HTTP", () => {
  test("a call becomes a task where the client knows tasks, and is an ordinary one elsewhere", async () => {
    const { client } = await start();
    const ada = client();
    const id = await ada.create("count", { n: 1 });
    expect(await ada.until(id, "completed")).toMatchObject({ status: "completed", result: text("1 run") });
    const plain = client("ada", false);
    expect((await plain.call("count", { n: 2 })).result).toMatchObject(text("2 at once"));
    expect(await plain.call("wait")).toMatchObject({ status: 400, error: { code: -32021 } });
    expect((await ada.call("count", { n: -1 })).result).toMatchObject({ isError: true });
  });

  test("calls go on while tasks hold all their threads", async () => {
    const { client } = await start({ limits: { tasks: { workers: 1, working: 3 } } });
    const ada = client();
    const tasks = [await ada.create("wait"), await ada.create("wait"), await ada.create("wait")];
    expect(await ada.call("wait")).toMatchObject({ status: 503, error: { code: -31_503 } });
    expect((await client("ada", false).call("count", { n: 1 })).result).toMatchObject(text("1 at once"));
    for (const taskId of tasks) await ada.request("tasks/cancel", { taskId });
    const id = await ada.create("count", { n: 3 });
    expect(await ada.until(id, "completed")).toMatchObject({ result: text("3 run") });
  });

  test("a cancelled task is told, and what never listens is ended", async () => {
    const { client, logged } = await start({ limits: { tasks: { workers: 2 } } });
    const ada = client();
    const [waiting, looping] = [await ada.create("wait"), await ada.create("loop")];
    for (const taskId of [waiting, looping]) {
      for (let said: unknown; said !== "waiting";) {
        said = (await ada.until(taskId, "working"))["statusMessage"];
      }
      expect(await ada.request("tasks/cancel", { taskId })).toMatchObject({
        status: 200,
        result: { resultType: "complete" },
      });
      expect(await ada.until(taskId, "cancelled")).toMatchObject({ status: "cancelled" });
    }
    await logged(/"message":"cancelled"/);
    await logged(/loop\\" of \\"long-running\\" went on after it was cancelled/);
  });

  test("a task that takes too long fails", async () => {
    const { client } = await start({ limits: { tasks: { deadlineMs: 1500 } } });
    const ada = client();
    const id = await ada.create("loop");
    expect(await ada.until(id, "failed")).toMatchObject({
      status: "failed",
      error: { code: -31_504, message: "The request took too long" },
    });
  });

  test("a caller reaches its own tasks alone, and a stranger is refused before any is looked at", async () => {
    const { client } = await start();
    const [ada, bob, nobody] = [client("ada"), client("bob"), client("")];
    const taskId = await ada.create("wait");
    const methods = ["tasks/get", "tasks/update", "tasks/cancel"];
    for (const method of methods) {
      const params = { taskId, inputResponses: {} };
      expect((await bob.request(method, params)).error).toEqual({ code: -32602, message: "Unknown task" });
      const none = { ...params, taskId: "A".repeat(32) };
      expect((await ada.request(method, none)).error).toEqual({ code: -32602, message: "Unknown task" });
      for (const stranger of [params, none]) {
        expect(await nobody.request(method, stranger)).toMatchObject({ status: 401 });
      }
    }
    expect(await ada.until(taskId, "working")).toMatchObject({ status: "working" });
  });

  test("a tool asks before there is a task, and while it runs", async () => {
    const { client } = await start();
    const ada = client();
    const { result: first } = await ada.call("approve");
    const [why] = Object.keys(first!["inputRequests"] as object);
    const { result: created } = await ada.call(
      "approve",
      {},
      { inputResponses: { [why!]: accept({ reason: "cake" }) }, requestState: first!["requestState"] },
    );
    expect(created).toMatchObject({ resultType: "task" });
    const taskId = created!["taskId"] as string;
    const asked = await ada.until(taskId, "input_required");
    const [who, request] = Object.entries(asked["inputRequests"] as object)[0]!;
    expect(request).toMatchObject({ method: "elicitation/create", params: { message: "Who approves?" } });
    await ada.request("tasks/update", { taskId, inputResponses: { [who]: accept({ name: "Eve" }) } });
    expect(await ada.until(taskId, "completed")).toMatchObject({ result: text("Eve approved of cake") });
  });

  test("tasks outlive a server with a file; its work does not", async () => {
    const where = `file:${join(folder, "tasks.kv")}`;
    const kv = await openKvStore(where);
    const first = await start({ tasks: { kv } });
    const ended = await first.client().create("count", { n: 1 });
    await first.client().until(ended, "completed");
    const working = await first.client().create("wait");
    await first.server.close();
    running.delete(first.server);
    await kv.close();

    const reopened = await openKvStore(where);
    try {
      const second = await start({ tasks: { kv: reopened } });
      const ada = second.client();
      expect(await ada.until(ended, "completed")).toMatchObject({ result: text("1 run") });
      expect(await ada.until(working, "failed")).toMatchObject({
        status: "failed",
        error: { message: "The server was stopped before the task had ended" },
      });
      await second.server.close();
      running.delete(second.server);
    } finally {
      await reopened.close();
    }
  });

  test("tasks are found after another core has taken the place of theirs, which ends them", async () => {
    const { client, server } = await start();
    const ada = client();
    const ended = await ada.create("count", { n: 1 });
    await ada.until(ended, "completed");
    const working = await ada.create("wait");
    await server.replace(core);
    expect(await ada.until(ended, "completed")).toMatchObject({ result: text("1 run") });
    expect(await ada.until(working, "working")).toMatchObject({ status: "working" });
    await ada.request("tasks/cancel", { taskId: working });
    expect(await ada.until(working, "cancelled")).toMatchObject({ status: "cancelled" });
  });

  test("the extension is declared to modern clients alone", async () => {
    const { client, server } = await start();
    const { result } = await client().request("server/discover");
    expect(result!["capabilities"]).toMatchObject({ extensions: { "io.modelcontextprotocol/tasks": {} } });
    const params = {
      protocolVersion: "2025-11-25",
      capabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } },
      clientInfo: { name: "old", version: "1.0.0" },
    };
    const response = await fetch(server.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params }),
    });
    expect(await response.text()).not.toContain("tasks");
  });
});

test("over stdio a task is the same, and its work ends with the input", async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  const ended = serveStdio(core, { input, output, workers: 1, log: () => {} });
  const waiting = new Map<unknown, (answer: Answer) => void>();
  let rest = "";
  output.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const { id, ...answer } = JSON.parse(line) as Omit<Answer, "status"> & { id: unknown };
      waiting.get(id)!({ status: 200, ...answer });
    }
  });
  const ada = clientOf(
    (message) =>
      new Promise((resolve) => {
        waiting.set((message as { id: unknown }).id, resolve);
        input.write(`${JSON.stringify(message)}\n`);
      }),
  );
  const id = await ada.create("count", { n: 4 });
  expect(await ada.until(id, "completed")).toMatchObject({ status: "completed", result: text("4 run") });
  const working = await ada.create("wait");
  expect(await ada.request("tasks/cancel", { taskId: working })).toMatchObject({ result: {} });
  expect(await ada.until(working, "cancelled")).toMatchObject({ status: "cancelled" });
  expect((await ada.request("tasks/get", { taskId: "x" })).error).toMatchObject({ code: -32602 });
  await ada.create("wait");
  input.end();
  await ended;
});
