import { failureResponse, outcomeResponse, type Response } from "./answer.ts";
import type { RequestMessage } from "./message.ts";
import { contextText } from "./request-context.ts";
import type { Admitted } from "./request.ts";
import { createResultShaper, type ResultShaper } from "./result-text.ts";
import type { Call, CallFailure, McpRequest, Outcome, ProtocolOptions } from "./types.ts";
import type { ScanLimits } from "./scan-json.ts";

const DEFAULT_DEADLINE_MS = 10_000;
const DEFAULT_MAX_DEPTH = 64;
const DEFAULT_MAX_TOKENS = 100_000;

/** What the transports of one server share. */
export interface Server {
  readonly limits: ScanLimits;
  readonly shaper: ResultShaper;
  /** The call for a request; `toAnswer` makes of a response what the transport sends. */
  call<Answer>(
    admitted: Admitted,
    message: RequestMessage,
    origin: { transport: "http" | "stdio"; peer: string | undefined; traceparent: string | undefined },
    toAnswer: (response: Response) => Answer,
  ): Call<Answer>;
}

/** Creates what the transports of one server share. */
export function createServer(options: ProtocolOptions): Server {
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  const { name, version, title } = options.serverInfo;
  const shaper = createResultShaper(title === undefined ? { name, version } : { name, title, version });
  return {
    limits: {
      maxDepth: options.maxDepth ?? DEFAULT_MAX_DEPTH,
      maxTokens: options.maxTokens ?? DEFAULT_MAX_TOKENS,
    },
    shaper,
    call(admitted, message, origin, toAnswer) {
      const receivedAt = options.now();
      const deadline = receivedAt + deadlineMs;
      const context = contextText(
        {
          requestId: options.newRequestId(),
          protocolVersion: admitted.protocolVersion,
          client: admitted.client,
          receivedAt,
          deadline,
          ...origin,
        },
        message,
      );
      return new CoreCall(context, deadline, admitted, shaper, toAnswer);
    },
  };
}

class CoreCall<Answer> implements Call<Answer> {
  readonly context: string;
  readonly deadline: number;
  readonly request: McpRequest;
  readonly #admitted: Admitted;
  readonly #shaper: ResultShaper;
  readonly #toAnswer: (response: Response) => Answer;

  constructor(
    context: string,
    deadline: number,
    admitted: Admitted,
    shaper: ResultShaper,
    toAnswer: (response: Response) => Answer,
  ) {
    this.context = context;
    this.deadline = deadline;
    this.request = admitted.request;
    this.#admitted = admitted;
    this.#shaper = shaper;
    this.#toAnswer = toAnswer;
  }

  finish(outcome: Outcome): Answer {
    return this.#toAnswer(outcomeResponse(this.#admitted, outcome, this.#shaper));
  }

  fail(reason: CallFailure): Answer {
    return this.#toAnswer(failureResponse(this.request.id, reason));
  }
}
