import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpAnswer, HttpRequestHead } from "../../src/protocol/index.ts";
import { keepAlive } from "./keep-alive.ts";

/** A request as the protocol core sees it before its content. */
export function requestHead(
  { method = "", url = "", headers }: IncomingMessage,
  peer: string | undefined,
): HttpRequestHead {
  // Repeated fields arrive as one value, joined by commas, which equals no value that is checked.
  return { method, path: url, headers: (name) => headers[name] as string | undefined, peer };
}

/** Sends an answer, unless its client is gone. */
export type Send = (response: ServerResponse, answer: HttpAnswer) => void;

/**
 * Makes what sends the answers of one server, those of each turn of the event loop at its end: who reads several of them is then woken
 * once, and not for each.
 *
 * @param onFault Takes what keeps one of them from being sent.
 */
export function createSender(onFault: (response: ServerResponse, error: unknown) => void): Send {
  let waiting: { response: ServerResponse; answer: HttpAnswer }[] = [];

  function sendAll(): void {
    const all = waiting;
    waiting = [];
    for (const { response, answer } of all) {
      try {
        sendNow(response, answer);
      } catch (error) {
        onFault(response, error);
      }
    }
  }

  return (response, answer) => {
    if (waiting.length === 0) setImmediate(sendAll);
    waiting.push({ response, answer });
  };
}

function sendNow(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  if (response.destroyed) return;
  const fields: string[] = [];
  for (const [name, value] of headers) fields.push(name, value);
  // A 204 has no content by definition; other answers say so.
  if (status !== 204) fields.push("content-length", String(body === undefined ? 0 : Buffer.byteLength(body)));
  response.writeHead(status, fields).end(body);
}

/** Sends one part of an answer; the first goes with the status and the header fields. */
export function sendPart(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  if (response.destroyed) return;
  if (!response.headersSent) {
    response.writeHead(status, headers.flat());
    keepAlive(response);
  }
  response.write(body!);
}
