import type { LogSink } from "./host-log.ts";
import type { HostServices } from "./host-services.ts";
import type { Isolation } from "./isolation.ts";
import type { LimitsInput } from "./limits/resolve-limits.ts";

/** Options of `createPool`. */
export interface PoolOptions {
  /** Calls that run at once, each on a thread of its own. Default: `limits.guests.workers`. One more thread is kept ready. */
  workers?: number;
  /** True when any number of calls may wait, each until its deadline. Default false: `limits.calls` says how many and how long. */
  patient?: boolean;
  /** Those of `calls`, `guests` and `outbound` are looked at. Default: the defaults. */
  limits?: LimitsInput;
  /** What calls may reach beyond log, clocks and random numbers. Default: nothing, so each service answers `denied`. */
  services?: HostServices;
  /** Takes log lines, each with a line feed. Default: stderr, which drops lines while it is stalled. */
  log?: LogSink;
  /** Which calls may meet in one instance. Default `credential`. */
  isolation?: Isolation;
  /**
   * True to settle once all threads are ready, or the time they may take is over. Default false: once the first one is, which
   * says whether the core can be instantiated.
   */
  allReady?: boolean;
  /** True to tell the observers of calls how long each link of the chain took. Default false. */
  hasLinks?: boolean;
  /** Hears that a thread was given up and another takes its place. */
  onReplaced?: () => void;
}

/** What the threads of a pool do at one moment. */
export interface PoolStats {
  /** Calls that may run at once. */
  workers: number;
  /** Threads that run a call. */
  busy: number;
  /** Threads that could take one; none while all of them start or fail to. */
  idle: number;
  /** Calls that wait for a thread. */
  queued: number;
  /** The parts that get no calls now because they failed several times in a row, or only a probe. */
  resting: { part: string; state: "open" | "half-open" }[];
}
