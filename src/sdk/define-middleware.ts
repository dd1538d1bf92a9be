import type { MiddlewareContext, RequestContext } from "./context.ts";
import { checkMiddleware } from "./check-definition.ts";
import { mark, type Marked } from "./definition.ts";
import type { Outcome, Request } from "./messages.ts";
import type { Capabilities } from "./services.ts";
import { type InferOutput, type JsonSchema, type Schema } from "./schema.ts";

/**
 * Passes a request on to the rest of the chain. Members of `changes` replace those of the context; everything else in
 * it is passed on as it came.
 */
export type Next = (request: Request, changes?: Partial<RequestContext>) => Promise<Outcome>;

/** What {@link defineMiddleware} takes. */
export interface MiddlewareDefinition<
  Settings,
  SettingsSchema extends Schema | JsonSchema = Schema | JsonSchema,
> {
  /** Lower-case letters, digits and hyphens; at most 64 characters. */
  readonly name: string;
  /** Semantic version of the component. */
  readonly version: string;
  /** Name for people. */
  readonly title?: string;
  readonly description?: string;
  /** Methods it acts on; others pass by. Default: all of them. */
  readonly methods?: readonly string[];
  /**
   * What its `config` in `tenon.json` must match, checked when a server is composed: a schema, or a JSON Schema, of an
   * object. Unknown members are refused unless it allows them. Default: no settings.
   */
  readonly settings?: SettingsSchema;
  /** What it needs of its host, and why. */
  readonly capabilities?: Capabilities;
  /** Answers a request, or passes it on. An exception becomes an internal error, with the details in the log. */
  handle(request: Request, next: Next, ctx: MiddlewareContext<Settings>): Outcome | Promise<Outcome>;
}

/** A component that wraps a handler: what its module exports as its default. */
export type Middleware = Readonly<MiddlewareDefinition<never>> & Marked<"middleware">;

/**
 * Defines a middleware. `ctx.settings` has the type of its schema, or the type argument where the settings are
 * described by JSON Schema (whose defaults are not filled in).
 *
 * @throws TypeError when a name, a version or a member is not as described, naming what is wrong.
 */
export function defineMiddleware<SettingsSchema extends Schema>(
  definition: MiddlewareDefinition<InferOutput<SettingsSchema>, SettingsSchema> & {
    readonly settings: SettingsSchema;
  },
): Middleware;
export function defineMiddleware<Settings extends object = Readonly<Record<string, never>>>(
  definition: MiddlewareDefinition<Settings, JsonSchema>,
): Middleware;
export function defineMiddleware(definition: MiddlewareDefinition<never>): Middleware {
  checkMiddleware(definition);
  return mark("middleware", definition);
}
