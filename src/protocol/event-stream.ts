import { oneLine } from "./one-line.ts";
import type { HttpAnswer } from "./types.ts";

const HEADERS: readonly [string, string][] = [
  ["content-type", "text/event-stream"],
  ["cache-control", "no-store"],
  // Proxies like nginx would hold events back otherwise.
  ["x-accel-buffering", "no"],
];
/** When a client comes back after a lost connection, in milliseconds. */
const RETRY_MS = 1000;
const EVENT_STREAM = /(?:^|,)[ \t]*text\/event-stream[ \t]*(?:;([^,]*))?(?=,|$)/i;
const REFUSED = /(?:^|;)[ \t]*q[ \t]*=[ \t]*0(?:\.0*)?[ \t]*(?:;|$)/i;

/**
 * True when an `Accept` field names `text/event-stream`, as the specification has clients do. A wildcard is not enough:
 * whoever sends one may expect JSON.
 */
export function acceptsEventStream(field: string | undefined): boolean {
  const found = field === undefined ? null : EVENT_STREAM.exec(field);
  return found !== null && !REFUSED.test(found[1] ?? "");
}

/**
 * A message as one event of a stream, with an id where a client may come back to it.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function streamPart(json: string, id?: number): HttpAnswer {
  const named = id === undefined ? "" : `id: ${id}\n`;
  return { status: 200, headers: HEADERS, body: `${named}data: ${oneLine(json)}\n\n` };
}

/**
 * The begin of a stream that a client may come back to: when it shall, and, for revisions that know of it, an event
 * without data whose id says from where.
 */
export function openingPart(protocolVersion: string, id: number): HttpAnswer {
  const primes = protocolVersion >= "2025-11-25";
  return {
    status: 200,
    headers: HEADERS,
    body: `retry: ${RETRY_MS}\n${primes ? `id: ${id}\ndata: \n` : ""}\n`,
  };
}
