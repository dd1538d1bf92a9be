import { parentPort, workerData } from "node:worker_threads";
import { ToolkitError } from "../../errors/index.ts";
import { createCoreSource } from "./core-source.ts";
import type { LoadedAside, LoadTask } from "./load-aside.ts";

// Loads a core once, for the thread that serves meanwhile.
const { command, path, values, options } = workerData as LoadTask;
const source = createCoreSource(command, path, values, options);

function post(message: LoadedAside): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort!.postMessage(message);
}

try {
  const core = await source.load();
  post({ core, files: [...source.files()] });
} catch (error) {
  const files = [...source.files()];
  if (error instanceof ToolkitError) {
    const { message, code, hint, details } = error;
    post({ failure: { message, code, hint, details }, files });
  } else {
    post({ failure: { message: error instanceof Error ? error.message : String(error) }, files });
  }
}
