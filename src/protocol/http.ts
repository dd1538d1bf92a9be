import { errorAnswer, failureResponse, resultAnswer, type Response } from "./answer.ts";
import { canonicalOrigin, isLoopback, parseAuthority } from "./authority.ts";
import { ALONE, BATCH_REVISION, joinBodies, LONG_BATCH, MAX_BATCH, mayBeBatch, splitBatch } from "./batch.ts";
import { createServer, Reply, type Channel, type Origin } from "./call.ts";
import { answerPreflight, readableBy } from "./cors.ts";
import { acceptsEventStream, streamPart } from "./event-stream.ts";
import { decodeHeaderValue } from "./header-value.ts";
import { DEFAULT_LEVEL, isLogLevel } from "./log-levels.ts";
import { parseMessage, type RequestMessage } from "./message.ts";
import { parameterFieldsProblem } from "./parameter-fields.ts";
import { serveMetadata } from "./protected-resource.ts";
import { META } from "./request-context.ts";
import {
  admitLegacy,
  admitModern,
  eraOf,
  unsupportedVersion,
  type Admitted,
  type Rejected,
} from "./request.ts";
import { LEGACY_REVISIONS, MODERN_REVISIONS, REVISIONS, UNSTATED_REVISION } from "./revisions.ts";
import { RPC } from "./rpc-error.ts";
import { sessionOf, sessionStream, withSession } from "./session-http.ts";
import type { Session, Sessions } from "./sessions.ts";
import { mapStep } from "./step.ts";
import { subscribingTo } from "./subscriptions.ts";
import type { HttpAnswer, HttpRequestHead, ProtocolOptions, RpcError, Step } from "./types.ts";

/** Options of {@link createHttpProtocol}. */
export interface HttpProtocolOptions extends ProtocolOptions {
  /** Where MCP is served. Default `/mcp`. */
  path?: string;
  /**
   * True for a server that listens on a loopback address only: then the `Host` field must name one, or be in
   * `allowedHosts`, and origins on loopback addresses are allowed. This keeps web pages from reaching it through DNS
   * rebinding. Default true.
   */
  local?: boolean;
  /** Values the `Host` field may have, as `host` (with any port) or `host:port`. Default: any, unless `local`. */
  allowedHosts?: readonly string[];
  /** Origins whose web pages may call, such as `https://app.example`. Default none. */
  allowedOrigins?: readonly string[];
  /** Protected resource metadata as JSON, which OAuth clients ask for (RFC 9728). Default: there is none. */
  protectedResource?: string | undefined;
  /** Sessions of clients before 2026-07-28, which hear of changes then; needs `changes`. Default: every request stands alone. */
  sessions?: Sessions;
}

/** What the host must do next for a request, and what its client has to do with others of the same session. */
export type HttpStep = Step<HttpAnswer> & {
  /** Names the request: its client may cancel it by another one as long as it is in flight. */
  readonly name?: string;
  /** The name of a request in flight that the client has cancelled. */
  readonly cancels?: string;
};

/** The protocol core behind HTTP: no I/O, no state between requests. */
export interface HttpProtocol {
  /** Answers a request that needs no content. Nothing when the content must be read and given to `handle`. */
  checkHead(head: HttpRequestHead): HttpAnswer | undefined;
  /**
   * Answers a request that `checkHead` let pass, or gives the call to make. With the first notification of a call its
   * answer becomes a stream of events; whatever status its outcome would have had is then lost.
   */
  handle(head: HttpRequestHead, body: string): HttpStep;
  /** The answer to content that is too long, or not UTF-8. */
  refuseBody(reason: "too-large" | "encoding"): HttpAnswer;
  /** The answer when the host itself fails. */
  internalError(): HttpAnswer;
  /** The answer when the host has no place for the request. */
  overloaded(): HttpAnswer;
}

const JSON_TYPE: [string, string] = ["content-type", "application/json"];
const JSON_ONLY: readonly [string, string][] = [JSON_TYPE];
const TEXT_ONLY: readonly [string, string][] = [["content-type", "text/plain; charset=utf-8"]];
const SESSION_METHODS: ReadonlySet<string> = new Set(["GET", "DELETE"]);
const ENDED: HttpAnswer = { status: 204, headers: [], body: undefined };
const ACCEPTED: HttpAnswer = { status: 202, headers: [], body: undefined };
const MEDIA_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset[ \t]*=[ \t]*"?utf-8"?[ \t]*)?$/i;

/**
 * Creates the protocol core for HTTP.
 *
 * @throws TypeError when an allowed host or origin is not one.
 */
export function createHttpProtocol(options: HttpProtocolOptions): HttpProtocol {
  const { sessions, changes } = options;
  const server = createServer(options, sessions !== undefined);
  const parameterHeaders = new Map(Object.entries(options.parameterHeaders ?? {}));
  const methods = sessions === undefined ? "POST" : "POST, GET, DELETE";
  const path = options.path ?? "/mcp";
  const metadata = serveMetadata(options.protectedResource, path);
  const local = options.local ?? true;
  const hosts = options.allowedHosts?.map((host) => {
    const authority = parseAuthority(host);
    if (!authority) throw new TypeError(`Cannot allow host "${host}": it is not a host or host:port`);
    return authority;
  });
  const origins = new Set(
    options.allowedOrigins?.map((text) => {
      const parsed = canonicalOrigin(text);
      if (!parsed) throw new TypeError(`Cannot allow origin "${text}": it is not like https://app.example`);
      return parsed.origin;
    }),
  );

  // One client after another says the same of itself.
  const isHostAllowed = rememberLast(hostAllowed);
  const takesEvents = rememberLast(acceptsEventStream);

  function hostAllowed(field: string | undefined): boolean {
    if (!local && hosts === undefined) return true;
    const authority = field === undefined ? undefined : parseAuthority(field);
    if (!authority) return false;
    if (local && isLoopback(authority.host)) return true;
    return (
      hosts?.some(
        ({ host, port }) => host === authority.host && (port === undefined || port === authority.port),
      ) ?? false
    );
  }

  function originAllowed(field: string | undefined): boolean {
    if (field === undefined) return true;
    const parsed = canonicalOrigin(field);
    return parsed !== undefined && (origins.has(parsed.origin) || (local && isLoopback(parsed.host)));
  }

  function handleMessage(
    head: HttpRequestHead,
    body: string,
    { channel, alone }: { channel: Channel<HttpAnswer>; alone: boolean },
  ): HttpStep {
    const message = parseMessage(body, server.limits);
    if (message.kind === "invalid") return answer(400, message.id, message.error);

    const stated = head.headers("mcp-protocol-version");
    if (message.kind === "response") {
      const session = sessions && sessionOf(sessions, head);
      if (session && "error" in session) return answer(session.status, undefined, session.error);
      options.clientRequests?.answer(message, session?.id);
      return { kind: "answer", answer: ACCEPTED };
    }
    const modern = eraOf(message, stated) === "modern";
    if (!alone && (modern || message.method === "initialize")) return answer(400, message.id, ALONE);
    const contradiction = modern ? checkModernFields(head, message) : undefined;
    if (contradiction) return answer(400, message.id, contradiction);
    if (!modern && stated !== undefined && message.method !== "initialize" && !REVISIONS.includes(stated)) {
      return answer(400, message.id, unsupportedVersion(stated));
    }
    const session =
      sessions && !modern && message.method !== "initialize" ? sessionOf(sessions, head) : undefined;
    if (session && "error" in session) return answer(session.status, message.id, session.error);
    if (message.kind === "notification") {
      if (message.method === "notifications/initialized") session?.ready();
      const cancelled =
        message.method === "notifications/cancelled" ? message.paramText("requestId") : undefined;
      return session === undefined || cancelled === undefined
        ? { kind: "answer", answer: ACCEPTED }
        : { kind: "answer", answer: ACCEPTED, cancels: nameOf(session, cancelled) };
    }

    const legacyVersion =
      session?.protocolVersion ??
      (stated !== undefined && LEGACY_REVISIONS.includes(stated) ? stated : UNSTATED_REVISION);
    const admitted: Admitted | Rejected = modern ? admitModern(message) : admitLegacy(message, legacyVersion);
    if ("error" in admitted) return answer(admitted.status, message.id, admitted.error);
    const fields = modern
      ? (checkRequiredFields(head, admitted) ?? checkParameterFields(head, admitted, message))
      : undefined;
    if (fields) return answer(400, message.id, fields);
    if (admitted.answeredHere) {
      const level = message.params?.["level"];
      if (session && message.method === "logging/setLevel" && isLogLevel(level)) session.logLevel = level;
      return { kind: "answer", answer: toHttp(resultAnswer(message.id!, "{}")) };
    }
    const origin = originOf(head, session);
    if (admitted.initializes && sessions) {
      // The session's id is a header field, which must not go ahead of the answer.
      const reply = new Reply(SINGLE);
      return server.begin(admitted, message, origin, reply, (response) =>
        reply.answer(withSession(response, sessions, head, admitted)),
      );
    }
    const reply = new Reply(channel);
    const { shaper } = server;
    const subscription = session?.subscription;
    const follows = admitted.subscribes
      ? subscribingTo(admitted, message, { changes, subscription, shaper, reply, peer: head.peer })
      : undefined;
    if (typeof follows === "object") return answer(follows.status, message.id, follows.error);
    const step = server.begin(admitted, message, origin, reply, follows);
    return session ? { ...step, name: nameOf(session, message.id!) } : step;
  }

  /** A batch, where the revision has them: anything else is one message. */
  function handleBatch(head: HttpRequestHead, body: string): Step<HttpAnswer> | undefined {
    // Nearly nothing is one, and to look a session up takes a digest.
    if (!mayBeBatch(body)) return undefined;
    const stated = head.headers("mcp-protocol-version");
    const session = sessions && sessionOf(sessions, head);
    const version =
      session === undefined
        ? (stated ?? UNSTATED_REVISION)
        : "id" in session
          ? session.protocolVersion
          : undefined;
    const messages = version === BATCH_REVISION ? splitBatch(body, server.limits) : undefined;
    if (messages === undefined) return undefined;
    if (messages.length > MAX_BATCH) return answer(400, undefined, LONG_BATCH);
    const steps = messages.map((text) => handleMessage(head, text, { channel: SINGLE, alone: false }));
    return { kind: "batch", batch: { steps, join: (answers) => joinAnswers(answers as HttpAnswer[]) } };
  }

  /** A GET or DELETE, for which there are sessions. */
  function handleSession(head: HttpRequestHead): Step<HttpAnswer> {
    const session = sessionOf(sessions!, head);
    if ("error" in session) return answer(session.status, undefined, session.error);
    if (head.method === "DELETE") {
      sessions!.end(session);
      return { kind: "answer", answer: ENDED };
    }
    const reply = new Reply(SINGLE);
    const stream = sessionStream(session, head, { changes: changes!, limits: server.limits, reply });
    if ("error" in stream) return answer(stream.status, undefined, stream.error);
    const { admitted, message, succeeded } = stream;
    return server.begin(admitted, message, originOf(head, session), reply, succeeded);
  }

  function checkParameterFields(
    head: HttpRequestHead,
    { request }: Admitted,
    message: RequestMessage,
  ): RpcError | undefined {
    const expected = request.method === "tools/call" ? parameterHeaders.get(request.target!) : undefined;
    const problem =
      expected &&
      parameterFieldsProblem(expected, message.params?.["arguments"], (name) => head.headers(name));
    return problem === undefined ? undefined : mismatch(problem);
  }

  return {
    checkHead(head) {
      const query = head.path.indexOf("?");
      const at = query === -1 ? head.path : head.path.slice(0, query);
      if (at !== path && !metadata.isAt(at)) return plain(404, "Not found");
      if (!isHostAllowed(head.headers("host"))) return plain(403, "This host name is not allowed");
      const origin = head.headers("origin");
      if (!originAllowed(origin)) return plain(403, "This origin is not allowed");
      if (at !== path) return metadata.answer(head);
      const preflight = origin === undefined ? undefined : answerPreflight(head, origin, methods);
      if (preflight) return preflight;
      if (head.method !== "POST") {
        const isModern = MODERN_REVISIONS.includes(head.headers("mcp-protocol-version") ?? "");
        if (sessions && !isModern && SESSION_METHODS.has(head.method)) return undefined;
        const refused = plain(405, `Only ${methods} is allowed`);
        return { ...refused, headers: [...refused.headers, ["allow", methods]] };
      }
      const coding = head.headers("content-encoding");
      if (!isJson(head.headers("content-type")) || (coding ?? "identity") !== "identity") {
        return rejected(415, {
          code: RPC.invalidRequest,
          message: "Invalid request: the content must be application/json in UTF-8, not encoded further",
        });
      }
      return undefined;
    },

    handle(head, body) {
      const origin = head.headers("origin");
      const channel = takesEvents(head.headers("accept")) ? STREAM : SINGLE;
      const step =
        head.method === "POST"
          ? (handleBatch(head, body) ?? handleMessage(head, body, { channel, alone: true }))
          : handleSession(head);
      if (origin === undefined) return step;
      const readable = (answered: HttpAnswer): HttpAnswer => readableBy(answered, origin);
      return { ...step, ...mapStep(step, { answer: readable, part: readable }) };
    },

    refuseBody(reason) {
      return reason === "too-large"
        ? rejected(413, { code: RPC.invalidRequest, message: "Invalid request: the content is too large" })
        : rejected(400, { code: RPC.parseError, message: "Parse error: the content is not UTF-8" });
    },

    internalError: () => rejected(500, { code: RPC.internalError, message: "Internal error" }),
    overloaded: () => toHttp(failureResponse(undefined, "overload")),
  };
}

function isJson(type = ""): boolean {
  return type === JSON_TYPE[1] || MEDIA_TYPE.test(type);
}

/** Asks again only where it is about another field than the last time. */
function rememberLast(ask: (field: string | undefined) => boolean): (field: string | undefined) => boolean {
  let field: string | undefined;
  let answered = ask(field);
  return (asked) => {
    if (asked !== field) {
      answered = ask(asked);
      field = asked;
    }
    return answered;
  };
}

/** Names a request in flight: ids are the client's own, so they are unique within its session alone. */
function nameOf({ id }: Session, requestId: string): string {
  return `${id} ${requestId}`;
}

/** Fields that contradict the body are refused in every modern message, whether required or not. */
function checkModernFields(head: HttpRequestHead, message: RequestMessage): RpcError | undefined {
  const version = message.meta[META.protocolVersion];
  const statedVersion = head.headers("mcp-protocol-version");
  if (typeof version === "string" && statedVersion !== undefined && statedVersion !== version) {
    return mismatch("MCP-Protocol-Version does not match the body");
  }
  const method = head.headers("mcp-method");
  if (method !== undefined && decodeHeaderValue(method) !== message.method) {
    return mismatch("Mcp-Method does not match the body");
  }
  return undefined;
}

function checkRequiredFields(head: HttpRequestHead, { request }: Admitted): RpcError | undefined {
  if (head.headers("mcp-protocol-version") === undefined) return mismatch("MCP-Protocol-Version is missing");
  if (head.headers("mcp-method") === undefined) return mismatch("Mcp-Method is missing");
  // A cursor addresses a page, and is no name.
  const named = request.method !== "completion/complete" && !request.method.endsWith("/list");
  if (request.target === undefined || !named) return undefined;
  const name = head.headers("mcp-name");
  if (name === undefined) return mismatch("Mcp-Name is missing");
  return decodeHeaderValue(name) === request.target
    ? undefined
    : mismatch("Mcp-Name does not match the body");
}

function mismatch(what: string): RpcError {
  return { code: RPC.headerMismatch, message: `Header mismatch: ${what}` };
}

function plain(status: number, text: string): HttpAnswer {
  return { status, headers: TEXT_ONLY, body: `${text}\n` };
}

function rejected(status: number, error: RpcError): HttpAnswer {
  return toHttp(errorAnswer(status, undefined, error));
}

function answer(status: number, id: string | undefined, error: RpcError): Step<HttpAnswer> {
  return { kind: "answer", answer: toHttp(errorAnswer(status, id, error)) };
}

/** Answers of a batch as one. Where all have the same status it is theirs, so that a 401 is seen. */
function joinAnswers(answers: readonly HttpAnswer[]): HttpAnswer {
  const given = answers.filter(({ body }) => body !== undefined);
  const [first] = given;
  if (first === undefined) return ACCEPTED;
  const same = given.every(({ status }) => status === first.status);
  return {
    ...(same ? first : { status: 200, headers: JSON_ONLY }),
    body: joinBodies(given.map(({ body }) => body)),
  };
}

function originOf(head: HttpRequestHead, session: Session | undefined): Origin {
  return {
    transport: "http",
    peer: head.peer,
    authorization: head.headers("authorization"),
    traceparent: head.headers("traceparent"),
    tracestate: head.headers("tracestate"),
    // Without a session nothing ties one request to another, so a level that was set is not known here.
    logLevel: session?.logLevel ?? DEFAULT_LEVEL,
    client: session?.client,
    session: session?.id,
  };
}

const SINGLE: Channel<HttpAnswer> = { answer: toHttp };
const STREAM: Channel<HttpAnswer> = {
  answer: (response, streamed) => (streamed ? streamPart(response.text) : toHttp(response)),
  message: streamPart,
};

function toHttp({ status, headers, text }: Response): HttpAnswer {
  return { status, headers: headers ? [JSON_TYPE, ...headers] : JSON_ONLY, body: text };
}
