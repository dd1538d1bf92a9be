import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type {
  HttpAnswer,
  HttpProtocol,
  HttpRequestHead,
  HttpStep,
  Signal,
} from "../../src/protocol/index.ts";
import { createAdmission } from "./admission.ts";
import { Cancellation } from "./cancellation.ts";
import type { ConstantResults } from "./constant-results.ts";
import type { Drain } from "./drain.ts";
import { createHoldOff } from "./hold-off.ts";
import { reportFault, type LogSink } from "./host-log.ts";
import { createSender, requestHead, sendPart } from "./http-messages.ts";
import type { Limits } from "./limits/resolve-limits.ts";
import type { Observer, RequestObserver } from "./observe/observer.ts";
import type { Pool } from "./pool.ts";
import { createBodyReader } from "./read-body.ts";
import { takeSteps } from "./take-steps.ts";
import { createFindPeer, createIsTrusted } from "./trusted-proxies.ts";
import { createUnreadAnswers } from "./unread-answers.ts";

/** A core that takes requests. */
export interface AnsweringCore {
  readonly protocol: HttpProtocol;
  readonly pool: Pool;
  readonly constants: ConstantResults;
}

/** What {@link createRequestHandler} needs. */
export interface RequestHandlerOptions {
  /** What takes new requests now. */
  current: () => AnsweringCore;
  limits: Limits["http"];
  /** See `ServeHttpOptions`. */
  trustedProxies: readonly string[];
  /** Counts each request until its client has the answer. */
  drain: Drain;
  /** Aborted once the server closes. */
  closing: Signal;
  log: LogSink;
  observer?: Observer | undefined;
}

/** Takes what arrives at a server. */
export interface RequestHandler {
  /** Must hear of each connection before its requests. */
  connect: (socket: Socket) => void;
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** Looks after no answer any more. */
  close(): void;
}

/** A request while it is answered. */
interface Exchange {
  response: ServerResponse;
  peer: string | undefined;
  observed: RequestObserver | undefined;
  /** Made with its first call: what needs none is answered before its client can go away. */
  client: Cancellation | undefined;
}

/** Characters of an answer after which it is looked at what clients leave unread. */
const LARGE_ANSWER = 64 * 1024;

/**
 * Answers the requests of one server over HTTP.
 *
 * @throws TypeError when a trusted proxy is not one.
 */
export function createRequestHandler(options: RequestHandlerOptions): RequestHandler {
  const { current, limits, trustedProxies, drain, closing, log, observer } = options;
  const isTrusted = createIsTrusted(trustedProxies);
  const findPeer = createFindPeer(trustedProxies);
  const overloaded = (): HttpAnswer => current().protocol.overloaded();
  const admission = createAdmission({ limits, isTrusted, overloaded });
  const bodies = createBodyReader(limits);
  const holdOff = createHoldOff();
  const unread = createUnreadAnswers(drain.responses, limits);
  const send = createSender(fail);
  /** Requests in flight that their clients can cancel by name. */
  const requests = new Map<string, Cancellation>();

  /** A mistake in this host must cost one request and not the server. */
  function fail(response: ServerResponse, error: unknown): void {
    reportFault(log, "Cannot answer a request", error);
    if (response.headersSent) response.destroy();
    else send(response, current().protocol.internalError());
  }

  function answer(step: HttpStep, exchange: Exchange): Promise<void> {
    const { response, peer, observed } = exchange;
    const client = new Cancellation();
    exchange.client = client;
    const answered = takeSteps(step, {
      pool: () => current().pool,
      peer,
      signal: client,
      closing,
      log,
      isStalled: () => response.writableLength > limits.streamBytes,
      send: (part) => sendPart(response, part),
      learn: current().constants.learn,
      observer: observed,
    });
    const leave = step.name === undefined ? undefined : name(step.name, client);
    return (leave ? answered.finally(leave) : answered).then((last) => {
      exchange.client = undefined;
      const { body } = last;
      if (response.headersSent) response.end(body);
      else send(response, last);
      // Behind it, as it is sent at the end of this turn.
      if (body !== undefined && body.length > LARGE_ANSWER) setImmediate(() => unread.added());
    });
  }

  /** Has a client cancel a request by its name. One that it uses twice stays the first one's. */
  function name(text: string, client: Cancellation): (() => void) | undefined {
    if (requests.has(text)) return undefined;
    requests.set(text, client);
    return () => requests.delete(text);
  }

  /**
   * Whether there is no use in reading a request, as there is no place for its call. In a session it may be what ends another call,
   * or answers its question.
   */
  function isFull(head: HttpRequestHead): boolean {
    const inSession = head.headers("mcp-session-id") !== undefined;
    return head.method === "POST" && !inSession && !current().pool.hasRoom(head.peer);
  }

  /** The answer to a request whose content is not to be read. */
  function refusal(
    request: IncomingMessage,
    response: ServerResponse,
    head: HttpRequestHead,
  ): HttpAnswer | undefined {
    const { protocol } = current();
    const refused = protocol.checkHead(head);
    if (refused) return refused;
    if (bodies.isTooLarge(request)) return protocol.refuseBody("too-large");
    if (!isFull(head)) return undefined;
    // The connection of a proxy is that of other clients as well.
    if (!isTrusted(request.socket.remoteAddress ?? "")) holdOff(request, response);
    return overloaded();
  }

  function take(head: HttpRequestHead, body: string, exchange: Exchange): void {
    const { protocol, constants } = current();
    try {
      const first = protocol.handle(head, body);
      if (first.cancels !== undefined) requests.get(first.cancels)?.abort();
      const step = constants.settle(first, exchange.observed);
      if (step.kind === "answer") send(exchange.response, step.answer);
      else answer(first, exchange).catch((error: unknown) => fail(exchange.response, error));
    } catch (error) {
      fail(exchange.response, error);
    }
  }

  return {
    connect: (socket) => admission.connect(socket),
    answer(request, response) {
      // Then the client waits to be told to send its content.
      const expects = request.headers.expect !== undefined && request.httpVersion === "1.1";
      const peer = findPeer(request.socket.remoteAddress, request.headers);
      const head = requestHead(request, peer);
      const observed = observer?.request?.(head);
      const entry = admission.enter(request, peer);
      const exchange: Exchange = { response, peer, observed, client: undefined };
      drain.enter(response, () => {
        entry.leave();
        exchange.client?.abort();
        observed?.end?.(response.writableFinished ? response.statusCode : undefined);
      });
      const refused = entry.refusal ?? refusal(request, response, head);
      if (refused) {
        // Whether it sends its content now, or its next request, could not be told.
        if (expects) response.setHeader("connection", "close");
        send(response, refused);
        bodies.discard(request);
        return;
      }
      if (expects) response.writeContinue();
      bodies.read(request, (body) => {
        if (typeof body === "string") {
          take(head, body, exchange);
        } else {
          const refusedBody =
            body.refused === "overload" ? overloaded() : current().protocol.refuseBody(body.refused);
          send(response, refusedBody);
        }
      });
    },
    close: () => unread.close(),
  };
}
