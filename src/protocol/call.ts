import { errorAnswer, failureResponse, outcomeResponse, type Response } from "./answer.ts";
import { askClient, continueRequest, type Continuation } from "./ask-client.ts";
import { isLogLevel, type LogLevel } from "./log-levels.ts";
import type { RequestMessage } from "./message.ts";
import { createNotificationFilter, type NotificationFilter, type Wanted } from "./notifications.ts";
import { contextText, META, type ClientText } from "./request-context.ts";
import { unknownMethod, type Admitted } from "./request.ts";
import { createResultShaper, type ResultShaper } from "./result-text.ts";
import type { Call, CallFailure, McpRequest, Outcome, ProtocolOptions, Step } from "./types.ts";
import type { ScanLimits } from "./scan-json.ts";
import type { TaskRequest } from "./tasks/task-requests.ts";
import { hearsOfTasks, isTaskMethod, knowsTasks, TASKS, TASKS_NEEDED } from "./tasks/extension.ts";

/** Time a call may take unless options say otherwise. */
export const DEFAULT_DEADLINE_MS = 10_000;
/** What a message may have unless options say otherwise. */
export const DEFAULT_SCAN_LIMITS: ScanLimits = { maxDepth: 64, maxTokens: 100_000 };
const NOTHING_WANTED: Wanted = { progressToken: undefined, logLevel: undefined };

/** How a request came in. */
export interface Origin {
  transport: "http" | "stdio";
  peer: string | undefined;
  /** The credential of the request. It goes to authentication middleware alone, beside the context and not in it. */
  authorization: string | undefined;
  traceparent: string | undefined;
  tracestate: string | undefined;
  /** The level of log messages for a client before 2026-07-28; later ones name it in each request. */
  logLevel: LogLevel;
  /** What a client before 2026-07-28 said of itself in `initialize`, where that is known. */
  client: ClientText | undefined;
  /** Names the session or connection of a client before 2026-07-28, where clients are told apart. */
  session: string | undefined;
}

/** What a transport makes of the messages that belong to one request. */
export interface Channel<Answer> {
  /** `streamed` says that notifications were sent before. */
  answer: (response: Response, streamed: boolean) => Answer;
  /** Absent where no message can be sent ahead of the answer. */
  message?: (text: string) => Answer;
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
    return this.#channel.message !== undefined;
  }

  /** What the client is sent for a message ahead of the answer. Nothing where none can be sent. */
  part(text: string): Answer | undefined {
    if (this.#channel.message === undefined) return undefined;
    this.#streamed = true;
    return this.#channel.message(text);
  }

  /** The host has sent messages by itself. */
  stream(): void {
    this.#streamed = true;
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
  /** The first step of a request. `succeeded` says what follows on a result of the core; by default, that is the answer. */
  begin<Answer>(
    admitted: Admitted,
    message: RequestMessage,
    origin: Origin,
    reply: Reply<Answer>,
    succeeded?: (response: Response) => Step<Answer>,
  ): Step<Answer>;
}

/**
 * Creates what the transports of one server share.
 *
 * @param hearsUnasked True where a client before 2026-07-28 can be sent what it has no request for.
 */
export function createServer(options: ProtocolOptions, hearsUnasked: boolean): Server {
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  const { name, version, title } = options.serverInfo;
  const shaper = createResultShaper(
    title === undefined ? { name, version } : { name, title, version },
    options.cacheScope ?? "private",
    options.notifications === true ? { logging: {} } : {},
    { modern: options.changes !== undefined, legacy: hearsUnasked },
    options.tasks === undefined ? {} : { [TASKS]: {} },
  );
  const limits = {
    maxDepth: options.maxDepth ?? DEFAULT_SCAN_LIMITS.maxDepth,
    maxTokens: options.maxTokens ?? DEFAULT_SCAN_LIMITS.maxTokens,
  };
  return {
    limits,
    shaper,
    begin<Answer>(
      admitted: Admitted,
      message: RequestMessage,
      origin: Origin,
      reply: Reply<Answer>,
      succeeded?: (response: Response) => Step<Answer>,
    ): Step<Answer> {
      const continuation = continueRequest(admitted, message, options);
      if ("error" in continuation) {
        return reply.answer(errorAnswer(continuation.status, admitted.request.id, continuation.error));
      }
      const knowing = admitted.era === "modern" && knowsTasks(message);
      const { tasks } = options;
      const mayBecomeTask = tasks !== undefined && knowing && admitted.request.method === "tools/call";
      const carried = options.notifications === true && reply.streams;
      const wanted = carried ? wantedBy(admitted, message, origin.logLevel) : NOTHING_WANTED;
      const silent =
        wanted.progressToken === undefined && wanted.logLevel === undefined && options.changes === undefined;
      const exchange: Exchange<Answer> = {
        options,
        deadlineMs,
        shaper,
        limits,
        admitted,
        message,
        origin,
        reply,
        wanted,
        filter: undefined,
        silent,
        requestId: options.newRequestId(),
        succeeded,
        mayBecomeTask,
      };
      const request: TaskRequest<Answer> = {
        admitted,
        message,
        call: (changed) => new CoreCall({ ...exchange, admitted: changed }, continuation),
        answer: (outcome) => reply.answer(outcomeResponse(admitted, outcome, shaper)),
      };
      if (isTaskMethod(admitted.request.method)) {
        if (tasks === undefined) {
          const { status, error } = unknownMethod("modern");
          return reply.answer(errorAnswer(status, admitted.request.id, error));
        }
        return knowing ? tasks.manage(request) : request.answer({ tag: "failure", val: TASKS_NEEDED });
      }
      if (tasks !== undefined && !knowing && hearsOfTasks(message)) {
        return request.answer({ tag: "failure", val: TASKS_NEEDED });
      }
      return mayBecomeTask ? tasks.offer(request) : { kind: "call", call: request.call(admitted) };
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

/** One request, whatever number of calls it takes. */
interface Exchange<Answer> {
  options: ProtocolOptions;
  deadlineMs: number;
  shaper: ResultShaper;
  limits: ScanLimits;
  admitted: Admitted;
  message: RequestMessage;
  origin: Origin;
  reply: Reply<Answer>;
  wanted: Wanted;
  /** Made with the first notification. */
  filter: NotificationFilter | undefined;
  /** True when nothing that components notify goes anywhere. */
  silent: boolean;
  requestId: string;
  succeeded: ((response: Response) => Step<Answer>) | undefined;
  mayBecomeTask: boolean;
}

class CoreCall<Answer> implements Call<Answer> {
  readonly deadline: number;
  readonly request: McpRequest;
  readonly authorization: string | undefined;
  readonly #exchange: Exchange<Answer>;
  readonly #continuation: Continuation;
  readonly #droppedBefore: number;
  #context: string | undefined;

  constructor(exchange: Exchange<Answer>, continuation: Continuation) {
    const { options, deadlineMs, admitted, origin, filter } = exchange;
    this.deadline = options.now() + deadlineMs;
    this.request = admitted.request;
    this.authorization = origin.authorization;
    this.#exchange = exchange;
    this.#continuation = continuation;
    this.#droppedBefore = filter?.dropped ?? 0;
  }

  /** Made when it is asked for: a host that has kept the result needs none. */
  get context(): string {
    if (this.#context !== undefined) return this.#context;
    const { deadlineMs, admitted, message, origin, wanted, requestId, mayBecomeTask } = this.#exchange;
    const { transport, peer, traceparent, tracestate } = origin;
    const { protocolVersion, client = origin.client } = admitted;
    this.#context = contextText(
      {
        requestId,
        transport,
        protocolVersion,
        client,
        peer,
        receivedAt: this.deadline - deadlineMs,
        deadline: this.deadline,
        traceparent,
        tracestate,
        wanted,
        inputs: this.#continuation.inputs,
        mayBecomeTask,
      },
      message,
    );
    return this.#context;
  }

  get dropped(): number {
    return (this.#exchange.filter?.dropped ?? 0) - this.#droppedBefore;
  }

  notify(message: string): Answer | undefined {
    const exchange = this.#exchange;
    const { reply, wanted, limits, options, silent } = exchange;
    if (silent) return undefined;
    exchange.filter ??= createNotificationFilter(wanted, limits, options.changes);
    const text = exchange.filter.pass(message);
    return text === undefined ? undefined : reply.part(text);
  }

  get wanted(): Wanted | undefined {
    return this.#exchange.silent ? undefined : this.#exchange.wanted;
  }

  streamed(): void {
    this.#exchange.reply.stream();
  }

  finish(outcome: Outcome): Step<Answer> {
    const exchange = this.#exchange;
    const { admitted, reply, shaper, succeeded } = exchange;
    if (outcome.tag === "input-required") {
      return askClient(exchange, outcome.val, this.#continuation.round, (continuation) => {
        exchange.filter?.repeat();
        return new CoreCall(exchange, continuation);
      });
    }
    const response = outcomeResponse(admitted, outcome, shaper);
    const hasResult = outcome.tag === "success" && response.status === 200;
    return hasResult && succeeded !== undefined ? succeeded(response) : reply.answer(response);
  }

  fail(reason: CallFailure): Step<Answer> {
    return this.#exchange.reply.answer(failureResponse(this.request.id, reason));
  }
}
