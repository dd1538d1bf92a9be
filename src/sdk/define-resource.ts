import type { Cache, CacheScope } from "./caching.ts";
import type { CallEnvironment, HandlerContext } from "./context.ts";
import type { Annotations, Described, Meta } from "./described.ts";

/** Content of a resource (MCP, "Resource Contents"). */
export type ResourceContents =
  | { uri: string; mimeType?: string; text: string; _meta?: Meta }
  | { uri: string; mimeType?: string; /** Base64. */ blob: string; _meta?: Meta };

/**
 * What reading a resource may give: a text, bytes, a complete result, or `undefined` when there is no such resource.
 * Texts and bytes get the URI asked for and the definition's `mimeType`.
 */
export type ResourceReturn = string | Uint8Array | ResourceResult | undefined;

/** A complete result of reading a resource. */
export interface ResourceResult {
  readonly contents: readonly ResourceContents[];
  /** Milliseconds that the contents stay fresh, as {@link Cache} has it. Default: that of the definition. */
  readonly ttlMs?: number;
  /** Whom they may be given. Default: that of the definition. `public` is refused where a caller needs scopes. */
  readonly cacheScope?: CacheScope;
  readonly _meta?: Meta;
}

/** Suggests values that start with, or resemble, what was typed so far; at most 100 are sent. */
export type Complete = (
  value: string,
  ctx: CallEnvironment & {
    /** Values of the other variables or arguments, as far as they are known. */
    readonly arguments: Readonly<Record<string, string>>;
  },
) => readonly string[] | Promise<readonly string[]>;

interface Readable extends Described {
  readonly name: string;
  readonly mimeType?: string;
  /** Hints for clients. */
  readonly annotations?: Annotations;
  /** How long what `read` gives stays fresh; `scope` is `private` by default. Default: the provider's `cache.reads`. */
  readonly cache?: Cache;
}

/** What {@link defineResource} takes. */
export interface ResourceDefinition extends Readable {
  /** Absolute, and unique within a server. */
  readonly uri: string;
  /** Bytes of the content, where it is known. */
  readonly size?: number;
  read(uri: string, ctx: HandlerContext): ResourceReturn | Promise<ResourceReturn>;
}

/** The variables of an RFC 6570 template, by its literal type: `{id}` and `{?page,size}`, as names. */
export type TemplateVariables<Template extends string> = Names<Expressions<Template>>;

/** The values of a template's variables: those of `{?…}` and `{&…}` may be absent. */
export type TemplateValues<Template extends string> = Readonly<
  Record<Exclude<TemplateVariables<Template>, QueryVariables<Template>>, string> &
    Partial<Record<QueryVariables<Template>, string>>
>;

type Expressions<Template extends string> = Template extends `${string}{${infer Expression}}${infer Rest}`
  ? Expression | Expressions<Rest>
  : never;
type QueryVariables<Template extends string> = Names<Extract<Expressions<Template>, `${"?" | "&"}${string}`>>;
type Names<Expression extends string> =
  Expression extends `${"+" | "#" | "." | "/" | ";" | "?" | "&"}${infer List}`
    ? Listed<List>
    : Listed<Expression>;
type Listed<List extends string> = List extends `${infer First},${infer Rest}` ? First | Listed<Rest> : List;

/** What {@link defineResourceTemplate} takes. */
export interface ResourceTemplateDefinition<Template extends string = string> extends Readable {
  /**
   * Template of absolute URIs (RFC 6570 without modifiers), unique within a server. A URI that several match belongs to the
   * one with more characters outside its expressions.
   */
  readonly uriTemplate: Template;
  /** Suggestions for its variables. */
  readonly complete?: { readonly [Variable in TemplateVariables<Template>]?: Complete };
  read(
    variables: TemplateValues<Template>,
    ctx: HandlerContext & { /** The URI asked for. */ readonly uri: string },
  ): ResourceReturn | Promise<ResourceReturn>;
}

/** A resource. */
export type Resource = ResourceDefinition;

/** A resource template, whatever its variables are. */
export interface ResourceTemplate extends Omit<ResourceTemplateDefinition, "complete" | "read"> {
  readonly complete?: { readonly [variable: string]: Complete | undefined } | undefined;
  read(variables: never, ctx: HandlerContext & { readonly uri: string }): unknown;
}

/** Defines a resource. The definition is checked when `provider()` takes it. */
export function defineResource(definition: ResourceDefinition): ResourceDefinition {
  return definition;
}

/**
 * Defines a family of resources, with the types of its variables taken from the template. The definition is checked when
 * `provider()` takes it.
 */
export function defineResourceTemplate<const Template extends string>(
  definition: ResourceTemplateDefinition<Template>,
): ResourceTemplateDefinition<Template> {
  return definition;
}
