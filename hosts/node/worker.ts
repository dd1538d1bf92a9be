import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { McpRequest, Outcome } from "../../src/protocol/index.ts";
import { attachCallLog } from "./call-log.ts";
import { describeCall } from "./describe-call.ts";
import { createHostImports, type HostImports } from "./host-imports.ts";
import { logLine, type LogEntry } from "./log-line.ts";
import { createLogMapper } from "./map-log-entry.ts";
import { requestIdOf } from "./request-id.ts";
import { createServiceImports } from "./service-imports.ts";
import {
  WORDS,
  type CallMessage,
  type ServiceAnswer,
  type WorkerMessage,
  type WorkerSetup,
} from "./worker-messages.ts";

const HANDLER = "tenon:mcp/handler@0.1.0";
/** Signs what the host itself logs. */
const HOST = "host";

interface Handler {
  handle(context: string, request: McpRequest): Outcome;
}

interface Glue {
  instantiate(
    getCoreModule: (name: string) => WebAssembly.Module,
    imports: HostImports,
  ): Record<string, Handler | undefined>;
}

const port = parentPort!;
const setup = workerData as WorkerSetup;
const { glue, modules, maxOutputBytes, owners } = setup;
const log = attachCallLog(setup.log, setup.reservedLogBytes);
const words = new Int32Array(setup.words);
const mapEntry = createLogMapper(setup.sourceMaps);
/** Loaded only where a part was granted it: it starts a thread of its own. */
const unsafe =
  setup.environment && (await import("./unsafe-imports.ts")).createUnsafeImports(setup.environment);
const imports = {
  ...createHostImports(
    (entry) => write(mapEntry(entry)),
    setup.clock ? () => ask("now") as number : Date.now,
  ),
  ...createServiceImports(
    ask,
    () => Atomics.load(words, WORDS.cancelled) === 1,
    () => authorization,
  ),
  // Resources of one interface come from one place: the clocks of safe parts too.
  ...unsafe,
};
let handler: Handler | undefined;
/** Of the call in flight. */
let authorization: string | undefined;
/** Of the call in flight; most calls log, so it is looked for once. */
let requestId: string | undefined;

function write(entry: LogEntry): void {
  const { source } = entry;
  const isReserved = source === HOST || (source !== undefined && setup.middleware.has(source));
  log.add(logLine({ ...entry, requestId }, new Date()), isReserved);
}

/** Logs for whoever runs the server; clients learn nothing of it. */
function report(message: string): void {
  write({ level: "error", source: HOST, message });
}

function post(message: WorkerMessage): void {
  port.postMessage(message);
}

/** Asks the main thread and blocks until it has answered; `terminate()` ends the wait. */
function ask(name: string, ...args: unknown[]): unknown {
  const before = Atomics.load(words, WORDS.answered);
  post({ kind: "question", name, args });
  // A wake-up meant for the question before may come late, so the count decides.
  while (Atomics.load(words, WORDS.answered) === before) Atomics.wait(words, WORDS.answered, before);
  const answer = receiveMessageOnPort(port)!.message as ServiceAnswer;
  if (!answer.error) return answer.value;
  throw Object.assign(new Error(answer.error.tag), { payload: answer.error });
}

function call({ context, request, ...credentials }: CallMessage): void {
  let outcome: Outcome;
  authorization = credentials.authorization;
  requestId = requestIdOf(context);
  try {
    handler ??= start();
    outcome = handler.handle(context, request);
  } catch (error) {
    // Whatever leaves an instance by an exception has left it in a state nobody knows.
    handler = undefined;
    const overflow = error instanceof RangeError;
    report(`${describeCall(request, owners)} trapped: ${describe(error)}`);
    post({ kind: "failure", failure: "trap", recycle: overflow });
    if (!overflow) prepare();
    return;
  }
  if (outcomeSize(outcome) > maxOutputBytes) {
    report(`${describeCall(request, owners)} gave more than ${maxOutputBytes} bytes`);
    post({ kind: "failure", failure: "too-large", recycle: false });
  } else if (outcome.tag !== "success") {
    post({ kind: "outcome", outcome });
  } else if (isJson(outcome.val)) {
    post(outcome.val);
  } else {
    report(`${describeCall(request, owners)} gave a result that is not JSON`);
    post({ kind: "failure", failure: "trap", recycle: false });
  }
}

/** Instantiates ahead of the next call; a failure shows again in that call. */
function prepare(): void {
  requestId = undefined;
  try {
    handler = start();
  } catch {
    handler = undefined;
  }
}

function start(): Handler {
  const instance = transpiled.instantiate(coreModule, imports);
  const found = instance[HANDLER];
  if (!found) throw new Error(`the core does not export "${HANDLER}"`);
  return found;
}

function coreModule(name: string): WebAssembly.Module {
  const module = modules.get(name);
  if (!module) throw new Error(`there is no core module "${name}"`);
  return module;
}

function describe(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 1000);
}

/** Bytes of UTF-8 in the texts of an outcome. */
function outcomeSize(outcome: Outcome): number {
  switch (outcome.tag) {
    case "success":
      return textSize(outcome.val);
    case "failure":
      return textSize(outcome.val.message) + textSize(outcome.val.data ?? "");
    case "refused": {
      const { headers, error } = outcome.val;
      let size = textSize(error.message) + textSize(error.data ?? "");
      for (const [name, value] of headers) size += textSize(name) + textSize(value);
      return size;
    }
    case "input-required":
      return textSize(outcome.val.requests) + textSize(outcome.val.state ?? "");
    case "accepted":
      break;
  }
  return 0;
}

/** Exact near the limit only, where it matters. */
function textSize(text: string): number {
  return text.length * 3 <= maxOutputBytes ? text.length : Buffer.byteLength(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

// From memory and not from the cache folder, which may have changed since it was verified.
const url = `data:text/javascript;base64,${Buffer.from(glue).toString("base64")}`;
const transpiled = (await import(url)) as Glue;
try {
  handler = start();
  post({ kind: "ready" });
} catch (error) {
  post({ kind: "unable", reason: describe(error) });
}
port.on("message", call);
