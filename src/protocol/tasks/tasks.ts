import type { Changes } from "../changes.ts";
import type { JsonObject } from "../message.ts";
import { failureError } from "../answer.ts";
import { OWN } from "../rpc-error.ts";
import type { CallFailure, McpRequest, Outcome, RpcError, Signal } from "../types.ts";
import { createTaskQuota } from "./task-quota.ts";
import { createProgressReader, endOf, ownKey } from "./task-runs.ts";
import { createTaskStore, type TaskKeys, type TaskWork } from "./task-store.ts";
import { isFinal, type Task } from "./task.ts";

/** A call that does the work of a task. */
export interface TaskCall {
  context: string;
  request: McpRequest;
  /** The credential of whoever created the task, or answered last what it had asked. */
  authorization: string | undefined;
  /** When it is stopped, in milliseconds since 1970-01-01T00:00:00Z. */
  deadline: number;
  /** Aborted once the task is cancelled, or the server closes. */
  signal: Signal;
  /** Takes a JSON-RPC notification as JSON. */
  notify: (message: string) => void;
}

/** A signal and what aborts it; an `AbortController` is one. */
interface Abortable {
  readonly signal: Signal;
  abort(): void;
}

/** What tasks need of a host. */
export interface TaskOptions {
  /** Where tasks are kept, for one server at a time. */
  keys: TaskKeys;
  /** What the keys of tasks start with; components must not reach those. */
  prefix: string;
  /** Runs a call; never rejects. Those beyond what the host runs at once wait. */
  run(call: TaskCall): Promise<{ outcome: Outcome } | { failure: CallFailure }>;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now: () => number;
  newAbortController: () => Abortable;
  /** A string that nobody guesses: at least 128 random bits. */
  newTaskId: () => string;
  /** Takes what went wrong, for the host's log. */
  report: (message: string, error?: unknown) => void;
  /** Where clients hear of the changes that tasks tell of. Default: nowhere. */
  changes?: Changes;
  /** Time the work of a task may take, and wait for a thread, in milliseconds. Default 15 minutes. */
  deadlineMs?: number;
  /** How long a task is kept from its creation, in milliseconds. Default 1 hour, at most 24 hours. */
  ttlMs?: number;
  /** Tasks that may run or wait for a thread. Default 100. */
  maxWorking?: number;
}

/** A new task. */
export interface NewTask {
  tool: string;
  owner: string;
  /** Members of the context, without those that differ from call to call. */
  context: JsonObject;
  /** What the component gave to be handed back. */
  admitted: unknown;
  request: McpRequest;
  /** The credential of its creator. It is held in memory and never kept. */
  authorization: string | undefined;
}

/** The tasks of one server. Methods reject where the host's store does. */
export interface Tasks {
  /** Creates a task and starts its work; settles once it can be found. Nothing when the server takes no more. */
  create(task: NewTask): Promise<Task | undefined>;
  /** A task, and the result of a completed one as JSON. */
  get(id: string): Promise<{ task: Task; result: string | undefined } | undefined>;
  /** Takes answers to what a task has asked, by key; others are ignored. False when they are too large to keep. */
  update(
    id: string,
    answers: Readonly<Record<string, JsonObject>>,
    authorization: string | undefined,
  ): Promise<boolean>;
  cancel(id: string): Promise<void>;
  /** Ends the work in flight, as failed. Tasks that wait for the client go on with the next server on the same store. */
  close(): Promise<void>;
}

/** The owner of tasks whose callers nothing tells apart: whoever knows the id may see them. */
export const ANONYMOUS = "null";

const DEFAULT_DEADLINE_MS = 15 * 60_000;
const DEFAULT_TTL_MS = 60 * 60_000;
const MAX_TTL_MS = 24 * 60 * 60_000;
const DEFAULT_MAX_WORKING = 100;
/** Characters of answers that may be kept for one task. */
const MAX_ANSWERS = 512 * 1024;
const ID = /^[A-Za-z0-9_-]{16,128}$/;

/** A task whose status may still change, or whose last change is not kept yet. */
interface Live {
  task: Task;
  work: TaskWork;
  /** For the next call; never kept. */
  authorization: string | undefined;
  result: string | undefined;
  /** Aborts the call in flight. */
  call: Abortable | undefined;
  /** Changes are kept one after another. */
  saved: Promise<void>;
}

/**
 * Takes over the tasks that are kept, and creates more. Work that an earlier server left is reported as failed.
 *
 * @throws RangeError when `ttlMs` is not 1,000 to 86,400,000.
 */
export async function openTasks(options: TaskOptions): Promise<Tasks> {
  const { now, report } = options;
  const ttlMs = options.ttlMs ?? DEFAULT_TTL_MS;
  if (!Number.isInteger(ttlMs) || ttlMs < 1000 || ttlMs > MAX_TTL_MS) {
    throw new RangeError(`ttlMs is ${ttlMs}, not 1,000 to ${MAX_TTL_MS}`);
  }
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  const maxWorking = options.maxWorking ?? DEFAULT_MAX_WORKING;
  const store = createTaskStore(options.keys, options);
  const quota = createTaskQuota(now, ANONYMOUS);
  const live = new Map<string, Live>();
  let closed = false;

  /** Keeps a change; what cannot be kept stays here, and the log says so. */
  function save(entry: Live, more?: () => Promise<void>): Promise<void> {
    const { task } = entry;
    const text = copyOf(task);
    entry.saved = entry.saved.then(async () => {
      try {
        await more?.();
        await store.save(text);
        if (isFinal(text)) live.delete(task.id);
      } catch (error) {
        report(`Cannot keep task ${task.id} of "${task.tool}"`, error);
      }
    });
    return entry.saved;
  }

  function change(entry: Live, changes: Partial<Task>): void {
    Object.assign(entry.task, { statusMessage: undefined, asked: undefined }, changes, { updatedAt: now() });
  }

  async function start(entry: Live, inputs: JsonObject | undefined): Promise<void> {
    const { task, work } = entry;
    if (closed) return fail(entry, STOPPED);
    const time = now();
    const deadline = Math.min(time + deadlineMs, task.expiresAt);
    const call = options.newAbortController();
    entry.call = call;
    const read = createProgressReader(task.id, options.changes);
    const ended = await options.run({
      context: JSON.stringify({
        ...(JSON.parse(work.context) as JsonObject),
        receivedAt: time,
        deadline,
        // Limits counted the request when the task was created.
        retry: true,
        progressToken: task.id,
        ...(inputs && { inputs }),
      }),
      request: { id: work.requestId, method: "tools/call", target: task.tool, params: work.params },
      authorization: entry.authorization,
      deadline,
      signal: call.signal,
      notify(message) {
        const text = entry.call === call ? read(message) : undefined;
        if (text !== undefined) change(entry, { statusMessage: text });
      },
    });
    if (entry.call !== call) return;
    entry.call = undefined;
    end(entry, endOf(ended, task.rounds));
  }

  function end(entry: Live, ended: ReturnType<typeof endOf>): void {
    const { task } = entry;
    switch (ended.kind) {
      case "asked":
        change(entry, { status: "input_required", asked: ended.asked, rounds: task.rounds + 1 });
        void save(entry);
        return;
      case "completed": {
        const { result } = ended;
        if (quota.resize(task.id, result.length)) {
          entry.result = result;
          change(entry, { status: "completed" });
          void save(entry, () => store.saveResult({ ...task }, result));
        } else {
          void fail(entry, failureError("overload"));
        }
        return;
      }
      case "failed":
        if (ended.reason !== undefined) report(`A task of "${task.tool}" failed: ${ended.reason}`);
        void fail(entry, ended.error);
    }
  }

  function fail(entry: Live, error: RpcError): Promise<void> {
    change(entry, { status: "failed", error });
    return dropWork(entry);
  }

  function dropWork(entry: Live): Promise<void> {
    quota.resize(entry.task.id, 0);
    return save(entry, () => store.dropWork(entry.task.id));
  }

  function stopCall(entry: Live): void {
    const { call } = entry;
    entry.call = undefined;
    call?.abort();
  }

  /** Forgets tasks that waited for the client until they expired. */
  function forgetExpired(): void {
    const time = now();
    for (const [id, entry] of live) {
      if (entry.task.expiresAt > time) continue;
      stopCall(entry);
      live.delete(id);
    }
  }

  function working(): number {
    let count = 0;
    for (const { task } of live.values()) if (task.status === "working") count++;
    return count;
  }

  async function takeOver(): Promise<void> {
    for (const task of await store.all()) {
      const work = isFinal(task) ? undefined : await store.loadWork(task.id);
      const size = work ? sizeOf(work) : ((await store.loadResult(task.id))?.length ?? 0);
      quota.restore(task.id, { owner: task.owner, expiresAt: task.expiresAt, size });
      if (isFinal(task)) continue;
      const entry: Live = {
        task,
        work: work ?? { context: "{}", requestId: "0", params: undefined },
        authorization: undefined,
        result: undefined,
        call: undefined,
        saved: Promise.resolve(),
      };
      live.set(task.id, entry);
      if (task.status === "working" || !work) await fail(entry, STOPPED);
    }
  }

  await takeOver();
  return {
    async create({ tool, owner, context, admitted, request, authorization }) {
      forgetExpired();
      const id = options.newTaskId();
      const time = now();
      const work: TaskWork = {
        context: JSON.stringify({ ...context, task: { phase: "run", id, admitted } }),
        requestId: request.id ?? "0",
        params: request.params,
      };
      const expiresAt = time + ttlMs;
      if (closed || working() >= maxWorking) return undefined;
      if (!quota.take(id, { owner, expiresAt, size: sizeOf(work) })) return undefined;
      const task: Task = {
        id,
        tool,
        owner,
        status: "working",
        createdAt: time,
        updatedAt: time,
        expiresAt,
        rounds: 0,
      };
      const entry: Live = {
        task,
        work,
        authorization,
        result: undefined,
        call: undefined,
        saved: Promise.resolve(),
      };
      live.set(id, entry);
      try {
        await store.saveWork(task, work);
        await store.save(task);
      } catch (error) {
        live.delete(id);
        quota.release(id);
        throw error;
      }
      const created = copyOf(task);
      void start(entry, undefined);
      return created;
    },

    async get(id) {
      forgetExpired();
      const entry = live.get(id);
      if (entry) return { task: copyOf(entry.task), result: entry.result };
      const task = ID.test(id) ? await store.load(id) : undefined;
      if (!task || task.expiresAt <= now()) return undefined;
      return { task, result: task.status === "completed" ? await store.loadResult(id) : undefined };
    },

    async update(id, answers, authorization) {
      const entry = live.get(id);
      const asked = entry?.task.asked;
      if (!entry || !asked) return true;
      const known = Object.entries(answers).filter(([key]) => Object.hasOwn(asked.requests, key));
      const all = {
        ...asked.answers,
        ...Object.fromEntries(known.map(([key, answer]) => [ownKey(key), answer])),
      };
      if (JSON.stringify(all).length > MAX_ANSWERS) return false;
      asked.answers = all;
      for (const [key] of known) delete asked.requests[key];
      if (Object.keys(asked.requests).length > 0) {
        entry.task.updatedAt = now();
        await save(entry);
        return true;
      }
      change(entry, { status: "working" });
      entry.authorization = authorization;
      const saved = save(entry);
      const state = asked.state === undefined ? undefined : (JSON.parse(asked.state) as unknown);
      void start(entry, { responses: all, state });
      await saved;
      return true;
    },

    async cancel(id) {
      const entry = live.get(id);
      if (!entry || isFinal(entry.task)) return;
      change(entry, { status: "cancelled" });
      stopCall(entry);
      await dropWork(entry);
    },

    async close() {
      closed = true;
      const ends = [...live.values()].map((entry) => {
        if (entry.task.status !== "working") return entry.saved;
        const ended = fail(entry, STOPPED);
        stopCall(entry);
        return ended;
      });
      await Promise.all(ends);
    },
  };
}

const STOPPED: RpcError = {
  code: OWN.cancelled,
  message: "The server was stopped before the task had ended",
};

function sizeOf({ context, params = "" }: TaskWork): number {
  return context.length + params.length;
}

/** A task as it is now. */
function copyOf(task: Task): Task {
  return JSON.parse(JSON.stringify(task)) as Task;
}
