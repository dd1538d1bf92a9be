import type { HandlerContext } from "./context.ts";
import type { Described, Meta } from "./described.ts";
import type { Complete } from "./define-resource.ts";
import type { InferInput, InferOutput, Schema } from "./schema.ts";
import type { ContentBlock } from "./tool-result.ts";

/** One message of a prompt (MCP, "PromptMessage"). */
export interface PromptMessage {
  role: "user" | "assistant";
  content: ContentBlock;
}

/** What getting a prompt may give: a text (one message of the user), messages, or a complete result. */
export type PromptReturn =
  | string
  | readonly PromptMessage[]
  | { description?: string; messages: readonly PromptMessage[]; _meta?: Meta };

/** What {@link definePrompt} takes. */
export interface PromptDefinition<Arguments extends Schema | undefined = undefined> extends Described {
  /** Unique within a server: 1 to 128 characters of `A-Z a-z 0-9 _ - .`. */
  readonly name: string;
  /** Schema of the arguments: an object whose members accept strings, as all that clients send are strings. */
  readonly arguments?: Arguments;
  /** Suggestions for its arguments. */
  readonly complete?: Completers<Arguments>;
  get(args: PromptArguments<Arguments>, ctx: HandlerContext): PromptReturn | Promise<PromptReturn>;
}

type PromptArguments<Arguments extends Schema | undefined> = Arguments extends Schema
  ? InferOutput<Arguments>
  : Readonly<Record<string, never>>;
type Completers<Arguments extends Schema | undefined> = Arguments extends Schema
  ? { readonly [Argument in Extract<keyof InferInput<Arguments>, string>]?: Complete }
  : never;

/** A prompt, whatever its arguments are. */
export interface Prompt extends Omit<PromptDefinition, "arguments" | "complete" | "get"> {
  readonly arguments?: Schema | undefined;
  readonly complete?: { readonly [argument: string]: Complete | undefined } | undefined;
  get(args: never, ctx: HandlerContext): unknown;
}

/** Defines a prompt, with the types of its arguments taken from the schema. It is checked when `provider()` takes it. */
export function definePrompt<Arguments extends Schema | undefined = undefined>(
  definition: PromptDefinition<Arguments>,
): PromptDefinition<Arguments> {
  return definition;
}
