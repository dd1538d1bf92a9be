import { Worker } from "node:worker_threads";
import type { LoadedCore, LoadOptions } from "../../../hosts/node/index.ts";
import { ToolkitError, type ErrorCode } from "../../errors/index.ts";
import { ownModule } from "../../package/index.ts";
import type { Arguments } from "../arguments.ts";

/** What is to be loaded, see `createCoreSource`. */
export interface LoadTask {
  command: string;
  path: string;
  values: Arguments["values"];
  options: Pick<LoadOptions, "isolation" | "limits">;
}

/** What came of it, and of which files. */
export type LoadedAside = { files: readonly string[] } & (
  | { core: LoadedCore; failure?: undefined }
  | {
      core?: undefined;
      failure: {
        message: string;
        code?: ErrorCode;
        hint?: string | undefined;
        details?: readonly string[];
      };
    }
);

/**
 * Loads a core on a thread of its own: to compose, prove and translate one takes seconds, in which this thread would
 * answer nobody.
 *
 * @returns the core or why there is none, and the files it came from either way
 */
export function loadAside(task: LoadTask): Promise<LoadedAside> {
  return new Promise((resolve) => {
    const thread = new Worker(ownModule("src", "cli", "reload", "load-thread"), { workerData: task });
    let loaded: LoadedAside = { failure: { message: "the thread that loads it ended" }, files: [] };
    thread.on("message", (message: LoadedAside) => {
      loaded = message;
    });
    thread.on("error", (error) => {
      loaded = { failure: { message: error.message }, files: [] };
    });
    // What it printed is there by then.
    thread.on("exit", () => resolve(loaded));
  });
}

/** The core, or the error that stands for it. */
export function coreOf({ core, failure }: LoadedAside): LoadedCore {
  if (core) return core;
  const { message, code, hint, details } = failure;
  if (code === undefined) throw new Error(message);
  throw new ToolkitError(message, {
    code,
    ...(hint !== undefined && { hint }),
    ...(details && { details: [...details] }),
  });
}
