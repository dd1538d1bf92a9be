import { selectWithTimeout } from "fastly:compute/async-io@0.1.0";
import { Backend } from "fastly:compute/backend@0.1.0";
import { new as newBody } from "fastly:compute/http-body@0.1.0";
import { Request, sendAsyncUncached, type PendingResponse } from "fastly:compute/http-req@0.1.0";
import { getRandomBytes } from "wasi:random/random@0.2.0";
import { checkRequest, type HttpRequest, type OutboundRequest } from "../wasi/outbound-request.ts";
import { ServiceError } from "../wasi/service-error.ts";
import { bodyOf } from "./body.ts";
import { receive, type HttpResponse } from "./receive.ts";

/** Requests to backends that Fastly lets one request make. */
const MAX_REQUESTS = 32;
/** Time a request may take with its answer, in milliseconds. */
const MAX_TIME_MS = 5000;

/** How a request ended, by its token. */
interface Completion {
  token: number;
  response: { tag: "ok"; val: HttpResponse } | { tag: "err"; val: ServiceError["payload"] };
}

/** A request on its way, and when its time is over. */
interface Exchange {
  pending: PendingResponse;
  deadline: number;
}

const inFlight = new Map<number, Exchange>();
let sent = 0;

/** `tenon:host/http` over the backends that the service names, one for each granted origin. */
export const http = {
  send(request: HttpRequest): HttpResponse {
    const { response } = http.waitAny([http.start(request)], null)!;
    if (response.tag === "ok") return response.val;
    throw new ServiceError(response.val.tag, response.val.val);
  },

  start(request: HttpRequest): number {
    const checked = checkRequest(request);
    if (sent >= MAX_REQUESTS) throw new ServiceError("too-many");
    sent++;
    const timeoutMs = Math.min(request.timeoutMs ?? MAX_TIME_MS, MAX_TIME_MS);
    const deadline = Date.now() + timeoutMs;
    const token = newToken();
    inFlight.set(token, { pending: begin(checked, request.origin), deadline });
    return token;
  },

  waitAny(tokens: Iterable<number>, timeoutMs: number | null): Completion | null {
    const wanted = [...tokens];
    const unknown = wanted.find((token) => !inFlight.has(token));
    if (unknown !== undefined) return failed(unknown, new ServiceError("unknown-token"));
    const over = timeoutMs === null ? Infinity : Date.now() + timeoutMs;
    const exchanges = wanted.map((token) => inFlight.get(token)!);
    const next = Math.min(over, ...exchanges.map(({ deadline }) => deadline));
    if (next === Infinity) return null;
    const ready = wait(exchanges, next);
    if (ready !== null) return take(wanted[ready]!, exchanges[ready]!);
    const late = exchanges.findIndex(({ deadline }) => deadline <= Date.now());
    if (late === -1) return null;
    http.cancel(wanted[late]!);
    return failed(wanted[late]!, new ServiceError("timeout"));
  },

  cancel(token: number): void {
    inFlight.get(token)?.pending[Symbol.dispose]();
    inFlight.delete(token);
  },
};

function begin({ method, pathWithQuery, headers, body }: OutboundRequest, origin: string): PendingResponse {
  const name = BACKENDS[origin]!;
  try {
    const request = Request.new();
    request.setMethod(method);
    request.setUri(origin + pathWithQuery);
    for (const [field, value] of headers) {
      // Fastly frames the message.
      if (field !== "content-length") request.appendHeader(field, value);
    }
    const content = body === undefined ? newBody() : bodyOf(body);
    return sendAsyncUncached(request, content, Backend.open(name));
  } catch {
    throw new ServiceError(
      "unreachable",
      `the service has no backend "${name}", or it takes no such request`,
    );
  }
}

/** The index of the first whose response has begun; nothing when the time is over. */
function wait(exchanges: readonly Exchange[], until: number): number | null {
  const timeoutMs = Math.max(0, until - Date.now());
  return selectWithTimeout(
    exchanges.map(({ pending }) => pending),
    timeoutMs,
  );
}

function take(token: number, { pending, deadline }: Exchange): Completion {
  inFlight.delete(token);
  try {
    return { token, response: { tag: "ok", val: receive(pending, deadline) } };
  } catch (error) {
    if (error instanceof ServiceError) return failed(token, error);
    throw error;
  }
}

function failed(token: number, { payload }: ServiceError): Completion {
  return { token, response: { tag: "err", val: payload } };
}

/** Below 2^31, because the engine takes greater numbers for negative ones. */
function newToken(): number {
  for (;;) {
    const [a, b, c, d] = getRandomBytes(4) as unknown as [number, number, number, number];
    const token = ((a & 0x7f) << 24) | (b << 16) | (c << 8) | d;
    if (!inFlight.has(token)) return token;
  }
}
