import { createChangeHub } from "../../../hosts/node/change-hub.ts";
import { createMemoryKv } from "../../../hosts/node/services/kv-store.ts";
import {
  createHttpProtocol,
  createTaskProtocol,
  type Call,
  type CallFailure,
  type HttpAnswer,
  type McpRequest,
  type Outcome,
  type Step,
  type TaskCall,
  type TaskOptions,
} from "../../../src/protocol/index.ts";
import { head, META, parsed } from "./requests.ts";

/** `_meta` of a client that knows tasks. */
export const KNOWING = {
  ...META,
  "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
};

/** A call that does the work of a task, in flight. */
export interface Work extends Omit<TaskCall, "context"> {
  context: Record<string, unknown>;
  end(result: { outcome: Outcome } | { failure: CallFailure }): void;
}

type Answer = Pick<HttpAnswer, "status"> & {
  result?: Record<string, unknown>;
  error?: Record<string, unknown>;
};

/** A server whose core and whose threads are the test. */
export interface TaskServer {
  now: number;
  /** Every call of the core that is no work of a task. */
  readonly calls: { context: Record<string, unknown>; request: McpRequest }[];
  /** What the core answers; the default admits every call of a tool. */
  core(context: Record<string, unknown>, request: McpRequest): Outcome;
  /** The caller that the chain finds, which is nobody at first. */
  principal: { issuer: string; subject: string } | null;
  /** Calls in flight, oldest first. */
  readonly works: Work[];
  readonly reports: string[];
  request(method: string, params?: Record<string, unknown>, meta?: object): Promise<Answer>;
  /** Creates a task and gives its id. */
  create(args?: object): Promise<string>;
  /** What `tasks/get` answers. */
  get(id: string): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** Starts a state. What is kept outlives it in `keys`. */
export async function taskServer(options: Partial<TaskOptions> = {}): Promise<TaskServer> {
  const state: Omit<TaskServer, "request" | "create" | "get" | "close"> = {
    now: 1_800_000_000_000,
    calls: [],
    works: [],
    reports: [],
    principal: null,
    core(_context, { method, target }) {
      if (target === undefined) return { tag: "failure", val: { code: -32602, message: "Unknown task" } };
      const said = { ...(method === "tools/call" && { resultType: "task" }), principal: state.principal };
      return { tag: "success", val: JSON.stringify(said) };
    },
  };
  let ids = 0;
  const keys = options.keys ?? createMemoryKv(() => state.now);
  const tasks = await createTaskProtocol({
    keys,
    prefix: "tasks/",
    now: () => state.now,
    newAbortController: () => new AbortController(),
    newTaskId: () => `task-number-${String(++ids).padStart(4, "0")}`,
    report: (message) => void state.reports.push(message),
    run: ({ context, ...rest }) =>
      new Promise((resolve) => {
        const work: Work = {
          ...rest,
          context: JSON.parse(context) as Record<string, unknown>,
          end(result) {
            state.works.splice(state.works.indexOf(work), 1);
            resolve(result);
          },
        };
        state.works.push(work);
      }),
    ...options,
  });
  const protocol = createHttpProtocol({
    serverInfo: { name: "server", version: "1.0.0" },
    now: () => state.now,
    newRequestId: () => "r-1",
    notifications: true,
    changes: createChangeHub({ lists: () => new Set() }),
    tasks,
  });

  async function follow(first: Step<HttpAnswer>): Promise<HttpAnswer> {
    let step = first;
    for (;;) {
      if (step.kind === "answer") return step.answer;
      if (step.kind === "batch") throw new Error("no batch was sent");
      step = step.kind === "wait" ? await step.wait.next(() => undefined, NEVER) : ask(step.call);
    }
  }

  function ask(call: Call<HttpAnswer>): Step<HttpAnswer> {
    const context = JSON.parse(call.context) as Record<string, unknown>;
    state.calls.push({ context, request: call.request });
    return call.finish(state.core(context, call.request));
  }

  const server: TaskServer = Object.assign(state, {
    async request(method: string, params: Record<string, unknown> = {}, meta: object = KNOWING) {
      const name = params["name"] ?? params["taskId"];
      const fields = {
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        ...(typeof name === "string" && { "mcp-name": name }),
      };
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: meta } });
      const answer = await follow(protocol.handle(head(fields), body));
      return { status: answer.status, ...parsed(answer) };
    },
    async create(args: object = {}) {
      const { result } = await server.request("tools/call", { name: "work", arguments: args });
      return result!["taskId"] as string;
    },
    async get(id: string) {
      return (await server.request("tasks/get", { taskId: id })).result!;
    },
    close: () => tasks.close(),
  } satisfies Partial<TaskServer>);
  return server;
}

const NEVER = new AbortController().signal;

/** Lets what has been settled take effect. */
export async function settled(server: TaskServer, id: string): Promise<Record<string, unknown>> {
  for (;;) {
    const task = await server.get(id);
    if (task["status"] !== "working") return task;
  }
}

/** Work that asks the client. */
export function asks(requests: object, state?: unknown) {
  const val = {
    requests: JSON.stringify(requests),
    ...(state !== undefined && { state: JSON.stringify(state) }),
  };
  return { outcome: { tag: "input-required" as const, val } };
}

/** A question. */
export const question = { method: "elicitation/create", params: { message: "?" } };
