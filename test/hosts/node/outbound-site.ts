import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { createHostServices, type HttpServiceRequest, type HttpServiceResponse } from "tenon/hosts/node";
import type { HttpGrant } from "../../../src/manifest/index.ts";
import { coreManifest } from "./handler-core.ts";

const servers: Server[] = [];

/** Ends what a test started. */
export async function closeServers(): Promise<void> {
  await Promise.all(
    servers.splice(0).map((server) => {
      const closed = once(server, "close");
      server.close();
      if ("closeAllConnections" in server) (server.closeAllConnections as () => void)();
      return closed;
    }),
  );
}

/** Starts a server on loopback and gives its port. */
export async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

export interface Site {
  origin: string;
  /** What arrived. */
  seen: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[];
}

export async function site(answer: RequestListener = (_, response) => response.end("ok")): Promise<Site> {
  const seen: Site["seen"] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      answer(request, response);
    });
  });
  return { origin: `http://127.0.0.1:${await listen(server)}`, seen };
}

type Options = NonNullable<Parameters<typeof createHostServices>[1]>;

/** Sends one request under grants. */
export function send(
  grants: HttpGrant[],
  request: Partial<HttpServiceRequest> & { origin: string },
  options: Options & { signal?: AbortSignal } = {},
): Promise<HttpServiceResponse> {
  const { http } = createHostServices(coreManifest({ http: grants }), options);
  const whole: HttpServiceRequest = {
    method: "GET",
    pathWithQuery: "/",
    headers: [],
    body: undefined,
    timeoutMs: undefined,
    ...request,
  };
  return http!(whole, options.signal ?? new AbortController().signal);
}
