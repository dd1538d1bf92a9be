import { once } from "node:events";
import { compileFunction } from "node:vm";
import { parentPort, receiveMessageOnPort } from "node:worker_threads";
import type { McpRequest, Outcome } from "../../src/protocol/index.ts";
import { attachCallLog } from "./call-log.ts";
import { attachCallSlots } from "./call-slots.ts";
import { describeCall } from "./describe-call.ts";
import { createPassages, type Passages } from "./glue/passages.ts";
import { createHostImports, type HostImports } from "./host-imports.ts";
import { createInstances, isUnauthorized, type Handler, type StartedCore } from "./instances.ts";
import { createLinkTrace } from "./link-trace.ts";
import { logLine, type LogEntry } from "./log-line.ts";
import { createLogMapper } from "./map-log-entry.ts";
import { requestIdOf } from "./request-id.ts";
import { createServiceImports } from "./service-imports.ts";
import { createKvAnswers } from "./services/thread-kv.ts";
import {
  LOOK,
  WORDS,
  type CallMessage,
  type LongCall,
  type ServiceAnswer,
  type ToWorker,
  type WorkerMessage,
  type WorkerSetup,
} from "./worker-messages.ts";

const HANDLER = "tenon:mcp/handler@0.1.0";
/** Signs what the host itself logs. */
const HOST = "host";
/** How long it sleeps where no message wakes it, which is the cheaper sleep. */
const SLEEP_MS = 20;
/** Answers after which the main thread is told of them, while there are further calls to go on with. */
const ANSWERS_TOLD_OF = 6;
/** How long the first of them may wait for the others, in milliseconds. */
const TOLD_AFTER_MS = 0.17;
/** Calls until the event loop has its turn: what V8 puts off is done there. */
const CALLS_PER_TURN = 1000;

/** In UTF-16 code units: longer results are not held on to. */
const MAX_KNOWN_LENGTH = 64 * 1024;

/** All state of transpiled code is inside what this gives: nothing is left of an instance that is let go. */
interface Glue {
  instantiate(
    getCoreModule: (name: string) => WebAssembly.Module,
    imports: HostImports,
    instantiateCore: (module: WebAssembly.Module, imports: WebAssembly.Imports) => WebAssembly.Instance,
    passages: Passages,
  ): Record<string, Handler | undefined>;
}

/** What ends a call, but for a result that fits its slot. */
type Ending = WorkerMessage & { isStarting: boolean };

const port = parentPort!;
// A thread may be started before there is a core for it. Its code comes from memory and not from the cache folder, which may have
// changed since it was verified.
const [glue] = (await once(port, "message")) as [string];
const transpiled = compileFunction(glue, [], { filename: "core.js" })() as Glue;
// Nothing is waited for between the two: a message that nobody listens for is lost.
const [setup] = (await once(port, "message")) as [WorkerSetup];
const { modules, maxOutputBytes, owners } = setup;
const slots = attachCallSlots(setup.slots);
const logs = setup.logs.map((shared) => attachCallLog(shared, setup.reservedLogBytes));
const startLog = logs.length - 1;
const words = new Int32Array(setup.words);
const keys =
  setup.kv &&
  createKvAnswers(setup.kv, () => {
    isBroken = true;
  });
const mapEntry = createLogMapper(setup.sourceMaps);
/** Loaded only where a part was granted it: it starts a thread of its own. */
const unsafe =
  setup.environment && (await import("./unsafe-imports.ts")).createUnsafeImports(setup.environment);
const serviceImports = createServiceImports(
  ask,
  () => slot !== undefined && slots.isCancelled(slot),
  () => authorization,
);
const links = setup.links && createLinkTrace(setup.links);
const instances = createInstances(start, setup.instances, () => performance.now());
/** Of the call in flight. */
let slot: number | undefined;
/** Of the call in flight. */
let authorization: string | undefined;
/** Of the call in flight; most calls log, so it is looked for once. */
let requestId: string | undefined;
/** Calls that came as messages and have not begun, in order; those that were taken back never do. */
const longCalls: LongCall[] = [];
/** Of the call in flight: whether all that it asks for goes to the main thread. */
let isObserved = false;
/** The last result that was JSON. */
let knownJson: string | undefined;
/** Answers that the main thread was not told of. */
let untold = 0;
/** When the first of them was given. */
let untoldSince = 0;
/** An overflow may have cut short a function of this file: it takes no more calls. */
let isBroken = false;

function write({ level, source, message, fields }: LogEntry): void {
  const isReserved = source === HOST || (source !== undefined && setup.middleware.has(source));
  const line = logLine({ level, source, requestId, message, fields }, new Date());
  logs[slot ?? startLog]!.add(line, isReserved);
}

/** Logs for whoever runs the server; clients learn nothing of it. */
function report(message: string): void {
  write({ level: "error", source: HOST, message });
}

function post(message: WorkerMessage): void {
  port.postMessage(message);
}

/** Asks the main thread and blocks until it has answered; `terminate()` ends the wait. Keys in shared memory need no asking. */
function ask(name: string, ...args: unknown[]): unknown {
  const known = isObserved ? undefined : keys?.answer(name, args);
  if (known) return known.value;
  const before = Atomics.load(words, WORDS.answered);
  post({ kind: "question", name, args });
  // A wake-up meant for the question before may come late, so the count decides.
  while (Atomics.load(words, WORDS.answered) === before) Atomics.wait(words, WORDS.answered, before);
  const answer = receiveAnswer();
  if (!answer.error) return answer.value;
  throw Object.assign(new Error(answer.error.tag), { payload: answer.error });
}

/** The message that is there, whatever calls to wake up came before it. */
function receive(): LongCall | ServiceAnswer {
  for (;;) {
    const message = receiveMessageOnPort(port)!.message as ToWorker;
    if (message !== LOOK) return message;
  }
}

/** The answer to the question that is open. Calls that are to begin later may have come before it. */
function receiveAnswer(): ServiceAnswer {
  for (;;) {
    const message = receive();
    if (!("turn" in message)) return message;
    longCalls.push(message);
  }
}

/** The call of a slot, which came as a message. */
function longCall(of: number): CallMessage {
  for (;;) {
    const { turn, call: given } = longCalls.shift() ?? (receive() as LongCall);
    if (turn === slots.turnOf(of)) return given;
  }
}

/** Takes calls as long as there are any. */
function serve(): void {
  for (let calls = 0; calls < CALLS_PER_TURN; calls++) {
    slot = isBroken ? undefined : slots.begin(SLEEP_MS, tell);
    if (slot === undefined) return;
    call(slot, slots.read(slot) ?? longCall(slot));
  }
  setImmediate(serve);
}

function call(of: number, given: CallMessage): void {
  const { context, request, key } = given;
  let outcome: Outcome;
  ({ authorization, isObserved } = given);
  requestId = requestIdOf(context);
  try {
    outcome = instances.take(key).handle(context, request);
  } catch (error) {
    // Whatever leaves an instance by an exception has left it in a state nobody knows, so it is not kept. An overflow may
    // have cut short a function of this file as well: then the whole worker goes.
    const overflow = error instanceof RangeError;
    if (overflow) isBroken = true;
    report(`${describeCall(request, owners)} trapped: ${describe(error)}`);
    end(of, { kind: "failure", failure: "trap", recycle: isBroken, isStarting: instances.needsSpare });
    return;
  }
  if (!isUnauthorized(outcome)) instances.keep(key);
  end(of, messageOf(outcome, request));
}

/** A text is the result of a call that succeeded. */
function messageOf(outcome: Outcome, request: McpRequest): string | Ending {
  const isStarting = instances.needsSpare;
  if (outcomeSize(outcome) > maxOutputBytes) {
    report(`${describeCall(request, owners)} gave more than ${maxOutputBytes} bytes`);
    return { kind: "failure", failure: "too-large", recycle: false, isStarting };
  }
  if (outcome.tag !== "success") return { kind: "outcome", outcome, isStarting };
  if (isJson(outcome.val)) return outcome.val;
  report(`${describeCall(request, owners)} gave a result that is not JSON`);
  return { kind: "failure", failure: "trap", recycle: false, isStarting };
}

/** Ends the call, and gets ready for the next one while its answer is on its way. */
function end(of: number, message: string | Ending): void {
  const isStarting = instances.needsSpare;
  slot = undefined;
  if (links) post({ kind: "links", times: links.take() });
  if (typeof message === "string" && !links && slots.answer(of, message, isStarting)) {
    if (untold++ === 0) untoldSince = performance.now();
    const isTime = untold === ANSWERS_TOLD_OF || performance.now() - untoldSince >= TOLD_AFTER_MS;
    if (isStarting || isTime) tell();
  } else {
    // First, since the slot may be another call's as soon as the message is there.
    slots.posted(of);
    post(
      typeof message === "string"
        ? { kind: "outcome", outcome: { tag: "success", val: message }, isStarting }
        : message,
    );
  }
  if (isStarting && !isBroken) prepare();
}

/** Tells the main thread of answers that it does not know of. */
function tell(): void {
  if (untold > 0 && slots.mustTell()) post(LOOK);
  untold = 0;
}

function prepare(): void {
  requestId = undefined;
  authorization = undefined;
  try {
    instances.prepare();
    post({ kind: "ready" });
  } catch (error) {
    post({ kind: "unable", reason: describe(error) });
  }
}

function start(): StartedCore {
  const memories: WebAssembly.Memory[] = [];
  const traced = links?.instance();
  const instantiateCore = (module: WebAssembly.Module, given: WebAssembly.Imports): WebAssembly.Instance => {
    const instance = new WebAssembly.Instance(module, traced ? traced.around(given) : given);
    traced?.learn(instance);
    for (const each of Object.values(instance.exports)) {
      if (each instanceof WebAssembly.Memory && !memories.includes(each)) memories.push(each);
    }
    return instance;
  };
  const imports = {
    ...createHostImports(
      (entry) => write(mapEntry(entry)),
      setup.clock ? () => ask("now") as number : Date.now,
    ),
    ...serviceImports,
    // Resources of one interface come from one place: the clocks of safe parts too.
    ...unsafe,
  };
  const handler = transpiled.instantiate(coreModule, imports, instantiateCore, createPassages())[HANDLER];
  if (!handler) throw new Error(`the core does not export "${HANDLER}"`);
  return { handler: traced ? traced.finish(handler) : handler, memories };
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

/** Lists are mostly the text that the one before was, which need not be read again. */
function isJson(text: string): boolean {
  if (text === knownJson) return true;
  try {
    JSON.parse(text);
  } catch {
    return false;
  }
  if (text.length <= MAX_KNOWN_LENGTH) knownJson = text;
  return true;
}

prepare();
port.on("message", (message: ToWorker) => {
  if (message !== LOOK) longCalls.push(message as LongCall);
  serve();
});
