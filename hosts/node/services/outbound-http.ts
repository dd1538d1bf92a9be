import { isUtf8 } from "node:buffer";
import { lookup as resolveName } from "node:dns/promises";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import { coversRequest } from "../../../src/http/covers-request.ts";
import type { HttpGrant } from "../../../src/manifest/index.ts";
import { resolveLimits, type LimitsInput } from "../limits/resolve-limits.ts";
import { ServiceFailure, type HostServices, type HttpServiceResponse } from "../host-services.ts";
import { ACCEPT_ENCODING, decodeContent } from "./decode-content.ts";
import { checkRequest, isHostField, notGranted, type OutboundRequest } from "./outbound-request.ts";
import { isLoopbackAddress, isPublicAddress } from "../../../src/network/index.ts";

/** An address of a name. */
export interface ResolvedAddress {
  address: string;
  family: number;
}

/** Options of {@link createOutboundHttp}. */
export interface OutboundHttpOptions {
  /** Resolves a name. Default: as the system does. */
  resolve?: (hostname: string) => Promise<ResolvedAddress[]>;
  /** Certificates to trust in place of Node's own, in PEM. */
  ca?: string | string[];
  /** Those of `outbound` bound each request, and the connections. Default: the defaults. */
  limits?: LimitsInput;
}

const MAX_HEADER_BYTES = 16 * 1024;
/** What may be sent again when a kept connection turns out to be closed. */
const REPEATABLE = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/**
 * Sends requests that a grant covers. A name is resolved once for each connection, and only addresses that were checked
 * are connected to. Redirects are returned, TLS certificates always verified, proxies of the environment not used.
 *
 * @param grants Of the whole core: the second check, behind the gate of each part.
 * @throws TypeError when a limit is not one.
 */
export function createOutboundHttp(
  grants: readonly HttpGrant[],
  options: OutboundHttpOptions = {},
): NonNullable<HostServices["http"]> {
  const { outbound: limits } = resolveLimits(options.limits);
  const connection = {
    lookup: checkedLookup(options.resolve ?? ((hostname) => resolveName(hostname, { all: true }))),
    // Explicit, because an environment variable could turn it off.
    rejectUnauthorized: true,
    ...(options.ca !== undefined && { ca: options.ca }),
  };
  const kept = {
    ...connection,
    keepAlive: true,
    maxSockets: limits.connectionsPerOrigin,
    maxTotalSockets: limits.connections,
    maxFreeSockets: limits.idleConnectionsPerOrigin,
    timeout: limits.idleMs,
  };
  const agents = { "http:": new http.Agent(kept), "https:": new https.Agent(kept) };

  async function exchange(
    request: OutboundRequest,
    signal: AbortSignal,
    fresh: boolean,
  ): Promise<IncomingMessage> {
    const { method, url, headers, body } = request;
    const secure = url.protocol === "https:";
    const sent = (secure ? https : http).request({
      ...connection,
      agent: fresh ? false : agents[secure ? "https:" : "http:"],
      protocol: url.protocol,
      host: url.hostname.replace(/^\[|\]$/g, ""),
      ...(url.port !== "" && { port: url.port }),
      method,
      path: url.pathname + url.search,
      headers: { "accept-encoding": ACCEPT_ENCODING, "user-agent": "tenon", ...headers },
      maxHeaderSize: MAX_HEADER_BYTES,
      signal,
    });
    try {
      return await new Promise((resolve, reject) => {
        sent.once("response", resolve).on("error", reject);
        // An answer that is none, such as one that switches protocols, closes without an error.
        sent.once("close", () => reject(new Error("closed")));
        sent.end(body);
      });
    } catch (error) {
      const stale = sent.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET";
      if (stale && !fresh && !signal.aborted && REPEATABLE.has(method))
        return exchange(request, signal, true);
      throw error;
    }
  }

  return async (asked, cancelled) => {
    const request = checkRequest(asked, limits.bodyBytes);
    const { method, url } = request;
    if (!coversRequest(grants, { method, origin: url.origin, path: url.pathname })) throw notGranted(request);
    const limit = AbortSignal.timeout(Math.min(asked.timeoutMs ?? limits.totalMs, limits.totalMs));
    try {
      const response = await exchange(request, AbortSignal.any([cancelled, limit]), false);
      return await readResponse(response, limits.bodyBytes);
    } catch (error) {
      if (error instanceof ServiceFailure) throw error;
      throw limit.aborted ? new ServiceFailure("timeout") : unreachable(error);
    }
  };
}

/** Resolves names for connections, and gives only addresses that a grant can mean. */
function checkedLookup(resolve: (hostname: string) => Promise<ResolvedAddress[]>): LookupFunction {
  return (hostname, { all }, callback) => {
    // Only who is granted "localhost" by that name may reach this machine by a name.
    const isMeant = hostname === "localhost" ? isLoopbackAddress : isPublicAddress;
    resolve(hostname).then(
      (addresses) => {
        const meant = addresses.filter(({ address }) => isMeant(address));
        if (meant.length === 0) {
          const failure = new ServiceFailure(
            "denied",
            `"${hostname}" has no address that a grant by name may reach`,
          );
          callback(failure, []);
        } else if (all) callback(null, meant);
        else callback(null, meant[0]!.address, meant[0]!.family);
      },
      (error: unknown) => callback(error as Error, []),
    );
  };
}

async function readResponse(response: IncomingMessage, maxBytes: number): Promise<HttpServiceResponse> {
  const status = response.statusCode ?? 0;
  const content = await readContent(response, maxBytes);
  if (status < 200 || status > 599) throw new ServiceFailure("unreachable", `status ${status} is not HTTP`);
  const encoding = response.headers["content-encoding"];
  const decoded = encoding === undefined ? undefined : await decodeContent(content, encoding, maxBytes);
  const headers: [string, string][] = [];
  for (let i = 0; i + 1 < response.rawHeaders.length; i += 2) {
    const name = response.rawHeaders[i]!.toLowerCase();
    // Length and encoding are those of the way here.
    if (isHostField(name) || (decoded && name === "content-encoding")) continue;
    headers.push([name, response.rawHeaders[i + 1]!]);
  }
  const body = decoded ?? content;
  return { status, headers, body: isUtf8(body) ? body.toString("utf8") : Uint8Array.from(body) };
}

async function readContent(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the connection.
    if (size > maxBytes) throw new ServiceFailure("too-large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

const FAILURES: Record<string, string> = {
  ENOTFOUND: "the name does not resolve",
  EAI_AGAIN: "the name does not resolve",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was closed",
  EPIPE: "the connection was closed",
  EPROTO: "TLS failed",
};

/** Says what failed without addresses or other things of the host. */
function unreachable(error: unknown): ServiceFailure {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (code.startsWith("HPE_")) return new ServiceFailure("unreachable", "the answer is not HTTP");
  const known = Object.hasOwn(FAILURES, code) ? FAILURES[code] : undefined;
  return new ServiceFailure(
    "unreachable",
    known ?? `the connection failed${/^[A-Z_0-9]+$/.test(code) ? `: ${code}` : ""}`,
  );
}
