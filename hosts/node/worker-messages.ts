import type { McpRequest, Outcome } from "../../src/protocol/index.ts";

/** What a worker is started with. */
export interface WorkerSetup {
  glue: string;
  modules: ReadonlyMap<string, WebAssembly.Module>;
  /** See `CallLog`. */
  log: SharedArrayBuffer;
  /** Bytes of UTF-8 an outcome may have. */
  maxOutputBytes: number;
}

/** From the main thread: one call. The next one follows only when this one is answered. */
export interface CallMessage {
  context: string;
  request: McpRequest;
}

/**
 * From a worker. A string is the result of a call that succeeded, which spares the common case an object. `recycle`
 * asks for another worker in this one's place.
 */
export type WorkerMessage =
  | string
  | { kind: "ready" }
  | { kind: "unable"; reason: string }
  | { kind: "outcome"; outcome: Exclude<Outcome, { tag: "success" }> }
  | { kind: "failure"; failure: "trap" | "too-large"; recycle: boolean };
