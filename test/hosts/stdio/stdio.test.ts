import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram } from "../../fixtures/programs.ts";
import { bundleFile, type BundleFile } from "../bundle-file.ts";
import { API_KEY, askingCore, streamingCore } from "../suite-core.ts";
import { startSession, type LineSession } from "./line-session.ts";

const { path: wasmtime, missing } = findProgram("wasmtime");
const title = missing === undefined ? "a bundle for stdio" : `a bundle for stdio: NOT RUN, ${missing}`;
const RUN = ["run", "--allow-precompiled"];
const AUTHORIZATION = ["--env", `TENON_AUTHORIZATION=Bearer ${API_KEY}`];
const INITIALIZE = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "suite", version: "1.0.0" },
};

/** A bundle as machine code, so that it starts at once. */
async function compiledBundle(core: Uint8Array): Promise<BundleFile> {
  const file = await bundleFile(core, "stdio");
  const path = file.beside("server.cwasm");
  await promisify(execFile)(wasmtime!, ["compile", file.path, "-o", path]);
  return { ...file, path };
}

describe.skipIf(missing !== undefined)(title, () => {
  let file: BundleFile;
  beforeAll(async () => {
    file = await compiledBundle((await streamingCore()).bytes);
  }, 300_000);
  afterAll(() => file?.remove());

  const start = (...options: string[]): LineSession =>
    startSession(wasmtime!, [...RUN, ...options, file.path]);

  test("notifications are lines ahead of the answer, and arrive while the tool runs", async () => {
    const session = start(...AUTHORIZATION);
    session.send({ id: 1, method: "initialize", params: INITIALIZE });
    expect(await session.next()).toMatchObject({ id: 1, result: { capabilities: { logging: {} } } });
    session.send({ method: "notifications/initialized" });
    const params = { name: "work", arguments: { name: "é" }, _meta: { progressToken: "p" } };
    session.send({ id: 2, method: "tools/call", params });
    for (const progress of [1, 2, 3]) {
      expect(await session.next()).toMatchObject({ params: { progressToken: "p", progress } });
    }
    expect(await session.next()).toMatchObject({ params: { level: "info" } });
    expect(await session.next()).toMatchObject({ params: { level: "error" } });
    expect(await session.next()).toMatchObject({ id: 2, result: { content: [{ text: "é" }] } });
    session.send({
      id: 3,
      method: "tools/call",
      params: { name: "ignore", arguments: { name: "n" }, _meta: { progressToken: 7 } },
    });
    // This tool never returns.
    expect(await session.next()).toMatchObject({ params: { progressToken: 7, progress: 1 } });
    await session.kill();
  });

  test("lines that are no messages are answered, and the end of the input ends the process", async () => {
    const session = start(...AUTHORIZATION);
    session.write("\n  \nnope\n");
    expect(await session.next()).toMatchObject({ id: null, error: { code: -32700 } });
    session.write(Buffer.from([0xff, 0x0a]));
    expect(await session.next()).toMatchObject({ error: { message: "Parse error: the line is not UTF-8" } });
    session.write(`"${"x".repeat(1024 * 1024)}"\n`);
    expect(await session.next()).toMatchObject({
      error: { message: "Invalid request: the line is too long" },
    });
    session.send({ id: 8, method: "resources/subscribe", params: { uri: "streaming://news" } });
    expect(await session.next()).toMatchObject({ id: 8, error: { code: -32601 } });
    // Without its line feed.
    session.write('{"jsonrpc":"2.0","id":9,"method":"ping"}');
    expect(await session.end()).toEqual({ code: 0, lines: [{ jsonrpc: "2.0", id: 9, result: {} }] });
  });

  test("a client that no longer reads ends the process", async () => {
    const session = start(...AUTHORIZATION);
    session.send({ id: 1, method: "initialize", params: INITIALIZE });
    await session.next();
    session.stopReading();
    session.send({ id: 2, method: "initialize", params: INITIALIZE });
    session.send({ id: 3, method: "initialize", params: INITIALIZE });
    expect((await session.end()).code).toBe(0);
  });

  test("a core that authenticates takes the credential from TENON_AUTHORIZATION alone", async () => {
    const session = start("--env", "AUTHORIZATION=x", "--env", `TENON_AUTHORIZATIO=Bearer ${API_KEY}`);
    session.send({
      id: 1,
      method: "tools/call",
      params: { name: "work", arguments: { name: "n" }, authorization: API_KEY },
    });
    expect(await session.next()).toMatchObject({ id: 1, error: { message: expect.any(String) } });
    expect((await session.end()).code).toBe(0);
  });

  test("the official client works with it", async () => {
    const args = [...RUN, ...AUTHORIZATION, file.path];
    const transport = new StdioClientTransport({ command: wasmtime!, args, stderr: "ignore" });
    const client = new Client({ name: "suite", version: "1.0.0" });
    await client.connect(transport);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("work");
    const steps: unknown[] = [];
    // The client forgets who asked for progress once it reads the answer, perhaps before it has handed on what it read with it.
    const { onmessage } = transport;
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport has one listener, which is a property
    transport.onmessage = (message) => {
      if ("method" in message && message.method === "notifications/progress") {
        steps.push(message.params?.["progress"]);
      }
      onmessage?.(message);
    };
    const result = await client.callTool(
      { name: "work", arguments: { name: "n" } },
      { onprogress: () => {} },
    );
    expect(result).toMatchObject({ content: [{ type: "text", text: "n" }] });
    expect(steps).toEqual([1, 2, 3]);
    await client.close();
  });
});

/** A call by a client that can do what is asked of it. */
function call(members: object = {}): object {
  return {
    id: 1,
    method: "tools/call",
    params: {
      name: "together",
      arguments: {},
      ...members,
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { name: "suite", version: "1.0.0" },
        "io.modelcontextprotocol/clientCapabilities": { elicitation: {}, sampling: {}, roots: {} },
      },
    },
  };
}

const asks =
  missing === undefined
    ? "a bundle for stdio that asks"
    : `a bundle for stdio that asks: NOT RUN, ${missing}`;

describe.skipIf(missing !== undefined)(asks, () => {
  let file: BundleFile;
  beforeAll(async () => {
    file = await compiledBundle((await askingCore()).bytes);
  }, 300_000);
  afterAll(() => file?.remove());

  test("a client since 2026-07-28 is asked with a random key, which another process does not have", async () => {
    const session = startSession(wasmtime!, [...RUN, file.path]);
    session.send(call());
    const { result } = (await session.next()) as {
      result: { requestState: string; inputRequests: Record<string, { method: string }> };
    };
    const answers: Record<string, object> = {
      "elicitation/create": { action: "accept", content: { name: "Ada", seats: 1 } },
      "sampling/createMessage": { role: "assistant", model: "m", content: { type: "text", text: "Hi" } },
      "roots/list": { roots: [] },
    };
    const inputResponses = Object.fromEntries(
      Object.entries(result.inputRequests).map(([key, { method }]) => [key, answers[method]]),
    );
    const answered = call({ inputResponses, requestState: result.requestState });
    session.send(answered);
    expect(await session.next()).toMatchObject({ id: 1, result: { resultType: "complete" } });
    await session.end();
    const other = startSession(wasmtime!, [...RUN, file.path]);
    other.send(answered);
    expect(await other.next()).toMatchObject({ id: 1, error: { code: -32602 } });
    await other.end();
  });
});
