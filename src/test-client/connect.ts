import { ToolkitError } from "../errors/index.ts";
import type { Json } from "../manifest/index.ts";
import { failureError } from "../protocol/index.ts";
import type { Client, Principal, TaskPhase } from "../sdk/context.ts";
import type { Middleware } from "../sdk/define-middleware.ts";
import { kindOf } from "../sdk/definition.ts";
import type { Outcome, Request as McpRequest } from "../sdk/messages.ts";
import type { Provider } from "../sdk/provider.ts";
import type { ServiceName } from "../sdk/services.ts";
import { answeringClient, sendRounds, type ClientAnswers, type Inputs } from "./client-answers.ts";
import { createFakes, fakedServices, type Fakes, type FakeServices } from "./fakes.ts";
import { playTask } from "./play-task.ts";
import type { ComponentReference } from "./start-built.ts";
import { startInMemory, type Listeners, type Server } from "./start-in-memory.ts";
import type { UsedMiddleware } from "./in-memory.ts";
import { keepNotifications } from "./notifications.ts";
import { createRequests, type LogLine, type TestClient } from "./test-client.ts";

/** Options of {@link connect}. */
export interface ConnectOptions extends Fakes, ClientAnswers {
  /** What requests pass first, in this order. Default: none. */
  readonly middleware?: readonly (Middleware | MiddlewareUse)[];
  /** The caller that handlers see. Default: none. */
  readonly principal?: Principal;
  /** The `Authorization` header field of requests, for middleware that authenticates. Default: none. */
  readonly authorization?: string;
  /** OAuth scopes of each role, as in `tenon.json`. Default: there are no roles. */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  /** Rules by the names of tools, as in `tenon.json`. Default: none. */
  readonly rules?: Readonly<Record<string, string>>;
  /** What the client says of itself. Default: the capabilities of what it answers. */
  readonly client?: Client;
  /** Milliseconds that a call may take. Default 10,000. */
  readonly deadline?: number;
  /**
   * Where the component is that the provider is built into: the path of its `.wasm`, or of its source, which is built; paths
   * are relative to the working directory. The client then speaks to the component, on the Node host, and each middleware must
   * name its own. Default: the definition itself, in this process.
   */
  readonly component?: ComponentReference;
  /**
   * False for a client that does not know tasks: then a tool whose `task` is `required` refuses its calls. Otherwise calls
   * that become tasks are waited for, and answered with their results. Default true.
   */
  readonly tasks?: boolean;
  /** Prints no error lines of the log to stderr. Default false. */
  readonly quiet?: boolean;
}

/** A middleware with what `tenon.json` says for it. */
export interface MiddlewareUse {
  readonly use: Middleware;
  /** Default `{}`. */
  readonly settings?: Readonly<Record<string, Json>>;
  /** As in {@link ConnectOptions}. */
  readonly component?: ComponentReference;
}

const DEFAULT_DEADLINE_MS = 10_000;
const PROTOCOL_VERSION = "2026-07-28";

/**
 * Connects a client to a provider.
 *
 * @throws ToolkitError when a definition would not build, or a fake is given for what nothing declares.
 */
export async function connect(provider: Provider, options: ConnectOptions = {}): Promise<TestClient> {
  if (kindOf(provider) === "middleware") {
    throw new ToolkitError(
      `Cannot connect to "${provider.name}": it is a middleware, which goes into the option "middleware"`,
      { code: "ERR_USAGE" },
    );
  }
  const middleware = (options.middleware ?? []).map(used);
  checkFakes(provider, middleware, options);
  const fakes = await createFakes(options);
  const logs: LogLine[] = [];
  const { progress, changes, take } = keepNotifications();
  const listeners: Listeners = {
    onLog(line) {
      logs.push(line);
      if (options.quiet !== true && line.level === "error") process.stderr.write(`${errorText(line)}\n`);
    },
    onNotification: take,
  };
  const server = await start(provider, middleware, fakes, listeners, options);
  const deadlineMs = options.deadline ?? DEFAULT_DEADLINE_MS;
  let requests = 0;
  const client = answeringClient(options, options.client);
  const send = async (
    request: McpRequest,
    signal: AbortSignal | undefined,
    { inputs, task }: { inputs: Inputs | undefined; task: TaskPhase | undefined },
  ) => {
    requests += 1;
    const receivedAt = fakes.now();
    const context = JSON.stringify({
      requestId: `test-${requests}`,
      transport: "local",
      protocolVersion: PROTOCOL_VERSION,
      client,
      principal: options.principal,
      receivedAt,
      deadline: receivedAt + deadlineMs,
      progressToken: requests,
      ...(inputs && { inputs, retry: true }),
      ...(task && { task }),
    });
    const ended = await server.handle(context, request, { deadlineMs, signal });
    return "outcome" in ended
      ? ended.outcome
      : ({ tag: "failure", val: failureError(ended.failure) } satisfies Outcome);
  };
  return {
    ...createRequests((request, signal) => {
      const play = (task: TaskPhase | undefined): Promise<Outcome> =>
        sendRounds((inputs) => {
          signal?.throwIfAborted();
          return send(request, signal, { inputs, task });
        }, options);
      const knowsTasks = options.tasks !== false && request.method === "tools/call";
      return knowsTasks ? playTask(`test-task-${requests + 1}`, play) : play(undefined);
    }),
    logs,
    progress,
    changes,
    kv: fakes.kvEntries,
    close: () => server.close(),
  };
}

interface Use extends UsedMiddleware {
  readonly component: ComponentReference | undefined;
}

async function start(
  definition: Provider,
  middleware: readonly Use[],
  fakes: FakeServices,
  listeners: Listeners,
  { component, authorization, roles, rules }: ConnectOptions,
): Promise<Server> {
  const built = middleware.filter(
    (item): item is Use & { component: ComponentReference } => item.component !== undefined,
  );
  if (built.length !== (component === undefined ? 0 : middleware.length)) {
    throw new ToolkitError(
      `Cannot connect to "${definition.name}": some parts name a component, and some do not`,
      {
        code: "ERR_USAGE",
        hint: "Name a component for the provider and for each middleware, or for none",
      },
    );
  }
  const callers = {
    ...(authorization !== undefined && { authorization }),
    ...(roles && { roles }),
    ...(rules && { rules }),
  };
  if (component === undefined) return startInMemory(definition, middleware, fakes, listeners, callers);
  const { startBuilt } = await import("./start-built.ts");
  return startBuilt({ definition, component }, built, fakes, listeners, callers);
}

function used(item: Middleware | MiddlewareUse): Use {
  const { use, settings = {}, component }: MiddlewareUse = "use" in item ? item : { use: item };
  if (kindOf(use) === "middleware") return { definition: use, settings, component };
  throw new ToolkitError("Cannot use a middleware: it is not what defineMiddleware() returns", {
    code: "ERR_USAGE",
  });
}

/** A fake that nothing can reach is a mistake of the test, or of the definition. */
function checkFakes(provider: Provider, middleware: readonly UsedMiddleware[], fakes: Fakes): void {
  const parts = [provider, ...middleware.map(({ definition }) => definition)];
  const declares = (service: ServiceName): boolean =>
    parts.some(({ capabilities }) => capabilities?.[service] !== undefined);
  const unused = fakedServices(fakes).find((service) => !declares(service));
  if (unused === undefined) return;
  throw new ToolkitError(`Cannot fake ${unused} for "${provider.name}": it does not declare it`, {
    code: "ERR_USAGE",
    hint: `Add capabilities: { ${unused}: "why" } to the definition`,
  });
}

function errorText({ source, message, fields = {} }: LogLine): string {
  const { stack, error } = fields;
  const details = [error, stack].filter((text) => typeof text === "string");
  return [`${source}: ${message}`, ...details].join("\n");
}
