import type { Admitted } from "./request.ts";
import type { ResultShaper } from "./result-text.ts";
import { errorResponse, OWN, resultResponse, RPC } from "./rpc-error.ts";
import type { CallFailure, Outcome, RpcError } from "./types.ts";

/** A JSON-RPC response and the HTTP status and header fields that go with it. */
export interface Response {
  status: number;
  /** Nothing where the transport's own are enough. */
  headers: readonly [string, string][] | undefined;
  text: string;
}

/** All that a client learns of a fault. */
export const INTERNAL: RpcError = { code: RPC.internalError, message: "Internal error" };
const FAILURES: Record<CallFailure, { status: number; error: RpcError; headers?: [string, string][] }> = {
  deadline: { status: 504, error: { code: OWN.deadline, message: "The request took too long" } },
  // Only a client that has cancelled by another message can see it, and nothing went wrong for it.
  cancelled: { status: 200, error: { code: OWN.cancelled, message: "The request was cancelled" } },
  trap: { status: 500, error: INTERNAL },
  "too-large": {
    status: 500,
    error: { ...INTERNAL, message: "The result is larger than this server allows" },
  },
  overload: {
    status: 503,
    error: { code: OWN.overload, message: "The server is busy, try again" },
    headers: [["retry-after", "1"]],
  },
};

/** The error for a call that gave no outcome. */
export function failureError(reason: CallFailure): RpcError {
  return FAILURES[reason].error;
}

const FIELD_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]{0,4096}$/;
const MAX_FIELDS = 32;
// What a message is and where it ends is for the transport to say.
const TRANSPORT_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** How a request ended that needs nothing more of the client. */
export type FinalOutcome = Exclude<Outcome, { tag: "input-required" }>;

/** The response to a request that ended. */
export function outcomeResponse(admitted: Admitted, outcome: FinalOutcome, shaper: ResultShaper): Response {
  const { id } = admitted.request;
  switch (outcome.tag) {
    case "success": {
      const result = shape(admitted, outcome.val, shaper);
      if (result === undefined) return errorAnswer(500, id, INTERNAL);
      return resultAnswer(id, result);
    }
    case "failure":
      return errorAnswer(
        failureStatus(admitted, outcome.val.code),
        id,
        withUri(admitted, wellFormed(outcome.val)),
      );
    case "refused": {
      const { status, headers, error } = outcome.val;
      if (status < 400 || status > 599) return errorAnswer(500, id, INTERNAL);
      return { ...errorAnswer(status, id, wellFormed(error)), headers: allowedFields(headers) };
    }
    case "accepted":
      break;
  }
  return internalResponse(id);
}

/** The response to a request that a core or the host made a mistake with. */
export function internalResponse(id: string): Response {
  return errorAnswer(500, id, INTERNAL);
}

/** The response to a request without an outcome. */
export function failureResponse(id: string | undefined, reason: CallFailure): Response {
  const { status, error, headers } = FAILURES[reason];
  return { ...errorAnswer(status, id, error), headers };
}

/** A response with a result, given as JSON text. */
export function resultAnswer(id: string, result: string): Response {
  return { status: 200, headers: undefined, text: resultResponse(id, result) };
}

/** A response with an error. */
export function errorAnswer(status: number, id: string | undefined, error: RpcError): Response {
  return { status, headers: undefined, text: errorResponse(id, error) };
}

function shape(admitted: Admitted, result: string, shaper: ResultShaper): string | undefined {
  const { method } = admitted.request;
  if (method !== "server/discover" && !method.endsWith("/list")) return shapeAnew(admitted, result, shaper);
  const { era, protocolVersion, initializes } = admitted;
  const key = `${era} ${initializes ? protocolVersion : ""} ${method}`;
  return shaper.remembered(key, result, () => shapeAnew(admitted, result, shaper));
}

function shapeAnew(admitted: Admitted, result: string, shaper: ResultShaper): string | undefined {
  if (admitted.initializes) return shaper.initialize(result, admitted.protocolVersion);
  if (admitted.era === "legacy") return shaper.legacy(result, admitted.request.method);
  if (admitted.request.method === "server/discover") return shaper.discover(result);
  return shaper.modern(result, admitted.cacheable);
}

/** Since 2026-07-28 two errors have an HTTP status of their own. */
function failureStatus(admitted: Admitted, code: number): number {
  if (admitted.era === "legacy") return 200;
  if (code === RPC.methodNotFound) return 404;
  return code === RPC.missingClientCapability ? 400 : 200;
}

/** An error from a component whose `data` is not JSON loses it. */
export function wellFormed(error: RpcError): RpcError {
  if (error.data === undefined) return error;
  try {
    return { ...error, data: JSON.stringify(JSON.parse(error.data)) };
  } catch {
    return { code: error.code, message: error.message };
  }
}

/** The error for an unknown resource names it, also where a router without an engine gave the error. */
function withUri({ request }: Admitted, error: RpcError): RpcError {
  if (request.method !== "resources/read" || error.code !== RPC.invalidParams || error.data !== undefined) {
    return error;
  }
  return { ...error, data: JSON.stringify({ uri: request.target }) };
}

function allowedFields(fields: readonly [string, string][]): [string, string][] {
  return fields
    .slice(0, MAX_FIELDS)
    .filter(
      ([name, value]) => FIELD_NAME.test(name) && FIELD_VALUE.test(value) && !TRANSPORT_FIELDS.has(name),
    );
}
