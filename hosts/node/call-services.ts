import { randomInt } from "node:crypto";
import type { Signal } from "../../src/protocol/index.ts";
import { MAX_TIMER_MS } from "./after.ts";
import type { Limits } from "./limits/resolve-limits.ts";
import { ServiceFailure } from "./host-services.ts";
import { describeKey, describeRequest, refusalOf, type Refusal } from "./refusal.ts";
import type { HostServices, HttpServiceRequest, HttpServiceResponse, KvStore } from "./host-services.ts";
import type { CallObserver } from "./observe/observer.ts";
import type { ServiceAnswer, ServiceQuestion } from "./worker-messages.ts";

// Above, QuickJS takes a u32 for a negative number.
const TOKENS = 2 ** 31;

/** The client of a call. */
export interface CallClient {
  /** What `tenon:host/credentials` gives: the value of the `authorization` field. Default: nothing. */
  authorization?: string | undefined;
  /**
   * Aborted once nobody waits for the outcome. The call is then not started; one that runs is told, and stopped a second
   * later. Default: it is waited for.
   */
  signal?: Signal;
  /** Takes a JSON-RPC notification as JSON. Default: it is dropped. */
  notify?: (message: string) => void;
  /** Hears of the services that the call uses. */
  observer?: CallObserver | undefined;
}

/** The services as one call sees them: whatever it started ends with it. */
export interface CallServices {
  /** Says whose call the next questions belong to. */
  begin(client: CallClient): void;
  /** Answers a question of the guest; never rejects. */
  answer(question: ServiceQuestion): Promise<ServiceAnswer>;
  /** Gives up what is in flight. Later questions start anew. */
  end(): void;
}

/** Whoever runs the server. */
export interface ServiceListeners {
  /** Takes what a service threw that its interface has no case for; the guest learns nothing of it. */
  onFault: (service: string, error: unknown) => void;
  /** Takes what was refused, which the guest is told as well. */
  onRefusal: (refusal: Refusal) => void;
}

/** How a request ended, as `tenon:host/http` has it. */
export type HttpResult =
  | { tag: "ok"; val: HttpServiceResponse }
  | { tag: "err"; val: { tag: string; val: string | undefined } };

interface Started {
  controller: AbortController;
  /** Absent while the request is in flight. */
  result?: HttpResult;
}

/**
 * Lends services to the calls of one worker, one call after another.
 *
 * @param limits How many requests a call may have in flight, or ended and not taken, and in all.
 */
export function createCallServices(
  services: HostServices,
  { requestsAtOnce, requestsPerCall }: Pick<Limits["outbound"], "requestsAtOnce" | "requestsPerCall">,
  { onFault, onRefusal }: ServiceListeners,
): CallServices {
  let inFlight = new Map<number, Started>();
  let sent = 0;
  let client: CallClient = {};
  let onCompletion: (() => void) | undefined;

  function note(service: string, request: string, error: unknown): void {
    const refusal = error instanceof ServiceFailure ? refusalOf(service, request, error) : undefined;
    if (refusal) onRefusal(refusal);
  }

  function admit(): NonNullable<HostServices["http"]> {
    if (!services.http) throw denied("http");
    if (inFlight.size >= requestsAtOnce || sent >= requestsPerCall) throw new ServiceFailure("too-many");
    sent++;
    return services.http;
  }

  function start(request: HttpServiceRequest): number {
    let http: ReturnType<typeof admit>;
    try {
      http = admit();
    } catch (error) {
      note("http", describeRequest(request), error);
      throw error;
    }
    const tokens = inFlight;
    let token: number;
    do token = randomInt(TOKENS);
    while (tokens.has(token));
    const started: Started = { controller: new AbortController() };
    tokens.set(token, started);
    const observed = client.observer?.service?.("http.send", [request]);
    const response = http(observed?.request ?? request, started.controller.signal);
    void settle(request, response).then((result) => {
      observed?.end?.(result.tag === "ok" ? { status: result.val.status } : { error: result.val.tag });
      started.result = result;
      if (tokens === inFlight) onCompletion?.();
    });
    return token;
  }

  async function send(request: HttpServiceRequest): Promise<HttpServiceResponse> {
    const token = start(request);
    const { response } = (await waitAny([token], undefined))!;
    if (response.tag === "ok") return response.val;
    throw new ServiceFailure(response.val.tag, response.val.val);
  }

  /** One question at a time is open, so one place for whoever waits is enough. */
  async function waitAny(
    tokens: readonly number[],
    timeoutMs: number | undefined,
  ): Promise<{ token: number; response: HttpResult } | undefined> {
    const first = take(tokens);
    if (first || timeoutMs === 0 || (tokens.length === 0 && timeoutMs === undefined)) return first;
    return await new Promise((resolve) => {
      const finish = (taken: { token: number; response: HttpResult } | undefined): void => {
        clearTimeout(timer);
        onCompletion = undefined;
        resolve(taken);
      };
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(finish, Math.min(timeoutMs, MAX_TIMER_MS), undefined);
      onCompletion = () => {
        const taken = take(tokens);
        if (taken) finish(taken);
      };
    });
  }

  function take(tokens: readonly number[]): { token: number; response: HttpResult } | undefined {
    for (const token of tokens) {
      const started = inFlight.get(token);
      if (!started) return { token, response: { tag: "err", val: { tag: "unknown-token", val: undefined } } };
      if (!started.result) continue;
      inFlight.delete(token);
      return { token, response: started.result };
    }
    return undefined;
  }

  function cancel(token: number): void {
    inFlight.get(token)?.controller.abort();
    inFlight.delete(token);
  }

  async function settle(
    request: HttpServiceRequest,
    response: Promise<HttpServiceResponse>,
  ): Promise<HttpResult> {
    try {
      return { tag: "ok", val: await response };
    } catch (error) {
      note("http", describeRequest(request), error);
      return { tag: "err", val: caseOf("http", error) };
    }
  }

  /** The case of an error; what is none of the service's own becomes one that says nothing. */
  function caseOf(service: string, error: unknown): { tag: string; val: string | undefined } {
    if (error instanceof ServiceFailure) return { tag: error.tag, val: error.val };
    onFault(service, error);
    return { tag: service === "http" ? "unreachable" : "unavailable", val: "the host failed" };
  }

  const kv = (): KvStore => services.kv ?? raise(denied("kv"));
  const functions: Record<string, (...args: never[]) => unknown> = {
    "outbox.notify": (message: string) => client.notify?.(message),
    now: () => services.now?.() ?? Date.now(),
    "http.send": send,
    "http.start": start,
    "http.wait-any": waitAny,
    "http.cancel": cancel,
    "kv.features": () => kv().features,
    "kv.get": (key: string) => kv().get(key),
    "kv.set": (key: string, value: string, ttl?: number) => kv().set(key, value, ttl),
    "kv.delete": (key: string) => kv().delete(key),
    "kv.swap": (key: string, expected: string | undefined, value: string, ttl?: number) =>
      kv().swap(key, expected, value, ttl),
    "kv.increment": (key: string, delta: number, ttl?: number) => kv().increment(key, delta, ttl),
    "kv.list": (prefix: string, cursor: string | undefined, limit: number) =>
      kv().list(prefix, cursor, limit),
    "config.get": (key: string) => (services.config ?? raise(denied("config")))(key),
    "secrets.get": (name: string) => (services.secrets ?? raise(denied("secrets")))(name),
  };

  return {
    begin(caller) {
      client = caller;
    },
    async answer({ name, args }) {
      // Requests may end later, and are observed and noted where they do.
      const isHttp = name.startsWith("http.");
      const observed = isHttp ? undefined : client.observer?.service?.(name, args);
      try {
        const value = await functions[name]!(...(args as never[]));
        observed?.end?.({});
        return { value };
      } catch (error) {
        const [service = "", asked = ""] = name.split(".");
        if (!isHttp) note(service, describeKey(asked, args[0]), error);
        const failure = caseOf(service, error);
        observed?.end?.({ error: failure.tag });
        return { error: failure };
      }
    },
    end() {
      for (const { controller } of inFlight.values()) controller.abort();
      inFlight = new Map();
      sent = 0;
      client = {};
      onCompletion = undefined;
    },
  };
}

function denied(service: string): ServiceFailure {
  return new ServiceFailure("denied", `this host lends no ${service}`);
}

function raise(error: Error): never {
  throw error;
}
