import { PassThrough } from "node:stream";
import * as v2 from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { LoggingMessageNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import type { Transport as TransportV1 } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCommand, ROOT, TENON } from "../../fixtures/tenon.ts";
import type { Running } from "../../fixtures/running-program.ts";

const PROJECT = "test/clients/streaming/tenon.json";
const LOG_LEVEL = "io.modelcontextprotocol/logLevel";

let running: Running;
let url: URL;
let withSessions: Running;
let sessionUrl: URL;
beforeAll(async () => {
  running = startCommand(["serve", PROJECT, "--port", "0"]);
  url = new URL((await running.until(/listening on (\S+)/))[1]!);
  withSessions = startCommand(["serve", PROJECT, "--port", "0", "--sessions"]);
  sessionUrl = new URL((await withSessions.until(/listening on (\S+)/))[1]!);
});
afterAll(() => Promise.all([running.stop("SIGTERM"), withSessions.stop("SIGTERM")]));

/** A JSON-RPC message, as far as it is looked at. */
interface Message {
  method?: string;
  params?: { progressToken?: unknown; progress?: number; total?: number; message?: string };
  result?: { content?: { text?: string }[] };
}

/** One connection, whatever SDK made it. */
interface Connection {
  call(
    name: string,
    label: string,
    options?: { onprogress?: (progress: unknown) => void; signal?: AbortSignal; level?: string },
  ): Promise<object>;
  /** Messages so far, as the transport gave them to the SDK. */
  readonly received: Message[];
  /** Log messages so far. */
  readonly logs: unknown[];
  /** Resolves with the next log message. */
  nextLog(): Promise<unknown>;
  /** What the server logs, from when it is read. */
  hostLogs(pattern: RegExp): Promise<unknown>;
  close(): Promise<void>;
}

function logKeeper(): Pick<Connection, "logs" | "nextLog"> & { add: (params: unknown) => void } {
  const logs: Connection["logs"] = [];
  let wake: ((params: unknown) => void) | undefined;
  return {
    logs,
    add(params) {
      logs.push(params);
      wake?.(params);
    },
    nextLog: () => new Promise((resolve) => (wake = resolve)),
  };
}

const program = {
  command: process.execPath,
  args: [TENON, "serve", PROJECT, "--stdio"],
  cwd: ROOT,
  stderr: "pipe" as const,
};

/** Waits for a pattern in what a program writes to stderr. */
function awaiting(stderr: unknown): (pattern: RegExp) => Promise<unknown> {
  let text = "";
  let look: (() => void) | undefined;
  (stderr as PassThrough).on("data", (chunk: Buffer) => {
    text += chunk.toString();
    look?.();
  });
  return (pattern) =>
    new Promise<void>((resolve) => {
      look = () => pattern.test(text) && resolve();
      look();
    });
}

/** What a transport that is connected gives its client from now on. */
function receivedBy(transport: { onmessage?: ((message: any, extra?: any) => void) | undefined }): Message[] {
  const received: Message[] = [];
  const { onmessage } = transport;
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport of MCP has no events
  transport.onmessage = (message, extra) => {
    received.push(message as Message);
    onmessage?.(message, extra);
  };
  return received;
}

async function connectV1(transport: TransportV1, hostLogs: Connection["hostLogs"]): Promise<Connection> {
  const client = new ClientV1({ name: "suite", version: "1.0.0" });
  const { add, ...kept } = logKeeper();
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => add(params));
  await client.connect(transport);
  return {
    ...kept,
    received: receivedBy(transport),
    hostLogs,
    async call(name, label, { level, ...options } = {}) {
      if (level !== undefined) await client.setLoggingLevel(level as "info");
      return client.callTool({ name, arguments: { name: label } }, undefined, options);
    },
    close: () => client.close(),
  };
}

async function connectV2(transport: v2.Transport, hostLogs: Connection["hostLogs"]): Promise<Connection> {
  const client = new v2.Client(
    { name: "suite", version: "1.0.0" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  const { add, ...kept } = logKeeper();
  client.setNotificationHandler("notifications/message", ({ params }) => add(params));
  await client.connect(transport);
  return {
    ...kept,
    received: receivedBy(transport),
    hostLogs,
    call: (name, label, { level, ...options } = {}) =>
      client.callTool(
        { name, arguments: { name: label }, ...(level && { _meta: { [LOG_LEVEL]: level } }) },
        options,
      ),
    close: () => client.close(),
  };
}

const until = (pattern: RegExp): Promise<unknown> => running.until(pattern);
const connections: Record<string, () => Promise<Connection>> = {
  "SDK v1 over HTTP": () => connectV1(new HttpV1(url), until),
  "SDK v1 over HTTP in a session": () =>
    connectV1(new HttpV1(sessionUrl), (pattern) => withSessions.until(pattern)),
  "SDK v2 over HTTP": () => connectV2(new v2.StreamableHTTPClientTransport(url), until),
  "SDK v1 over stdio": () => {
    const transport = new StdioV1(program);
    return connectV1(transport, awaiting(transport.stderr));
  },
  "SDK v2 over stdio": () => {
    const transport = new StdioV2(program);
    return connectV2(transport, awaiting(transport.stderr));
  },
};

for (const [name, connect] of Object.entries(connections)) {
  describe(name, () => {
    let connection: Connection;
    beforeAll(async () => {
      connection = await connect();
    });
    afterAll(() => connection.close());

    test("progress arrives in order, each with the call it belongs to", async () => {
      const seen: Record<string, unknown[]> = { a: [], b: [] };
      connection.received.length = 0;
      const results = await Promise.all(
        ["a", "b"].map((label) =>
          connection.call("work", label, { onprogress: (progress) => seen[label]!.push(progress) }),
        ),
      );
      expect(results).toMatchObject([{ content: [{ text: "a" }] }, { content: [{ text: "b" }] }]);
      const { received } = connection;
      for (const label of ["a", "b"]) {
        const expected = [1, 2, 3].map((progress) => ({
          progress,
          total: 3,
          message: `${label} ${progress}`,
        }));
        const told = received.filter(({ params }) => params?.message?.startsWith(label));
        const [first] = told;
        expect(told.map(({ params }) => params)).toEqual(
          expected.map((each) => ({ ...each, progressToken: first?.params?.progressToken })),
        );
        const answer = received.findIndex(({ result }) => result?.content?.[0]?.text === label);
        expect(received.indexOf(told.at(-1)!)).toBeLessThan(answer);
        // An SDK that reads an answer together with progress forgets the call before it passes that on.
        expect(seen[label]).toEqual(expected.slice(0, seen[label]!.length));
      }
    });

    test("log messages arrive from the level up that was asked for", async () => {
      connection.logs.length = 0;
      await connection.call("work", "c", { level: "info" });
      expect(connection.logs).toEqual([
        { level: "info", logger: "streaming", data: { name: "c", steps: 3, message: "worked" } },
        { level: "error", logger: "streaming", data: { name: "c", message: "tired" } },
      ]);
    });

    test("an unexpected exception shows no more than it would without a stream", async () => {
      connection.logs.length = 0;
      const failed = await connection.call("fail", "d", { onprogress: () => {}, level: "info" });
      expect(failed).toMatchObject({ isError: true, content: [{ text: "The tool failed" }] });
      expect(connection.logs).toEqual([]);
    });

    // The first SDK tells a server over HTTP of a cancelled request by another one, which only a session ties to the first.
    const cancels = name !== "SDK v1 over HTTP";
    test.runIf(cancels)("a handler learns that its call was cancelled, and the next call works", async () => {
      const controller = new AbortController();
      const started = connection.nextLog();
      const cancelled = connection.call("wait", "e", { signal: controller.signal, level: "info" });
      await started;
      controller.abort();
      await expect(cancelled).rejects.toThrow();
      await connection.hostLogs(/"left"/);
      expect(await connection.call("work", "f")).toMatchObject({ content: [{ text: "f" }] });
    });

    test.runIf(cancels)("a call that does not end when it is cancelled is ended", async () => {
      const controller = new AbortController();
      const cancelled = connection.call("ignore", "g", {
        signal: controller.signal,
        onprogress: () => controller.abort(),
      });
      await expect(cancelled).rejects.toThrow();
      await connection.hostLogs(/ignore.*went on after it was cancelled/);
      expect(await connection.call("work", "h")).toMatchObject({ content: [{ text: "h" }] });
    });
  });
}

test("SDK v1 over HTTP: closing the client cancels what is in flight", async () => {
  const connection = await connectV1(new HttpV1(url), until);
  const started = connection.nextLog();
  const call = connection.call("wait", "closing", { level: "info" });
  await started;
  await Promise.all([expect(call).rejects.toThrow(), connection.close()]);
  await connection.hostLogs(/"left".*closing/);
});
