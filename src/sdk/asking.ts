import type { CallContext } from "./context.ts";
import type { Log } from "./log.ts";
import type { Outcome, Request } from "./messages.ts";
import type { InferOutput, JsonSchema, Schema } from "./schema.ts";
import type { ContentBlock } from "./tool-result.ts";

/** How something is asked. */
export interface AskOptions {
  /**
   * What the client reads as the key of the question: 1 to 64 characters of `A-Z a-z 0-9 _ . -`, unique within the call.
   * Default: the kind and the ordinal among questions without a key, such as `elicit-1`.
   */
  readonly key?: string;
}

/** What became of a form: the values its schema gives, or that the user declined or closed it. */
export type Elicited<Content> =
  | { readonly action: "accept"; readonly content: Content }
  | { readonly action: "decline" }
  | { readonly action: "cancel" };

/** What became of a request to open a URL. `accept` says that the user agreed to, not that what happens there is done. */
export interface ElicitedUrl {
  readonly action: "accept" | "decline" | "cancel";
}

/** A block of a message for a model, or of one (MCP, "SamplingMessageContentBlock"). */
export type SampleBlock =
  | Extract<ContentBlock, { type: "text" | "image" | "audio" }>
  | { type: "tool_use"; id: string; name: string; input: Record<string, unknown> }
  | {
      type: "tool_result";
      toolUseId: string;
      content: readonly ContentBlock[];
      structuredContent?: unknown;
      isError?: boolean;
    };

/** One message for a model (MCP, "SamplingMessage"). */
export interface SampleMessage {
  readonly role: "user" | "assistant";
  readonly content: SampleBlock | readonly SampleBlock[];
}

/** What {@link Asking.sample} takes (MCP, "CreateMessageRequestParams"). Its JSON has at most 256 Ki characters. */
export interface SampleRequest {
  readonly messages: readonly SampleMessage[];
  /** The most tokens that may be sampled, at least 1. */
  readonly maxTokens: number;
  readonly systemPrompt?: string;
  readonly temperature?: number;
  readonly stopSequences?: readonly string[];
  readonly modelPreferences?: {
    readonly hints?: readonly { readonly name?: string }[];
    readonly costPriority?: number;
    readonly speedPriority?: number;
    readonly intelligencePriority?: number;
  };
  readonly includeContext?: "none" | "thisServer" | "allServers";
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Tools that the model may use; the client needs the capability `sampling.tools`. */
  readonly tools?: readonly {
    readonly name: string;
    readonly description?: string;
    readonly inputSchema: JsonSchema;
  }[];
  /** Default `{ mode: "auto" }`. */
  readonly toolChoice?: { readonly mode?: "auto" | "required" | "none" };
}

/** What a model answered. */
export interface Sampled {
  readonly role: "user" | "assistant";
  readonly content: SampleBlock | readonly SampleBlock[];
  /** The text blocks of `content`, joined by line feeds. */
  readonly text: string;
  readonly model: string;
  /** Why it ended, where the client says so: `endTurn`, `stopSequence`, `maxTokens`, `toolUse` or another. */
  readonly stopReason?: string;
}

/** A folder or file that the client works with. */
export interface Root {
  readonly uri: string;
  readonly name?: string;
}

/**
 * Questions to the client, in the midst of a call. The answer comes in a later round: the code up to the question then
 * runs again and is given the same answers, so it must ask the same again, and do in {@link once} what must be done once.
 * A call asks at most 32 times, in at most 16 rounds, and keeps at most 24,000 bytes in between.
 *
 * A client that does not declare the capability fails the call (-32021). One that answers with an error makes the promise
 * reject with a `ClientError`.
 */
export interface Asking {
  /**
   * Asks the user to fill a form. `schema` is of an object whose members are texts, numbers, booleans and choices; an answer
   * that does not match it rejects with a `ToolError`. Never ask for secrets this way.
   *
   * @param message 1 to 4,096 characters for the user.
   * @throws TypeError for what cannot be a form.
   */
  elicit<S extends Schema>(
    schema: S,
    message: string,
    options?: AskOptions,
  ): Promise<Elicited<InferOutput<S>>>;
  /**
   * Asks the user to open a URL, for what must not pass through the client, such as a password.
   *
   * @param url An `https:` or `http:` URL of at most 2,048 characters.
   */
  elicitUrl(url: string, message: string, options?: AskOptions): Promise<ElicitedUrl>;
  /** Asks the client's model. MCP has deprecated this as of 2026-07-28. */
  sample(request: SampleRequest, options?: AskOptions): Promise<Sampled>;
  /** Asks for the folders and files that the client works with. MCP has deprecated this as of 2026-07-28. */
  roots(options?: AskOptions): Promise<readonly Root[]>;
  /**
   * Runs `work` once for all rounds of the call, and gives its result, as JSON has it, in every round. What runs at the same
   * time under the same key is run once. A failure is not kept: the next round runs it again, as does a client that sends
   * the same round twice.
   *
   * @param key 1 to 128 characters; at most 32 keys for each call.
   * @param work Must not ask.
   */
  once<T>(key: string, work: () => T | Promise<T>): Promise<T>;
}

/** What carries questions. */
export interface Asker {
  /** Begins a call; the outcome when it must not go on, as for the state of another caller. */
  begin(context: string, request: Request): Outcome | undefined;
  /** What the handler of the call asks with. Nothing when the call is none that may ask. */
  asking(ctx: CallContext): Asking | undefined;
  /** True while the call does what it has done in an earlier round. */
  repeats(): boolean;
  /** A log that writes what was not written in an earlier round. */
  logOnce(log: Log): Log;
}
