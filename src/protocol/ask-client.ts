import { errorAnswer, failureResponse, internalResponse, type Response } from "./answer.ts";
import { legacyAsked, parseAsked, type Asked } from "./asked.ts";
import type { ClientLink, ClientRequest } from "./client-requests.ts";
import type { RequestMessage } from "./message.ts";
import type { Inputs } from "./request-context.ts";
import type { StateOwner } from "./request-states.ts";
import type { Admitted, Rejected } from "./request.ts";
import type { ResultShaper } from "./result-text.ts";
import { METHODS } from "./revisions.ts";
import { OWN, resultResponse, RPC } from "./rpc-error.ts";
import { scanJson, type ScanLimits } from "./scan-json.ts";
import type { Call, McpRequest, ProtocolOptions, Step } from "./types.ts";

/** What a call continues: the first call of a request nothing. */
export interface Continuation {
  inputs: Inputs | undefined;
  /** How often the client has been asked in this request. */
  round: number;
}

/** What asking takes of the request. */
export interface Asking<Answer> {
  options: ProtocolOptions;
  shaper: ResultShaper;
  limits: ScanLimits;
  admitted: Admitted;
  message: RequestMessage;
  origin: { session: string | undefined };
  reply: {
    readonly streams: boolean;
    part(text: string): Answer | undefined;
    answer(response: Response): Step<Answer>;
  };
}

/** How often a client may be asked in one request. */
export const MAX_ROUNDS = 16;
/** Bytes of UTF-8 that the state of a component may have. */
const MAX_STATE_BYTES = 24_000;
const STATE_LIMITS: ScanLimits = { maxDepth: 512, maxTokens: Infinity };
const FIRST: Continuation = { inputs: undefined, round: 0 };

/** What a request continues, once its state is verified. */
export function continueRequest(
  admitted: Admitted,
  message: RequestMessage,
  options: ProtocolOptions,
): Continuation | Rejected {
  const { continued } = admitted;
  if (continued === undefined) return FIRST;
  const { responses, requestState } = continued;
  if (requestState === undefined) {
    return { inputs: { responses, state: undefined, retry: false }, round: 0 };
  }
  const taken =
    options.states?.take(stateOwner(admitted.request, message, options), requestState) ?? "foreign";
  if (taken === "foreign") {
    return refused('"requestState" is not what this server gave out for this request and its arguments');
  }
  if (taken === "expired") return refused('"requestState" has expired, start again without it');
  const { state, round, first } = taken;
  return { inputs: { responses, state, retry: first }, round };
}

/** What follows on a component that asks the client for something. */
export function askClient<Answer>(
  asking: Asking<Answer>,
  asked: { requests: string; state?: string | undefined },
  round: number,
  next: (continuation: Continuation) => Call<Answer>,
): Step<Answer> {
  const { options, admitted, reply, limits } = asking;
  const { method, target, id } = admitted.request;
  const fault = (what: string): Step<Answer> => {
    options.report?.(
      `Cannot ask the client for ${method}${target === undefined ? "" : ` "${target}"`}: ${what}`,
    );
    return reply.answer(internalResponse(id));
  };
  const { state } = asked;
  const requests = parseAsked(asked.requests, limits);
  if (METHODS.get(method)?.asks !== true) {
    return fault("only tools/call, prompts/get and resources/read may ask");
  }
  if (requests === undefined) return fault("the requests are malformed, or over a limit");
  if (requests.length === 0 && state === undefined) return fault("nothing is asked, and there is no state");
  if (state !== undefined && !isState(state)) {
    return fault(`the state is not JSON, or longer than ${MAX_STATE_BYTES} bytes`);
  }
  if (round >= MAX_ROUNDS) return fault(`the client was asked ${MAX_ROUNDS} times`);
  return admitted.era === "modern"
    ? giveBack(asking, { requests, state, round: round + 1 }, fault)
    : waitForClient(asking, requests, (responses) =>
        next({ inputs: { responses, state, retry: true }, round: round + 1 }),
      );
}

/** Since 2026-07-28 the client gets the requests as a result, and sends its own request again. */
function giveBack<Answer>(
  { options, admitted, message, reply, shaper }: Asking<Answer>,
  { requests, state, round }: { requests: Asked[]; state: string | undefined; round: number },
  fault: (what: string) => Step<Answer>,
): Step<Answer> {
  const { states } = options;
  if (states === undefined) return fault("this server was given no key to seal the state with");
  const sealed = states.give(stateOwner(admitted.request, message, options), { state, round });
  const asked = requests.map(({ key, method, params }) => [key, { method, params }] as const);
  const result = shaper.inputRequired({
    ...(asked.length > 0 && { inputRequests: Object.fromEntries(asked) }),
    requestState: sealed,
  });
  const text = resultResponse(admitted.request.id, result);
  return reply.answer({ status: 200, headers: undefined, text });
}

/** Before 2026-07-28 the client gets the requests while its own one waits. */
function waitForClient<Answer>(
  { options, admitted, reply, origin }: Asking<Answer>,
  requests: readonly Asked[],
  next: (responses: string) => Call<Answer>,
): Step<Answer> {
  const { id } = admitted.request;
  const { clientRequests } = options;
  if (clientRequests === undefined) {
    const message =
      "The request needs an answer of the client, which this server can ask for only since 2026-07-28";
    return reply.answer(errorAnswer(500, id, { code: RPC.internalError, message }));
  }
  if (!reply.streams) {
    const message = 'Invalid request: the answer needs a stream, which "Accept: text/event-stream" allows';
    return reply.answer(errorAnswer(406, id, { code: RPC.invalidRequest, message }));
  }
  const shaped: ClientRequest[] = [];
  for (const request of requests) {
    const legacy = legacyAsked(request, admitted.protocolVersion, () => options.newRequestId());
    if ("lacks" in legacy) {
      const error = {
        code: RPC.missingClientCapability,
        message: "The protocol revision of the client lacks what the request needs",
        data: JSON.stringify({ requiredCapabilities: legacy.lacks }),
      };
      return reply.answer(errorAnswer(200, id, error));
    }
    shaped.push({ key: request.key, method: request.method, params: legacy.params });
  }
  return {
    kind: "wait",
    wait: {
      async next(send, signal) {
        const link: ClientLink = {
          owner: origin.session,
          send: (text) => send(reply.part(text)!),
        };
        const answers = await clientRequests.ask(shaped, link, signal);
        if ("responses" in answers) return { kind: "call", call: next(answers.responses) };
        if (answers.failed === "too-many") return reply.answer(failureResponse(id, "overload"));
        const message =
          answers.failed === "ended"
            ? "The request ended before the client answered"
            : "The client did not answer in time";
        return reply.answer(errorAnswer(500, id, { code: OWN.unanswered, message }));
      },
    },
  };
}

function stateOwner(
  { method, target }: McpRequest,
  { params }: RequestMessage,
  { serverInfo }: ProtocolOptions,
): StateOwner {
  return { server: serverInfo.name, method, target, params };
}

/** True for the state of a component: JSON that is small enough. */
export function isState(text: string): boolean {
  if (text.length > MAX_STATE_BYTES || utf8Length(text) > MAX_STATE_BYTES) return false;
  if (scanJson(text, STATE_LIMITS).fault === "depth") return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function utf8Length(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // Each half of a surrogate pair adds one: four bytes for two units.
    if (unit >= 0x80) length += unit >= 0x800 && (unit & 0xf800) !== 0xd800 ? 2 : 1;
  }
  return length;
}

function refused(what: string): Rejected {
  return { status: 200, error: { code: RPC.invalidParams, message: `Invalid params: ${what}` } };
}
