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

/** How a middleware authenticates callers. */
export interface Authentication {
  /**
   * Where the members of the protected resource metadata stand in its settings (RFC 9728, section 2). The composer makes the
   * document of it. Default: there is none.
   */
  readonly protectedResource?: {
    /** Names of settings: the first that holds an http or https URL is `resource`. */
    readonly resource: readonly string[];
    /** Names of settings that hold the URL of an issuer, or a list of them: `authorization_servers`. */
    readonly authorizationServers: readonly string[];
  };
}

/** What a middleware needs of a server, checked when it is composed. */
export interface Requirement {
  /** Applies where the settings match this JSON Schema. Default: always. */
  readonly when?: JsonSchema;
  /** What does not work without it, as the end of a sentence: "limits by principal". */
  readonly for: string;
  /** It must stand behind middleware that authenticates, so that there is a principal. */
  readonly principal?: true;
  /** It must not stand in front of middleware that authenticates; where a server has none, it may stand anywhere. */
  readonly behindAuthentication?: true;
  /** The host must say from which address a request came; `tenon bundle` refuses hosts that do not. */
  readonly peer?: true;
  /** Name of the setting with a URL, `GET` of which its `http` grants must cover. */
  readonly http?: string;
  /** A `kv` grant that covers the prefix in the setting of that name, of a store with these features. */
  readonly kv?: { readonly prefix: string; readonly features?: readonly ("persistent" | "swap")[] };
  /** Name of the setting with the name of a secret that it must be granted to read. */
  readonly secret?: string;
}

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
  /**
   * Set where it authenticates callers: it alone is given `ctx.authorization`, and may set `principal` for the rest of the
   * chain. Prefer `defineAuthentication`, which does the rest of it too. Default: it does not.
   */
  readonly authenticates?: Authentication;
  /** What a server must have for it beyond what `settings` can say; composing fails where it is missing. */
  readonly requires?: readonly Requirement[];
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
