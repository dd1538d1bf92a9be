import type { McpRequest, Outcome } from "../../src/protocol/index.ts";
import type { Owners } from "./describe-call.ts";
import type { InstanceLimits } from "./instances.ts";
import type { LinkTime } from "./link-trace.ts";
import type { SharedKvSetup } from "./services/thread-stores.ts";

/** What a worker is started with, as its second message; the first one is the glue of the core, see `LoadedCore`. */
export interface WorkerSetup {
  modules: ReadonlyMap<string, WebAssembly.Module>;
  /** Source maps of the parts, as JSON by the name of the part. */
  sourceMaps: ReadonlyMap<string, string>;
  owners: Owners;
  /** Names of the middleware, whose log lines have room that providers do not use up. */
  middleware: ReadonlySet<string>;
  /** See `CallSlots`. */
  slots: SharedArrayBuffer;
  /** A `CallLog` for each of the slots, and one for what is logged while an instance starts. */
  logs: readonly SharedArrayBuffer[];
  /** Bytes of the log that only middleware and the host may use. */
  reservedLogBytes: number;
  /** 32-bit words, see {@link WORDS}. */
  words: SharedArrayBuffer;
  /** Keys that the worker reads and writes by itself. */
  kv: SharedKvSetup | undefined;
  /** True when the main thread is asked for the time. */
  clock: boolean;
  /** Bytes of UTF-8 an outcome may have. */
  maxOutputBytes: number;
  instances: InstanceLimits;
  /** The names of what is timed, see `linkNames`; absent where nobody wants to know. */
  links: readonly (string | undefined)[] | undefined;
  /** See `LoadedCore`. */
  environment: Record<string, string> | undefined;
}

/** The words that both threads see. */
export const WORDS = {
  /** How many questions of the worker were answered. */
  answered: 0,
} as const;

/** From the main thread: one call. It goes into a slot of `CallSlots`; as a message where it is too long for one. */
export interface CallMessage {
  context: string;
  request: McpRequest;
  authorization: string | undefined;
  /** Of the instance that is to run it; absent for one of its own. */
  key: string | undefined;
  /** True when somebody listens to what it asks services for: all of that goes to the main thread then. */
  isObserved: boolean;
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

/** From the main thread: there are calls in the slots. To it: there are answers. Everything else is an object. */
export const LOOK = 0;

/** A call that is too long for its slot, with its number: when it is taken back before it begins, its message is still on its way. */
export interface LongCall {
  turn: number;
  call: CallMessage;
}

/** To a worker. */
export type ToWorker = typeof LOOK | LongCall | ServiceAnswer;

/**
 * From a worker. Results of calls that succeeded are in the slots, unless they are too long. `recycle` asks for another worker in this
 * one's place, and `links` goes ahead of what ends a call. Where `isStarting`, an instance is started before the worker begins its next call, and `ready` or `unable` follows.
 */
export type WorkerMessage =
  | typeof LOOK
  | { kind: "ready" }
  | { kind: "unable"; reason: string }
  | { kind: "links"; times: LinkTime[] }
  | { kind: "outcome"; outcome: Outcome; isStarting: boolean }
  | { kind: "failure"; failure: "trap" | "too-large"; recycle: boolean; isStarting: boolean }
  | ServiceQuestion;
