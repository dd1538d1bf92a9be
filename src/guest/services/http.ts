import {
  cancel,
  start,
  waitAny,
  type Completion,
  type Response as HostResponse,
} from "tenon:host/http@0.1.0";
import type { URL } from "whatwg-url-minimum";
import { addSource, ownedByCall } from "../job-queue.ts";
import { requireServing } from "../serving.ts";
import { traceFields } from "../trace-fields.ts";
import type { AbortSignal } from "../web/abort-signal.ts";
import { contentIn, type Content } from "../web/body.ts";
import { Headers } from "../web/headers.ts";
import { Request, requestUrl, type RequestInit } from "../web/request.ts";
import { isRedirect, receivedResponse, type Response } from "../web/response.ts";
import { decodeUtf8, encodeUtf8 } from "../web/utf8.ts";
import { callHost, serviceError } from "./service-error.ts";

const MAX_REDIRECTS = 3;
const MAX_WAIT_MS = 2 ** 32 - 1;

/** Fields that say something of content, and go with it. */
const CONTENT_FIELDS = ["content-encoding", "content-language", "content-location", "content-type"];
/** Fields that were meant for one origin. */
const ORIGIN_FIELDS = ["authorization", "cookie"];

let inFlight = new Map<number, (response: Completion["response"]) => void>();

addSource({
  dueIn: () => (inFlight.size === 0 ? undefined : Infinity),
  block: (ms) => {
    const timeout = ms === Infinity ? undefined : Math.min(Math.ceil(ms), MAX_WAIT_MS);
    const completion = waitAny([...inFlight.keys()], timeout);
    if (completion) inFlight.get(completion.token)?.(completion.response);
  },
  collect: () => {},
});

// What is in flight when a call ends is of no use to the next.
ownedByCall({
  begin() {
    const outer = inFlight;
    inFlight = new Map();
    return outer;
  },
  end(outer: typeof inFlight | undefined) {
    const left = inFlight;
    if (outer === undefined && left.size === 0) return;
    inFlight = outer ?? new Map();
    for (const token of left.keys()) cancel(token);
  },
});

/** One request on its way: the first, or one that a redirect asks for. */
interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly content: Content | undefined;
}

/**
 * Sends a request and follows at most 3 redirects, each of them a request of its own to the host.
 *
 * @see https://fetch.spec.whatwg.org/#fetch-method
 */
function fetch(input: unknown, init?: RequestInit): Promise<Response> {
  requireServing("fetch");
  return fetchRequest(() => new Request(input, init));
}

async function fetchRequest(create: () => Request): Promise<Response> {
  const request = create();
  const { signal } = request;
  let hop: Hop = {
    method: request.method,
    url: requestUrl(request.url),
    headers: request.headers,
    content: contentIn(request, true),
  };
  for (let redirects = 0; ; redirects++) {
    const { status, headers, body } = await send(hop, signal);
    const location = isRedirect(status) ? headers.find(([name]) => name === "location")?.[1] : undefined;
    if (location === undefined || request.redirect === "manual") {
      const { href, hash } = hop.url;
      const url = href.slice(0, href.length - hash.length);
      return receivedResponse({ status, headers, content: body.val, url, redirected: redirects > 0 });
    }
    if (request.redirect === "error") throw new TypeError(`${hop.url.origin} answered with a redirect`);
    if (redirects === MAX_REDIRECTS)
      throw new TypeError(
        `${hop.url.origin} answered with a redirect, and ${MAX_REDIRECTS} were followed already`,
      );
    hop = nextHop(hop, status, requestUrl(location, hop.url.href));
  }
}

/** @see https://fetch.spec.whatwg.org/#http-redirect-fetch */
function nextHop({ method, url, headers: sent, content }: Hop, status: number, target: URL): Hop {
  const headers = new Headers(sent);
  if (target.origin !== url.origin) for (const name of ORIGIN_FIELDS) headers.delete(name);
  const becomesGet =
    ((status === 301 || status === 302) && method === "POST") ||
    (status === 303 && method !== "GET" && method !== "HEAD");
  if (!becomesGet) return { method, url: target, headers, content };
  for (const name of CONTENT_FIELDS) headers.delete(name);
  return { method: "GET", url: target, headers, content: undefined };
}

/** Starts a request at once; others go on while it is in flight. */
function send({ method, url, headers, content }: Hop, signal: AbortSignal): Promise<HostResponse> {
  signal.throwIfAborted();
  const token = callHost("http", () =>
    start({
      method,
      origin: url.origin,
      pathWithQuery: url.pathname + url.search,
      headers: headers.has("traceparent") ? [...headers] : [...headers, ...traceFieldsBeside(headers)],
      body: content === undefined ? undefined : hostBody(content),
      timeoutMs: undefined,
    }),
  );
  return new Promise((resolve, reject) => {
    const end = (): void => {
      inFlight.delete(token);
      signal.removeEventListener("abort", aborted);
    };
    const aborted = (): void => {
      end();
      cancel(token);
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", aborted);
    inFlight.set(token, (response) => {
      end();
      if (response.tag === "ok") resolve(response.val);
      else reject(serviceError("http", response.val));
    });
  });
}

/** What the author set stays as it is. */
function traceFieldsBeside(headers: Headers): [name: string, value: string][] {
  return traceFields().flatMap(([name, value]) => (headers.has(name) ? [] : [[name, value]]));
}

function hostBody(content: Content): HostResponse["body"] {
  const text = typeof content === "string" ? content : decodeUtf8(content);
  // Hosts that are written in JavaScript take a byte order mark off the texts that come to them.
  if (text !== undefined && !text.startsWith("\ufeff")) return { tag: "text", val: text };
  return { tag: "bytes", val: typeof content === "string" ? encodeUtf8(content) : content };
}

/** `ctx.http` over `tenon:host/http`. */
export const http = { fetch };
