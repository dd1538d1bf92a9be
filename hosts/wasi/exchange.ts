import {
  createHttpProtocol,
  readableBy,
  streamPart,
  type HttpAnswer,
  type HttpProtocol,
  type HttpProtocolOptions,
  type HttpRequestHead,
} from "../../src/protocol/index.ts";
import { logError, protocolOptions, takeSteps, type Circumstances, type ServerFacts } from "./calls.ts";
import { requestStates, type GetKeys } from "./request-states.ts";
import { binaryString, decodeUtf8 } from "./text.ts";

const BROKEN: HttpAnswer = {
  status: 500,
  headers: [["content-type", "text/plain; charset=utf-8"]],
  body: "Internal error\n",
};

/** The content of a request, or why there is none. */
export type Content =
  | { tag: "text"; val: string }
  | { tag: "too-large" }
  | { tag: "not-utf8" }
  | { tag: "unreadable" };

/** One HTTP request, as far as it has been read. */
export interface IncomingExchange extends HttpRequestHead {
  /** Reads the content, which is asked for once at most. */
  content(maxBytes: number): Content;
}

/** How a bundle serves HTTP: facts of the core, and what was chosen when it was made. */
export type HttpFacts = ServerFacts &
  Pick<HttpProtocolOptions, "allowedHosts" | "allowedOrigins" | "local" | "path" | "protectedResource"> & {
    maxBodyBytes: number;
  };

/** What a bundle gives the adapter of a host of HTTP. */
export interface HttpAdapterParts<Reply> {
  /** Constants of the bundle. */
  facts: HttpFacts;
  /** `reply` of the host's `wit/reply.wit`, in bundles of cores that notify. */
  reply?: Reply;
  /** In bundles of cores that ask. */
  getKeys?: GetKeys;
}

/** Makes the function that answers HTTP requests with the core. */
export function createExchange(
  facts: HttpFacts,
  { getKeys, notifies }: { getKeys?: GetKeys | undefined; notifies: boolean },
): (incoming: IncomingExchange, known?: Omit<Circumstances, "headers">) => HttpAnswer {
  const { maxBodyBytes } = facts;
  const create = (): HttpProtocol => {
    const states = getKeys && requestStates(getKeys);
    return createHttpProtocol({ ...facts, ...protocolOptions(facts, { states, notifications: notifies }) });
  };
  // This module is evaluated when the bundle is made: what needs no host is ready in every instance.
  let protocol = getKeys === undefined ? create() : undefined;
  return (incoming, known) => {
    try {
      protocol ??= create();
      const refused = protocol.checkHead(incoming);
      if (refused !== undefined) return refused;
      const content = incoming.content(maxBodyBytes);
      switch (content.tag) {
        case "too-large":
          return protocol.refuseBody("too-large");
        case "not-utf8":
          return protocol.refuseBody("encoding");
        case "unreadable":
          throw new Error("its content cannot be read");
        case "text":
      }
      const origin = incoming.headers("origin");
      const stream = origin === undefined ? undefined : readableBy(streamPart(""), origin).headers;
      return takeSteps(protocol.handle(incoming, content.val), { ...known, headers: stream });
    } catch (error) {
      logError(`Cannot answer a request: ${String(error)}`);
      return BROKEN;
    }
  };
}

/**
 * Reads a content piece by piece.
 *
 * @param read The next piece; nothing at the end.
 */
export function readContent(
  head: HttpRequestHead,
  read: () => Uint8Array | undefined,
  maxBytes: number,
): Content {
  if (Number(head.headers("content-length") ?? 0) > maxBytes) return { tag: "too-large" };
  let content = "";
  for (let piece = read(); piece !== undefined; piece = read()) {
    if (content.length + piece.length > maxBytes) return { tag: "too-large" };
    content += binaryString(piece);
  }
  const text = decodeUtf8(content);
  return text === undefined ? { tag: "not-utf8" } : { tag: "text", val: text };
}
