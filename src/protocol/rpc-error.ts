import type { RpcError } from "./types.ts";

/** Error codes of JSON-RPC 2.0 (section 5.1) and MCP 2026-07-28. */
export const RPC = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  headerMismatch: -32020,
  missingClientCapability: -32021,
  unsupportedVersion: -32022,
} as const;

/** Codes of this server's own; they lie outside the range JSON-RPC reserves. */
export const OWN = {
  noSession: -31_404,
  unanswered: -31_408,
  cancelled: -31_499,
  resting: -31_502,
  overload: -31_503,
  deadline: -31_504,
} as const;

/** A JSON-RPC error response as JSON text. `id` is JSON text; `null` where the request's is not known. */
export function errorResponse(id: string | undefined, error: RpcError): string {
  const data = error.data === undefined ? "" : `,"data":${error.data}`;
  return `{"jsonrpc":"2.0","error":{"code":${error.code},"message":${JSON.stringify(error.message)}${data}},"id":${id ?? "null"}}`;
}

/**
 * A JSON-RPC result response as JSON text. The id comes last, so that a result which is not the JSON it should be
 * cannot put another id in its place.
 */
export function resultResponse(id: string, result: string): string {
  return `{"jsonrpc":"2.0","result":${result},"id":${id}}`;
}
