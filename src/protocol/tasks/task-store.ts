import type { Task } from "./task.ts";

/** Keys with text values, such as a host's store. Keys that start with the prefix of tasks are nobody else's. */
export interface TaskKeys {
  get(key: string): Promise<{ value: string } | undefined>;
  /** @param ttlSeconds Whole seconds, at least 1, after which the key is gone. */
  set(key: string, value: string, ttlSeconds: number): Promise<void>;
  delete(key: string): Promise<void>;
  list(
    prefix: string,
    cursor: string | undefined,
    limit: number,
  ): Promise<{ keys: string[]; next: string | undefined }>;
}

/** What a task is a call of. */
export interface TaskWork {
  /** The context of the calls, without what differs from one to the next, as JSON. */
  context: string;
  /** Id and `params` of the request, as JSON. */
  requestId: string;
  params: string | undefined;
}

/** Keeps tasks for as long as they live. Rejects when the host's store does. */
export interface TaskStore {
  save(task: Task): Promise<void>;
  load(id: string): Promise<Task | undefined>;
  /** Every task that is kept. */
  all(): Promise<Task[]>;
  saveWork(task: Task, work: TaskWork): Promise<void>;
  loadWork(id: string): Promise<TaskWork | undefined>;
  /** Keeps the result, as JSON, in place of the work. */
  saveResult(task: Task, result: string): Promise<void>;
  loadResult(id: string): Promise<string | undefined>;
  dropWork(id: string): Promise<void>;
  /** Forgets a task. */
  drop(id: string): Promise<void>;
}

const PAGE = 1000;
/** Version of what is kept: what another one wrote is not read. */
const VERSION = "1";

/**
 * Keeps tasks among the keys of a host. A result is a value of its own, so that each change of a task is a short one.
 *
 * @param prefix Of keys that no component can reach.
 */
export function createTaskStore(
  keys: TaskKeys,
  { prefix, now }: { prefix: string; now: () => number },
): TaskStore {
  const root = `${prefix}${VERSION}/`;
  const taskKey = (id: string): string => `${root}task/${id}`;
  const workKey = (id: string): string => `${root}work/${id}`;
  const resultKey = (id: string): string => `${root}result/${id}`;

  async function set(key: string, value: string, { expiresAt }: Task): Promise<void> {
    await keys.set(key, value, Math.max(1, Math.ceil((expiresAt - now()) / 1000)));
  }

  async function load(id: string): Promise<Task | undefined> {
    const entry = await keys.get(taskKey(id));
    return entry && (JSON.parse(entry.value) as Task);
  }

  return {
    load,
    save: (task) => set(taskKey(task.id), JSON.stringify(task), task),
    async all() {
      const tasks: Task[] = [];
      let cursor: string | undefined;
      do {
        const page = await keys.list(taskKey(""), cursor, PAGE);
        for (const key of page.keys) {
          const task = await load(key.slice(taskKey("").length));
          if (task) tasks.push(task);
        }
        cursor = page.next;
      } while (cursor !== undefined);
      return tasks;
    },
    // The texts are one value, a line each, as JSON inside JSON would be longer by every quote.
    saveWork: (task, { context, requestId, params = "" }) =>
      set(workKey(task.id), `${context}\n${requestId}\n${params}`, task),
    async loadWork(id) {
      const entry = await keys.get(workKey(id));
      if (!entry) return undefined;
      const [context, requestId, ...params] = entry.value.split("\n");
      return { context: context!, requestId: requestId!, params: params.join("\n") || undefined };
    },
    async saveResult(task, result) {
      await set(resultKey(task.id), result, task);
      await keys.delete(workKey(task.id));
    },
    async loadResult(id) {
      return (await keys.get(resultKey(id)))?.value;
    },
    dropWork: (id) => keys.delete(workKey(id)),
    async drop(id) {
      for (const key of [taskKey(id), workKey(id), resultKey(id)]) await keys.delete(key);
    },
  };
}
