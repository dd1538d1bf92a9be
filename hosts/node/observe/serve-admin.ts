import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isLoopback, parseAuthority } from "../../../src/protocol/index.ts";
import { listen } from "../listen.ts";

/** What an operator's tools can ask of a server, apart from where its clients connect. */
export interface AdminServer {
  /** Such as `http://127.0.0.1:9090`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Options of {@link serveAdmin}. */
export interface AdminOptions {
  /** TCP port on 127.0.0.1; 0 takes any free one. */
  port: number;
  /** True while the server should be sent requests. */
  isReady: () => boolean;
  /** In the text format of Prometheus, version 0.0.4. */
  metrics: () => string;
}

const HOST = "127.0.0.1";
const TIMEOUT_MS = 5000;
const TIMEOUT_CHECK_MS = 1000;
const MAX_HEADER_BYTES = 8 * 1024;
const MAX_CONNECTIONS = 50;
const PLAIN = "text/plain; charset=utf-8";
/** @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

interface Answer {
  status: number;
  type?: string;
  text: string;
}

/**
 * Serves `/healthz`, `/readyz` and `/metrics` on a loopback address. Nobody has to say who they are, so nobody from another
 * machine, and no web page, may ask.
 *
 * @throws ToolkitError `ERR_HOST_LISTEN` when the port cannot be listened on.
 */
export async function serveAdmin({ port, isReady, metrics }: AdminOptions): Promise<AdminServer> {
  const pages: Readonly<Record<string, () => Answer>> = {
    "/healthz": () => ({ status: 200, text: "ok\n" }),
    "/readyz": () => (isReady() ? { status: 200, text: "ready\n" } : { status: 503, text: "not ready\n" }),
    "/metrics": () => ({ status: 200, type: PROMETHEUS, text: metrics() }),
  };

  function answer({ method, url = "", headers }: IncomingMessage): Answer {
    const host = headers.host === undefined ? undefined : parseAuthority(headers.host);
    // A name that leads here is how web pages would come by: through DNS rebinding.
    if (host === undefined || !isLoopback(host.host)) {
      return { status: 403, text: "This host name is not allowed\n" };
    }
    const path = url.split("?", 1)[0]!;
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (page === undefined) return { status: 404, text: "Not found\n" };
    if (method !== "GET" && method !== "HEAD")
      return { status: 405, text: "Only GET and HEAD are allowed\n" };
    return page();
  }

  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: TIMEOUT_MS,
      requestTimeout: TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
    (request: IncomingMessage, response: ServerResponse) => {
      const { status, type = PLAIN, text } = answer(request);
      response.writeHead(status, {
        "content-type": type,
        "content-length": Buffer.byteLength(text),
        "cache-control": "no-store",
        ...(status === 405 && { allow: "GET, HEAD" }),
      });
      response.end(request.method === "HEAD" ? undefined : text);
      // Content that nobody asked for.
      request.resume();
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, port, HOST);
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
