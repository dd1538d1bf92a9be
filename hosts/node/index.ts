export type { CallResult } from "./core-worker.ts";
export type { LogSink } from "./host-log.ts";
export { loadCore, type LoadedCore, type LoadOptions } from "./load-core.ts";
export { createPool, type CallOptions, type Pool, type PoolOptions } from "./pool.ts";
export { serveHttp, type HttpServer, type ServeHttpOptions } from "./serve-http.ts";
export { serveStdio, type ServeStdioOptions } from "./serve-stdio.ts";
