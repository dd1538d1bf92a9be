import type { Cache } from "./caching.ts";
import type { ToolContext } from "./context.ts";
import type { Described } from "./described.ts";
import type { InferInput, InferOutput, Schema } from "./schema.ts";
import type { ToolResult } from "./tool-result.ts";

/** Hints about a tool's behaviour (MCP, "ToolAnnotations"). Clients must not rely on them. */
export interface ToolAnnotations {
  title?: string;
  /** True when it changes nothing. Default false. */
  readOnlyHint?: boolean;
  /** True when its changes may destroy something. Default true. */
  destructiveHint?: boolean;
  /** True when calling it twice with the same arguments changes nothing more. Default false. */
  idempotentHint?: boolean;
  /** True when it deals with things outside the server. Default true. */
  openWorldHint?: boolean;
}

/** What a tool may return: content blocks, or what its `output` accepts; without an `output`, a text. */
export type ToolReturn<Output extends Schema | undefined> =
  | ToolResult
  | (Output extends Schema ? InferInput<Output> : string);

/** What {@link defineTool} takes. */
export interface ToolDefinition<
  Input extends Schema,
  Output extends Schema | undefined = undefined,
  Admitted = undefined,
> extends Described {
  /** Unique within a server: 1 to 128 characters of `A-Z a-z 0-9 _ - .`. */
  readonly name: string;
  /** Tells the model what the tool does and when to use it. */
  readonly description: string;
  /** Schema of the arguments, an object. Calls that do not match it never reach `run`. */
  readonly input: Input;
  /**
   * Schema of the structured result, which may be any JSON value. Clients before 2026-07-28 get values other than objects as
   * text alone. Without it the tool answers with text or content blocks.
   */
  readonly output?: Output;
  /** Hints for clients. */
  readonly annotations?: ToolAnnotations;
  /**
   * How long the result of a call may be given again for the same arguments, to the same caller or, with the scope `public`,
   * to any that may call it. The middleware `cache` does it; clients are not told, because the hints of MCP are for other
   * results. It must depend on nothing else, and calling the tool must change nothing. Default: never.
   */
  readonly cache?: Cache;
  /**
   * Whether a call becomes a task, whose result the client fetches later, where client and host know tasks. Elsewhere an
   * `optional` one is an ordinary call, and a `required` one is refused. Default: never a task.
   */
  readonly task?: TaskSupport;
  /**
   * Runs before `run`, while the client still waits, for a tool with `task`: the place to look things up, and to refuse a
   * call with a `ToolError` before there is a task. What it returns goes to `run`, as JSON of at most 64 Ki characters.
   */
  admit?(args: InferOutput<Input>, ctx: ToolContext): Admitted | Promise<Admitted>;
  /**
   * Does the work. Throw a `ToolError` for a failure the model should read; any other exception is logged, and the
   * client sees a generic text.
   *
   * @param admitted What `admit` returned.
   */
  run(
    args: InferOutput<Input>,
    ctx: ToolContext,
    admitted: Admitted,
  ): ToolReturn<Output> | Promise<ToolReturn<Output>>;
}

/** Whether calls of a tool can, or have to, become tasks (MCP extension `io.modelcontextprotocol/tasks`). */
export type TaskSupport = "optional" | "required";

/** A tool, whatever its arguments are. */
export interface Tool extends Omit<ToolDefinition<Schema>, "admit" | "output" | "run"> {
  readonly output?: Schema | undefined;
  admit?(args: never, ctx: ToolContext): unknown;
  run(args: never, ctx: ToolContext, admitted: never): unknown;
}

/**
 * Defines a tool, with the types of its arguments and result taken from its schemas.
 *
 * The definition is checked when `provider()` takes it.
 */
export function defineTool<
  Input extends Schema,
  Output extends Schema | undefined = undefined,
  Admitted = undefined,
>(definition: ToolDefinition<Input, Output, Admitted>): ToolDefinition<Input, Output, Admitted> {
  return definition;
}
