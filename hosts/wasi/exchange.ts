import {
  createHttpProtocol,
  readableBy,
  streamPart,
  type HttpAnswer,
  type HttpProtocol,
  type HttpProtocolOptions,
  type HttpRequestHead,
} from "../../src/protocol/index.ts";
import { logError, protocolOptions, takeSteps, type Notifications, type ServerFacts } from "./calls.ts";
import { requestStates, type GetKeys } from "./request-states.ts";
import { binaryString, decodeUtf8 } from "./text.ts";

/** Longest content of a request, in bytes, unless the bundle says otherwise. */
const MAX_CONTENT_BYTES = 1024 * 1024;

const BROKEN: HttpAnswer = {
  status: 500,
  headers: [["content-type", "text/plain; charset=utf-8"]],
  body: "Internal error\n",
};

/** One HTTP request, as far as it has been read. */
export interface IncomingExchange extends HttpRequestHead {
  /** The next piece of the content; nothing at its end. */
  read(): Uint8Array | undefined;
}

/** How a bundle serves HTTP: facts of the core, and what was chosen when it was made. */
export type HttpFacts = ServerFacts &
  Pick<HttpProtocolOptions, "allowedHosts" | "allowedOrigins" | "local" | "path" | "protectedResource"> & {
    /** Default 1 MiB. */
    maxBodyBytes?: number;
  };

/** Makes the function that answers HTTP requests with the core. */
export function createExchange(
  facts: HttpFacts,
  { getKeys, notifies }: { getKeys?: GetKeys | undefined; notifies: boolean },
): (incoming: IncomingExchange, notifications?: Notifications) => HttpAnswer {
  const { maxBodyBytes = MAX_CONTENT_BYTES } = facts;
  const create = (): HttpProtocol => {
    const states = getKeys && requestStates(getKeys);
    return createHttpProtocol({ ...facts, ...protocolOptions(facts, { states, notifications: notifies }) });
  };
  // This module is evaluated when the bundle is made: what needs no host is ready in every instance.
  let protocol = getKeys === undefined ? create() : undefined;
  return (incoming, notifications) => {
    try {
      protocol ??= create();
      const refused = protocol.checkHead(incoming);
      if (refused !== undefined) return refused;
      const content = readContent(incoming, maxBodyBytes);
      if (content === undefined) return protocol.refuseBody("too-large");
      const text = decodeUtf8(content);
      if (text === undefined) return protocol.refuseBody("encoding");
      const origin = incoming.headers("origin");
      const stream = origin === undefined ? undefined : readableBy(streamPart(""), origin).headers;
      return takeSteps(protocol.handle(incoming, text), notifications, stream);
    } catch (error) {
      logError(`Cannot answer a request: ${String(error)}`);
      return BROKEN;
    }
  };
}

/** The content as a binary string, or nothing when it is longer than allowed. */
function readContent(incoming: IncomingExchange, maxBytes: number): string | undefined {
  if (Number(incoming.headers("content-length") ?? 0) > maxBytes) return undefined;
  let content = "";
  for (let piece = incoming.read(); piece !== undefined; piece = incoming.read()) {
    if (content.length + piece.length > maxBytes) return undefined;
    content += binaryString(piece);
  }
  return content;
}
