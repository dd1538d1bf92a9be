import { failureResponse, outcomeResponse, type Response } from "./answer.ts";
import { isLogLevel, type LogLevel } from "./log-levels.ts";
import type { RequestMessage } from "./message.ts";
import { createNotificationFilter, type NotificationFilter, type Wanted } from "./notifications.ts";
import { contextText, META } from "./request-context.ts";
import type { Admitted } from "./request.ts";
import { createResultShaper, type ResultShaper } from "./result-text.ts";
import type { Call, CallFailure, McpRequest, Outcome, ProtocolOptions, Step } from "./types.ts";
import type { ScanLimits } from "./scan-json.ts";

const DEFAULT_DEADLINE_MS = 10_000;
const DEFAULT_MAX_DEPTH = 64;
const DEFAULT_MAX_TOKENS = 100_000;
const NOTHING_WANTED: Wanted = { progressToken: undefined, logLevel: undefined };

/** How a request came in. */
export interface Origin {
  transport: "http" | "stdio";
  peer: string | undefined;
  traceparent: string | undefined;
  /** The level of log messages for a client before 2026-07-28; later ones name it in each request. */
  logLevel: LogLevel;
}

/** What a transport makes of the messages that belong to one request. */
export interface Channel<Answer> {
  /** `streamed` says that notifications were sent before. */
  answer: (response: Response, streamed: boolean) => Answer;
  /** Absent where no notification can be sent. */
  notification?: (text: string) => Answer;
}

/** The way back to the client of one request, whatever number of calls its answer takes. */
export class Reply<Answer> {
  readonly #channel: Channel<Answer>;
  #streamed = false;

  constructor(channel: Channel<Answer>) {
    this.#channel = channel;
  }

  /** True where messages can be sent ahead of the answer. */
  get streams(): boolean {
    return this.#channel.notification !== undefined;
  }

  /** What the client is sent for a message ahead of the answer. Nothing where none can be sent. */
  part(text: string): Answer | undefined {
    if (this.#channel.notification === undefined) return undefined;
    this.#streamed = true;
    return this.#channel.notification(text);
  }

  /** The step that ends the request. */
  answer(response: Response): Step<Answer> {
    return { kind: "answer", answer: this.#channel.answer(response, this.#streamed) };
  }
}

/** What the transports of one server share. */
export interface Server {
  readonly limits: ScanLimits;
  readonly shaper: ResultShaper;
  /** The call for a request. */
  call<Answer>(
    admitted: Admitted,
    message: RequestMessage,
    origin: Origin,
    reply: Reply<Answer>,
  ): Call<Answer>;
}

/** Creates what the transports of one server share. */
export function createServer(options: ProtocolOptions): Server {
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  const { name, version, title } = options.serverInfo;
  const shaper = createResultShaper(
    title === undefined ? { name, version } : { name, title, version },
    options.notifications === true ? { logging: {} } : {},
  );
  const limits = {
    maxDepth: options.maxDepth ?? DEFAULT_MAX_DEPTH,
    maxTokens: options.maxTokens ?? DEFAULT_MAX_TOKENS,
  };
  return {
    limits,
    shaper,
    call(admitted, message, { logLevel, ...origin }, reply) {
      const receivedAt = options.now();
      const deadline = receivedAt + deadlineMs;
      const carried = options.notifications === true && reply.streams;
      const wanted = carried ? wantedBy(admitted, message, logLevel) : NOTHING_WANTED;
      const context = contextText(
        {
          requestId: options.newRequestId(),
          protocolVersion: admitted.protocolVersion,
          client: admitted.client,
          receivedAt,
          deadline,
          wanted,
          ...origin,
        },
        message,
      );
      return new CoreCall(context, deadline, admitted, { shaper, limits, wanted, reply });
    },
  };
}

function wantedBy({ era }: Admitted, { meta }: RequestMessage, legacyLevel: LogLevel): Wanted {
  const token = meta["progressToken"];
  const level = era === "legacy" ? legacyLevel : meta[META.logLevel];
  return {
    progressToken:
      typeof token === "string" || Number.isSafeInteger(token) ? (token as string | number) : undefined,
    logLevel: isLogLevel(level) ? level : undefined,
  };
}

interface Wiring<Answer> {
  shaper: ResultShaper;
  limits: ScanLimits;
  wanted: Wanted;
  reply: Reply<Answer>;
}

class CoreCall<Answer> implements Call<Answer> {
  readonly context: string;
  readonly deadline: number;
  readonly request: McpRequest;
  readonly #admitted: Admitted;
  readonly #wiring: Wiring<Answer>;
  #filter: NotificationFilter | undefined;

  constructor(context: string, deadline: number, admitted: Admitted, wiring: Wiring<Answer>) {
    this.context = context;
    this.deadline = deadline;
    this.request = admitted.request;
    this.#admitted = admitted;
    this.#wiring = wiring;
  }

  get dropped(): number {
    return this.#filter?.dropped ?? 0;
  }

  notify(message: string): Answer | undefined {
    const { reply, limits, wanted } = this.#wiring;
    if (wanted.progressToken === undefined && wanted.logLevel === undefined) return undefined;
    this.#filter ??= createNotificationFilter(wanted, limits);
    const text = this.#filter.pass(message);
    return text === undefined ? undefined : reply.part(text);
  }

  finish(outcome: Outcome): Step<Answer> {
    const { reply, shaper } = this.#wiring;
    return reply.answer(outcomeResponse(this.#admitted, outcome, shaper));
  }

  fail(reason: CallFailure): Step<Answer> {
    return this.#wiring.reply.answer(failureResponse(this.request.id, reason));
  }
}
