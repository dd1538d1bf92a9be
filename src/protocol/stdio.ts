import { errorAnswer, type Response } from "./answer.ts";
import { ALONE, BATCH_REVISION, joinBodies, LONG_BATCH, MAX_BATCH, splitBatch } from "./batch.ts";
import { createServer, Reply, type Channel } from "./call.ts";
import { changeNotification, CHANGING_LISTS } from "./changes.ts";
import { DEFAULT_LEVEL, isLogLevel, type LogLevel } from "./log-levels.ts";
import { parseMessage } from "./message.ts";
import { admitLegacy, admitModern, eraOf } from "./request.ts";
import { oneLine } from "./one-line.ts";
import type { ClientText } from "./request-context.ts";
import { LEGACY_REVISIONS } from "./revisions.ts";
import { resultResponse, RPC } from "./rpc-error.ts";
import { mapStep } from "./step.ts";
import { subscribingTo } from "./subscriptions.ts";
import type { ProtocolOptions, Step } from "./types.ts";

/** What the host must do for a line: go through the steps of a request, whose id is JSON text, or end one that is in flight. */
export type StdioStep =
  | { kind: "request"; id: string; step: Step<string | undefined> }
  | { kind: "answer"; answer: string | undefined }
  | { kind: "cancel"; id: string }
  | {
      kind: "batch";
      steps: readonly StdioStep[];
      /** The line that answers all of them. */
      join(lines: readonly (string | undefined)[]): string | undefined;
    };

/** One connection over standard streams. What is sent are single lines without their line feed. */
export interface StdioProtocol {
  /** Takes one line. An answer of `undefined` means that nothing is sent. */
  handle(line: string): StdioStep;
  /** The answer to a line that is too long, or not UTF-8. */
  refuseLine(reason: "too-large" | "encoding"): string;
}

/** Options of {@link createStdioProtocol}. */
export interface StdioProtocolOptions extends ProtocolOptions {
  /** Sends a line that answers nothing. Without it clients before 2026-07-28 hear of no changes. */
  push?: (line: string) => void;
  /** The credential that every request of the connection has, such as `Bearer …`. Default: none. */
  authorization?: string | undefined;
}

/** Creates the protocol core for one connection over standard streams. */
export function createStdioProtocol(options: StdioProtocolOptions): StdioProtocol {
  const { changes, push } = options;
  const subscription =
    push === undefined ? undefined : changes?.subscribe((topic) => push(changeNotification(topic)));
  const server = createServer(options, subscription !== undefined);
  /** Requests in flight by the text of their id. */
  const inFlight = new Map<string, { cancelled: boolean }>();
  let legacyVersion = LEGACY_REVISIONS[0]!;
  let logLevel: LogLevel = DEFAULT_LEVEL;
  let client: ClientText | undefined;

  function track(id: string, step: Step<string | undefined>): StdioStep {
    const request = { cancelled: false };
    inFlight.set(id, request);
    const unlessCancelled = (line: string | undefined): string | undefined =>
      request.cancelled ? undefined : line;
    const tracked = mapStep(step, {
      part: unlessCancelled,
      // What waits ends by itself, and may tell the client that its answer is needed no more.
      waitPart: (line) => line,
      answer: (line) => {
        inFlight.delete(id);
        return unlessCancelled(line);
      },
    });
    return { kind: "request", id, step: tracked };
  }

  function handleMessage(line: string, alone: boolean): StdioStep {
    const message = parseMessage(line, server.limits);
    if (message.kind === "response") {
      options.clientRequests?.answer(message, undefined);
      return answer(undefined);
    }
    if (message.kind === "invalid") return answer(toLine(errorAnswer(400, message.id, message.error)));
    if (message.kind === "notification") {
      if (message.method === "notifications/initialized") {
        for (const list of CHANGING_LISTS) subscription?.add(list);
      }
      const id = message.method === "notifications/cancelled" ? message.paramText("requestId") : undefined;
      const request = id === undefined ? undefined : inFlight.get(id);
      if (request === undefined) return answer(undefined);
      request.cancelled = true;
      return { kind: "cancel", id: id! };
    }
    const id = message.id!;
    const modern = eraOf(message, undefined) === "modern";
    if (!alone && (modern || message.method === "initialize")) {
      return answer(toLine(errorAnswer(400, id, ALONE)));
    }
    if (inFlight.has(id)) {
      const error = {
        code: RPC.invalidRequest,
        message: 'Invalid request: "id" belongs to a request in flight',
      };
      return answer(toLine(errorAnswer(400, id, error)));
    }
    const admitted = modern ? admitModern(message) : admitLegacy(message, legacyVersion);
    if ("error" in admitted) return answer(toLine(errorAnswer(admitted.status, id, admitted.error)));
    if (admitted.answeredHere) {
      const level = message.params?.["level"];
      if (message.method === "logging/setLevel" && isLogLevel(level)) logLevel = level;
      return answer(resultResponse(id, "{}"));
    }
    if (admitted.initializes) {
      legacyVersion = admitted.protocolVersion;
      client = admitted.client;
    }
    const origin = {
      transport: "stdio" as const,
      peer: undefined,
      authorization: options.authorization,
      traceparent: undefined,
      tracestate: undefined,
      logLevel,
      client: admitted.era === "legacy" ? client : undefined,
      session: undefined,
    };
    const reply = new Reply(LINES);
    const { shaper } = server;
    const follows = admitted.subscribes
      ? subscribingTo(admitted, message, { changes, subscription, shaper, reply, peer: undefined })
      : undefined;
    if (typeof follows === "object") {
      return answer(toLine(errorAnswer(follows.status, id, follows.error)));
    }
    return track(id, server.begin(admitted, message, origin, reply, follows));
  }

  return {
    handle(line) {
      const messages = legacyVersion === BATCH_REVISION ? splitBatch(line, server.limits) : undefined;
      if (messages === undefined) return handleMessage(line, true);
      if (messages.length > MAX_BATCH) return answer(toLine(errorAnswer(400, undefined, LONG_BATCH)));
      return { kind: "batch", steps: messages.map((text) => handleMessage(text, false)), join: joinBodies };
    },

    refuseLine(reason) {
      const error =
        reason === "too-large"
          ? { code: RPC.invalidRequest, message: "Invalid request: the line is too long" }
          : { code: RPC.parseError, message: "Parse error: the line is not UTF-8" };
      return toLine(errorAnswer(400, undefined, error));
    },
  };
}

function answer(line: string | undefined): StdioStep {
  return { kind: "answer", answer: line };
}

const LINES: Channel<string | undefined> = { answer: toLine, message: oneLine };

function toLine({ text }: Response): string {
  return oneLine(text);
}
