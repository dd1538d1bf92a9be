export {
  createHttpProtocol,
  type HttpAnswer,
  type HttpProtocol,
  type HttpProtocolOptions,
  type HttpRequestHead,
} from "./http.ts";
export { createLineFramer, type LineFramer } from "./line-framing.ts";
export { LEGACY_REVISIONS, MODERN_REVISIONS, REVISIONS } from "./revisions.ts";
export { createStdioProtocol, type StdioProtocol } from "./stdio.ts";
export type { Call, CallFailure, McpRequest, Outcome, ProtocolOptions, RpcError, Step } from "./types.ts";
