import type { CallResult } from "./worker-call.ts";
import type { InstanceLimits } from "./instances.ts";
import type { LinkTime } from "./link-trace.ts";
import type { Limits } from "./limits/resolve-limits.ts";
import type { LoadedCore } from "./load-core.ts";
import type { CallMessage, ServiceAnswer, ServiceQuestion } from "./worker-messages.ts";

/** To a process of {@link startCoreProcess}. `start` comes first, and once. */
export type ToProcess =
  | {
      kind: "start";
      /** Without what was compiled, which no process can give another. */
      core: Omit<LoadedCore, "modules">;
      limits: Limits;
      instances: InstanceLimits;
      hasClock: boolean;
      hasLinks: boolean;
    }
  | { kind: "run"; call: CallMessage; timeoutMs: number }
  | { kind: "cancel" }
  | { kind: "answer"; answer: ServiceAnswer };

/** From a process. */
export type FromProcess =
  | { kind: "ready" }
  | { kind: "log"; lines: Uint8Array | undefined; dropped: number }
  | { kind: "links"; times: LinkTime[] }
  | { kind: "result"; result: CallResult; isStarting: boolean }
  /** It has nothing more to do, and ends. */
  | { kind: "ended"; reason: string }
  | ServiceQuestion;
