import { URL } from "whatwg-url-minimum";
import { Body, contentIn, contentOf, type BodyInit, type Content } from "./body.ts";
import { Headers, type HeadersInit } from "./headers.ts";

/** What `new Response()` takes beside the content. */
export interface ResponseInit {
  readonly status?: number;
  readonly statusText?: unknown;
  readonly headers?: HeadersInit;
}

const WITHOUT_CONTENT: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** True for a status that sends a client elsewhere. */
export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/** A response as it came in. */
export interface Received {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly content: Content;
  readonly url: string;
  readonly redirected: boolean;
}

/** The response that `fetch` gives. */
export let receivedResponse: (received: Received) => Response;

/** @see https://fetch.spec.whatwg.org/#response-class */
export class Response extends Body {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly type: string = "default";
  #url = "";
  #redirected = false;

  constructor(body?: BodyInit | null, init: ResponseInit = {}) {
    const { status = 200, statusText = "", headers } = init;
    const { content, type } = body === null || body === undefined ? {} : contentOf(body);
    super(content);
    if (!Number.isInteger(status) || status < 200 || status > 599)
      throw new RangeError("The status of a response is 200 to 599");
    if (content !== undefined && WITHOUT_CONTENT.has(status))
      throw new TypeError(`A response with the status ${status} has no body`);
    this.status = status;
    this.statusText = String(statusText);
    this.headers = new Headers(headers);
    if (type !== undefined && !this.headers.has("content-type")) this.headers.set("content-type", type);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }
  get url(): string {
    return this.#url;
  }
  get redirected(): boolean {
    return this.#redirected;
  }

  clone(): Response {
    const { status, statusText, headers } = this;
    const copy = new Response(contentIn(this, false), { status, statusText });
    // As they are: a response need not have a type because its copy was made of a text.
    copy.headers.delete("content-type");
    for (const [name, value] of headers) copy.headers.append(name, value);
    copy.#url = this.#url;
    copy.#redirected = this.#redirected;
    return copy;
  }

  static json(data: unknown, init: ResponseInit = {}): Response {
    const text = JSON.stringify(data) as string | undefined;
    if (text === undefined) throw new TypeError("The data is not JSON");
    const headers = new Headers(init.headers);
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
    return new Response(text, { ...init, headers });
  }
  static redirect(url: string | URL, status = 302): Response {
    if (!isRedirect(status)) throw new RangeError("The status of a redirect is 301, 302, 303, 307 or 308");
    return new Response(null, { status, headers: { location: new URL(String(url)).href } });
  }

  get [Symbol.toStringTag](): string {
    return "Response";
  }

  static {
    receivedResponse = ({ status, headers, content, url, redirected }) => {
      const withContent = !WITHOUT_CONTENT.has(status) && content.length > 0;
      const response = new Response(withContent ? content : null, { status });
      response.headers.delete("content-type");
      for (const [name, value] of headers) response.headers.append(name, value);
      response.#url = url;
      response.#redirected = redirected;
      return response;
    };
  }
}
