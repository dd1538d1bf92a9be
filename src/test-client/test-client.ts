import type { PromptListing, ResourceListing, ResourceTemplateListing, ToolListing } from "../sdk/dynamic.ts";
import type { PromptMessage } from "../sdk/define-prompt.ts";
import type { ResourceContents } from "../sdk/define-resource.ts";
import type { Outcome, Request as McpRequest } from "../sdk/messages.ts";
import type { ContentBlock } from "../sdk/tool-result.ts";
import { RequestError } from "./request-error.ts";

/** What a tool answered. */
export interface CallResult {
  /** The text blocks of `content`, joined by line feeds. */
  readonly text: string;
  /** `structuredContent`: what the tool's `output` describes. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test knows what its tool gives
  readonly structured: any;
  /** True when the model reads the content as a failure. */
  readonly isError: boolean;
  readonly content: readonly ContentBlock[];
}

/** What a resource holds. */
export interface ReadResult {
  /** The text of the first content; nothing when it is binary. */
  readonly text: string | undefined;
  /** The bytes of the first content; nothing when it is text. */
  readonly bytes: Uint8Array | undefined;
  readonly contents: readonly ResourceContents[];
}

/** What a prompt gives. */
export interface PromptResult {
  /** The texts of its messages, joined by line feeds. */
  readonly text: string;
  readonly description: string | undefined;
  readonly messages: readonly PromptMessage[];
}

/** Suggested values. */
export interface Completion {
  readonly values: readonly string[];
  /** How many there are, where more than 100 are. */
  readonly total?: number;
  readonly hasMore?: boolean;
}

/** A line of the log. */
export interface LogLine {
  readonly level: string;
  /** The provider or middleware that wrote it; `host` for the host itself. */
  readonly source: string;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** A report of `ctx.progress`. */
export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** What changed, as `ctx.listChanged` or `ctx.resourceUpdated` told. */
export type Change =
  | { readonly list: "tools" | "prompts" | "resources"; readonly uri?: undefined }
  | { readonly uri: string; readonly list?: undefined };

/** A client of a provider, as a test needs it. Requests that fail reject with a {@link RequestError}. */
export interface TestClient {
  /** Calls a tool. Aborting `signal` cancels the call: `ctx.signal` is aborted, and what it then does is up to the tool. */
  readonly call: (
    tool: string,
    args?: object,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<CallResult>;
  readonly read: (uri: string) => Promise<ReadResult>;
  readonly prompt: (name: string, args?: Readonly<Record<string, string>>) => Promise<PromptResult>;
  /**
   * Asks for values of an argument of a prompt, or of a variable of a URI template.
   *
   * @param ref Name of the prompt, or the template.
   * @param known Values of the others.
   */
  readonly complete: (
    ref: string,
    argument: string,
    value: string,
    known?: Readonly<Record<string, string>>,
  ) => Promise<Completion>;
  /** What `tools/list` shows. Empty when there is nothing of the kind, as for the other lists. */
  readonly tools: () => Promise<readonly ToolListing[]>;
  readonly resources: () => Promise<readonly ResourceListing[]>;
  readonly templates: () => Promise<readonly ResourceTemplateListing[]>;
  readonly prompts: () => Promise<readonly PromptListing[]>;
  /** Every line logged so far. */
  readonly logs: readonly LogLine[];
  /** Every report of progress so far. */
  readonly progress: readonly Progress[];
  /** Every change that was told of so far. */
  readonly changes: readonly Change[];
  /** What the faked store holds now. */
  readonly kv: () => Promise<ReadonlyMap<string, string>>;
  /** Ends the connection. `fetch` and `Date` are the process's own again once the last one has ended. */
  readonly close: () => Promise<void>;
}

/** Sends a request and gives its outcome. */
export type Send = (request: McpRequest, signal: AbortSignal | undefined) => Promise<Outcome>;

const METHOD_NOT_FOUND = -32601;

/** The methods of a client over what sends its requests. */
export function createRequests(
  send: Send,
): Omit<TestClient, "logs" | "progress" | "changes" | "kv" | "close"> {
  let ids = 0;
  async function request<T>(
    method: string,
    target: string | undefined,
    params: object,
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted();
    ids += 1;
    const text = JSON.stringify(params);
    const outcome = await send({ id: String(ids), method, target, params: text }, signal);
    return resultOf(outcome) as T;
  }
  async function list<T>(method: string, member: string): Promise<readonly T[]> {
    try {
      const entries: T[] = [];
      let cursor: string | undefined;
      do {
        const params = cursor === undefined ? {} : { cursor };
        const page = await request<Record<string, T[]> & { nextCursor?: string }>(method, cursor, params);
        entries.push(...page[member]!);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return entries;
    } catch (error) {
      if (error instanceof RequestError && error.code === METHOD_NOT_FOUND) return [];
      throw error;
    }
  }
  return {
    async call(name, args = {}, { signal } = {}) {
      const params = { name, arguments: args };
      const result = await request<Result>("tools/call", name, params, signal);
      const { content = [], structuredContent, isError = false } = result;
      return { text: textOf(content), structured: structuredContent, isError, content };
    },
    async read(uri) {
      const { contents } = await request<{ contents: ResourceContents[] }>("resources/read", uri, { uri });
      const [first] = contents;
      return {
        text: first && "text" in first ? first.text : undefined,
        bytes: first && "blob" in first ? new Uint8Array(Buffer.from(first.blob, "base64")) : undefined,
        contents,
      };
    },
    async prompt(name, args = {}) {
      const params = { name, arguments: args };
      const { description, messages } = await request<{
        description?: string;
        messages: PromptMessage[];
      }>("prompts/get", name, params);
      return { text: textOf(messages.map(({ content }) => content)), description, messages };
    },
    async complete(ref, name, value, known) {
      const params = {
        ref: ref.includes("{") ? { type: "ref/resource", uri: ref } : { type: "ref/prompt", name: ref },
        argument: { name, value },
        ...(known === undefined ? {} : { context: { arguments: known } }),
      };
      return (await request<{ completion: Completion }>("completion/complete", ref, params)).completion;
    },
    tools: () => list("tools/list", "tools"),
    resources: () => list("resources/list", "resources"),
    templates: () => list("resources/templates/list", "resourceTemplates"),
    prompts: () => list("prompts/list", "prompts"),
  };
}

interface Result {
  content?: ContentBlock[];
  structuredContent?: unknown;
  isError?: boolean;
}

function textOf(content: readonly ContentBlock[]): string {
  return content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
}

function resultOf(outcome: Outcome): unknown {
  switch (outcome.tag) {
    case "success":
      return JSON.parse(outcome.val);
    case "failure":
      throw new RequestError(withData(outcome.val));
    case "refused": {
      const { status, headers, error } = outcome.val;
      throw new RequestError(withData(error), { status, headers: Object.fromEntries(headers) });
    }
    case "input-required":
      throw new RequestError({
        code: 0,
        message: "The server asks for input first",
        data: JSON.parse(outcome.val.requests),
      });
    default:
      throw new RequestError({ code: 0, message: "The server took the request and gave no answer" });
  }
}

function withData(error: {
  readonly code: number;
  readonly message: string;
  readonly data?: string | null | undefined;
}): {
  code: number;
  message: string;
  data?: unknown;
} {
  const { code, message, data } = error;
  return typeof data === "string" ? { code, message, data: JSON.parse(data) as unknown } : { code, message };
}
