import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ToolkitError } from "../../src/errors/index.ts";
import { createHttpProtocol, createSessions } from "../../src/protocol/index.ts";
import type { CoreManifest } from "../../src/manifest/index.ts";
import { after } from "./after.ts";
import { createAsking, type AskingOptions } from "./asking.ts";
import { keepConstants } from "./constant-results.ts";
import { createDrain } from "./drain.ts";
import { logToStderr, report } from "./host-log.ts";
import { changedLists, createChangeHub, listsOf } from "./change-hub.ts";
import type { HostServices } from "./host-services.ts";
import { listen } from "./listen.ts";
import type { Observer, ServedCore } from "./observe/observer.ts";
import { loadCore, type LoadedCore, type LoadOptions } from "./load-core.ts";
import { resolveLimits } from "./limits/resolve-limits.ts";
import type { PoolOptions, PoolStats } from "./pool-options.ts";
import { createPool } from "./pool.ts";
import { createRequestHandler, type AnsweringCore } from "./request-handler.ts";
import { protocolOptions } from "./server-protocol.ts";
import { publicHost } from "./public-url.ts";
import { createTaskPool, startTasks, type TaskPool, type TaskServerOptions } from "./serve-tasks.ts";

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
interface Serving extends AnsweringCore {
  digest: string;
  manifest: CoreManifest;
  taskPool: TaskPool;
}

const DEFAULT_PORT = 3000;
const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_DRAIN_MS = 10_000;
const SESSION_ID_BYTES = 24;
const TIMEOUT_CHECK_MS = 1000;

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
  const loaded = core instanceof Uint8Array ? await loadCore(core, options) : core;
  const host = options.host ?? DEFAULT_HOST;
  const log = options.log ?? logToStderr;
  const { observer } = options;
  const asking = createAsking(options, log, limits.asking);
  const allowedHosts = hostsOf(options);

  const closing = new AbortController();
  const server = createServer({
    maxHeaderSize: limits.http.headerBytes,
    headersTimeout: limits.http.headerMs,
    requestTimeout: limits.http.requestMs,
    keepAliveTimeout: limits.http.idleMs,
    connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, limits.http.headerMs),
    // By default the first of several is taken, and what stands behind the server may take the last.
    joinDuplicateHeaders: true,
  });
  const drain = createDrain(server);
  const handler = createRequestHandler({
    current: () => current,
    limits: limits.http,
    trustedProxies: options.trustedProxies ?? [],
    drain,
    closing: closing.signal,
    log,
    observer,
  });
  server.on("connection", handler.connect).on("request", handler.answer);
  // A client that asks before it sends hears of a refusal in place of being told to go on.
  server.on("checkContinue", handler.answer);
  // One more than there may be: those beyond are dropped without a word.
  server.maxHeadersCount = limits.http.headerFields + 1;
  server.maxConnections = limits.http.connections;

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

  const first = start(loaded);
  // Listening loads it, for which there is time while a thread starts.
  process.getBuiltinModule("node:cluster");
  let current = await first;
  observer?.serving?.(servedCore(current));
  let swapped: Promise<void> = Promise.resolve();
  const retiring = new Set<Promise<void>>();

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
      handler.close();
    },
  };
}

function servedCore({ digest, manifest, pool }: Serving): ServedCore {
  return { digest, manifest, stats: () => pool.stats() };
}

async function endThreads({ pool, taskPool }: Serving): Promise<void> {
  await Promise.all([pool.close(), taskPool.close()]);
}

/** The hosts that are allowed by name; nothing where none is named. */
function hostsOf({ allowedHosts, publicUrl }: ServeHttpOptions): readonly string[] | undefined {
  if (publicUrl === undefined) return allowedHosts;
  return [...(allowedHosts ?? []), publicHost(publicUrl)];
}

function isLoopbackAddress(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}
