import { getStdin } from "tenon-wasi:cli/stdin@0.2.0";
import { getRandomBytes } from "wasi:random/random@0.2.0";
import {
  createLineFramer,
  createStdioProtocol,
  type StdioProtocol,
  type StdioStep,
} from "../../src/protocol/index.ts";
import { logError, protocolOptions, takeSteps, type Notifications, type ServerFacts } from "../wasi/calls.ts";
import { requestStates, type GetKeys } from "../wasi/request-states.ts";
import { readPiece } from "../wasi/stream.ts";
import { binaryString, decodeUtf8 } from "../wasi/text.ts";
import { writeLine } from "./write-line.ts";

/** Bytes a line may have. */
const MAX_LINE_BYTES = 1024 * 1024;
const KEY_BYTES = 32;
const BLANK = /^\s*$/;

/** What the bundle gives the adapter; `facts` are constants of it. */
interface AdapterParts {
  facts: ServerFacts;
  /** `reply` of `wit/reply.wit`, in bundles of cores that notify. */
  reply?: { open(wanted: string): void; close(): void };
  /** In bundles of cores that ask. */
  getKeys?: GetKeys;
  /** In bundles of cores that authenticate. */
  getVariable?: (name: string) => string | null;
}

/** Makes `wasi:cli/run`. */
export function createAdapter({ facts, reply, getKeys, getVariable }: AdapterParts): {
  run: { run(): void };
} {
  const notifications = reply && {
    open: (wanted: string) => reply.open(wanted),
    // A line is a line, whatever went before.
    close: () => (reply.close(), false),
  };

  function createProtocol(): StdioProtocol {
    const states = getKeys && requestStates(() => getKeys() ?? randomKey());
    return createStdioProtocol({
      ...protocolOptions(facts, { states, notifications: reply !== undefined }),
      authorization: getVariable?.("TENON_AUTHORIZATION") ?? undefined,
    });
  }

  /** Answers lines until the input ends or nobody reads any more. */
  function run(): void {
    const protocol = createProtocol();
    const stdin = getStdin();
    const framer = createLineFramer(MAX_LINE_BYTES);
    for (let piece = readPiece(stdin); piece !== undefined; piece = readPiece(stdin)) {
      for (const line of framer.push(piece)) {
        if (!answerLine(protocol, line, notifications)) return;
      }
    }
    const last = framer.end();
    if (last !== undefined) answerLine(protocol, last, notifications);
  }

  return { run: { run } };
}

/** False once nobody reads answers any more. */
function answerLine(
  protocol: StdioProtocol,
  line: Uint8Array | "too-large",
  notifications: Notifications | undefined,
): boolean {
  const answer = answerOf(protocol, line, notifications);
  return answer === undefined || writeLine(answer);
}

function answerOf(
  protocol: StdioProtocol,
  line: Uint8Array | "too-large",
  notifications: Notifications | undefined,
): string | undefined {
  if (line === "too-large") return protocol.refuseLine("too-large");
  const text = decodeUtf8(binaryString(line));
  if (text === undefined) return protocol.refuseLine("encoding");
  return BLANK.test(text) ? undefined : take(protocol.handle(text), notifications);
}

/** Does what a line asks for. Nothing is in flight when one is read, so there is nothing to cancel. */
function take(step: StdioStep, notifications: Notifications | undefined): string | undefined {
  if (step.kind === "answer") return step.answer;
  if (step.kind === "batch") return step.join(step.steps.map((each) => take(each, notifications)));
  return step.kind === "request" ? serve(step, notifications) : undefined;
}

function serve(
  { id, step }: Extract<StdioStep, { kind: "request" }>,
  notifications: Notifications | undefined,
): string | undefined {
  try {
    return takeSteps(step, { notifications });
  } catch (error) {
    logError(`Cannot answer a request: ${String(error)}`);
    return `{"jsonrpc":"2.0","id":${id},"error":{"code":-32603,"message":"Internal error"}}`;
  }
}

function randomKey(): string {
  return getRandomBytes(KEY_BYTES).toBase64();
}
