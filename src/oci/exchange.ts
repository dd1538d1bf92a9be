import { lookup } from "node:dns/promises";
import http, { type Agent, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import https from "node:https";
import { isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { isLinkLocalAddress, isLoopbackAddress, isPublicAddress } from "../network/index.ts";
import type { OciLimits } from "./limits.ts";
import { RegistryFailure } from "./registry-failure.ts";

/** An address of a name. */
export interface ResolvedAddress {
  address: string;
  family: number;
}

/** How hosts are reached, where not as the system does. */
export interface Network {
  /** Resolves a name. Default: as the system does. */
  resolve?: (hostname: string) => Promise<ResolvedAddress[]>;
  /** Connects to an address that was checked. Default: over TCP. */
  connect?: (address: string, port: number) => Socket;
  /** Certificates to trust in place of Node's own and those of `NODE_EXTRA_CA_CERTS`, in PEM. */
  ca?: string;
}

/** From where an address can be reached. */
export type Reach = "public" | "private" | "loopback" | "link-local";

/** Addresses of a host, all of them of one kind. */
export interface ResolvedHost {
  addresses: ResolvedAddress[];
  /** From where they can be reached. */
  reach: Reach;
}

/** One request to one host. */
export interface Exchange {
  method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH";
  url: URL;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array;
  /** Where to connect to, of {@link resolveHost}. */
  host: ResolvedHost;
  /** Keeps connections, for hosts that are asked again. Default: a connection for this request. */
  agent?: Agent;
}

/** What a host answers, with a body that is still to be read. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Fails once more than `maxBytes` came, or too slowly. */
  chunks(maxBytes: number): AsyncIterable<Uint8Array>;
  /** Leaves the rest unread. */
  discard(): void;
}

/** What every exchange is done with. */
export interface ExchangeSettings {
  limits: OciLimits;
  network: Network;
  signal?: AbortSignal;
}

/**
 * Sends a request and waits for the header of the answer. Only the addresses of the resolved host are connected to. Nothing
 * is followed, certificates are always verified, and proxies of the environment are not used.
 *
 * @throws RegistryFailure
 */
export async function exchange(request: Exchange, settings: ExchangeSettings): Promise<Answer> {
  const { limits, signal } = settings;
  const late = AbortSignal.timeout(limits.transferMs);
  const ends = signal === undefined ? late : AbortSignal.any([late, signal]);
  const failed = (error: unknown): RegistryFailure => {
    if (signal?.aborted) throw signal.reason;
    return late.aborted ? tooSlow(limits.transferMs) : connectionFailure(error, request.url);
  };
  const sent = open(request, settings, ends);
  let message: IncomingMessage;
  try {
    message = await answerOf(sent, request.body, limits);
  } catch (error) {
    throw failed(error);
  }
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    chunks: (maxBytes) => readChunks(message, maxBytes, limits, failed),
    discard: () =>
      void (message.readableLength === 0 && message.complete ? message.resume() : message.destroy()),
  };
}

/** Whether what an address of one kind says may lead to an address of another: never further inwards. */
export function mayLeadTo(from: Reach, to: Reach): boolean {
  if (to === "public") return true;
  if (to === "private") return from !== "public";
  return to === "loopback" && from === "loopback";
}

function reachOf(address: string): Reach {
  if (isLoopbackAddress(address)) return "loopback";
  if (isPublicAddress(address)) return "public";
  return isLinkLocalAddress(address) ? "link-local" : "private";
}

/**
 * Finds the addresses of a host, once, so that a name cannot come to mean another machine while it is talked to.
 *
 * @param mayReach Which addresses may be connected to. Default: all.
 * @throws RegistryFailure
 */
export async function resolveHost(
  url: URL,
  { network }: ExchangeSettings,
  mayReach: (reach: Reach) => boolean = () => true,
): Promise<ResolvedHost> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const family = isIP(host);
  let all: ResolvedAddress[];
  try {
    const resolve = network.resolve ?? ((name: string) => lookup(name, { all: true }));
    all = family === 0 ? await resolve(host) : [{ address: host, family }];
  } catch (error) {
    throw connectionFailure(error, url);
  }
  const first = all.find(({ address }) => {
    const reach = reachOf(address);
    return mayReach(reach) && (host !== "localhost" || reach === "loopback");
  });
  if (first === undefined) {
    throw new RegistryFailure(
      `"${url.host}" has an address that the registry may not lead to: ${all.map(({ address }) => reachOf(address))[0] ?? "none"}`,
      "ERR_OCI_REFUSED",
      { hint: "A public registry may lead to public addresses alone" },
    );
  }
  const reach = reachOf(first.address);
  // All that are connected to are of the kind that is told.
  return { addresses: all.filter(({ address }) => reachOf(address) === reach), reach };
}

function open(
  { method, url, headers, body, host: { addresses }, agent }: Exchange,
  { limits, network }: ExchangeSettings,
  signal: AbortSignal,
): http.ClientRequest {
  const secure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const pinned: LookupFunction = (_, { all }, callback) => {
    if (all) callback(null, [...addresses]);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  };
  const { connect, ca } = network;
  const tls = { rejectUnauthorized: true, ...(ca !== undefined && { ca }) };
  const port = Number(url.port || (secure ? 443 : 80));
  return (secure ? https : http).request({
    ...tls,
    // With an agent, that one connects.
    ...(connect === undefined && { agent: agent ?? false }),
    ...(connect !== undefined && {
      createConnection: () => {
        const socket = connect(addresses[0]!.address, port);
        return secure
          ? connectTls({ socket, ...tls, ...(isIP(host) === 0 && { servername: host }) })
          : socket;
      },
    }),
    lookup: pinned,
    protocol: url.protocol,
    host,
    port,
    defaultPort: secure ? 443 : 80,
    method,
    path: url.pathname + url.search,
    headers: {
      "user-agent": "tenon",
      // Digests are of what is stored, and nothing is to be unpacked.
      "accept-encoding": "identity",
      ...(body !== undefined && { "content-length": String(body.length) }),
      ...headers,
    },
    maxHeaderSize: limits.headerBytes,
    signal,
  });
}

function answerOf(
  sent: http.ClientRequest,
  body: Uint8Array | undefined,
  limits: OciLimits,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let written = 0;
    const look = (): void => {
      const now = sent.socket?.bytesWritten ?? 0;
      if (now - written < limits.windowBytes) sent.destroy(tooSlow(limits.answerMs));
      else {
        written = now;
        timer = setTimeout(look, limits.answerMs);
      }
    };
    let timer = setTimeout(look, limits.answerMs);
    const settle = (): void => clearTimeout(timer);
    sent.once("response", (message) => {
      settle();
      resolve(message);
    });
    sent.once("error", (error) => {
      settle();
      reject(error);
    });
    // An answer that is none, such as one that switches protocols, closes without an error.
    sent.once("close", () => {
      settle();
      reject(Object.assign(new Error("closed"), { code: "ECONNRESET" }));
    });
    sent.end(body);
  });
}

async function* readChunks(
  message: IncomingMessage,
  maxBytes: number,
  limits: OciLimits,
  failed: (error: unknown) => RegistryFailure,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  let before = 0;
  const watch = setInterval(() => {
    if (size - before < limits.windowBytes) message.destroy(tooSlow(limits.windowMs));
    before = size;
  }, limits.windowMs);
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      size += chunk.length;
      // Leaving the loop destroys the connection.
      if (size > maxBytes) {
        throw new RegistryFailure(`it has more than ${maxBytes} bytes`, "ERR_OCI_CONTENT");
      }
      yield chunk;
    }
  } catch (error) {
    throw failed(error);
  } finally {
    clearInterval(watch);
    message.destroy();
  }
}

function tooSlow(ms: number): RegistryFailure {
  return new RegistryFailure(`it took longer than ${ms / 1000} s`, "ERR_OCI_NETWORK");
}

const STATES: Readonly<Record<string, string>> = {
  ENOTFOUND: "the name does not resolve",
  EAI_AGAIN: "the name does not resolve",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was closed",
  EPIPE: "the connection was closed",
  EPROTO: "it does not speak TLS",
  HPE_HEADER_OVERFLOW: "its header is too large",
};
const PASSING: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
]);

function connectionFailure(error: unknown, url: URL): RegistryFailure {
  if (error instanceof RegistryFailure) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const state = STATES[code] ?? (code.startsWith("HPE_") ? "what it answers is not HTTP" : undefined);
  const why = state ?? ((error as Error).message || code);
  return new RegistryFailure(`${url.host}: ${why}`, "ERR_OCI_NETWORK", {
    cause: error,
    ...(PASSING.has(code) && { again: {} }),
    ...(code === "EPROTO" && { hint: 'If the registry speaks plain http, say so with "--plain-http"' }),
  });
}
