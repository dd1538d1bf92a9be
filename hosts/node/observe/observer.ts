import type { CoreManifest } from "../../../src/manifest/index.ts";
import type { HttpRequestHead, McpRequest } from "../../../src/protocol/index.ts";
import type { CallResult } from "../worker-call.ts";
import type { HttpServiceRequest } from "../host-services.ts";
import type { LinkTime } from "../link-trace.ts";
import type { PoolStats } from "../pool-options.ts";

/**
 * Hears what a server does, on its main thread. It decides nothing, must return at once, and must not throw.
 *
 * A server without one does nothing for it; what a core itself costs is the same with and without.
 */
export interface Observer {
  /** Wants to hear of the links of the chain. Calls then cost more: each link is entered through a function that takes the time. */
  readonly links?: boolean;
  /** A core takes new requests from now on: the first one, and each that replaces it. */
  serving?: (core: ServedCore) => void;
  /** A request of the transport has arrived; nothing of it is checked yet. */
  request?: (request: ObservedRequest) => RequestObserver;
  /** A thread is given up, and another takes its place. */
  workerReplaced?: () => void;
}

/** The core that takes new requests. */
export interface ServedCore {
  digest: string;
  manifest: CoreManifest;
  /** What its threads do now. */
  stats: () => PoolStats;
}

/** A request over HTTP as it arrived. */
export type ObservedRequest = Pick<HttpRequestHead, "method" | "path" | "peer" | "headers">;

/** Hears of one request. */
export interface RequestObserver {
  /** The core is called for it: once, or as often as its batch or its rounds take. */
  call?: (call: ObservedCall) => CallObserver;
  /** It was answered with this status; with nothing when its client went away before. Called once. */
  end?: (status: number | undefined) => void;
}

/** A call of the core. */
export interface ObservedCall {
  request: McpRequest;
  /** JSON, see `schema/context.schema.json`. */
  context: string;
}

/** Hears of one call. */
export interface CallObserver {
  /** The context that the core gets in place of the call's own. */
  readonly context?: string;
  /** A part uses a service of the host: an `interface.function` of `tenon:host`. */
  service?: (name: string, args: readonly unknown[]) => ServiceObserver | undefined;
  /** How long the parts that it went through took. Comes ahead of its end, and not at all when the thread was given up. */
  links?: (times: readonly LinkTime[]) => void;
  /** It has ended. Called once. */
  end?: (result: CallResult) => void;
}

/** Hears of one use of a service. */
export interface ServiceObserver {
  /** What is sent in place of the request that the part gave. Only the fields of the trace differ. */
  readonly request?: HttpServiceRequest;
  /** It has ended: with a status of HTTP where it has one, or with the case of its error. */
  end?: (ended: { status?: number; error?: string }) => void;
}

/** One observer that tells several. Of contexts and requests the last one that is another counts. */
export function combineObservers(observers: readonly Observer[]): Observer | undefined {
  if (observers.length < 2) return observers[0];
  return {
    links: observers.some(({ links }) => links === true),
    serving: (core) => observers.forEach((each) => each.serving?.(core)),
    workerReplaced: () => observers.forEach((each) => each.workerReplaced?.()),
    request: (request) => combineRequests(observers.map((each) => each.request?.(request))),
  };
}

function combineRequests(observers: readonly (RequestObserver | undefined)[]): RequestObserver {
  return {
    call(call) {
      const calls = observers.map((each) => each?.call?.(call));
      const context = calls.findLast((each) => each?.context !== undefined)?.context;
      // Metrics count neither services nor links: one alone listens.
      const service = calls.find((each) => each?.service !== undefined)?.service;
      const links = calls.find((each) => each?.links !== undefined)?.links;
      return {
        ...(context !== undefined && { context }),
        ...(service && { service }),
        ...(links && { links }),
        end: (result) => calls.forEach((each) => each?.end?.(result)),
      };
    },
    end: (status) => observers.forEach((each) => each?.end?.(status)),
  };
}
