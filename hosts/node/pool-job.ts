import type { McpRequest } from "../../src/protocol/index.ts";
import type { CallClient } from "./call-services.ts";
import type { CallEnd } from "./circuits.ts";
import type { CoreWorker } from "./core-worker.ts";
import type { CallResult, WorkerCall } from "./worker-call.ts";

/** What a pool must know of a call. */
export interface CallOptions extends CallClient {
  /** Network address of the client: peers take turns in the queue. */
  peer?: string | undefined;
  /** When the call is stopped, in milliseconds since 1970-01-01T00:00:00Z. */
  deadline: number;
}

/** A call that a pool has taken and not answered. */
export interface Job {
  context: string;
  request: McpRequest;
  options: CallOptions;
  /** See `isolationKey`. */
  key: string | undefined;
  /** What is blamed when it fails. */
  part: string;
  /** When it was taken, in milliseconds since 1970-01-01T00:00:00Z. */
  takenAt: number;
  settle(result: CallResult): void;
  /** What ends the wait in the queue. */
  leave: (() => void) | undefined;
  timer: NodeJS.Timeout | undefined;
  /** The worker that goes on with it, while it waits there. */
  ahead: { worker: CoreWorker; call: WorkerCall } | undefined;
}

/** Whether a call that begins at a time has as much of its own left as it has waited: else its deadline says nothing of its part. */
export function hasTime({ options: { deadline }, takenAt }: TimedJob, startedAt: number): boolean {
  return startedAt - takenAt <= deadline - startedAt;
}

type TimedJob = Pick<Job, "takenAt"> & { options: Pick<CallOptions, "deadline"> };

/** What the end of a call says of its part. */
export function endOf(job: Job, result: CallResult, startedAt: number): CallEnd {
  if ("outcome" in result || result.failure === "too-large") return "good";
  if (result.failure === "trap") return "failed";
  return result.failure === "deadline" && hasTime(job, startedAt) ? "failed" : "unknown";
}
