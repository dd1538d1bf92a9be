import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { loadCore, serveHttp, serveStdio, type HttpServer, type LoadedCore } from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { handlerCore } from "./handler-core.ts";

/** A core that asks for a name, and then says its own and that one. */
const source = (name: string): string => `
const text = (value) => ({ tag: "success", val: JSON.stringify({ content: [{ type: "text", text: value }] }) });
export const handler = {
  handle(context, request) {
    const { inputs, retry } = JSON.parse(context);
    if (request.target !== "ask") return text("${name}");
    if (inputs === undefined) {
      const requests = { name: { method: "elicitation/create", params: { message: "Name?", requestedSchema: {} } } };
      return { tag: "input-required", val: { requests: JSON.stringify(requests), state: '"kept"' } };
    }
    return text(["${name}", inputs.responses.name.content.name, inputs.state, retry].join(" "));
  },
};`;

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let one: LoadedCore;
let two: LoadedCore;
let server: HttpServer | undefined;

beforeAll(async () => {
  one = await loadCore(await handlerCore(source("one")), { cacheDir });
  two = await loadCore(await handlerCore(source("two")), { cacheDir });
});
afterEach(() => server?.close());
afterAll(() => rmSync(cacheDir, { recursive: true }));

async function start(options: Parameters<typeof serveHttp>[1] = {}): Promise<HttpServer> {
  server = await serveHttp(one, { port: 0, workers: 1, log: () => {}, ...options });
  return server;
}

const request = (id: unknown, name: string): object => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: {} },
});

function post(message: object, signal?: AbortSignal): Promise<Response> {
  return fetch(server!.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
    },
    body: JSON.stringify(message),
    ...(signal && { signal }),
  });
}

interface Message {
  id?: unknown;
  method?: string;
  params?: Record<string, unknown>;
  result?: { content: { text: string }[] };
  error?: { code: number; message: string };
}

/** The messages of a stream of events, one after another. */
function messagesOf(response: Response): () => Promise<Message | undefined> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return async () => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end !== -1) {
        const event = text.slice(0, end);
        text = text.slice(end + 2);
        return JSON.parse(event.replace(/^data: /, "")) as Message;
      }
      const { done, value } = await reader.read();
      if (done) return undefined;
      text += value;
    }
  };
}

/** Calls a tool that asks, and gives the question. */
async function ask(id: unknown = 1) {
  const response = await post(request(id, "ask"));
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const next = messagesOf(response);
  const question = (await next())!;
  expect(question).toMatchObject({ method: "elicitation/create", params: { message: "Name?" } });
  return { next, question };
}

async function reply({ id }: Message, name: string): Promise<void> {
  const response = await post({ jsonrpc: "2.0", id, result: { action: "accept", content: { name } } });
  expect([response.status, await response.text()]).toEqual([202, ""]);
}

/** A server on streams of the test. */
function connect() {
  const input = new PassThrough();
  const output = new PassThrough();
  const ended = serveStdio(one, { input, output, workers: 1, log: () => {} });
  const lines = (async function* () {
    let text = "";
    for await (const chunk of output.setEncoding("utf8")) {
      text += chunk as string;
      for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n")) {
        yield JSON.parse(text.slice(0, end)) as Message;
        text = text.slice(end + 1);
      }
    }
  })();
  return {
    send: (message: object) => input.write(`${JSON.stringify(message)}\n`),
    next: async () => (await lines.next()).value as Message,
    end: () => {
      input.end();
      return ended;
    },
  };
}

describe("over HTTP", () => {
  test("a hundred people who are asked hold no worker, and each gets the answer to what they said", async () => {
    await start({ limits: { calls: { queueLength: 200, queueMs: 60_000, deadlineMs: 60_000 } } });
    const people = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(i)));
    const call = (await (await post(request("other", "echo"))).json()) as Message;
    expect(call.result!.content[0]!.text).toBe("one");
    expect(new Set(people.map(({ question }) => question.id)).size).toBe(100);
    await Promise.all(people.map(({ question }, i) => reply(question, `person-${i}`)));
    for (const [i, { next }] of people.entries()) {
      expect(await next()).toMatchObject({
        id: i,
        result: { content: [{ text: `one person-${i} kept true` }] },
      });
      expect(await next()).toBeUndefined();
    }
  });

  test("a request that waits goes on with the core in place", async () => {
    await start();
    const { next, question } = await ask();
    await server!.replace(two);
    await reply(question, "Ada");
    expect(await next()).toMatchObject({ result: { content: [{ text: "two Ada kept true" }] } });
  });

  test("a client that leaves makes place for another", async () => {
    await start({ limits: { asking: { waiting: 1 } } });
    const client = new AbortController();
    const first = await post(request(1, "ask"), client.signal);
    await messagesOf(first)();
    const refused = await post(request(2, "ask"));
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ id: 2, error: { code: -31_503 } });
    client.abort();
    // The server hears of it a moment later; each attempt is a round trip.
    let status = 503;
    for (let attempt = 0; attempt < 1000 && status === 503; attempt++) {
      const response = await post(request(3, "ask"));
      status = response.status;
      await response.body!.cancel();
    }
    expect(status).toBe(200);
  });

  test("who does not answer in time is told so, and that the answer is needed no more", async () => {
    await start({ limits: { asking: { answerMs: 1 } } });
    const { next, question } = await ask();
    expect(await next()).toMatchObject({
      method: "notifications/cancelled",
      params: { requestId: question.id },
    });
    expect(await next()).toMatchObject({ id: 1, error: { code: -31_408 } });
    await reply(question, "late");
  });

  test("closing ends what waits, with an answer", async () => {
    const closing = await start();
    const { next } = await ask();
    server = undefined;
    await Promise.all([
      closing.close(),
      (async () => {
        expect(await next()).toMatchObject({ method: "notifications/cancelled" });
        expect(await next()).toMatchObject({ id: 1, error: { code: -31_408 } });
        expect(await next()).toBeUndefined();
      })(),
    ]);
  });

  test("a state that is late, changed, of other arguments or of another server is refused", async () => {
    const meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const call = async (members: object, name = "ask"): Promise<Message> => {
      const response = await fetch(server!.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": "tools/call",
          "mcp-name": name,
        },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "tools/call",
          params: { name, arguments: {}, ...members, _meta: meta },
        }),
      });
      return (await response.json()) as Message;
    };
    const asked = async (): Promise<string> =>
      ((await call({})).result as unknown as { requestState: string }).requestState;
    const answer = { inputResponses: { name: { content: { name: "Ada" } } } };

    const late = await start({ limits: { asking: { stateMs: 0 } } });
    expect((await call({ ...answer, requestState: await asked() })).error).toMatchObject({
      code: -32602,
      message: expect.stringMatching(/has expired/) as string,
    });
    await late.close();
    const foreign = await start();
    const requestState = await asked();
    expect(await call({ ...answer, requestState })).toMatchObject({
      result: { content: [{ text: "one Ada kept true" }] },
    });
    // Twice is not refused, and is no retry.
    expect(await call({ ...answer, requestState })).toMatchObject({
      result: { content: [{ text: "one Ada kept " }] },
    });
    for (const [members, name] of [
      [{ requestState: `${requestState}A` }, "ask"],
      [{ requestState, arguments: { a: 1 } }, "ask"],
      [{ requestState }, "other"],
    ] as const) {
      expect((await call({ ...answer, ...members }, name)).error).toMatchObject({ code: -32602 });
    }
    await foreign.close();
    await start();
    expect((await call({ ...answer, requestState })).error).toMatchObject({ code: -32602 });
  });

  test("keys of another length are refused", async () => {
    await expect(serveHttp(one, { port: 0, stateKeys: [new Uint8Array(16)] })).rejects.toThrow(TypeError);
  });
});

describe("over stdio", () => {
  test("what waits keeps no line from being read", async () => {
    const { send, next, end } = connect();
    const questions: Message[] = [];
    for (let id = 0; id < 20; id++) {
      send(request(id, "ask"));
      questions.push(await next());
    }
    send({ jsonrpc: "2.0", id: "ping", method: "ping" });
    expect(await next()).toMatchObject({ id: "ping", result: {} });
    send({ jsonrpc: "2.0", id: questions[7]!.id, result: { action: "accept", content: { name: "Ada" } } });
    expect(await next()).toMatchObject({ id: 7, result: { content: [{ text: "one Ada kept true" }] } });
    send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 3 } });
    expect(await next()).toMatchObject({
      method: "notifications/cancelled",
      params: { requestId: questions[3]!.id },
    });
    await end();
  });

  test("the end of the input ends what waits, and the server", async () => {
    const { send, next, end } = connect();
    send(request(1, "ask"));
    const question = await next();
    const ended = end();
    expect(await next()).toMatchObject({
      method: "notifications/cancelled",
      params: { requestId: question.id },
    });
    expect(await next()).toMatchObject({ id: 1, error: { code: -31_408 } });
    await ended;
  });
});
