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

/** What the end of a call says of its part. A call that waited until little of its time was left says nothing. */
export function endOf(
  { options: { deadline }, takenAt }: Job,
  result: CallResult,
  startedAt: number,
): CallEnd {
  if ("outcome" in result || result.failure === "too-large") return "good";
  if (result.failure === "trap") return "failed";
  const waitedLess = startedAt - takenAt <= deadline - startedAt;
  return result.failure === "deadline" && waitedLess ? "failed" : "unknown";
}
