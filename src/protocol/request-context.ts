import type { RequestMessage } from "./message.ts";
import type { Wanted } from "./notifications.ts";

/** Keys of `_meta` that describe the request itself; they go to the context and not to components. */
export const META = {
  protocolVersion: "io.modelcontextprotocol/protocolVersion",
  clientInfo: "io.modelcontextprotocol/clientInfo",
  clientCapabilities: "io.modelcontextprotocol/clientCapabilities",
  logLevel: "io.modelcontextprotocol/logLevel",
} as const;

/** The full names of {@link META}. */
export const TRANSPORT_META: ReadonlySet<string> = new Set(Object.values(META));

/** What the client says of itself, as JSON text. */
export interface ClientText {
  info: string | undefined;
  capabilities: string | undefined;
}

/** What a context is made of, besides the message. */
export interface Circumstances {
  requestId: string;
  transport: "http" | "stdio";
  protocolVersion: string;
  client: ClientText | undefined;
  peer: string | undefined;
  receivedAt: number;
  deadline: number;
  /** The `traceparent` header field, which `_meta.traceparent` overrides. */
  traceparent: string | undefined;
  /** The `tracestate` header field; it counts with the `traceparent` beside it alone. */
  tracestate: string | undefined;
  /** What can be sent to the client while it waits; components need not make anything else. */
  wanted: Wanted;
  /** What the client has answered so far. */
  inputs: Inputs | undefined;
  /** True for a call that may become a task. */
  mayBecomeTask: boolean;
}

/** The answers of a client that was asked for something, and what the component kept for itself. */
export interface Inputs {
  /** An object of answers by the keys of the requests, as JSON text. */
  responses: string;
  /** The state of the component as JSON text. */
  state: string | undefined;
  /** True when the request is known to continue an earlier one, for the first time. */
  retry: boolean;
}

/** @see https://www.w3.org/TR/trace-context/#traceparent-header-field-values */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** What every participant has to pass on; a longer one is left out whole. */
const TRACESTATE = /^[ -~]{1,512}$/;

/** What JSON writes as it is. */
const PLAIN = /^[\w.:-]*$/;

/** The times of the request before, and their text: many arrive within a millisecond. */
let known = { receivedAt: NaN, deadline: NaN, text: "" };

/**
 * The context of a request as JSON text, see `schema/context.schema.json`. It is put together from texts, as what the
 * client says of itself arrives as JSON already.
 */
export function contextText(circumstances: Circumstances, message: RequestMessage): string {
  const { requestId, transport, protocolVersion, client, peer, receivedAt, deadline } = circumstances;
  let text = `{"requestId":${jsonText(requestId)},"transport":"${transport}","protocolVersion":"${protocolVersion}"`;
  if (client?.info !== undefined || client?.capabilities !== undefined) {
    const parts: string[] = [];
    if (client.info !== undefined) parts.push(`"info":${client.info}`);
    if (client.capabilities !== undefined) parts.push(`"capabilities":${client.capabilities}`);
    text += `,"client":{${parts.join()}}`;
  }
  if (peer !== undefined) text += `,"peer":${jsonText(peer)}`;
  text += timesText(receivedAt, deadline);
  const { meta } = message;
  text += traceText(meta["traceparent"] === undefined ? circumstances : meta);
  const { logLevel, progressToken } = circumstances.wanted;
  if (logLevel !== undefined) text += `,"logLevel":"${logLevel}"`;
  if (progressToken !== undefined) text += `,"progressToken":${JSON.stringify(progressToken)}`;
  const { inputs } = circumstances;
  if (inputs) {
    const state = inputs.state === undefined ? "" : `,"state":${inputs.state}`;
    text += `,"inputs":{"responses":${inputs.responses}${state}}`;
    if (inputs.retry) text += ',"retry":true';
  }
  if (circumstances.mayBecomeTask) text += ',"task":{"phase":"admit"}';
  return `${text}}`;
}

function jsonText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

function timesText(receivedAt: number, deadline: number): string {
  if (known.receivedAt !== receivedAt || known.deadline !== deadline) {
    known = { receivedAt, deadline, text: `,"receivedAt":${receivedAt},"deadline":${deadline}` };
  }
  return known.text;
}

function traceText({ traceparent, tracestate }: { traceparent?: unknown; tracestate?: unknown }): string {
  if (typeof traceparent !== "string" || !TRACEPARENT.test(traceparent)) return "";
  const text = `,"traceparent":"${traceparent}"`;
  if (typeof tracestate !== "string" || !TRACESTATE.test(tracestate)) return text;
  return `${text},"tracestate":${JSON.stringify(tracestate)}`;
}
