import type { McpRequest, Outcome } from "../../src/protocol/index.ts";
import type { Owners } from "./describe-call.ts";
import type { InstanceLimits } from "./instances.ts";

/** What a worker is started with. */
export interface WorkerSetup {
  glue: string;
  modules: ReadonlyMap<string, WebAssembly.Module>;
  /** Source maps of the parts, as JSON by the name of the part. */
  sourceMaps: ReadonlyMap<string, string>;
  owners: Owners;
  /** Names of the middleware, whose log lines have room that providers do not use up. */
  middleware: ReadonlySet<string>;
  /** See `CallLog`. */
  log: SharedArrayBuffer;
  /** Bytes of the log that only middleware and the host may use. */
  reservedLogBytes: number;
  /** 32-bit words, see {@link WORDS}. */
  words: SharedArrayBuffer;
  /** True when the main thread is asked for the time. */
  clock: boolean;
  /** Bytes of UTF-8 an outcome may have. */
  maxOutputBytes: number;
  instances: InstanceLimits;
  /** See `LoadedCore`. */
  environment: Record<string, string> | undefined;
}

/** The words that both threads see. */
export const WORDS = {
  /** How many questions of the worker were answered. */
  answered: 0,
  /** 1 once nobody waits for the call in flight. */
  cancelled: 1,
} as const;

/** From the main thread: one call. The next one follows only when this one is answered. */
export interface CallMessage {
  context: string;
  request: McpRequest;
  authorization: string | undefined;
  /** Of the instance that is to run it; absent for one of its own. */
  key: string | undefined;
}

/** From a worker that waits for the one {@link ServiceAnswer} it gets: a function of a service, and its arguments. */
export interface ServiceQuestion {
  kind: "question";
  /** As `CallServices` lists them. */
  name: string;
  args: readonly unknown[];
}

/** From the main thread: what a service gave, or its error as the WIT has it. */
export type ServiceAnswer =
  | { value: unknown; error?: undefined }
  | { error: { tag: string; val: string | undefined } };

/**
 * From a worker. A string is the result of a call that succeeded, which spares the common case an object. `recycle`
 * asks for another worker in this one's place. `starting` goes ahead of what ends a call: an instance is started before the
 * worker can take the next one, and `ready` or `unable` follows.
 */
export type WorkerMessage =
  | string
  | { kind: "starting" }
  | { kind: "ready" }
  | { kind: "unable"; reason: string }
  | { kind: "outcome"; outcome: Exclude<Outcome, { tag: "success" }> }
  | { kind: "failure"; failure: "trap" | "too-large"; recycle: boolean }
  | ServiceQuestion;
