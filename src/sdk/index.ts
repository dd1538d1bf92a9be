export type { Client, MiddlewareContext, Principal, RequestContext, ToolContext } from "./context.ts";
export {
  defineMiddleware,
  type JsonSchema,
  type Middleware,
  type MiddlewareDefinition,
  type Next,
} from "./define-middleware.ts";
export {
  defineTool,
  type Tool,
  type ToolAnnotations,
  type ToolDefinition,
  type ToolReturn,
} from "./define-tool.ts";
export type { Log, LogFields, LogLevel } from "./log.ts";
export type { InputRequest, Option, Outcome, Refusal, Request, RpcError } from "./messages.ts";
export { provider, type Provider, type ProviderDefinition } from "./provider.ts";
export type { InferInput, InferOutput, Schema } from "./schema.ts";
export { ToolError } from "./tool-error.ts";
export type { ContentBlock, ToolResult } from "./tool-result.ts";
