import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v2 from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport as TransportV1 } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, runTenon, startTenon, TENON, type Serving } from "../../fixtures/tenon.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "tenon-asking-"));
const CORE = join(FOLDER, "core.wasm");
const CAPABILITIES = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const ROOTS = { roots: [{ uri: "file:///work", name: "work" }] };

let server: Serving;
let withSessions: Serving;
beforeAll(async () => {
  expect(runTenon(["compose", "test/clients/asking/tenon.json", "-o", CORE])).toMatchObject({ code: 0 });
  server = await startTenon(CORE);
  withSessions = await startTenon(CORE, { args: ["--sessions"] });
});
afterAll(async () => {
  await Promise.all([server.stop(), withSessions.stop()]);
  rmSync(FOLDER, { recursive: true });
});

/** What the person and the model of a client say. */
function elicited(message: string): {
  action: "accept" | "cancel";
  content?: Record<string, string | number | boolean>;
} {
  if (/who/i.test(message)) return { action: "accept", content: { name: "Ada", seats: 2 } };
  return message.startsWith("Send") ? { action: "accept", content: { ok: true } } : { action: "cancel" };
}

const sampled = {
  role: "assistant" as const,
  model: "none",
  content: { type: "text" as const, text: "Welcome, Ada." },
};

type Call = (name: string, args?: Record<string, unknown>) => Promise<Record<string, unknown>>;

/** One connection, whatever SDK made it. */
interface Connection {
  call: Call;
  read: (uri: string) => Promise<unknown>;
  prompt: (name: string) => Promise<unknown>;
  close(): Promise<void>;
}

async function connectV1(transport: TransportV1): Promise<Connection> {
  const client = new ClientV1({ name: "suite", version: "1.0.0" }, { capabilities: CAPABILITIES });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => elicited(params.message));
  client.setRequestHandler(CreateMessageRequestSchema, () => sampled);
  client.setRequestHandler(ListRootsRequestSchema, () => ROOTS);
  await client.connect(transport);
  return {
    call: (name, args = {}) => client.callTool({ name, arguments: args }),
    read: (uri) => client.readResource({ uri }),
    prompt: (name) => client.getPrompt({ name }),
    close: () => client.close(),
  };
}

async function connectV2(transport: v2.Transport, mode: "legacy" | { pin: string }): Promise<Connection> {
  const client = new v2.Client(
    { name: "suite", version: "1.0.0" },
    { capabilities: CAPABILITIES, versionNegotiation: { mode } },
  );
  client.setRequestHandler("elicitation/create", ({ params }) => elicited(params.message));
  client.setRequestHandler("sampling/createMessage", () => sampled);
  client.setRequestHandler("roots/list", () => ROOTS);
  await client.connect(transport);
  return {
    call: (name, args = {}) => client.callTool({ name, arguments: args }),
    read: (uri) => client.readResource({ uri }),
    prompt: (name) => client.getPrompt({ name }),
    close: () => client.close(),
  };
}

const program = {
  command: process.execPath,
  args: [TENON, "serve", CORE, "--stdio"],
  cwd: ROOT,
  stderr: "pipe" as const,
};
const MODERN = { pin: "2026-07-28" };
const connections: Record<string, () => Promise<Connection>> = {
  "SDK v1 over HTTP": () => connectV1(new HttpV1(new URL(server.url))),
  "SDK v1 over HTTP with a session": () => connectV1(new HttpV1(new URL(withSessions.url))),
  "SDK v1 over stdio": () => connectV1(new StdioV1(program)),
  "SDK v2 over HTTP, 2025-11-25": () =>
    connectV2(new v2.StreamableHTTPClientTransport(new URL(server.url)), "legacy"),
  "SDK v2 over stdio, 2025-11-25": () => connectV2(new StdioV2(program), "legacy"),
  "SDK v2 over HTTP, 2026-07-28": () =>
    connectV2(new v2.StreamableHTTPClientTransport(new URL(server.url)), MODERN),
  "SDK v2 over stdio, 2026-07-28": () => connectV2(new StdioV2(program), MODERN),
};

for (const [name, connect] of Object.entries(connections)) {
  describe(name, () => {
    let connection: Connection;
    beforeAll(async () => {
      connection = await connect();
    });
    afterAll(() => connection.close());

    async function book(): Promise<{ id: string; note: string; bookings: number }> {
      const { structuredContent } = await connection.call("book", { place: "The Tenon" });
      return structuredContent as Awaited<ReturnType<typeof book>>;
    }

    test("a tool asks three times, and does once what it does once", async () => {
      const first = await book();
      const second = await book();
      expect(first.note).toBe("Welcome, Ada.");
      expect(second.bookings).toBe(first.bookings + 1);
      expect(second.id).not.toBe(first.id);
    });

    test("a tool asks for three things at once, prompts and resources ask too", async () => {
      const [text] = (await connection.call("together"))["content"] as { text: string }[];
      expect(JSON.parse(text!.text)).toMatchObject({
        who: { action: "accept", content: { name: "Ada" } },
        greeting: "Welcome, Ada.",
        roots: [{ uri: "file:///work" }],
      });
      expect(await connection.prompt("letter")).toMatchObject({
        messages: [{ content: { text: "Write to Ada." } }],
      });
      expect(await connection.read("asking://folder")).toMatchObject({
        contents: [{ text: "file:///work" }],
      });
    });

    test("a person is sent to a page", async () => {
      expect(await connection.call("visit")).toMatchObject({ content: [{ text: "cancel" }] });
    });
  });
}

describe("a modern client that is asked while the server restarts", () => {
  const KEY = "0".repeat(63);
  const META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": CAPABILITIES,
  };
  const CALL = { name: "book", arguments: { place: "The Tenon" } };
  interface Result {
    resultType: string;
    inputRequests?: Record<string, { method: string; params: { message?: string } }>;
    requestState?: string;
    structuredContent?: unknown;
  }

  async function send(url: string, params: object): Promise<{ result?: Result; error?: object }> {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "book",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { ...CALL, ...params, _meta: META },
      }),
    });
    return (await response.json()) as { result?: Result; error?: object };
  }

  function answersTo({ inputRequests = {}, requestState }: Result): object {
    const inputResponses = Object.fromEntries(
      Object.entries(inputRequests).map(([key, { method, params }]) => [
        key,
        method === "elicitation/create" ? elicited(params.message!) : sampled,
      ]),
    );
    return { inputResponses, requestState };
  }

  test("goes on where it was, with the same key and store", async () => {
    const env = { TENON_STATE_KEY: `${KEY}1`, TENON_KV: `file:${join(FOLDER, "kv")}` };
    let params: object = {};
    for (let round = 1; ; round++) {
      const one = await startTenon(CORE, { env });
      const { result } = await send(one.url, params);
      expect(await one.stop()).toBe(0);
      if (result!.resultType === "complete") {
        expect(round).toBe(4);
        expect(result!.structuredContent).toMatchObject({ note: "Welcome, Ada.", bookings: 1 });
        break;
      }
      params = answersTo(result!);
    }
  });

  test("has to start again with another key, and the server says at its start that it has none", async () => {
    const asked = (await send(server.url, {})).result!;
    expect(server.output()).toMatch(/"asking" asks clients, and no --state-key is given/);
    const other = await startTenon(CORE, { env: { TENON_STATE_KEY: `${KEY}2` } });
    try {
      expect(other.output()).not.toContain("--state-key");
      expect(await send(other.url, answersTo(asked))).toMatchObject({ error: { code: -32602 } });
    } finally {
      await other.stop();
    }
    expect(await send(server.url, answersTo(asked))).toMatchObject({
      result: { resultType: "input_required" },
    });
  });
});
