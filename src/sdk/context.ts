import type { Asker, Asking } from "./asking.ts";
import type { Catalog, ReadEntry } from "./catalog.ts";
import { logToClient, type ClientLevel, type Log, type LogFields } from "./log.ts";
import type { Services, Signal } from "./services.ts";

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

/** What a call does for a task (MCP extension `io.modelcontextprotocol/tasks`). */
export interface TaskPhase {
  /** `admit`: the call may become a task, which the tool decides; `run`: it is the work of one. */
  readonly phase: "admit" | "run";
  /** The task, once there is one. */
  readonly id?: string | undefined;
  /** What the tool's `admit` gave. */
  readonly admitted?: unknown;
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
  /** What the participants of the trace say of it, at most 512 characters. Only with `traceparent`. */
  readonly tracestate?: string | undefined;
  /** Header fields the host is configured to pass on; names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What the call does for a task; absent for a request that stands alone. */
  readonly task?: TaskPhase | undefined;
  /**
   * True when this request certainly continues an earlier one that was let through, and is the first to do so, so that
   * limits count both once.
   */
  readonly retry?: boolean | undefined;
  /** What the client answered to the questions of earlier rounds, for middleware; absent in a first round. */
  readonly inputs?: Inputs | undefined;
}

/** The answers of earlier rounds. */
export interface Inputs {
  /** By the keys of the questions. Unverified. */
  readonly responses?: Readonly<Record<string, unknown>>;
  /** What the component that asked gave the host to keep. */
  readonly state?: unknown;
}

/**
 * What every function of a component is given. Reading a service that the provider's `capabilities` do
 * not declare is an error that says so.
 */
export interface CallEnvironment extends RequestContext, Services {
  /**
   * Writes structured log lines to the host's log. What a tool, resource or prompt logs goes to the client as well, where
   * it asked for messages of that level and the transport can carry them: log nothing that it must not see. What
   * middleware logs goes to the host alone.
   */
  readonly log: Log;
  /** Aborted once the client has cancelled the request or gone away. */
  readonly signal: Signal;
  /**
   * Tells the client how far the work is: `progress` grows from call to call, `total` is what it grows to, where known.
   * Nothing is sent when the client did not ask, or the transport cannot carry it.
   */
  readonly progress: (progress: number, total?: number, message?: string) => void;
  /**
   * Tells every client that subscribed to this URI, exactly as it is written here, that the resource is another now.
   * Nothing is sent where the host keeps no subscriptions. At most 2,048 characters; longer ones are dropped.
   */
  readonly resourceUpdated: (uri: string) => void;
  /**
   * Tells every client that subscribed to it that a list is another now: that of a provider which is `dynamic`. Nothing is
   * sent where the host keeps no subscriptions.
   */
  readonly listChanged: (list: "tools" | "prompts" | "resources") => void;
}

/** What a tool, resource or prompt is given beside its arguments. */
export interface HandlerContext extends CallEnvironment, Asking {}

/** What a tool is given beside its arguments. */
export type ToolContext = HandlerContext;

/** What a middleware is given beside the request. */
export interface MiddlewareContext<Settings = unknown> extends CallEnvironment {
  /**
   * The value of the `Authorization` header field, unparsed; nothing when the request has none. Reading it is an error in a
   * middleware that does not declare that it `authenticates`.
   */
  readonly authorization: string | undefined;
  /** Records facts about the request in flight for the audit log: at most 16 KiB of JSON a request, for all middleware. */
  readonly audit: Audit;
  /** What the composition offers, from constants. */
  readonly catalog: Catalog;
  /** What the server's configuration says for this middleware; `{}` when it says nothing. */
  readonly settings: Settings;
}

/** Facts about a request, from the middleware that learns them to the one that writes the audit log. */
export interface Audit {
  /** Adds members; of two with one name the later counts. What is no JSON is left out. */
  record(facts: LogFields): void;
  /** Takes what was recorded since the last time, in order; `null` stands for what was over the limit. */
  take(): (Readonly<Record<string, unknown>> | null)[];
}

/** What surrounds a component: what its host lends it. */
export interface Surroundings {
  /** The host's log. */
  readonly log: Log;
  /** What clients read as the source of log messages; without it they are sent none. */
  readonly logger?: string;
  /** The services its capabilities declare. */
  readonly services: Partial<Services>;
  /** Takes a JSON-RPC notification for the client, as JSON. Absent where nothing can carry it. */
  readonly notify?: (message: string) => void;
  /** The signal of the call in flight. Absent where nothing can cancel it. */
  readonly signal?: () => Signal;
  /** Carries questions to the client. Absent where a component asks none. */
  readonly asker?: Asker;
  /** The credential of the request. Absent in components that do not authenticate. */
  readonly authorization?: () => string | null | undefined;
  /** Absent in components that do not use it. */
  readonly audit?: { record(facts: string): void; take(): string };
  /** Absent in components that do not use it. */
  readonly catalog?: ReadEntry;
}

/** Members of the JSON text that authors reach through functions alone. */
interface ContextMembers extends RequestContext {
  readonly progressToken?: string | number;
  readonly logLevel?: ClientLevel;
}

/** A context over its JSON text, which is parsed when a member is first read. */
export class CallContext implements HandlerContext {
  declare readonly elicit: Asking["elicit"];
  declare readonly elicitUrl: Asking["elicitUrl"];
  declare readonly sample: Asking["sample"];
  declare readonly roots: Asking["roots"];
  declare readonly once: Asking["once"];
  // Members that are private to the language cost the engine twice as much, for every call.
  declare private readonly text: string;
  declare protected readonly lent: Surroundings;
  /** Made when it is first read, as is what follows. */
  declare private ownLog: Log | undefined;
  declare private members: ContextMembers | undefined;

  constructor(text: string, lent: Surroundings) {
    this.text = text;
    this.lent = lent;
    const { asker } = lent;
    if (asker !== undefined) Object.assign(this, asker.asking(this));
  }

  /** The host's log alone, for what no client may see, such as stacks. */
  get hostLog(): Log {
    return this.lent.log;
  }

  get log(): Log {
    if (this.ownLog === undefined) {
      const { log, notify, logger, asker } = this.lent;
      const logLevel = notify && logger && this.parsed.logLevel;
      const all = logLevel ? logToClient(log, { notify, logger, logLevel }) : log;
      this.ownLog = asker === undefined ? all : asker.logOnce(all);
    }
    return this.ownLog;
  }

  private lentService<Name extends keyof Services>(name: Name): Services[Name] {
    const service = this.lent.services[name];
    if (service !== undefined) return service;
    throw new TypeError(
      `ctx.${name} is not declared: add capabilities: { ${name}: "why" } to the definition`,
    );
  }

  get http(): Services["http"] {
    return this.lentService("http");
  }
  get kv(): Services["kv"] {
    return this.lentService("kv");
  }
  get config(): Services["config"] {
    return this.lentService("config");
  }
  get secrets(): Services["secrets"] {
    return this.lentService("secrets");
  }

  get signal(): Signal {
    const signal = this.lent.signal?.();
    if (signal !== undefined) return signal;
    throw new TypeError("ctx.signal is not there: nothing can cancel this call");
  }

  get progress(): CallEnvironment["progress"] {
    const { progressToken } = this.parsed;
    return (progress, total, message) => {
      if (progressToken === undefined) return;
      this.notifyClient("notifications/progress", { progressToken, progress, total, message });
    };
  }

  get resourceUpdated(): CallEnvironment["resourceUpdated"] {
    return (uri) => this.notifyClient("notifications/resources/updated", { uri });
  }

  get listChanged(): CallEnvironment["listChanged"] {
    return (list) => this.notifyClient(`notifications/${list}/list_changed`, {});
  }

  private notifyClient(method: string, params: object): void {
    const { notify, asker } = this.lent;
    if (asker?.repeats() === true) return;
    notify?.(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  private get parsed(): ContextMembers {
    this.members ??= JSON.parse(this.text) as ContextMembers;
    return this.members;
  }

  /** The JSON text with some members replaced. Members this version does not know are kept. */
  with(changes: Partial<RequestContext> | undefined): string {
    return changes === undefined ? this.text : JSON.stringify({ ...this.parsed, ...changes });
  }

  get requestId(): string {
    return this.parsed.requestId;
  }
  get transport(): RequestContext["transport"] {
    return this.parsed.transport;
  }
  get protocolVersion(): string {
    return this.parsed.protocolVersion;
  }
  get client(): Client | undefined {
    return this.parsed.client;
  }
  get principal(): Principal | undefined {
    return this.parsed.principal;
  }
  get peer(): string | undefined {
    return this.parsed.peer;
  }
  get receivedAt(): number {
    return this.parsed.receivedAt;
  }
  get deadline(): number {
    return this.parsed.deadline;
  }
  get traceparent(): string | undefined {
    return this.parsed.traceparent;
  }
  get tracestate(): string | undefined {
    return this.parsed.tracestate;
  }
  get headers(): Readonly<Record<string, string>> | undefined {
    return this.parsed.headers;
  }
  get task(): TaskPhase | undefined {
    return this.parsed.task;
  }
  get retry(): boolean | undefined {
    return this.parsed.retry;
  }
  get inputs(): Inputs | undefined {
    return this.parsed.inputs;
  }
}

function attemptJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** A call context with the settings of the middleware. */
export class MiddlewareCallContext<Settings> extends CallContext implements MiddlewareContext<Settings> {
  declare readonly settings: Settings;
  declare readonly catalog: Catalog;

  constructor(text: string, lent: Surroundings, settings: Settings, catalog: Catalog) {
    super(text, lent);
    this.settings = settings;
    this.catalog = catalog;
  }

  get authorization(): string | undefined {
    const { authorization } = this.lent;
    if (authorization !== undefined) return authorization() ?? undefined;
    throw new TypeError("ctx.authorization is for middleware that declares authenticates: {}");
  }

  get audit(): Audit {
    const { audit } = this.lent;
    return {
      record(facts) {
        // Facts that are no JSON must not fail the request they tell of.
        const text = attemptJson(facts);
        if (text !== undefined) audit?.record(text);
      },
      take: () => JSON.parse(audit?.take() ?? "[]") as ReturnType<Audit["take"]>,
    };
  }
}

/** A call context with the URI that was asked for. */
export class ReadContext extends CallContext {
  declare readonly uri: string;

  constructor(text: string, surroundings: Surroundings, uri: string) {
    super(text, surroundings);
    this.uri = uri;
  }
}

/** A call context with what is known of the other variables or arguments. */
export class CompletionContext extends CallContext {
  declare readonly arguments: Readonly<Record<string, string>>;

  constructor(text: string, surroundings: Surroundings, known: Readonly<Record<string, string>>) {
    super(text, surroundings);
    this.arguments = known;
  }
}
