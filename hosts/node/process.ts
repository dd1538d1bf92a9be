// The entry of a process that serves one isolation key: one worker, and the way to the server that started it.
import { compileModules } from "./compile-modules.ts";
import { startCoreWorker, type CoreWorker } from "./core-worker.ts";
import { createThreadMemories } from "./thread-memory.ts";
import type { FromProcess, ToProcess } from "./process-messages.ts";
import type { ServiceAnswer } from "./worker-messages.ts";

let worker: CoreWorker | undefined;
let hasEnded = false;
let call = new AbortController();
/** Takes the answer to the one question that may be open. */
let onAnswer: ((answer: ServiceAnswer) => void) | undefined;

function tell(message: FromProcess, whenSent?: () => void): void {
  process.send!(message, undefined, undefined, whenSent);
}

function end(reason: string): void {
  tell({ kind: "ended", reason }, () => process.exit());
}

async function start({
  core,
  limits,
  instances,
  hasClock,
  hasLinks,
}: ToProcess & { kind: "start" }): Promise<void> {
  const modules = await compileModules(core.code!, "core");
  worker = startCoreWorker(
    { ...core, modules },
    {
      limits,
      instances,
      hasClock,
      hasLinks,
      lend: () => ({
        begin() {},
        answer: (question) =>
          new Promise((resolve) => {
            onAnswer = resolve;
            tell(question);
          }),
        end() {},
      }),
      memories: createThreadMemories(limits.calls),
      onFault: (service, error) => end(`the ${service} service failed: ${String(error)}`),
      onRefusal() {},
      onRefusals() {},
      onLog: (lines, dropped) => tell({ kind: "log", lines, dropped }),
      onReady: () => tell({ kind: "ready" }),
      onGivenBack() {},
      onEnd(_, { reason }) {
        hasEnded = true;
        // What is left to tell of the call follows at once.
        setImmediate(end, reason);
      },
    },
  );
}

process.on("message", (message: ToProcess) => {
  switch (message.kind) {
    case "start":
      start(message).catch((error: unknown) => end(String(error)));
      break;
    case "run": {
      const { call: given, timeoutMs } = message;
      call = new AbortController();
      worker!.run({
        ...given,
        deadline: Date.now() + timeoutMs,
        client: {
          authorization: given.authorization,
          signal: call.signal,
          observer: { links: (times) => tell({ kind: "links", times: [...times] }) },
        },
        onBegin() {},
        onEnd: (result) => tell({ kind: "result", result, isStarting: hasEnded || !worker!.isFree }),
        onGivenBack() {},
      });
      break;
    }
    case "cancel":
      call.abort();
      break;
    case "answer":
      onAnswer?.(message.answer);
      break;
  }
});
process.on("disconnect", () => process.exit());
// Who ends the server ends its group: this one serves until the server has answered.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
