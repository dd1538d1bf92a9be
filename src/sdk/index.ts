export type { Cache, CacheScope, ProviderCache } from "./caching.ts";
export type {
  Asking,
  AskOptions,
  Elicited,
  ElicitedUrl,
  Root,
  SampleBlock,
  Sampled,
  SampleMessage,
  SampleRequest,
} from "./asking.ts";
export type {
  Catalog,
  CatalogEntry,
  CatalogKind,
  Restricted,
  Rule,
  RuleOperator,
  ServerEntry,
} from "./catalog.ts";
export { ClientError } from "./client-error.ts";
export type {
  Audit,
  CallEnvironment,
  Client,
  HandlerContext,
  Inputs,
  MiddlewareContext,
  Principal,
  RequestContext,
  TaskPhase,
  ToolContext,
} from "./context.ts";
export {
  defineAuthentication,
  type AuthenticationContext,
  type AuthenticationDefinition,
  type Verdict,
} from "./define-authentication.ts";
export {
  defineMiddleware,
  type Authentication,
  type Middleware,
  type MiddlewareDefinition,
  type Next,
  type Requirement,
} from "./define-middleware.ts";
export {
  definePrompt,
  type Prompt,
  type PromptDefinition,
  type PromptMessage,
  type PromptReturn,
} from "./define-prompt.ts";
export {
  defineResource,
  defineResourceTemplate,
  type Complete,
  type Resource,
  type ResourceResult,
  type ResourceContents,
  type ResourceDefinition,
  type ResourceReturn,
  type ResourceTemplate,
  type ResourceTemplateDefinition,
  type TemplateValues,
  type TemplateVariables,
} from "./define-resource.ts";
export {
  defineTool,
  type TaskSupport,
  type Tool,
  type ToolAnnotations,
  type ToolDefinition,
  type ToolReturn,
} from "./define-tool.ts";
export type { Annotations, Icon, Meta } from "./described.ts";
export type {
  Dynamic,
  PromptListing,
  ResourceListing,
  ResourceTemplateListing,
  ToolListing,
} from "./dynamic.ts";
export type { Log, LogFields, LogLevel } from "./log.ts";
export type { InputRequest, Option, Outcome, Refusal, Request, RpcError } from "./messages.ts";
export { provider, type Provider, type ProviderDefinition } from "./provider.ts";
export { withJsonSchema, type InferInput, type InferOutput, type JsonSchema, type Schema } from "./schema.ts";
export {
  ServiceError,
  type Capabilities,
  type Config,
  type Fetch,
  type Http,
  type Kv,
  type KvEntry,
  type KvFeatures,
  type KvWriteOptions,
  type Secrets,
  type ServiceName,
  type Services,
  type Signal,
} from "./services.ts";
export { ToolError } from "./tool-error.ts";
export type { ContentBlock, ToolResult } from "./tool-result.ts";
