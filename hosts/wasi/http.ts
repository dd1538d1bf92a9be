import { number } from "tenon:adapter/call@0.1.0";
import { subscribeDuration } from "tenon-wasi:clocks/monotonic-clock@0.2.0";
import { poll, type Pollable } from "tenon-wasi:io/poll@0.2.0";
import { getRandomBytes } from "wasi:random/random@0.2.0";
import { OutboundExchange, type HttpResult } from "./outbound-exchange.ts";
import { checkRequest, type HttpRequest } from "./outbound-request.ts";
import { ServiceError } from "./service-error.ts";

/** Requests that one call may have in flight, or ended and not taken. */
const MAX_REQUESTS_IN_FLIGHT = 16;
/** Requests that one call may send. */
const MAX_REQUESTS = 100;
/** Time a request may take with its answer, in milliseconds. */
const MAX_TIME_MS = 5000;
const NANOSECONDS = 1_000_000;

/** How a request ended, by its token. */
interface Completion {
  token: number;
  response: HttpResult;
}

let inFlight = new Map<number, OutboundExchange>();
let sent = 0;
let call = -1;

/** `tenon:host/http` over `wasi:http/outgoing-handler`. */
export const http = {
  send(request: HttpRequest): Extract<HttpResult, { tag: "ok" }>["val"] {
    const { response } = http.waitAny([http.start(request)], null)!;
    if (response.tag === "ok") return response.val;
    throw new ServiceError(response.val.tag, response.val.val);
  },

  start(request: HttpRequest): number {
    beginCall();
    const checked = checkRequest(request);
    if (inFlight.size >= MAX_REQUESTS_IN_FLIGHT || sent >= MAX_REQUESTS) throw new ServiceError("too-many");
    sent++;
    const exchange = new OutboundExchange(checked, Math.min(request.timeoutMs ?? MAX_TIME_MS, MAX_TIME_MS));
    const token = newToken();
    inFlight.set(token, exchange);
    exchange.advance();
    return token;
  },

  waitAny(tokens: Iterable<number>, timeoutMs: number | null): Completion | null {
    beginCall();
    const wanted = [...tokens];
    const unknown = wanted.find((token) => !inFlight.has(token));
    if (unknown !== undefined)
      return { token: unknown, response: { tag: "err", val: { tag: "unknown-token" } } };
    if (wanted.length === 0 && timeoutMs === null) return null;
    const timer = timeoutMs === null ? undefined : subscribeDuration(timeoutMs * NANOSECONDS);
    try {
      for (let isOver = false; ;) {
        for (const exchange of inFlight.values()) exchange.advance();
        const ended = wanted.find((token) => inFlight.get(token)!.result !== undefined);
        if (ended !== undefined) return take(ended);
        if (isOver) return null;
        isOver = wait(timer);
      }
    } finally {
      timer?.[Symbol.dispose]();
    }
  },

  cancel(token: number): void {
    inFlight.get(token)?.close();
    inFlight.delete(token);
  },
};

/** What another call left behind is given up. */
function beginCall(): void {
  const current = number();
  if (current === call) return;
  call = current;
  sent = 0;
  for (const exchange of inFlight.values()) exchange.close();
  inFlight = new Map();
}

function take(token: number): Completion {
  const response = inFlight.get(token)!.result!;
  inFlight.delete(token);
  return { token, response };
}

/** Waits until a request can go on or has no time left. True when that of the caller is over. */
function wait(timer: Pollable | undefined): boolean {
  const pending = [...inFlight.values()].filter(({ result }) => result === undefined);
  const waits = pending.map((exchange) => ({ exchange, ...exchange.waitsFor() }));
  const others = waits.flatMap((each) => each.others);
  const timers = [...waits.map((each) => each.timer), ...(timer === undefined ? [] : [timer])];
  const ready = new Set(poll([...timers, ...others]));
  for (const each of others) each[Symbol.dispose]();
  waits.forEach(({ exchange }, i) => {
    // What arrived just in time counts.
    if (ready.has(i)) exchange.advance();
    if (ready.has(i) && exchange.result === undefined) exchange.expire();
  });
  return timer !== undefined && ready.has(waits.length);
}

/** Below 2^31, because the engine takes greater numbers for negative ones. */
function newToken(): number {
  for (;;) {
    const [a, b, c, d] = getRandomBytes(4) as unknown as [number, number, number, number];
    const token = ((a & 0x7f) << 24) | (b << 16) | (c << 8) | d;
    if (!inFlight.has(token)) return token;
  }
}
