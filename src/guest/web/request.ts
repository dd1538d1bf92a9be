import { URL } from "whatwg-url-minimum";
import { FORBIDDEN_METHODS, HOST_FIELDS } from "../../http/host-rules.ts";
import { AbortSignal } from "./abort-signal.ts";
import { Body, contentIn, contentOf, type BodyInit } from "./body.ts";
import { Headers, type HeadersInit } from "./headers.ts";

/** What may happen to a redirect. */
export type Redirect = "follow" | "error" | "manual";

/** What `new Request()` and `fetch` take beside the URL. Members of other names are ignored. */
export interface RequestInit {
  readonly method?: string;
  readonly headers?: HeadersInit;
  readonly body?: BodyInit | null;
  readonly redirect?: Redirect;
  readonly signal?: AbortSignal | null;
}

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REDIRECTS: ReadonlySet<string> = new Set(["follow", "error", "manual"]);

/** @see https://fetch.spec.whatwg.org/#request-class */
export class Request extends Body {
  /** In upper case. */
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly redirect: Redirect;
  readonly signal: AbortSignal;

  constructor(input: unknown, init: RequestInit = {}) {
    const from = input instanceof Request ? input : undefined;
    const {
      method = from?.method ?? "GET",
      headers = from?.headers,
      redirect = from?.redirect ?? "follow",
    } = init;
    const upper = methodOf(method);
    const given = init.body ?? undefined;
    if (given !== undefined && (upper === "GET" || upper === "HEAD")) {
      throw new TypeError(`A request with the method ${upper} has no body`);
    }
    const { content, type } =
      given === undefined ? { content: from && contentIn(from, true) } : contentOf(given);
    super(content);
    this.method = upper;
    this.url = from?.url ?? requestUrl(String(input)).href;
    this.headers = new Headers(headers);
    for (const name of HOST_FIELDS) this.headers.delete(name);
    if (type !== undefined && !this.headers.has("content-type")) this.headers.set("content-type", type);
    if (!REDIRECTS.has(redirect)) throw new TypeError('redirect is "follow", "error" or "manual"');
    this.redirect = redirect;
    const signal = init.signal === undefined ? from?.signal : init.signal;
    if (signal !== undefined && signal !== null && !(signal instanceof AbortSignal))
      throw new TypeError("signal is not an AbortSignal");
    this.signal = signal ?? AbortSignal.any([]);
  }

  clone(): Request {
    const { method, headers, redirect, signal } = this;
    const content = contentIn(this, false);
    return new Request(this.url, {
      method,
      headers,
      redirect,
      signal,
      ...(content === undefined ? {} : { body: content }),
    });
  }

  get [Symbol.toStringTag](): string {
    return "Request";
  }
}

function methodOf(method: unknown): string {
  const upper = String(method).toUpperCase();
  if (!METHOD.test(upper) || FORBIDDEN_METHODS.includes(upper)) {
    throw new TypeError(`${JSON.stringify(upper.slice(0, 40))} is no method that a request may have`);
  }
  return upper;
}

/**
 * A URL that a request may go to.
 *
 * @throws TypeError when it is not an absolute one of http or https, or holds a user name or a password.
 */
export function requestUrl(text: string, base?: string): URL {
  const url = URL.parse(text, base);
  const shown = JSON.stringify(text.slice(0, 200));
  if (url === null) throw new TypeError(`Cannot fetch ${shown}: it is not an absolute URL`);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw new TypeError(`Cannot fetch ${shown}: it is neither https nor http`);
  if (url.username !== "" || url.password !== "")
    throw new TypeError("Cannot fetch a URL with a user name or a password");
  return url;
}
