/** What a limit is counted in. */
export type Unit = "bytes" | "milliseconds" | "MiB" | "count";

/** One limit of the Node host. The schema of limits files, their table in the docs and what reads them come from this. */
export interface LimitDefinition {
  /** What is bounded, and what happens beyond it. One sentence without a full stop, in Markdown without code. */
  about: string;
  unit: Unit;
  /** A number of units; a text where it depends on the machine, or on other limits. */
  normal: number | string;
  /** Least and most a limit may be set to. */
  range: readonly [least: number, most: number];
}

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Every limit that can be set, by section and member. */
export const LIMITS = {
  http: {
    bodyBytes: {
      about: "content of a request; more is refused with 413",
      unit: "bytes",
      normal: 1 * MIB,
      range: [1 * KIB, 64 * MIB],
    },
    headerBytes: {
      about: "request line and header fields; more is refused with 431",
      unit: "bytes",
      normal: 16 * KIB,
      range: [1 * KIB, 256 * KIB],
    },
    headerFields: {
      about: "header fields; more are refused with 431",
      unit: "count",
      normal: 100,
      range: [8, 1000],
    },
    headerMs: {
      about: "for the header fields to arrive, from the first byte or the connection on; then 408",
      unit: "milliseconds",
      normal: 5 * SECOND,
      range: [100, 5 * MINUTE],
    },
    requestMs: {
      about: "for a whole request to arrive; then 408. At least headerMs",
      unit: "milliseconds",
      normal: 30 * SECOND,
      range: [100, 10 * MINUTE],
    },
    idleMs: {
      about: "until a connection without a request is closed",
      unit: "milliseconds",
      normal: 5 * SECOND,
      range: [100, 10 * MINUTE],
    },
    readMs: {
      about: "for a client to read what it was sent; then its connection is cut off",
      unit: "milliseconds",
      normal: 60 * SECOND,
      range: [100, 10 * MINUTE],
    },
    unreadBytes: {
      about: "what clients together leave unread; beyond it those that wait longest are cut off",
      unit: "bytes",
      normal: 64 * MIB,
      range: [1 * MIB, 4096 * MIB],
    },
    streamBytes: {
      about:
        "what one client leaves unread of a stream; beyond it notifications are dropped, and streams of changes end",
      unit: "bytes",
      normal: 256 * KIB,
      range: [16 * KIB, 16 * MIB],
    },
    arrivingBytes: {
      about: "what is kept of requests whose content has not arrived whole, of all clients; then 503",
      unit: "bytes",
      normal: 64 * MIB,
      range: [1 * MIB, 4096 * MIB],
    },
    connections: {
      about: "connections at once; further ones are closed",
      unit: "count",
      normal: 1000,
      range: [1, 100_000],
    },
    connectionsPerPeer: {
      about:
        "connections of one peer at once, or behind a trusted proxy its requests; further ones are closed, or get 503",
      unit: "count",
      normal: 250,
      range: [1, 100_000],
    },
    requestsPerConnection: {
      about: "requests in flight on one connection; further ones get 503, and it is closed",
      unit: "count",
      normal: 16,
      range: [1, 1000],
    },
  },
  json: {
    depth: { about: "nesting of a message", unit: "count", normal: 64, range: [8, 512] },
    tokens: {
      about: "values and keys of a message",
      unit: "count",
      normal: 100_000,
      range: [1000, 10_000_000],
    },
  },
  calls: {
    deadlineMs: {
      about: "for a call; then its worker is terminated and replaced",
      unit: "milliseconds",
      normal: 10 * SECOND,
      range: [1, 24 * HOUR],
    },
    queueLength: {
      about: "calls that wait for a worker; further ones get 503 with Retry-After",
      unit: "count",
      normal: "4 for each worker, at least 64",
      range: [0, 100_000],
    },
    queueMs: {
      about: "for a call to wait; then 503 with Retry-After",
      unit: "milliseconds",
      normal: 1 * SECOND,
      range: [1, 10 * MINUTE],
    },
    resultBytes: {
      about: "result of a call; more is an error",
      unit: "bytes",
      normal: 4 * MIB,
      range: [1 * KIB, 256 * MIB],
    },
    cancelMs: {
      about: "for a cancelled call to end by itself; then its worker is replaced",
      unit: "milliseconds",
      normal: 1 * SECOND,
      range: [1, 1 * MINUTE],
    },
    logBytes: {
      about: "log of a call; further lines are dropped and counted",
      unit: "bytes",
      normal: 64 * KIB,
      range: [16 * KIB, 16 * MIB],
    },
    reservedLogBytes: {
      about: "the part of it that is for middleware and the host. At most logBytes",
      unit: "bytes",
      normal: 8 * KIB,
      range: [0, 16 * MIB],
    },
  },
  guests: {
    workers: {
      about: "calls that run at once, each on a thread of its own; one more is kept ready",
      unit: "count",
      normal: "cores − 1, at least 1",
      range: [1, 256],
    },
    memoryMiB: {
      about: "each linear memory of an instance",
      unit: "MiB",
      normal: 64,
      range: [1, 4096],
    },
    tableEntries: {
      about: "entries of each table of an instance",
      unit: "count",
      normal: 100_000,
      range: [1000, 10_000_000],
    },
    heapMiB: {
      about: "JavaScript heap of a worker, for strings on their way through",
      unit: "MiB",
      normal: 256,
      range: [32, 4096],
    },
    startMs: {
      about: "for an instance to start; then its worker is replaced",
      unit: "milliseconds",
      normal: 10 * SECOND,
      range: [10, 10 * MINUTE],
    },
    recycleCalls: {
      about: "calls of one instance; then it is replaced, as after a trap",
      unit: "count",
      normal: 100_000,
      range: [1, 1_000_000_000],
    },
    recycleMs: {
      about: "for an instance to serve; then it is replaced",
      unit: "milliseconds",
      normal: 10 * MINUTE,
      range: [0, 24 * HOUR],
    },
    chainMiB: {
      about:
        "all linear memories of an instance; at 75 % of it, or of memoryMiB for one of them, it is replaced after the call",
      unit: "MiB",
      normal: 256,
      range: [1, 65_536],
    },
    instances: {
      about: "instances kept for the next call of the same credential, over all threads; those used last",
      unit: "count",
      normal: 64,
      range: [1, 10_000],
    },
    instancesMiB: {
      about: "linear memory of the instances that one thread keeps",
      unit: "MiB",
      normal: 256,
      range: [1, 65_536],
    },
    processes: {
      about:
        "processes with --isolation process; those used last, with at least one ready for a new credential",
      unit: "count",
      normal: 8,
      range: [2, 1000],
    },
    processMiB: {
      about: "resident memory of such a process, on Linux; then it is killed",
      unit: "MiB",
      normal: 512,
      range: [128, 65_536],
    },
    failures: {
      about: "traps and deadlines of one provider in a row; then its calls get 503 with Retry-After",
      unit: "count",
      normal: 5,
      range: [1, 1_000_000],
    },
    restMs: {
      about: "until such a provider gets a call again; doubled when that fails, up to 1 min",
      unit: "milliseconds",
      normal: 1 * SECOND,
      range: [1, 1 * MINUTE],
    },
  },
  outbound: {
    bodyBytes: {
      about: "content of a request a call sends, and of its response once decoded",
      unit: "bytes",
      normal: 4 * MIB,
      range: [1 * KIB, 64 * MIB],
    },
    totalMs: {
      about: "for a request, from the first byte out to the last one in",
      unit: "milliseconds",
      normal: 5 * SECOND,
      range: [1, 10 * MINUTE],
    },
    requestsAtOnce: {
      about: "requests of one call in flight",
      unit: "count",
      normal: 16,
      range: [1, 1000],
    },
    requestsPerCall: {
      about: "requests of one call in all",
      unit: "count",
      normal: 100,
      range: [1, 100_000],
    },
    connectionsPerOrigin: {
      about: "connections to one origin; further requests wait",
      unit: "count",
      normal: 32,
      range: [1, 10_000],
    },
    connections: {
      about: "connections to all origins; further requests wait",
      unit: "count",
      normal: 256,
      range: [1, 10_000],
    },
    idleConnectionsPerOrigin: {
      about: "connections to one origin that are kept open",
      unit: "count",
      normal: 8,
      range: [0, 10_000],
    },
    idleMs: {
      about: "until a connection that is kept open is closed",
      unit: "milliseconds",
      normal: 10 * SECOND,
      range: [100, 10 * MINUTE],
    },
  },
  kv: {
    keys: {
      about: "keys in a store in memory or a file",
      unit: "count",
      normal: 100_000,
      range: [100, 10_000_000],
    },
    totalBytes: {
      about: "keys and values of such a store, with 128 bytes for each key",
      unit: "bytes",
      normal: 64 * MIB,
      range: [1 * MIB, 1024 * MIB],
    },
  },
  sessions: {
    open: {
      about: "sessions; then none can be opened",
      unit: "count",
      normal: 10_000,
      range: [1, 1_000_000],
    },
    openPerPeer: { about: "those of one peer", unit: "count", normal: 100, range: [1, 1_000_000] },
    idleMs: {
      about: "until a session ends that is not used",
      unit: "milliseconds",
      normal: 30 * MINUTE,
      range: [1 * SECOND, 24 * HOUR],
    },
    lifeMs: {
      about: "until a session ends in any case",
      unit: "milliseconds",
      normal: 24 * HOUR,
      range: [1 * SECOND, 7 * 24 * HOUR],
    },
  },
  streams: {
    open: {
      about: "streams of changes; further ones get 503",
      unit: "count",
      normal: 500,
      range: [1, 100_000],
    },
    openPerPeer: { about: "those of one peer", unit: "count", normal: 100, range: [1, 100_000] },
  },
  asking: {
    waiting: {
      about: "requests that wait for a client's answer; further ones fail",
      unit: "count",
      normal: 500,
      range: [1, 100_000],
    },
    answerMs: {
      about: "for a client before 2026-07-28 to answer",
      unit: "milliseconds",
      normal: 5 * MINUTE,
      range: [1, 24 * HOUR],
    },
    stateMs: {
      about: "for a client since 2026-07-28, for which nothing is held, to send its request again",
      unit: "milliseconds",
      normal: 10 * MINUTE,
      range: [0, 24 * HOUR],
    },
  },
  tasks: {
    deadlineMs: {
      about: "for a task to run and to wait for a thread; tenon serve --task-deadline goes before it",
      unit: "milliseconds",
      normal: 15 * MINUTE,
      range: [1 * SECOND, 24 * HOUR],
    },
    ttlMs: {
      about: "a task is kept from its creation on",
      unit: "milliseconds",
      normal: 1 * HOUR,
      range: [1 * SECOND, 24 * HOUR],
    },
    workers: {
      about: "tasks that run at once, on threads of their own",
      unit: "count",
      normal: 2,
      range: [1, 256],
    },
    working: {
      about: "tasks that run or wait for a thread; further ones are refused",
      unit: "count",
      normal: 100,
      range: [1, 10_000],
    },
  },
} as const satisfies Record<string, Record<string, LimitDefinition>>;

/** Limits of which one must not exceed another: member, and that it is measured against. */
export const ORDERED = [
  ["http.headerMs", "http.requestMs"],
  ["calls.reservedLogBytes", "calls.logBytes"],
] as const;
