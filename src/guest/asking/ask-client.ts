import { ClientError } from "../../sdk/client-error.ts";
import type { Asking, AskOptions, Root, SampleBlock, Sampled } from "../../sdk/asking.ts";
import type { CallContext } from "../../sdk/context.ts";
import { issueTexts } from "../../sdk/issues.ts";
import { isSchema, type Schema } from "../../sdk/schema.ts";
import { ToolError } from "../../sdk/tool-error.ts";
import { isObject } from "../../sdk/tool-result.ts";
import { describeSchema, type Converters } from "../describe-schema.ts";
import { formSchema } from "./form-schema.ts";
import type { Journal } from "./journal.ts";

const MAX_MESSAGE = 4096;
const MAX_URL = 2048;
const MAX_SAMPLE = 256 * 1024;
const HTTP_URL = /^https?:\/\/[^/?#\s\\]+(?:[/?#][^\s\\]*)?$/i;

type Answer = Readonly<Record<string, unknown>>;

const forms = new WeakMap<Schema, object>();

/** The members of a context that ask its client. */
export function askClient(journal: Journal, ctx: CallContext, converters: Converters): Asking {
  const lacks = (...path: string[]): object | undefined => lacking(ctx.client?.capabilities, path);
  async function ask(
    kind: string,
    request: { method: string; params: object },
    lacked: object | undefined,
    accept: (answer: Answer) => object | undefined,
    options: AskOptions | undefined,
  ): Promise<Answer> {
    const answer = (await journal.ask({
      kind,
      key: options?.key,
      request,
      lacking: lacked,
      accept,
    })) as Answer;
    const { error } = answer;
    if (error === undefined) return answer;
    const { code, message } = error as { code: number; message: string };
    throw new ClientError(code, `The client could not answer ${request.method}: ${message}`);
  }
  return {
    async elicit(schema, message, options) {
      const params = {
        mode: "form",
        message: checkedMessage(message),
        requestedSchema: formOf(schema, converters),
      };
      const request = { method: "elicitation/create", params };
      const answer = await ask("elicit", request, lacks("elicitation", "form"), formAnswer, options);
      if (answer["action"] !== "accept") return { action: answer["action"] as "decline" | "cancel" };
      const { content = {} } = answer;
      const checked = await schema["~standard"].validate(content);
      if (!checked.issues) return { action: "accept", content: checked.value as never };
      throw new ToolError(
        `The client's answer to "${message}" does not match:\n${issueTexts(checked.issues, content).join("\n")}`,
      );
    },
    async elicitUrl(url, message, options) {
      if (typeof url !== "string" || url.length > MAX_URL || !HTTP_URL.test(url)) {
        throw new TypeError(
          `Cannot ask to open a URL: it is no http(s) URL of at most ${MAX_URL} characters`,
        );
      }
      const params = { mode: "url", message: checkedMessage(message), url };
      const request = { method: "elicitation/create", params };
      const answer = await ask("elicit-url", request, lacks("elicitation", "url"), actionOf, options);
      return answer as { action: "accept" | "decline" | "cancel" };
    },
    async sample(params, options) {
      checkSample(params);
      const withTools = params.tools !== undefined || params.toolChoice !== undefined;
      const lacked = withTools ? lacks("sampling", "tools") : lacks("sampling");
      const request = { method: "sampling/createMessage", params };
      const answer = await ask("sample", request, lacked, sampleAnswer, options);
      return { ...answer, text: textOf(answer["content"]) } as unknown as Sampled;
    },
    async roots(options) {
      const request = { method: "roots/list", params: {} };
      const answer = await ask("roots", request, lacks("roots"), rootsAnswer, options);
      return answer["roots"] as Root[];
    },
    once: (key, work) => journal.once(key, work),
  };
}

/** What a client that says what it can lacks; nothing when it lacks nothing, or does not say. */
function lacking(capabilities: Answer | undefined, [name, mode]: string[]): object | undefined {
  if (capabilities === undefined) return undefined;
  const declared = capabilities[name!];
  const has =
    isObject(declared) &&
    (mode === undefined ||
      isObject(declared[mode]) ||
      // A client that names no mode has forms.
      (mode === "form" && declared["url"] === undefined));
  return has ? undefined : { [name!]: mode === undefined ? {} : { [mode]: {} } };
}

function formOf(schema: Schema, converters: Converters): object {
  if (!isSchema(schema))
    throw new TypeError("Cannot ask for a form: the first argument of elicit is no schema");
  let form = forms.get(schema);
  if (form === undefined) {
    form = formSchema(describeSchema("the schema of the form", schema, "input", converters));
    forms.set(schema, form);
  }
  return form;
}

function checkedMessage(message: unknown): string {
  if (typeof message === "string" && message !== "" && message.length <= MAX_MESSAGE) return message;
  throw new TypeError(`Cannot ask without a message of 1 to ${MAX_MESSAGE} characters`);
}

function checkSample(params: unknown): void {
  const problem = sampleProblem(params);
  if (problem !== undefined) throw new TypeError(`Cannot ask the client's model: ${problem}`);
}

function sampleProblem(params: unknown): string | undefined {
  if (!isObject(params)) return "there is no request";
  const { messages, maxTokens } = params;
  if (!Array.isArray(messages) || messages.length === 0) return "there are no messages";
  const wrong = messages.findIndex((message) => !isMessage(message));
  if (wrong >= 0) return `messages[${wrong}] has no role or content`;
  if (!Number.isInteger(maxTokens) || (maxTokens as number) < 1)
    return "maxTokens is not a whole number above 0";
  const { length } = JSON.stringify(params);
  return length > MAX_SAMPLE
    ? `the request has ${length} characters, and ${MAX_SAMPLE} are the most`
    : undefined;
}

function isMessage(value: unknown): value is Answer {
  if (!isObject(value)) return false;
  const { role, content } = value;
  if (role !== "user" && role !== "assistant") return false;
  const blocks: unknown[] = Array.isArray(content) ? content : [content];
  return blocks.every((block) => isObject(block) && typeof block["type"] === "string");
}

const ACTIONS: readonly unknown[] = ["accept", "decline", "cancel"];

function actionOf({ action }: Answer): object | undefined {
  return ACTIONS.includes(action) ? { action } : undefined;
}

function formAnswer(answer: Answer): object | undefined {
  const { action, content } = answer;
  if (action !== "accept") return actionOf(answer);
  return content === undefined || isObject(content) ? { action, content } : undefined;
}

function sampleAnswer(answer: Answer): object | undefined {
  const { role, content, model, stopReason } = answer;
  if (!isMessage(answer) || typeof model !== "string") return undefined;
  return { role, content, model, ...(typeof stopReason === "string" ? { stopReason } : {}) };
}

function rootsAnswer({ roots }: Answer): object | undefined {
  if (!Array.isArray(roots)) return undefined;
  const kept = roots.map((root: unknown) => {
    if (!isObject(root) || typeof root["uri"] !== "string") return undefined;
    const { uri, name } = root;
    return typeof name === "string" ? { uri, name } : { uri };
  });
  return kept.includes(undefined) ? undefined : { roots: kept };
}

function textOf(content: unknown): string {
  const blocks = (Array.isArray(content) ? content : [content]) as SampleBlock[];
  return blocks.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
}
