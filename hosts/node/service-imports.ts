import type { HttpResult } from "./call-services.ts";
import { createHostImports, type HostImports } from "./host-imports.ts";
import type { HttpServiceRequest, HttpServiceResponse } from "./host-services.ts";

/** Asks the main thread and waits. Throws what the WIT calls an error, as transpiled code takes it. */
export type Ask = (name: string, ...args: unknown[]) => unknown;

/** Content as transpiled code has it. */
type WitBody = { tag: "text"; val: string } | { tag: "bytes"; val: Uint8Array };

interface WitRequest extends Omit<HttpServiceRequest, "body"> {
  body: WitBody | undefined;
}

interface WitResponse extends Omit<HttpServiceResponse, "body"> {
  body: WitBody;
}

/**
 * The services of `wit/deps/host` and the way back to the client, for a guest.
 *
 * @param ask Asks the main thread.
 * @param cancelled True once nobody waits for the call in flight.
 * @param authorization The credential of the call in flight.
 */
export function createServiceImports(
  ask: Ask,
  cancelled: () => boolean,
  authorization: () => string | undefined,
): HostImports {
  return {
    "tenon:mcp/outbox": {
      notify: (message: string): unknown => ask("outbox.notify", message),
      cancelled,
    },
    "tenon:host/http": {
      send: (request: WitRequest): WitResponse =>
        witResponse(ask("http.send", serviceRequest(request)) as HttpServiceResponse),
      start: (request: WitRequest): unknown => ask("http.start", serviceRequest(request)),
      waitAny(tokens: Iterable<number>, timeoutMs: number | undefined): unknown {
        const taken = ask("http.wait-any", [...tokens], timeoutMs) as
          | { token: number; response: HttpResult }
          | undefined;
        if (taken?.response.tag !== "ok") return taken;
        return { token: taken.token, response: { tag: "ok", val: witResponse(taken.response.val) } };
      },
      cancel: (token: number): unknown => ask("http.cancel", token),
    },
    "tenon:host/kv": {
      getFeatures(): unknown {
        try {
          return ask("kv.features");
        } catch {
          // The function has no error: a store that is not there can do nothing, as each other function says.
          return { swap: false, persistent: false, consistency: "strong" };
        }
      },
      get: (key: string): unknown => ask("kv.get", key),
      set: (key: string, value: string, ttlSeconds?: number): unknown =>
        ask("kv.set", key, value, ttlSeconds),
      delete: (key: string): unknown => ask("kv.delete", key),
      swap: (key: string, expected: string | undefined, value: string, ttlSeconds?: number): unknown =>
        ask("kv.swap", key, expected, value, ttlSeconds),
      increment: (key: string, delta: number, ttlSeconds?: number): unknown =>
        ask("kv.increment", key, delta, ttlSeconds),
      list: (prefix: string, cursor: string | undefined, limit: number): unknown =>
        ask("kv.list", prefix, cursor, limit),
    },
    "tenon:host/config": {
      // The composer answers it; a core made without it has no settings.
      settings: (): string => "{}",
      get: (key: string): unknown => ask("config.get", key),
    },
    "tenon:host/credentials": { authorization },
    "tenon:host/secrets": { get: (name: string): unknown => ask("secrets.get", name) },
  };
}

function serviceRequest(request: WitRequest): HttpServiceRequest {
  const { method, origin, pathWithQuery, headers, body, timeoutMs } = request;
  return { method, origin, pathWithQuery, headers, body: body?.val, timeoutMs };
}

function witResponse({ status, headers, body }: HttpServiceResponse): WitResponse {
  return {
    status,
    headers,
    body: typeof body === "string" ? { tag: "text", val: body } : { tag: "bytes", val: body },
  };
}

/** The names of every interface this host provides. */
export const PROVIDED_INTERFACES: ReadonlySet<string> = new Set([
  ...Object.keys(createHostImports(() => {})),
  ...Object.keys(
    createServiceImports(
      () => {},
      () => false,
      () => undefined,
    ),
  ),
]);
