import type {
  HttpAnswer,
  HttpProtocol,
  HttpProtocolOptions,
  HttpRequestHead,
  Outcome,
} from "../../../src/protocol/index.ts";
import { createHttpProtocol } from "../../../src/protocol/index.ts";
import { answerOf, callOf, type AnsweredCall } from "../../fixtures/protocol-steps.ts";

export const NOW = 1_800_000_000_000;

export function protocol(options: Partial<HttpProtocolOptions> = {}): HttpProtocol {
  return createHttpProtocol({
    serverInfo: { name: "calculator", version: "1.2.3" },
    now: () => NOW,
    newRequestId: () => "r-1",
    notifications: true,
    ...options,
  });
}

export function head(
  fields: Record<string, string> = {},
  rest: Partial<HttpRequestHead> = {},
): HttpRequestHead {
  const all: Record<string, string> = {
    host: "127.0.0.1:3000",
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...fields,
  };
  return { method: "POST", path: "/mcp", headers: (name) => all[name], ...rest };
}

export const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A modern message and the header fields that go with it. */
export function modern(
  method: string,
  params: Record<string, unknown> = {},
  meta: Record<string, unknown> = META,
): { fields: Record<string, string>; body: string } {
  const name = params["name"] ?? params["uri"];
  return {
    fields: {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof name === "string" ? { "mcp-name": name } : undefined),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: meta } }),
  };
}

export function legacy(method: string, params?: Record<string, unknown>, id: unknown = 1): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, ...(params && { params }) });
}

/** The call that a request leads to. */
export function call(fields: Record<string, string>, content: string): AnsweredCall<HttpAnswer> {
  return callOf(protocol().handle(head(fields), content));
}

/** The error with which a request is answered at once. */
export function refusal(
  fields: Record<string, string>,
  content: string,
): { status: number; code: number; message: string; data?: unknown; id: unknown } {
  const answer = answerOf(protocol().handle(head(fields), content));
  const { error, id } = parsed(answer);
  return { status: answer.status, ...(error as { code: number; message: string; data?: unknown }), id };
}

/** The JSON of an answer. */
export function parsed(answer: HttpAnswer): {
  result?: Record<string, unknown>;
  error?: Record<string, unknown>;
  id: unknown;
} {
  return JSON.parse(answer.body!) as ReturnType<typeof parsed>;
}

/** What the core gives when all is well. */
export function success(value: unknown): Outcome {
  return { tag: "success", val: JSON.stringify(value) };
}
