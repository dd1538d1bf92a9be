import * as v2 from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { Transport as TransportV1 } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, startTenon, TENON, type Serving } from "../../fixtures/tenon.ts";

const PROJECT = "test/clients/streaming/tenon.json";
const URI = "streaming://news";
const INFO = { name: "suite", version: "1.0.0" };

/** One connection, whatever SDK made it. */
interface Connection {
  call(name: string, args: Record<string, unknown>): Promise<unknown>;
  /** Hears of changed tools and of a resource from now on. */
  subscribe(uri: string): Promise<void>;
  unsubscribe?(uri: string): Promise<unknown>;
  /** The next notification that comes. */
  heard(): Promise<unknown>;
  close(): Promise<void>;
}

/** Keeps what comes until it is asked for. */
function inbox(): { add: (message: unknown) => void; heard: () => Promise<unknown> } {
  const kept: unknown[] = [];
  let wake: (() => void) | undefined;
  return {
    add(message: unknown) {
      kept.push(message);
      wake?.();
    },
    async heard(): Promise<unknown> {
      while (kept.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return kept.shift();
    },
  };
}

const program = {
  command: process.execPath,
  args: [TENON, "serve", PROJECT, "--stdio"],
  cwd: ROOT,
  stderr: "ignore" as const,
};

async function connectV1(transport: TransportV1): Promise<Connection> {
  const client = new ClientV1(INFO);
  const { add, heard } = inbox();
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => add("tools"));
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => add(params.uri));
  await client.connect(transport);
  return {
    heard,
    call: (name, args) => client.callTool({ name, arguments: args }),
    subscribe: async (uri) => void (await client.subscribeResource({ uri })),
    unsubscribe: (uri) => client.unsubscribeResource({ uri }),
    close: () => client.close(),
  };
}

async function connectV2(transport: v2.Transport): Promise<Connection> {
  const client = new v2.Client(INFO, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  const { add, heard } = inbox();
  client.setNotificationHandler("notifications/tools/list_changed", () => add("tools"));
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => add(params.uri));
  await client.connect(transport);
  // Connecting sends nothing, and the server has to start.
  await client.listTools();
  return {
    heard,
    call: (name, args) => client.callTool({ name, arguments: args }),
    async subscribe(uri) {
      const filter = { toolsListChanged: true, resourceSubscriptions: [uri] };
      const { honoredFilter } = await client.listen(filter);
      expect(honoredFilter).toEqual(filter);
    },
    close: () => client.close(),
  };
}

let served: Serving;
beforeAll(async () => {
  served = await startTenon(PROJECT, { args: ["--sessions"] });
});
afterAll(() => served.stop());

const connections: Record<string, () => Promise<Connection>> = {
  "SDK v1 over HTTP, in a session": () => connectV1(new HttpV1(new URL(served.url))),
  "SDK v2 over HTTP": () => connectV2(new v2.StreamableHTTPClientTransport(new URL(served.url))),
  "SDK v1 over stdio": () => connectV1(new StdioV1(program)),
  "SDK v2 over stdio": () => connectV2(new StdioV2(program)),
};

for (const [name, connect] of Object.entries(connections)) {
  describe(name, () => {
    let connection: Connection;
    beforeAll(async () => {
      connection = await connect();
    });
    afterAll(() => connection.close());

    test("a client hears of changed lists, and of the resource it subscribed to alone", async () => {
      await connection.subscribe(URI);
      await connection.call("announce", { uri: "streaming://other" });
      await connection.call("announce", { uri: URI });
      expect(await connection.heard()).toBe(URI);
      await connection.call("announce", {});
      expect(await connection.heard()).toBe("tools");
      await connection.unsubscribe?.(URI);
      if (connection.unsubscribe) await connection.call("announce", { uri: URI });
      await connection.call("announce", {});
      expect(await connection.heard()).toBe("tools");
    });
  });
}

test("SDK v1: a session ends with the client's DELETE", async () => {
  const transport = new HttpV1(new URL(served.url));
  const client = new ClientV1(INFO);
  await client.connect(transport);
  const { sessionId } = transport;
  expect(sessionId).toMatch(/^[\w-]{32}$/);
  await transport.terminateSession();
  await client.close();
  const headers = { "content-type": "application/json", "mcp-session-id": sessionId! };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  expect((await fetch(served.url, { method: "POST", headers, body })).status).toBe(404);
});
