import type { HttpServiceRequest, HttpServiceResponse } from "../../hosts/node/host-services.ts";

const MAX_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const WITHOUT_BODY: ReadonlySet<number> = new Set([101, 204, 205, 304]);
const CONTENT_FIELDS = ["content-encoding", "content-language", "content-location", "content-type"];
const ORIGIN_FIELDS = ["authorization", "cookie", "proxy-authorization"];

type Send = (request: HttpServiceRequest, signal: AbortSignal) => Promise<HttpServiceResponse>;

/** One request on its way: the first, or one that a redirect asks for. */
interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
}

/**
 * A `fetch` that sends by a host's service, and follows at most 3 redirects, each of them sent by the service again: what
 * `fetch` is in a component, with the classes of this process.
 */
export function fetchThrough(send: Send): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const bytes = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
    let hop: Hop = {
      method: request.method,
      url: new URL(request.url),
      headers: request.headers,
      body: bytes,
    };
    for (let redirects = 0; ; redirects++) {
      request.signal.throwIfAborted();
      const { method, url, headers, body } = hop;
      const sent = {
        method,
        origin: url.origin,
        pathWithQuery: url.pathname + url.search,
        headers: [...headers],
        body,
        timeoutMs: undefined,
      };
      const answer = await send(sent, request.signal);
      const location = REDIRECTS.has(answer.status) ? fieldOf(answer, "location") : undefined;
      if (location === undefined || request.redirect === "manual") {
        return responseOf(answer, url, redirects > 0);
      }
      if (request.redirect === "error") throw new TypeError(`${url.origin} answered with a redirect`);
      if (redirects === MAX_REDIRECTS) {
        throw new TypeError(
          `${url.origin} answered with a redirect, and ${MAX_REDIRECTS} were followed already`,
        );
      }
      hop = nextHop(hop, answer.status, new URL(location, url));
    }
  };
}

function fieldOf({ headers }: HttpServiceResponse, field: string): string | undefined {
  return headers.find(([name]) => name === field)?.[1];
}

/** @see https://fetch.spec.whatwg.org/#http-redirect-fetch */
function nextHop({ method, url, headers: sent, body }: Hop, status: number, target: URL): Hop {
  const headers = new Headers(sent);
  if (target.origin !== url.origin) for (const name of ORIGIN_FIELDS) headers.delete(name);
  const becomesGet =
    ((status === 301 || status === 302) && method === "POST") ||
    (status === 303 && method !== "GET" && method !== "HEAD");
  if (!becomesGet) return { method, url: target, headers, body };
  for (const name of CONTENT_FIELDS) headers.delete(name);
  return { method: "GET", url: target, headers, body: undefined };
}

function responseOf(answer: HttpServiceResponse, url: URL, redirected: boolean): Response {
  const { status, headers, body } = answer;
  // A text would get a content type that the server has not given.
  const content = typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body);
  const response = new Response(WITHOUT_BODY.has(status) ? null : content, {
    status,
    headers: headers.map(([name, value]) => [name, value] as [string, string]),
  });
  Object.defineProperties(response, {
    url: { value: url.href.slice(0, url.href.length - url.hash.length) },
    redirected: { value: redirected },
  });
  return response;
}
