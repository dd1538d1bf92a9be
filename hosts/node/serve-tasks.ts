import { randomBytes } from "node:crypto";
import { createTaskProtocol, type Changes, type TaskProtocol } from "../../src/protocol/index.ts";
import type { CoreManifest } from "../../src/manifest/index.ts";
import { report, reportFault, type LogSink } from "./host-log.ts";
import type { KvStore } from "./host-services.ts";
import type { Limits } from "./limits/resolve-limits.ts";
import type { PoolOptions } from "./pool-options.ts";
import { createPool, type Pool } from "./pool.ts";
import type { LoadedCore } from "./load-core.ts";
import { HOST_KEYS } from "./services/component-kv.ts";
import { createMemoryKv } from "./services/kv-store.ts";

/** Options of what serves tasks. */
export interface TaskServerOptions {
  /** Where tasks are kept, for one server at a time; whoever opened it closes it. Default: a new one in memory. */
  kv?: KvStore;
}

/** Threads that are started when the first call comes: most servers never have a task. */
export type TaskPool = Pick<Pool, "handle" | "close">;

const ID_BYTES = 24;

/** True when calls of a core may become tasks. */
export function hasTasks({ tools }: CoreManifest): boolean {
  return tools.some(({ task }) => task !== undefined);
}

/** The threads that do the work of tasks for one core. */
export function createTaskPool(core: LoadedCore, options: PoolOptions & { limits: Limits }): TaskPool {
  let pool: Promise<Pool> | undefined;
  /** Calls taken, also while the threads start: none of them is to find a closed pool. */
  const calls = new Set<Promise<unknown>>();
  return {
    handle(context, request, callOptions) {
      pool ??= createPool(core, {
        ...options,
        workers: options.limits.tasks.workers,
        // How many wait, and for how long, is bounded where tasks are made.
        patient: true,
      });
      const call = pool
        .then((threads) => threads.handle(context, request, callOptions))
        .finally(() => calls.delete(call));
      calls.add(call);
      return call;
    },
    async close() {
      await Promise.allSettled(calls);
      await (await pool?.catch(() => undefined))?.close();
    },
  };
}

/** What the tasks of a server need of it. */
export interface TaskServerParts {
  limits: Limits;
  /** The threads for tasks of the core that is served now. */
  pool: () => TaskPool;
  changes: Changes;
  log: LogSink;
}

/** Opens the tasks of a server. */
export function startTasks(
  options: TaskServerOptions,
  { limits, pool, changes, log }: TaskServerParts,
): Promise<TaskProtocol> {
  const { deadlineMs, ttlMs, working } = limits.tasks;
  return createTaskProtocol({
    deadlineMs,
    ttlMs,
    maxWorking: working,
    changes,
    keys: options.kv ?? createMemoryKv(Date.now, limits.kv),
    prefix: `${HOST_KEYS}tasks/`,
    now: Date.now,
    newAbortController: () => new AbortController(),
    newTaskId: () => randomBytes(ID_BYTES).toString("base64url"),
    report: (message, error) =>
      error === undefined ? report(log, "warning", message) : reportFault(log, message, error),
    async run({ context, request, authorization, deadline, signal, notify }) {
      try {
        return await pool().handle(context, request, { authorization, deadline, signal, notify });
      } catch (error) {
        reportFault(log, "Cannot start threads for tasks", error);
        return { failure: "trap" };
      }
    },
  });
}
