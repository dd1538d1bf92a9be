import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A JSON-RPC message, as far as probes look into it. */
export interface Message {
  id?: unknown;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { code: number; message: string };
}

/** What came for one request. */
export interface Exchange {
  /** Of HTTP. */
  status?: number;
  /** Notifications and requests of the server, in order. */
  before: Message[];
  answer: Message;
}

/** How a request is sent. */
export interface Sending {
  /** Further members of `_meta`. */
  meta?: Record<string, unknown>;
  /** Header fields, of HTTP. */
  headers?: Record<string, string>;
  /** Takes what comes ahead of the answer. */
  onMessage?: (message: Message) => void;
  /** Aborting it cancels the request, which is then never answered. */
  signal?: AbortSignal;
}

/** One client that speaks one revision to one server, and nothing beyond what it is told to. */
export interface Connection {
  readonly revision: string;
  readonly transport: "http" | "stdio";
  /** What `initialize` or `server/discover` gave. */
  readonly server: Record<string, unknown>;
  request(method: string, params?: object, sending?: Sending): Promise<Exchange>;
  /** Sends a text as it is, and gives the answer as JSON. */
  raw(text: string): Promise<unknown>;
  /** Messages that belong to no request: those of a stream that `GET` opens, or of standard output. */
  onStray(listener: (message: Message) => void): void;
  close(): Promise<void>;
}

/** What the client answers to requests of the server, by method. */
export const ANSWERS: Record<string, object> = {
  "elicitation/create": { action: "accept", content: { name: "Ada" } },
  "sampling/createMessage": {
    role: "assistant",
    content: { type: "text", text: "sampled" },
    model: "none",
    stopReason: "endTurn",
  },
  "roots/list": { roots: [{ uri: "file:///project", name: "project" }] },
};

const CAPABILITIES = {
  elicitation: { form: {}, url: {} },
  sampling: {},
  roots: {},
  extensions: { "io.modelcontextprotocol/tasks": {} },
};
const INFO = { name: "support", version: "1.0.0" };
const META = "io.modelcontextprotocol/";

/** True for revisions in which every request describes itself. */
export function isModern(revision: string): boolean {
  return revision >= "2026-07-28";
}

function described(
  revision: string,
  params: object | undefined,
  meta: object | undefined,
): object | undefined {
  const own = {
    [`${META}protocolVersion`]: revision,
    [`${META}clientInfo`]: INFO,
    [`${META}clientCapabilities`]: CAPABILITIES,
  };
  const all = isModern(revision) ? { ...own, ...meta } : meta;
  return all === undefined ? params : { ...params, _meta: all };
}

/** The request that begins a connection. */
function handshake(revision: string): [method: string, params: object] {
  return isModern(revision)
    ? ["server/discover", {}]
    : ["initialize", { protocolVersion: revision, capabilities: CAPABILITIES, clientInfo: INFO }];
}

/** Connects over HTTP. */
export async function connectHttp(url: string, revision: string): Promise<Connection> {
  let ids = 0;
  let session: string | undefined;
  const strays = new AbortController();

  function fields(method: string | undefined, target: unknown): Record<string, string> {
    return {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(method === "initialize" ? {} : { "mcp-protocol-version": revision }),
      ...(session === undefined ? {} : { "mcp-session-id": session }),
      ...(isModern(revision) && method !== undefined ? { "mcp-method": method } : {}),
      ...(isModern(revision) && typeof target === "string" ? { "mcp-name": target } : {}),
    };
  }

  const post = (body: string, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> =>
    fetch(url, { method: "POST", body, headers, ...(signal && { signal }) });

  async function request(method: string, params?: object, sending: Sending = {}): Promise<Exchange> {
    const id = (ids += 1);
    const message = { jsonrpc: "2.0", id, method, params: described(revision, params, sending.meta) };
    const { name, uri, taskId } = (params ?? {}) as Record<string, unknown>;
    const headers = { ...fields(method, name ?? uri ?? taskId), ...sending.headers };
    const response = await post(JSON.stringify(message), headers, sending.signal);
    if (method === "initialize") session = response.headers.get("mcp-session-id") ?? undefined;
    const before: Message[] = [];
    for await (const received of messagesOf(response)) {
      if (received.method === undefined) return { status: response.status, before, answer: received };
      before.push(received);
      sending.onMessage?.(received);
      const result = received.id === undefined ? undefined : ANSWERS[received.method];
      if (result === undefined) continue;
      const answer = JSON.stringify({ jsonrpc: "2.0", id: received.id, result });
      await (await post(answer, fields(undefined, undefined))).text();
    }
    throw new Error(`${method} got no answer, and status ${response.status}`);
  }

  const { answer } = await request(...handshake(revision));
  if (!isModern(revision)) {
    const initialized = JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" });
    await (await post(initialized, fields(undefined, undefined))).text();
  }
  return {
    revision,
    transport: "http",
    server: answer.result ?? {},
    request,
    raw: async (text) => (await post(text, fields(undefined, undefined))).json(),
    onStray(listener) {
      const headers = { ...fields(undefined, undefined), accept: "text/event-stream" };
      void (async () => {
        for await (const message of messagesOf(await fetch(url, { headers, signal: strays.signal }))) {
          listener(message);
        }
      })().catch(() => undefined);
    },
    async close() {
      strays.abort();
      if (session !== undefined)
        await fetch(url, { method: "DELETE", headers: fields(undefined, undefined) });
    },
  };
}

/** The messages of an answer, be it one JSON text or a stream of events. */
async function* messagesOf(response: Response): AsyncGenerator<Message> {
  if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true) {
    const text = await response.text();
    if (text !== "") yield JSON.parse(text) as Message;
    return;
  }
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split("\n\n");
    text = events.pop()!;
    for (const event of events) {
      const data = event.split("\n").flatMap((line) => (line.startsWith("data: ") ? [line.slice(6)] : []));
      if (data.join("") !== "") yield JSON.parse(data.join("\n")) as Message;
    }
  }
}

/** Starts a program and connects to its standard streams. */
export async function connectStdio(command: readonly string[], revision: string): Promise<Connection> {
  const [program, ...args] = command;
  const child = spawn(program!, args, { stdio: ["pipe", "pipe", "ignore"] });
  const exited = once(child, "exit");
  const waiting = new Map<
    unknown,
    { before: Message[]; take: (message: Message) => void; sending: Sending }
  >();
  const strays = new Set<(message: Message) => void>();
  let onRaw: ((value: unknown) => void) | undefined;
  let ids = 0;
  const write = (message: object): void => void child.stdin.write(`${JSON.stringify(message)}\n`);

  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as Message;
    if (message.method === undefined) {
      const waits = waiting.get(message.id);
      if (waits) waits.take(message);
      else onRaw?.(message);
      return;
    }
    for (const { before, sending } of waiting.values()) {
      before.push(message);
      sending.onMessage?.(message);
    }
    for (const listener of strays) listener(message);
    const result = message.id === undefined ? undefined : ANSWERS[message.method];
    if (result) write({ jsonrpc: "2.0", id: message.id, result });
  });

  async function request(method: string, params?: object, sending: Sending = {}): Promise<Exchange> {
    const id = (ids += 1);
    const before: Message[] = [];
    const answered = new Promise<Message>((take, reject) => {
      waiting.set(id, { before, take, sending });
      sending.signal?.addEventListener("abort", () => {
        write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } });
        reject(new Error("cancelled"));
      });
      void exited.then(() => reject(new Error("the server has ended")));
    }).finally(() => waiting.delete(id));
    write({ jsonrpc: "2.0", id, method, params: described(revision, params, sending.meta) });
    return { before, answer: await answered };
  }

  const { answer } = await request(...handshake(revision));
  if (!isModern(revision)) write({ jsonrpc: "2.0", method: "notifications/initialized" });
  return {
    revision,
    transport: "stdio",
    server: answer.result ?? {},
    request,
    raw: (text) =>
      new Promise((resolve) => {
        onRaw = resolve;
        child.stdin.write(`${text}\n`);
      }),
    onStray: (listener) => void strays.add(listener),
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
