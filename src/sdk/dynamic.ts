import type { CallEnvironment, HandlerContext } from "./context.ts";
import type { PromptReturn } from "./define-prompt.ts";
import type { Annotations, Described } from "./described.ts";
import type { Complete, ResourceReturn } from "./define-resource.ts";
import type { JsonSchema } from "./schema.ts";
import type { ToolAnnotations } from "./define-tool.ts";
import type { ToolResult } from "./tool-result.ts";

/** What a list shows of anything. */
type Listed = Omit<Described, "scopes">;

/** A tool as a list shows it. */
export interface ToolListing extends Listed {
  readonly name: string;
  /** JSON Schema of an object. */
  readonly inputSchema: JsonSchema;
  readonly outputSchema?: JsonSchema;
  readonly annotations?: ToolAnnotations;
}

/** A resource as a list shows it. */
export interface ResourceListing extends Listed {
  readonly uri: string;
  readonly name: string;
  readonly mimeType?: string;
  readonly size?: number;
  readonly annotations?: Annotations;
}

/** A resource template as a list shows it. */
export type ResourceTemplateListing = Omit<ResourceListing, "uri" | "size"> & {
  readonly uriTemplate: string;
};

/** A prompt as a list shows it. */
export interface PromptListing extends Listed {
  readonly name: string;
  readonly arguments?: readonly {
    readonly name: string;
    readonly title?: string;
    readonly description?: string;
    readonly required?: boolean;
  }[];
}

type Maybe<T> = T | Promise<T>;

/**
 * Lists and calls that an author answers himself, for things that are known only at run time, such as tools that a
 * database describes. Nothing checks their arguments but the author. They come besides what is defined, and each kind may
 * be dynamic in one provider of a server.
 */
export interface Dynamic {
  readonly tools?: {
    /** Called for each `tools/list`. */
    list(ctx: CallEnvironment): Maybe<readonly ToolListing[]>;
    /** Called for every tool of a name that nothing else has; `undefined` when there is none. */
    call(
      name: string,
      args: Readonly<Record<string, unknown>>,
      ctx: HandlerContext,
    ): Maybe<ToolResult | string | undefined>;
  };
  readonly resources?: {
    list(ctx: CallEnvironment): Maybe<readonly ResourceListing[]>;
    /** Called for every URI that nothing else has; `undefined` when there is none. */
    read(uri: string, ctx: HandlerContext): Maybe<ResourceReturn>;
  };
  /** URIs that match are read by `resources.read`. */
  readonly resourceTemplates?: {
    list(ctx: CallEnvironment): Maybe<readonly ResourceTemplateListing[]>;
    /** Suggests values for a variable of one of them. */
    complete?(uriTemplate: string, variable: string, ...rest: Parameters<Complete>): ReturnType<Complete>;
  };
  readonly prompts?: {
    list(ctx: CallEnvironment): Maybe<readonly PromptListing[]>;
    /** Called for every prompt of a name that nothing else has; `undefined` when there is none. */
    get(
      name: string,
      args: Readonly<Record<string, string>>,
      ctx: HandlerContext,
    ): Maybe<PromptReturn | undefined>;
    /** Suggests values for an argument of one of them. */
    complete?(name: string, argument: string, ...rest: Parameters<Complete>): ReturnType<Complete>;
  };
}
