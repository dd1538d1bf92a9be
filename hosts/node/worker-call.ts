import type { CallFailure, McpRequest, Outcome } from "../../src/protocol/index.ts";
import type { CallClient } from "./call-services.ts";

/** How a call ended. */
export type CallResult = { outcome: Outcome } | { failure: CallFailure };

/** A call for a worker. One of `onEnd` and `onGivenBack` is called, once. */
export interface WorkerCall {
  context: string;
  request: McpRequest;
  /** When it is stopped, in milliseconds since 1970-01-01T00:00:00Z. */
  deadline: number;
  client: CallClient;
  /** See `isolationKey`. */
  key: string | undefined;
  /** It runs now, as far as can be told: its deadline and its client are looked after from here on. */
  onBegin(): void;
  onEnd(result: CallResult): void;
  /** It has not begun, and would not soon. Of several the last one comes first. */
  onGivenBack(): void;
}
