import { finish } from "tenon:adapter/call@0.1.0";
import { get as getSettings } from "tenon:adapter/settings@0.1.0";
import { write } from "tenon:host/log@0.1.0";
import { get as getEntry } from "tenon:mcp/catalog@0.1.0";
import { handle, type Outcome as WitOutcome } from "tenon:mcp/handler@0.1.0";
import { getRandomBytes } from "wasi:random/random@0.2.0";
import {
  createHttpProtocol,
  type Call,
  type HttpAnswer,
  type HttpProtocol,
  type HttpProtocolOptions,
  type HttpRequestHead,
  type Outcome,
  type RequestStates,
  type Step,
} from "../../src/protocol/index.ts";
import { binaryString, decodeUtf8 } from "./text.ts";

/** Longest content of a request, in bytes. */
const MAX_CONTENT_BYTES = 1024 * 1024;
/** Longest result of a call, in UTF-16 code units. */
const MAX_RESULT_LENGTH = 4 * 1024 * 1024;

const BROKEN: HttpAnswer = {
  status: 500,
  headers: [["content-type", "text/plain; charset=utf-8"]],
  body: "Internal error\n",
};

/** One HTTP request, as far as it has been read. */
export interface IncomingExchange extends HttpRequestHead {
  /** The next piece of the content; nothing at its end. */
  read(): Uint8Array | undefined;
}

/** What a bundle may set. */
type Settings = Pick<HttpProtocolOptions, "path" | "deadlineMs" | "allowedHosts" | "allowedOrigins">;

/** What differs between hosts. */
interface ExchangeOptions {
  /**
   * True for a host that is taken to serve its own machine alone, until the bundle names the hosts it is reached by. See
   * `HttpProtocolOptions`.
   */
  local: boolean;
  /** Makes what asking clients takes, where the host can have a key. */
  states?: () => RequestStates | undefined;
}

/** Makes the function that answers HTTP requests with the core. */
export function createExchange(options: ExchangeOptions): (incoming: IncomingExchange) => HttpAnswer {
  // The core is reached only once a request is there: this module is evaluated when the adapter is built.
  let protocol: HttpProtocol | undefined;
  return (incoming) => {
    try {
      protocol ??= createProtocol(options);
      return exchange(protocol, incoming);
    } catch (error) {
      write({ level: "error", source: "adapter", message: `Cannot answer a request: ${String(error)}` });
      return BROKEN;
    }
  };
}

function createProtocol({ local, states }: ExchangeOptions): HttpProtocol {
  const settings = JSON.parse(getSettings()) as Settings;
  const kept = states?.();
  return createHttpProtocol({
    ...settings,
    ...serverEntry(),
    now: Date.now,
    newRequestId,
    local: local && settings.allowedHosts === undefined,
    ...(kept && { states: kept }),
    report: (fault) => write({ level: "error", source: "adapter", message: fault }),
  });
}

function exchange(protocol: HttpProtocol, incoming: IncomingExchange): HttpAnswer {
  const refused = protocol.checkHead(incoming);
  if (refused !== undefined) return refused;
  const content = readContent(incoming);
  if (content === undefined) return protocol.refuseBody("too-large");
  const text = decodeUtf8(content);
  if (text === undefined) return protocol.refuseBody("encoding");
  return answerOf(protocol.handle(incoming, text));
}

function answerOf<Answer>(first: Step<Answer>): Answer {
  let step = first;
  while (step.kind === "call") step = run(step.call);
  if (step.kind === "answer") return step.answer;
  if (step.kind === "batch") return step.batch.join(step.batch.steps.map((each) => answerOf(each)));
  throw new Error("nothing that takes time was offered to clients");
}

function run<Answer>(call: Call<Answer>): Step<Answer> {
  const outcome = fromWit(handle(call.context, call.request));
  finish();
  if (outcome.tag === "success" && outcome.val.length > MAX_RESULT_LENGTH) return call.fail("too-large");
  return call.finish(outcome);
}

/** What the composition knows of the server. */
function serverEntry(): Pick<
  HttpProtocolOptions,
  "cacheScope" | "parameterHeaders" | "protectedResource" | "serverInfo"
> {
  const { serverInfo, cacheScope, parameterHeaders, protectedResource } = JSON.parse(
    getEntry("server", "")!,
  ) as Pick<HttpProtocolOptions, "cacheScope" | "parameterHeaders" | "serverInfo"> & {
    protectedResource?: object;
  };
  const { name, version, title } = serverInfo;
  return {
    serverInfo: { name, version, title },
    cacheScope,
    parameterHeaders,
    protectedResource: protectedResource && JSON.stringify(protectedResource),
  };
}

/** The content as a binary string, or nothing when it is longer than allowed. */
function readContent(incoming: IncomingExchange): string | undefined {
  if (Number(incoming.headers("content-length") ?? 0) > MAX_CONTENT_BYTES) return undefined;
  let content = "";
  for (let piece = incoming.read(); piece !== undefined; piece = incoming.read()) {
    if (content.length + piece.length > MAX_CONTENT_BYTES) return undefined;
    content += binaryString(piece);
  }
  return content;
}

/** The engine presents an absent option as null, which is JSON text to nobody. */
function fromWit(outcome: WitOutcome): Outcome {
  switch (outcome.tag) {
    case "failure":
      return { tag: "failure", val: { ...outcome.val, data: outcome.val.data ?? undefined } };
    case "refused": {
      const { error } = outcome.val;
      return { tag: "refused", val: { ...outcome.val, error: { ...error, data: error.data ?? undefined } } };
    }
    case "input-required":
      return { tag: "input-required", val: { ...outcome.val, state: outcome.val.state ?? undefined } };
    default:
      return outcome;
  }
}

function newRequestId(): string {
  let id = "";
  for (const byte of getRandomBytes(16)) id += byte.toString(16).padStart(2, "0");
  return id;
}
