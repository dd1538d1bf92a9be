import { errorAnswer, type Response } from "./answer.ts";
import { createServer } from "./call.ts";
import { parseMessage } from "./message.ts";
import { admitLegacy, admitModern, eraOf } from "./request.ts";
import { LEGACY_REVISIONS } from "./revisions.ts";
import { resultResponse, RPC } from "./rpc-error.ts";
import type { Call, ProtocolOptions, Step } from "./types.ts";

/** One connection over standard streams. Answers are single lines without their line feed. */
export interface StdioProtocol {
  /** Takes one line. An answer of `undefined` means that nothing is sent. */
  handle(line: string): Step<string | undefined>;
  /** The answer to a line that is too long, or not UTF-8. */
  refuseLine(reason: "too-large" | "encoding"): string;
}

/** Creates the protocol core for one connection over standard streams. */
export function createStdioProtocol(options: ProtocolOptions): StdioProtocol {
  const server = createServer(options);
  /** Requests in flight by the text of their id; true once cancelled. */
  const inFlight = new Map<string, boolean>();
  let legacyVersion = LEGACY_REVISIONS[0]!;

  function track(id: string, call: Call<string | undefined>): Call<string | undefined> {
    inFlight.set(id, false);
    const settle = (line: string | undefined): string | undefined => {
      const cancelled = inFlight.get(id);
      inFlight.delete(id);
      return cancelled === true ? undefined : line;
    };
    return {
      context: call.context,
      request: call.request,
      deadline: call.deadline,
      finish: (outcome) => settle(call.finish(outcome)),
      fail: (reason) => settle(call.fail(reason)),
    };
  }

  return {
    handle(line) {
      const message = parseMessage(line, server.limits);
      if (message.kind === "response") return answer(undefined);
      if (message.kind === "invalid") return answer(toLine(errorAnswer(400, message.id, message.error)));
      if (message.kind === "notification") {
        const id = message.method === "notifications/cancelled" ? message.paramText("requestId") : undefined;
        if (id !== undefined && inFlight.has(id)) inFlight.set(id, true);
        return answer(undefined);
      }
      const id = message.id!;
      if (inFlight.has(id)) {
        const error = {
          code: RPC.invalidRequest,
          message: 'Invalid request: "id" belongs to a request in flight',
        };
        return answer(toLine(errorAnswer(400, id, error)));
      }
      const admitted =
        eraOf(message, undefined) === "modern" ? admitModern(message) : admitLegacy(message, legacyVersion);
      if ("error" in admitted) return answer(toLine(errorAnswer(admitted.status, id, admitted.error)));
      if (message.method === "ping") return answer(resultResponse(id, "{}"));
      if (admitted.initializes) legacyVersion = admitted.protocolVersion;
      const origin = { transport: "stdio" as const, peer: undefined, traceparent: undefined };
      return { kind: "call", call: track(id, server.call(admitted, message, origin, toLine)) };
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

function answer(line: string | undefined): Step<string | undefined> {
  return { kind: "answer", answer: line };
}

/** Inside JSON a line break is white space between tokens, so a blank takes its place without changing a value. */
function toLine({ text }: Response): string {
  return !/[\n\r]/.test(text) ? text : text.replaceAll(/[\n\r]/g, " ");
}
