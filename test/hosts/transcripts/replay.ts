import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { Message } from "../../fixtures/mcp-connection.ts";
import { send } from "../bad-input.ts";
import type { Served } from "../hosts.ts";

// BLESS=1 records what Node answers over HTTP; what is sent is written by hand.

const FILE = fileURLToPath(new URL("exchanges.json", import.meta.url));
const RECORDS = process.env["BLESS"] === "1";
/** The host whose answers are recorded. */
const RECORDED = "node";

/** Something that was sent once, and what came back. */
interface RecordedExchange {
  name: string;
  /** `http` where it is about HTTP alone. */
  over?: "http";
  /** Default POST. */
  method?: string;
  headers?: Record<string, string>;
  body: string;
  answer?: RecordedAnswer;
}

interface RecordedAnswer {
  status: number;
  /** Those of {@link FIELDS} that are there. */
  headers: Record<string, string>;
  /** Messages, be it one or a stream of events; an array in an array for a batch. Text where it is no JSON. */
  messages: unknown[];
}

/** Header fields that clients go by. */
const FIELDS = [
  "allow",
  "cache-control",
  "content-type",
  "mcp-session-id",
  "retry-after",
  "www-authenticate",
  "x-accel-buffering",
];

/** Sends every exchange and compares what comes back. */
export async function replay(host: Served, key: string): Promise<void> {
  const exchanges = JSON.parse(readFileSync(FILE, "utf8")) as RecordedExchange[];
  const answer = host.transport === "http" ? overHttp(host) : await overStdio(host);
  for (const exchange of exchanges) {
    if (exchange.over !== undefined && exchange.over !== host.transport) continue;
    const found = await answer(exchange);
    if (RECORDS && key === RECORDED) exchange.answer = found as RecordedAnswer;
    else expect({ name: exchange.name, ...found }).toEqual(expectedOn(host, exchange));
  }
  if (RECORDS && key === RECORDED) writeFileSync(FILE, `${JSON.stringify(exchanges, undefined, 2)}\n`);
}

function expectedOn({ transport }: Served, { name, answer }: RecordedExchange): object {
  const { messages, ...head } = answer!;
  return { name, messages, ...(transport === "http" && head) };
}

function overHttp({ url }: Served): (exchange: RecordedExchange) => Promise<RecordedAnswer> {
  return async ({ method = "POST", headers, body }) => {
    const accept = "application/json, text/event-stream";
    const answer = await send(url, { method, headers: { accept, ...headers }, content: body });
    const fields = FIELDS.flatMap((name) => {
      const value = answer.headers[name];
      return value === undefined ? [] : [[name, String(value)] as const];
    });
    const messages = messagesOf(answer.text).map(withoutChanges);
    return { status: answer.status, headers: Object.fromEntries(fields), messages };
  };
}

/** The messages of a content. Comments of a stream keep a connection open and mean nothing. */
function messagesOf(content: string): unknown[] {
  if (content === "") return [];
  if (/^[[{]/.test(content)) return [JSON.parse(content)];
  const data = content.split("\n").flatMap((line) => (line.startsWith("data: ") ? [line.slice(6)] : []));
  return data.length === 0 ? [content] : data.map((text) => JSON.parse(text) as unknown);
}

/** What is not answered is known by what is answered after it. */
async function overStdio(
  host: Served,
): Promise<(exchange: RecordedExchange) => Promise<Pick<RecordedAnswer, "messages">>> {
  const connection = await host.connect("2025-11-25");
  let before: Message[] = [];
  connection.onStray((message) => before.push(message));
  return async ({ body, answer }) => {
    before = [];
    if (answer?.messages.length === 0) {
      void connection.raw(body);
      const { id } = (await connection.raw('{"jsonrpc":"2.0","id":"after","method":"ping"}')) as Message;
      return { messages: id === "after" ? before : [...before, id] };
    }
    const found = await connection.raw(body);
    return { messages: [...before, withoutChanges(found)] };
  };
}

/** Of changes a server tells where something lasts between requests, which is not everywhere. */
function withoutChanges(message: unknown): unknown {
  const { result } = message as { result?: { capabilities?: Record<string, Record<string, unknown>> } };
  for (const capability of Object.values(result?.capabilities ?? {})) {
    delete capability["listChanged"];
    delete capability["subscribe"];
  }
  return message;
}
