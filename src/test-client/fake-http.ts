import { ToolkitError } from "../errors/index.ts";
import {
  ServiceFailure,
  type HttpServiceRequest,
  type HttpServiceResponse,
} from "../../hosts/node/host-services.ts";
import type { HttpGrant } from "../manifest/index.ts";

/** What a fake server answers: a text (status 200), or a complete response. */
export type FakeResponse = string | Response;

/**
 * What stands in for the network: answers by `"GET https://api.example/x"` (exactly, query included) or by the origin
 * `"https://api.example"`, for all its paths and methods. A function that gives nothing has no answer. What has no answer is
 * denied, as without a grant.
 */
export type FakeHttp = Readonly<
  Record<
    string,
    FakeResponse | ((request: Request) => FakeResponse | undefined | Promise<FakeResponse | undefined>)
  >
>;

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const KEY = /^(?:([A-Z]+) )?(https?:\/\/\S+)$/;

interface Route {
  readonly method: string | undefined;
  readonly origin: string;
  /** Absent for all of them. */
  readonly href: string | undefined;
  readonly answer: FakeHttp[string];
}

/** A fake `http` service, and the grants under which a component reaches it. */
export function createFakeHttp(fake: FakeHttp): {
  send: (request: HttpServiceRequest, signal: AbortSignal) => Promise<HttpServiceResponse>;
  grants: HttpGrant[];
} {
  const routes = Object.entries(fake).map(([key, answer]) => parseRoute(key, answer));
  return {
    grants: grantsFor(routes),
    async send(request, signal) {
      const { method, origin, pathWithQuery, headers, body } = request;
      const href = origin + pathWithQuery;
      const route =
        routes.find((each) => each.method === method && each.href === href) ??
        routes.find((each) => each.href === undefined && each.origin === origin);
      const withBody = body !== undefined && method !== "GET" && method !== "HEAD";
      const seen = new Request(href, {
        method,
        headers: headers.map(([name, value]) => [name, value] as [string, string]),
        signal,
        ...(withBody ? { body: typeof body === "string" ? body : new Uint8Array(body) } : {}),
      });
      const answer = typeof route?.answer === "function" ? await route.answer(seen) : route?.answer;
      if (answer === undefined) {
        const [path] = pathWithQuery.split("?", 1);
        throw new ServiceFailure("denied", `no grant covers ${method} ${origin}${path}`);
      }
      return received(answer);
    },
  };
}

function parseRoute(key: string, answer: FakeHttp[string]): Route {
  const [, method, address = ""] = KEY.exec(key) ?? [];
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isOrigin = url !== undefined && url.href === `${url.origin}/` && !address.endsWith("/");
  if (url === undefined || url.hash !== "" || isOrigin === (method !== undefined)) {
    throw new ToolkitError(`Cannot fake "${key}": it is neither a method with a URL nor an origin`, {
      code: "ERR_USAGE",
      hint: 'Write "GET https://api.example/path", or "https://api.example" for everything there',
    });
  }
  return { method, origin: url.origin, href: isOrigin ? undefined : url.href, answer };
}

function grantsFor(routes: readonly Route[]): HttpGrant[] {
  const methods = new Map<string, Set<string>>();
  for (const { origin, method } of routes) {
    const known = methods.get(origin) ?? new Set();
    for (const each of method === undefined ? METHODS : [method]) known.add(each);
    methods.set(origin, known);
  }
  return [...methods].map(([origin, known]) => ({ origin, methods: [...known] }));
}

/** A response may be sent more than once. */
async function received(answer: FakeResponse): Promise<HttpServiceResponse> {
  const response = typeof answer === "string" ? new Response(answer) : answer.clone();
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: [...response.headers], body: textOf(bytes) ?? bytes };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
