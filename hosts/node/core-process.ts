import { fork } from "node:child_process";
import { readFile } from "node:fs/promises";
import { ToolkitError } from "../../src/errors/index.ts";
import { ownModule, packageFile } from "../../src/package/index.ts";
import { after } from "./after.ts";
import type { CoreWorker, CoreWorkerOptions } from "./core-worker.ts";
import { describeCall, ownersOf } from "./describe-call.ts";
import type { LoadedCore } from "./load-core.ts";
import type { FromProcess, ToProcess } from "./process-messages.ts";
import { MAX_REFUSALS } from "./refusal.ts";
import { requestIdOf } from "./request-id.ts";
import type { CallResult, WorkerCall } from "./worker-call.ts";
import type { CallFailure, Signal } from "../../src/protocol/index.ts";

/** What a process has to stop a call by itself; then it is killed. */
const GRACE_MS = 2000;
/** How often the memory of a process is looked at. */
const WATCH_MS = 250;
const PAGE_BYTES = 4096;
const MIB = 1024 * 1024;

/**
 * Starts a process for a core. It serves the calls of one isolation key, that of its first call, and may read this package, start
 * threads and nothing else, as far as Node's permission model goes. A process that is over its memory limit is killed.
 */
export function startCoreProcess(core: LoadedCore, options: CoreWorkerOptions): CoreWorker {
  const { guests } = options.limits;
  const owners = ownersOf(core.manifest);
  const services = options.lend({ onFault, onRefusal });
  const child = fork(ownModule("hosts", "node", "process"), [], {
    env: {},
    execArgv: processFlags(guests.heapMiB),
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const watch = setInterval(() => void checkMemory(), WATCH_MS).unref();
  let stopStarting = after(guests.startMs, () =>
    end("deadline", `it was not ready within ${guests.startMs} ms`),
  );
  /** Undefined until its first call; then it serves no other. */
  let bound: { key: string | undefined } | undefined;
  let running: WorkerCall | undefined;
  let stopTimer: (() => void) | undefined;
  let stopWatching: (() => void) | undefined;
  let requestId: string | undefined;
  let refusals = 0;
  let wasReady = false;
  let isStarting = true;
  let ended = false;

  function onFault(service: string, error: unknown): void {
    options.onFault(service, error, requestId);
  }

  function onRefusal(refusal: Parameters<typeof options.onRefusal>[0]): void {
    refusals++;
    if (refusals <= MAX_REFUSALS) options.onRefusal(refusal, requestId);
  }

  function tell(message: ToProcess): void {
    if (child.connected) child.send(message, () => {});
  }

  function settle(result: CallResult): void {
    stopTimer?.();
    stopWatching?.();
    stopTimer = stopWatching = undefined;
    services.end();
    if (refusals > MAX_REFUSALS) options.onRefusals(refusals - MAX_REFUSALS, requestId);
    refusals = 0;
    requestId = undefined;
    const call = running;
    running = undefined;
    call?.onEnd(result);
  }

  function stop(): void {
    ended = true;
    stopStarting();
    clearInterval(watch);
    child.kill("SIGKILL");
  }

  function end(failure: CallFailure, reason: string): void {
    if (ended) return;
    stop();
    options.onEnd(worker, { wasReady, reason, requestId });
    settle({ failure });
  }

  async function checkMemory(): Promise<void> {
    // Where the system does not tell, the limits inside the process are what there is.
    const statm = await readFile(`/proc/${child.pid}/statm`, "utf8").catch(() => "");
    const bytes = Number(statm.split(" ")[1] ?? 0) * PAGE_BYTES;
    if (bytes > guests.processMiB * MIB) end("trap", `its process took more than ${guests.processMiB} MiB`);
  }

  function cancel(): void {
    tell({ kind: "cancel" });
  }

  function follow(signal: Signal): void {
    signal.addEventListener("abort", cancel, { once: true });
    stopWatching = () => signal.removeEventListener("abort", cancel);
  }

  const worker: CoreWorker = {
    get isFree() {
      return !running && !isStarting && !ended;
    },
    // Processes take one call after another.
    room: 0,
    withdraw: () => false,
    // Its answers are messages.
    catchUp: () => {},
    offers(key) {
      if (!bound) return "fresh";
      return bound.key === key ? "kept" : undefined;
    },
    run(call) {
      const { context, request, deadline, client, key } = call;
      const timeoutMs = deadline - Date.now();
      running = call;
      bound = { key };
      requestId = requestIdOf(context);
      services.begin(client);
      call.onBegin();
      if (client.signal) follow(client.signal);
      stopTimer = after(timeoutMs + GRACE_MS, () =>
        end("deadline", `${describeCall(request, owners)} took too long`),
      );
      const { authorization } = client;
      tell({ kind: "run", call: { context, request, authorization, key, isObserved: false }, timeoutMs });
    },
    async terminate() {
      stop();
      settle({ failure: "trap" });
      if (child.exitCode === null && child.signalCode === null) {
        await new Promise((resolve) => child.once("exit", resolve));
      }
    },
  };

  child.on("message", (message: FromProcess) => {
    if (ended) return;
    switch (message.kind) {
      case "ready":
        stopStarting();
        isStarting = false;
        wasReady = true;
        options.onReady(worker);
        break;
      case "log":
        options.onLog(message.lines && Buffer.from(message.lines), message.dropped, requestId);
        break;
      case "links":
        running?.client.observer?.links?.(message.times);
        break;
      case "result":
        isStarting = message.isStarting;
        if (isStarting)
          stopStarting = after(guests.startMs, () => end("deadline", "its next instance did not start"));
        settle(message.result);
        break;
      case "question":
        void services.answer(message).then((answer) => tell({ kind: "answer", answer }));
        break;
      case "ended":
        end("trap", message.reason);
        break;
    }
  });
  child.on("error", (error) => end("trap", error.message));
  child.on("exit", () => end("trap", "its process ended by itself"));
  const { digest, manifest, glue, code, memoryBytes, sourceMaps } = core;
  tell({
    kind: "start",
    core: { digest, manifest, glue, code: code!, memoryBytes, sourceMaps },
    limits: options.limits,
    instances: options.instances,
    hasClock: options.hasClock,
    hasLinks: options.hasLinks,
  });
  return worker;
}

/**
 * Checks that a core can be served by processes. A process has no files and no way out, which is all that unsafe parts are for.
 *
 * @throws ToolkitError `ERR_HOST_CORE` when it cannot.
 */
export function checkProcesses({ code, environment, manifest }: LoadedCore): void {
  const action = `Cannot start core "${manifest.name}" with isolation "process"`;
  if (environment) {
    throw new ToolkitError(`${action}: it has an unsafe part`, {
      code: "ERR_HOST_CORE",
      hint: "Take the unsafe grant away, or choose another isolation",
    });
  }
  if (!code) {
    throw new ToolkitError(`${action}: it was loaded for another one`, {
      code: "ERR_HOST_CORE",
      hint: 'Pass isolation: "process" to loadCore() as well',
    });
  }
}

/** Node's permission model under the name that this version has for it. */
function processFlags(heapMiB: number): string[] {
  const permission = process.allowedNodeEnvironmentFlags.has("--permission")
    ? "--permission"
    : "--experimental-permission";
  return [
    permission,
    "--allow-worker",
    `--allow-fs-read=${packageFile("dist", "*")}`,
    `--allow-fs-read=${packageFile("package.json")}`,
    `--max-old-space-size=${heapMiB}`,
    "--disallow-code-generation-from-strings",
    "--no-warnings",
  ];
}
