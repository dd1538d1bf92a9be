export { failureError } from "./answer.ts";
export { createHttpProtocol, type HttpProtocol, type HttpProtocolOptions } from "./http.ts";
export { createLineFramer, type LineFramer } from "./line-framing.ts";
export { LEGACY_REVISIONS, MODERN_REVISIONS, REVISIONS } from "./revisions.ts";
export { createStdioProtocol, type StdioProtocol, type StdioStep } from "./stdio.ts";
export type {
  Call,
  CallFailure,
  HttpAnswer,
  HttpRequestHead,
  McpRequest,
  Outcome,
  ProtocolOptions,
  RpcError,
  Step,
  Wait,
} from "./types.ts";
