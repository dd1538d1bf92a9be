import type { Log } from "./log.ts";

/** The verified caller. */
export interface Principal {
  /** Identifies the caller at its issuer. */
  readonly subject: string;
  /** Who vouches for it. */
  readonly issuer: string;
  /** The OAuth client that acts for it. */
  readonly clientId?: string;
  /** Granted OAuth scopes. */
  readonly scopes: readonly string[];
  /** Roles the server's configuration gives it. */
  readonly roles?: readonly string[];
  /** Further claims of its credential. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** What the client says of itself. Unverified. */
export interface Client {
  readonly info?: { readonly name?: string; readonly version?: string };
  readonly capabilities?: Readonly<Record<string, unknown>>;
}

/** The circumstances of a request, as `schema/context.schema.json` describes them. */
export interface RequestContext {
  /** Unique to this request on this server. */
  readonly requestId: string;
  /** How the request came in. */
  readonly transport: "http" | "stdio" | "local";
  /** The MCP revision the client speaks, such as `2026-07-28`. */
  readonly protocolVersion: string;
  /** What the client says of itself. Unverified. */
  readonly client?: Client | undefined;
  /** The verified caller; absent when nothing authenticated it. */
  readonly principal?: Principal | undefined;
  /** Network address of the other end, where the host knows it. */
  readonly peer?: string | undefined;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly receivedAt: number;
  /** When the host stops the call, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly deadline: number;
  /** W3C Trace Context, level 1. */
  readonly traceparent?: string | undefined;
  /** Header fields the host is configured to pass on; names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What a tool is given beside its arguments. */
export interface ToolContext extends RequestContext {
  /** Writes structured log lines. */
  readonly log: Log;
}

/** What a middleware is given beside the request. */
export interface MiddlewareContext<Settings = unknown> extends RequestContext {
  /** Writes structured log lines. */
  readonly log: Log;
  /** What the server's configuration says for this middleware; `{}` when it says nothing. */
  readonly settings: Settings;
}

/** A context over its JSON text, which is parsed when a member is first read. */
export class CallContext implements ToolContext {
  readonly log: Log;
  readonly #text: string;
  #members: RequestContext | undefined;

  constructor(text: string, log: Log) {
    this.#text = text;
    this.log = log;
  }

  get #parsed(): RequestContext {
    this.#members ??= JSON.parse(this.#text) as RequestContext;
    return this.#members;
  }

  /** The JSON text with some members replaced. Members this version does not know are kept. */
  with(changes: Partial<RequestContext> | undefined): string {
    return changes === undefined ? this.#text : JSON.stringify({ ...this.#parsed, ...changes });
  }

  get requestId(): string {
    return this.#parsed.requestId;
  }
  get transport(): RequestContext["transport"] {
    return this.#parsed.transport;
  }
  get protocolVersion(): string {
    return this.#parsed.protocolVersion;
  }
  get client(): Client | undefined {
    return this.#parsed.client;
  }
  get principal(): Principal | undefined {
    return this.#parsed.principal;
  }
  get peer(): string | undefined {
    return this.#parsed.peer;
  }
  get receivedAt(): number {
    return this.#parsed.receivedAt;
  }
  get deadline(): number {
    return this.#parsed.deadline;
  }
  get traceparent(): string | undefined {
    return this.#parsed.traceparent;
  }
  get headers(): Readonly<Record<string, string>> | undefined {
    return this.#parsed.headers;
  }
}

/** A call context with the settings of the middleware. */
export class MiddlewareCallContext<Settings> extends CallContext implements MiddlewareContext<Settings> {
  readonly settings: Settings;

  constructor(text: string, log: Log, settings: Settings) {
    super(text, log);
    this.settings = settings;
  }
}
