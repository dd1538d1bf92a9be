export { canonicalOrigin, isLoopback, parseAuthority } from "./authority.ts";
export { readableBy } from "./cors.ts";
export { failureError } from "./answer.ts";
export { DEFAULT_DEADLINE_MS, DEFAULT_SCAN_LIMITS } from "./call.ts";
export { createClientRequests, type ClientRequests, type ClientRequestsOptions } from "./client-requests.ts";
export { CHANGING_LISTS, MAX_URIS, type Changes, type ChangingList, type Topic } from "./changes.ts";
export { createHttpProtocol, type HttpProtocol, type HttpProtocolOptions, type HttpStep } from "./http.ts";
export { streamPart } from "./event-stream.ts";
export { createLineFramer, type LineFramer } from "./line-framing.ts";
export { createNotificationFilter, type NotificationFilter, type Wanted } from "./notifications.ts";
export { createRequestStates, type RequestStates, type RequestStatesOptions } from "./request-states.ts";
export { parseStateKeys } from "./state-keys.ts";
export { createSealer, KEY_BYTES, type Sealer, type SealerPlatform } from "./sealer.ts";
export { createSessions, type Sessions, type SessionsOptions } from "./sessions.ts";
export { META } from "./request-context.ts";
export { LEGACY_REVISIONS, MODERN_REVISIONS, REVISIONS, UNSTATED_REVISION } from "./revisions.ts";
export {
  createStdioProtocol,
  type StdioProtocol,
  type StdioProtocolOptions,
  type StdioStep,
} from "./stdio.ts";
export { createTaskProtocol, type TaskCall, type TaskOptions, type TaskProtocol } from "./tasks/index.ts";
export { OWN } from "./rpc-error.ts";
export type { ScanLimits } from "./scan-json.ts";
export type {
  Call,
  CallFailure,
  HttpAnswer,
  HttpRequestHead,
  McpRequest,
  Outcome,
  ProtocolOptions,
  RpcError,
  Signal,
  Step,
  Wait,
} from "./types.ts";
