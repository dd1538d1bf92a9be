import { errorAnswer, type Response } from "./answer.ts";
import type { Reply } from "./call.ts";
import type { Changes } from "./changes.ts";
import { acceptsEventStream, openingPart, streamPart } from "./event-stream.ts";
import { parseMessage, type RequestMessage } from "./message.ts";
import type { Admitted, Rejected } from "./request.ts";
import { OWN, RPC } from "./rpc-error.ts";
import type { ScanLimits } from "./scan-json.ts";
import type { Session, Sessions } from "./sessions.ts";
import { noPlace } from "./subscriptions.ts";
import type { HttpAnswer, HttpRequestHead, RpcError, Step } from "./types.ts";

/** Names the session of a request. */
export const SESSION_FIELD = "mcp-session-id";

const MISSING: RpcError = {
  code: RPC.invalidRequest,
  message: "Invalid request: Mcp-Session-Id is missing, which initialize gave",
};
const UNKNOWN: RpcError = { code: OWN.noSession, message: "There is no such session, start with initialize" };
const TOO_MANY: RpcError = { code: OWN.overload, message: "The server has too many sessions, try again" };
const NOT_ACCEPTED: RpcError = {
  code: RPC.invalidRequest,
  message: "Invalid request: Accept must name text/event-stream",
};
/** The stream of a session passes the chain as what it is since 2026-07-28. */
const LISTEN =
  '{"jsonrpc":"2.0","id":0,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true}}}';
const NONE: ReadonlySet<string> = new Set();
const PLACE = /^[0-9]{1,15}$/;

/** The session of a request, which it must have. */
export function sessionOf(sessions: Sessions, head: HttpRequestHead): Session | Rejected {
  const id = head.headers(SESSION_FIELD);
  if (id === undefined) return { status: 400, error: MISSING };
  return sessions.find(id, head.headers("authorization")) ?? { status: 404, error: UNKNOWN };
}

/** The response to `initialize` with a new session. */
export function withSession(
  response: Response,
  sessions: Sessions,
  head: HttpRequestHead,
  { protocolVersion, client, request }: Admitted,
): Response {
  const owner = { authorization: head.headers("authorization"), peer: head.peer };
  const session = sessions.open(owner, { protocolVersion, client });
  if (session === undefined) {
    return { ...errorAnswer(503, request.id, TOO_MANY), headers: [["retry-after", "60"]] };
  }
  return { ...response, headers: [...(response.headers ?? []), [SESSION_FIELD, session.id]] };
}

/** The request by which the stream of a session passes the chain, and what follows. */
export interface SessionStream {
  admitted: Admitted;
  message: RequestMessage;
  succeeded: () => Step<HttpAnswer>;
}

/** What a stream needs of the server. */
export interface StreamNeeds {
  changes: Changes;
  limits: ScanLimits;
  reply: Reply<HttpAnswer>;
}

/** The stream of a session, for a GET. */
export function sessionStream(
  session: Session,
  head: HttpRequestHead,
  { changes, limits, reply }: StreamNeeds,
): SessionStream | Rejected {
  if (!acceptsEventStream(head.headers("accept"))) return { status: 406, error: NOT_ACCEPTED };
  const message = parseMessage(LISTEN, limits) as RequestMessage;
  const { protocolVersion, client } = session;
  const id = message.id!;
  const admitted: Admitted = {
    era: "legacy",
    protocolVersion,
    client,
    continued: undefined,
    cacheable: false,
    initializes: false,
    subscribes: true,
    answeredHere: false,
    request: { id, method: message.method, target: undefined, params: message.paramsText(NONE, NONE) },
  };
  const seen = head.headers("last-event-id");
  return {
    admitted,
    message,
    succeeded: () => {
      const leave = changes.enter(head.peer);
      if (leave === undefined) return reply.answer(noPlace(id));
      const after = seen !== undefined && PLACE.test(seen) ? Number(seen) : session.sent;
      return {
        kind: "wait",
        wait: {
          async next(send, signal) {
            send(openingPart(protocolVersion, after));
            await session.stream((text, place) => send(streamPart(text, place)), after, signal);
            leave();
            return { kind: "answer", answer: END };
          },
        },
      };
    },
  };
}

/** Comes after parts, so nothing of it is sent. */
const END: HttpAnswer = { status: 200, headers: [], body: undefined };
