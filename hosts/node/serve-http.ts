import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ToolkitError } from "../../src/errors/index.ts";
import {
  createHttpProtocol,
  createSessions,
  type HttpAnswer,
  type HttpProtocol,
  type HttpRequestHead,
  type HttpStep,
} from "../../src/protocol/index.ts";
import type { CoreManifest } from "../../src/manifest/index.ts";
import { createAdmission } from "./admission.ts";
import { after } from "./after.ts";
import { createAsking, type AskingOptions } from "./asking.ts";
import { keepConstants, type ConstantResults } from "./constant-results.ts";
import { createDrain } from "./drain.ts";
import { logToStderr, report, reportFault } from "./host-log.ts";
import { changedLists, createChangeHub, listsOf } from "./change-hub.ts";
import { createHoldOff } from "./hold-off.ts";
import type { HostServices } from "./host-services.ts";
import { keepAlive } from "./keep-alive.ts";
import { listen } from "./listen.ts";
import type { Observer, RequestObserver, ServedCore } from "./observe/observer.ts";
import { loadCore, type LoadedCore, type LoadOptions } from "./load-core.ts";
import { resolveLimits } from "./limits/resolve-limits.ts";
import type { PoolOptions, PoolStats } from "./pool-options.ts";
import { createPool, type Pool } from "./pool.ts";
import { createBodyReader } from "./read-body.ts";
import { protocolOptions } from "./server-protocol.ts";
import { publicHost } from "./public-url.ts";
import { createTaskPool, startTasks, type TaskPool, type TaskServerOptions } from "./serve-tasks.ts";
import { takeSteps } from "./take-steps.ts";
import { createUnreadAnswers } from "./unread-answers.ts";
import { createFindPeer, createIsTrusted } from "./trusted-proxies.ts";

/** Options of {@link serveHttp}. */
export interface ServeHttpOptions
  extends
    LoadOptions,
    AskingOptions,
    Omit<PoolOptions, "patient" | "services" | "allReady" | "hasLinks" | "onReplaced"> {
  /** Gives what calls may reach, for the core in place and each that replaces it. Default: nothing. */
  services?: (manifest: CoreManifest) => HostServices;
  /** TCP port; 0 takes any free one. Default 3000. */
  port?: number;
  /** Address to listen on. Default 127.0.0.1. */
  host?: string;
  /** Values the `Host` field may have. Default: loopback names on a loopback address, else any. */
  allowedHosts?: readonly string[];
  /** Origins whose web pages may call, such as `https://app.example`. On a loopback address, loopback origins may too. */
  allowedOrigins?: readonly string[];
  /** Where clients reach this server when that is not where it listens, such as `https://mcp.example/mcp`. Its host is allowed. */
  publicUrl?: string;
  /**
   * Proxies that say truly whom they forward for: addresses, ranges such as `10.0.0.0/8`, or `loopback`. Default: none, so the
   * peer of a request is whoever connects.
   */
  trustedProxies?: readonly string[];
  /**
   * True to give clients before 2026-07-28 sessions, and to take no other request of theirs than `initialize` without one.
   * Default false: every request stands alone.
   */
  sessions?: boolean;
  /** For tools whose calls become tasks. */
  tasks?: TaskServerOptions;
  /** Hears what the server does, such as {@link createMetrics} and {@link openTracing}. Default: nobody. */
  observer?: Observer | undefined;
}

/** A running server. */
export interface HttpServer {
  /** Where clients connect, such as `http://127.0.0.1:3000/mcp`. */
  readonly url: string;
  /** Where they connect from elsewhere, when `publicUrl` says so. */
  readonly publicUrl: string | undefined;
  /** Of the core that takes new requests: `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  /** What the threads for calls do now. */
  stats(): PoolStats;
  /**
   * Serves another core from now on: settles once new requests go to it. Requests in flight end on the core that took
   * them, and none is dropped. Swaps happen one after another.
   *
   * @throws ToolkitError `ERR_HOST_CORE` when the core cannot be instantiated, or the server is closed; the core in
   * place stays.
   */
  replace(core: LoadedCore): Promise<void>;
  /**
   * Lets calls wait for a thread until their deadline, and not for `calls.queueMs` only, until a promise settles. For what takes the
   * machine for a moment, such as loading another core; {@link HttpServer.replace} does so by itself.
   */
  bePatient(until: Promise<unknown>): void;
  /**
   * Stops listening, answers what is in flight and ends all threads. What is not answered after `drainMs` milliseconds,
   * default 10,000, is cut off.
   */
  close(options?: { drainMs?: number }): Promise<void>;
}

/** A core and what belongs to it. */
interface Serving {
  digest: string;
  manifest: CoreManifest;
  protocol: HttpProtocol;
  pool: Pool;
  taskPool: TaskPool;
  constants: ConstantResults;
}

const DEFAULT_PORT = 3000;
const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_DRAIN_MS = 10_000;
const SESSION_ID_BYTES = 24;
const TIMEOUT_CHECK_MS = 1000;
/** Characters of an answer after which it is looked at what clients leave unread. */
const LARGE_ANSWER = 64 * 1024;

/**
 * Serves a core over MCP's Streamable HTTP transport. No guest code runs on the calling thread.
 *
 * @param core A core that `loadCore` prepared, or its bytes.
 * @throws ToolkitError `ERR_HOST_CORE` when it is not a core this host can run.
 * @throws ToolkitError `ERR_HOST_LISTEN` when the address cannot be listened on.
 * @throws TypeError when an allowed host or origin, a trusted proxy or the public URL or a limit is not one, or a key has another length than 32 bytes.
 */
export async function serveHttp(
  core: LoadedCore | Uint8Array,
  options: ServeHttpOptions = {},
): Promise<HttpServer> {
  const limits = resolveLimits(options.limits);
  const { streamBytes } = limits.http;
  const loaded = core instanceof Uint8Array ? await loadCore(core, options) : core;
  const host = options.host ?? DEFAULT_HOST;
  const log = options.log ?? logToStderr;
  const { observer } = options;
  const asking = createAsking(options, log, limits.asking);

  const isTrusted = createIsTrusted(options.trustedProxies ?? []);
  const findPeer = createFindPeer(options.trustedProxies ?? []);
  const overloaded = (): HttpAnswer => current.protocol.overloaded();
  const admission = createAdmission({ limits: limits.http, isTrusted, overloaded });
  const bodies = createBodyReader(limits.http);
  const holdOff = createHoldOff();
  const unread = createUnreadAnswers(limits.http);
  const allowedHosts = hostsOf(options);

  let lists = listsOf(loaded.manifest);
  const changes = createChangeHub({ lists: () => lists, streams: limits.streams });
  const sessions =
    options.sessions &&
    createSessions({
      maxSessions: limits.sessions.open,
      maxPerPeer: limits.sessions.openPerPeer,
      idleMs: limits.sessions.idleMs,
      lifeMs: limits.sessions.lifeMs,
      changes,
      now: Date.now,
      after,
      newId: () => randomBytes(SESSION_ID_BYTES).toString("base64url"),
      digest: (text) => createHash("sha256").update(text).digest("base64url"),
    });

  const tasks = await startTasks(options.tasks ?? {}, { limits, pool: () => current.taskPool, changes, log });

  async function start(next: LoadedCore, allReady = false): Promise<Serving> {
    const protocol = createHttpProtocol({
      ...protocolOptions(next, limits, tasks),
      ...asking,
      changes,
      ...(next.manifest.protectedResource && {
        protectedResource: JSON.stringify(next.manifest.protectedResource),
      }),
      ...(sessions && { sessions }),
      local: isLoopbackAddress(host),
      ...(allowedHosts && { allowedHosts }),
      ...(options.allowedOrigins && { allowedOrigins: options.allowedOrigins }),
    });
    const poolOptions = {
      ...options,
      limits,
      services: options.services?.(next.manifest) ?? {},
      onReplaced: () => observer?.workerReplaced?.(),
    };
    const pool = await createPool(next, { ...poolOptions, allReady, hasLinks: observer?.links === true });
    const taskPool = createTaskPool(next, poolOptions);
    const constants = keepConstants(next.manifest);
    return { digest: next.digest, manifest: next.manifest, protocol, pool, taskPool, constants };
  }

  let current = await start(loaded);
  observer?.serving?.(servedCore(current));
  let swapped: Promise<void> = Promise.resolve();
  const retiring = new Set<Promise<void>>();
  const closing = new AbortController();
  /** Requests in flight that their clients can cancel by name. */
  const requests = new Map<string, AbortController>();

  async function swap(next: LoadedCore): Promise<void> {
    if (closing.signal.aborted) {
      throw new ToolkitError(`Cannot serve core "${next.manifest.name}": the server is closed`, {
        code: "ERR_HOST_CORE",
      });
    }
    const old = current;
    // The core in place serves until the other one can take as much. As long as the machine has two, calls wait for it.
    const starting = start(next, true);
    old.pool.bePatient(starting);
    current = await starting;
    observer?.serving?.(servedCore(current));
    const retired = endThreads(old).finally(() => retiring.delete(retired));
    retiring.add(retired);
    current.pool.bePatient(retired);
    lists = listsOf(next.manifest);
    for (const list of changedLists(old, current)) changes.publish(list);
  }

  /** A mistake in this host must cost one request and not the server. */
  function fail(response: ServerResponse, error: unknown): void {
    reportFault(log, "Cannot answer a request", error);
    if (response.headersSent) response.destroy();
    else send(response, current.protocol.internalError());
  }

  async function answer(
    step: HttpStep,
    response: ServerResponse,
    { peer, observed }: { peer: string | undefined; observed: RequestObserver | undefined },
  ): Promise<void> {
    const client = new AbortController();
    const onClose = (): void => client.abort();
    response.once("close", onClose);
    const { name } = step;
    const isNamed = name !== undefined && !requests.has(name);
    if (isNamed) requests.set(name, client);
    const { body, ...head } = await takeSteps(step, {
      pool: () => current.pool,
      peer,
      signal: client.signal,
      closing: closing.signal,
      log,
      isStalled: () => response.writableLength > streamBytes,
      send: (part) => sendPart(response, part),
      learn: current.constants.learn,
      observer: observed,
    }).finally(() => isNamed && requests.delete(name));
    response.off("close", onClose);
    if (response.headersSent) response.end(body);
    else send(response, { ...head, body });
    if (body !== undefined && body.length > LARGE_ANSWER) unread.added();
  }

  /**
   * Whether there is no use in reading a request, as there is no place for its call. In a session it may be what ends another call,
   * or answers its question.
   */
  function isFull(head: HttpRequestHead): boolean {
    const inSession = head.headers("mcp-session-id") !== undefined;
    return head.method === "POST" && !inSession && !current.pool.hasRoom(head.peer);
  }

  /** The answer to a request whose content is not to be read. */
  function refusal(
    request: IncomingMessage,
    response: ServerResponse,
    head: HttpRequestHead,
  ): HttpAnswer | undefined {
    const { protocol } = current;
    const refused = admission.refusal(request, response, head.peer) ?? protocol.checkHead(head);
    if (refused) return refused;
    if (bodies.isTooLarge(request)) return protocol.refuseBody("too-large");
    if (!isFull(head)) return undefined;
    // The connection of a proxy is that of other clients as well.
    if (!isTrusted(request.socket.remoteAddress ?? "")) holdOff(request, response);
    return overloaded();
  }

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    // Then the client waits to be told to send its content.
    const expects = request.headers.expect !== undefined && request.httpVersion === "1.1";
    const peer = findPeer(request.socket.remoteAddress, request.headers);
    const head = requestHead(request, peer);
    const observed = observer?.request?.(head);
    if (observed?.end) {
      response.once("close", () =>
        observed.end!(response.writableFinished ? response.statusCode : undefined),
      );
    }
    unread.watch(response);
    const refused = refusal(request, response, head);
    if (refused) {
      // Whether it sends its content now, or its next request, could not be told.
      if (expects) response.setHeader("connection", "close");
      send(response, refused);
      bodies.discard(request);
      return;
    }
    if (expects) response.writeContinue();
    bodies.read(request, (body) => {
      const { protocol, constants } = current;
      if (typeof body !== "string") {
        send(response, body.refused === "overload" ? overloaded() : protocol.refuseBody(body.refused));
        return;
      }
      try {
        const first = protocol.handle(head, body);
        if (first.cancels !== undefined) requests.get(first.cancels)?.abort();
        const step = constants.settle(first, observed);
        if (step.kind === "answer") send(response, step.answer);
        else answer(first, response, { peer, observed }).catch((error: unknown) => fail(response, error));
      } catch (error) {
        fail(response, error);
      }
    });
  }

  const server = createServer(
    {
      maxHeaderSize: limits.http.headerBytes,
      headersTimeout: limits.http.headerMs,
      requestTimeout: limits.http.requestMs,
      keepAliveTimeout: limits.http.idleMs,
      connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, limits.http.headerMs),
      // By default the first of several is taken, and what stands behind the server may take the last.
      joinDuplicateHeaders: true,
    },
    onRequest,
  );
  const drain = createDrain(server);
  server.on("connection", (socket) => admission.connect(socket));
  // A client that asks before it sends hears of a refusal in place of being told to go on.
  server.on("checkContinue", (request, response) => server.emit("request", request, response));
  // One more than there may be: those beyond are dropped without a word.
  server.maxHeadersCount = limits.http.headerFields + 1;
  server.maxConnections = limits.http.connections;
  try {
    await listen(server, options.port ?? DEFAULT_PORT, host);
  } catch (error) {
    await tasks.close();
    await endThreads(current);
    throw error;
  }
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}/mcp`,
    publicUrl: options.publicUrl,
    get digest() {
      return current.digest;
    },
    stats: () => current.pool.stats(),
    bePatient: (until) => current.pool.bePatient(until),
    replace(next) {
      const result = swapped.then(() => swap(next));
      swapped = result.catch(() => undefined);
      return result;
    },
    async close({ drainMs = DEFAULT_DRAIN_MS } = {}) {
      closing.abort();
      const cut = await drain.end(drainMs);
      if (cut > 0) report(log, "warning", `${cut} ${cut === 1 ? "request was" : "requests were"} cut off`);
      await swapped;
      await tasks.close();
      await Promise.all([endThreads(current), ...retiring]);
      unread.close();
    },
  };
}

function servedCore({ digest, manifest, pool }: Serving): ServedCore {
  return { digest, manifest, stats: () => pool.stats() };
}

async function endThreads({ pool, taskPool }: Serving): Promise<void> {
  await Promise.all([pool.close(), taskPool.close()]);
}

/** Sends one part of an answer; the first goes with the status and the header fields. */
function sendPart(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  if (response.destroyed) return;
  if (!response.headersSent) {
    response.writeHead(status, headers.flat());
    keepAlive(response);
  }
  response.write(body!);
}

/** The hosts that are allowed by name; nothing where none is named. */
function hostsOf({ allowedHosts, publicUrl }: ServeHttpOptions): readonly string[] | undefined {
  if (publicUrl === undefined) return allowedHosts;
  return [...(allowedHosts ?? []), publicHost(publicUrl)];
}

function requestHead(request: IncomingMessage, peer: string | undefined): HttpRequestHead {
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    // Repeated fields arrive as one value, joined by commas, which equals no value that is checked.
    headers: (name) => request.headers[name] as string | undefined,
    peer,
  };
}

function send(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  if (response.destroyed) return;
  const fields: string[] = [];
  for (const [name, value] of headers) fields.push(name, value);
  // A 204 has no content by definition; other answers say so.
  if (status !== 204) fields.push("content-length", String(body === undefined ? 0 : Buffer.byteLength(body)));
  response.writeHead(status, fields).end(body);
}

function isLoopbackAddress(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}
