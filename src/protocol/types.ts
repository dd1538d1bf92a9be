import type { CacheScope } from "./cache-hints.ts";
import type { ParameterHeader } from "../http/parameter-headers.ts";
import type { ClientRequests } from "./client-requests.ts";
import type { RequestStates } from "./request-states.ts";
import type { Changes } from "./changes.ts";
import type { Wanted } from "./notifications.ts";
import type { TaskProtocol } from "./tasks/index.ts";

/** One MCP request, stripped of its transport: `request` of `wit/types.wit`. */
export interface McpRequest {
  /** The JSON-RPC id as JSON text; absent for a notification. */
  id: string | undefined;
  /** Revision-neutral method; `initialize` arrives as `server/discover`. */
  method: string;
  /** What the method addresses: a tool name (for `tasks/*` that of the task), prompt name or URI. */
  target: string | undefined;
  /** The `params` object as JSON text, without `_meta` members of the transport. */
  params: string | undefined;
}

/** A JSON-RPC error: `rpc-error` of `wit/types.wit`. */
export interface RpcError {
  code: number;
  message: string;
  /** Further facts as JSON text. */
  data?: string | undefined;
}

/** How a request ended: `outcome` of `wit/types.wit`, in the shape component bindings give. */
export type Outcome =
  | { tag: "success"; val: string }
  | { tag: "failure"; val: RpcError }
  | { tag: "refused"; val: { status: number; headers: [string, string][]; error: RpcError } }
  | { tag: "input-required"; val: { requests: string; state?: string | undefined } }
  | { tag: "accepted" };

/**
 * Why there is no outcome: the call ran out of time, its instance trapped, the server is full, the outcome is larger
 * than the host allows, or the client has cancelled the request or gone away.
 */
export type CallFailure = "deadline" | "trap" | "overload" | "too-large" | "cancelled";

/** A request for the core. Exactly one of `finish` and `fail` is to be called: what follows on the call. */
export interface Call<Answer> {
  /** The request context as JSON text, see `schema/context.schema.json`. */
  readonly context: string;
  readonly request: McpRequest;
  /** What `tenon:host/credentials` gives during the call: the value of the `authorization` field. */
  readonly authorization: string | undefined;
  /** When the host must stop the call, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly deadline: number;
  /**
   * What the client is to be sent for a notification of a component, given as JSON while the call runs. Nothing when the
   * client does not want it, the transport cannot carry it, or it is malformed or over a limit.
   */
  notify(message: string): Answer | undefined;
  /** How many notifications were malformed or over a limit so far. */
  readonly dropped: number;
  /**
   * What the client wants to hear meanwhile, for a host that filters notifications in another place than here, with
   * `createNotificationFilter`. Nothing when `notify` would give nothing.
   */
  readonly wanted: Wanted | undefined;
  /** Says that parts of the answer were sent without `notify`, so that the answer is the last part. */
  streamed(): void;
  finish(outcome: Outcome): Step<Answer>;
  fail(reason: CallFailure): Step<Answer>;
}

/** What the host must do next: send the answer, which ends the request; call the core; wait while no component runs; or do several of these. */
export type Step<Answer> =
  | { kind: "answer"; answer: Answer }
  | { kind: "call"; call: Call<Answer> }
  | { kind: "wait"; wait: Wait<Answer> }
  | { kind: "batch"; batch: Batch<Answer> };

/** Requests that came as one, and whose answers go as one. Nothing is sent ahead of that. */
export interface Batch<Answer> {
  /** What to do for each of them, in any order or at once. */
  readonly steps: readonly Step<unknown>[];
  /** The answer, from those to {@link Batch.steps} in their order. */
  join: (answers: readonly unknown[]) => Answer;
}

/** Says when there is no more use in waiting; an `AbortSignal` is one. */
export interface Signal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Something that takes time and no component: a person's answer, a store, what a subscription brings. */
export interface Wait<Answer> {
  /**
   * Waits for what follows. Never rejects, and settles soon after `signal` is aborted.
   *
   * @param send Takes what the client is to be sent meanwhile.
   * @param signal Aborted once the client has cancelled the request or gone away, or the server closes.
   */
  next(send: (part: Answer) => void, signal: Signal): Promise<Step<Answer>>;
}

/** What a protocol core needs from its host. State that outlives a core is made by the host. */
export interface ProtocolOptions {
  /** Shown to clients of every revision. */
  serverInfo: { name: string; version: string; title?: string | undefined };
  /**
   * The widest scope that results may be cached in: `public` where every caller gets the same. Components can narrow it for
   * their results. Default `private`.
   */
  cacheScope?: CacheScope | undefined;
  /**
   * Arguments that clients of 2026-07-28 repeat in header fields over HTTP, by the name of the tool: a call whose fields say
   * something else is refused. Default none.
   */
  parameterHeaders?: Readonly<Record<string, readonly ParameterHeader[]>> | undefined;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** A string unique to one request on this server. */
  newRequestId(): string;
  /** Time a call may take, in milliseconds. Default 10,000. */
  deadlineMs?: number;
  /** Nesting of JSON arrays and objects a message may have. Default 64. */
  maxDepth?: number;
  /** JSON values and keys a message may have. Default 100,000. */
  maxTokens?: number;
  /**
   * True when the host sends what `Call.notify` gives. Otherwise components are told that clients want none, and `logging`
   * is not declared. Default false.
   */
  notifications?: boolean;
  /**
   * Carries what components keep while clients since 2026-07-28 answer them. Made once for a server, whatever cores it
   * serves. Default: components cannot ask these clients.
   */
  states?: RequestStates;
  /**
   * Takes requests to clients before 2026-07-28. Made once for a server, or for a connection over standard streams. Default:
   * components cannot ask these clients.
   */
  clientRequests?: ClientRequests;
  /** Takes one sentence for whoever runs the server, when a core does what it must not. Default: nothing. */
  report?(fault: string): void;
  /**
   * Where clients hear of changes. Absent on a host that keeps nothing between requests: then clients cannot subscribe,
   * and are told so.
   */
  changes?: Changes;
  /** The tasks of the server. Without them no call becomes a task, and the extension is not declared. */
  tasks?: TaskProtocol;
}

/** The part of an HTTP request before its content. */
export interface HttpRequestHead {
  /** In upper case. */
  method: string;
  /** Path and query. */
  path: string;
  /** The value of a field, by its name in lower case. */
  headers(name: string): string | undefined;
  /** Network address of the client. */
  peer?: string | undefined;
}

/**
 * An HTTP response. What `Call.notify` gives is the first part of a response, whose status and header fields go ahead of
 * it, or a further part; after it the answer is the last part.
 */
export interface HttpAnswer {
  status: number;
  /** Names in lower case. */
  headers: readonly [string, string][];
  /** Text in UTF-8. */
  body: string | undefined;
}
