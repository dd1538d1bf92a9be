export type { AskingOptions } from "./asking.ts";
export { openAuditLog, type AuditLog, type AuditLogOptions } from "./audit/open-audit-log.ts";
export type { CallResult } from "./worker-call.ts";
export {
  createHostServices,
  unsetValues,
  type CreateHostServicesOptions,
  type UnsetValue,
} from "./create-host-services.ts";
export { logToStderr, type LogSink } from "./host-log.ts";
export {
  ServiceFailure,
  type HostServices,
  type HttpServiceRequest,
  type HttpServiceResponse,
  type KvStore,
} from "./host-services.ts";
export { loadCore, type LoadedCore, type LoadOptions } from "./load-core.ts";
export { findLimitsProblems, type Limits, type LimitsInput } from "./limits/resolve-limits.ts";
export { ISOLATIONS, type Isolation } from "./isolation.ts";
export { createMetrics, type Metrics } from "./observe/create-metrics.ts";
export {
  combineObservers,
  type CallObserver,
  type ObservedCall,
  type ObservedRequest,
  type Observer,
  type RequestObserver,
  type ServedCore,
  type ServiceObserver,
} from "./observe/observer.ts";
export { openTracing, type Tracing } from "./observe/open-tracing.ts";
export { serveAdmin, type AdminOptions, type AdminServer } from "./observe/serve-admin.ts";
export { startThreadEarly } from "./core-thread.ts";
export type { CallOptions } from "./pool-job.ts";
export type { PoolOptions, PoolStats } from "./pool-options.ts";
export { createPool, type Pool } from "./pool.ts";
export { isPublicUrl } from "./public-url.ts";
export { serveHttp, type HttpServer, type ServeHttpOptions } from "./serve-http.ts";
export { serveStdio, type ServeStdioOptions } from "./serve-stdio.ts";
export { createFindPeer } from "./trusted-proxies.ts";
export type { TaskServerOptions } from "./serve-tasks.ts";
export { openKvStore, type OpenKvStoreOptions } from "./services/open-kv.ts";
