import { failedOutcome } from "./answer-failure.ts";
import { CallContext, type Surroundings } from "./context.ts";
import { issueTexts } from "./issues.ts";
import { attempt, whenDone, type MaybePromise } from "./maybe-promise.ts";
import { failure, RPC_ERROR, type Outcome } from "./messages.ts";
import type { Provider } from "./provider.ts";
import { describeType, ReturnError } from "./return-error.ts";
import { contentProblem, isObject } from "./tool-result.ts";

/** Gets one prompt, given its arguments as the client sent them. */
export type GetPrompt = (name: string, args: unknown, context: string) => MaybePromise<Outcome>;

/** How a provider answers for prompts: those it defines, then its own `get`. */
export function promptGetter({ prompts = [], dynamic }: Provider, surroundings: Surroundings): GetPrompt {
  const byName = new Map(prompts.map((prompt) => [prompt.name, prompt]));
  const own = dynamic?.prompts;
  return (name, args, context) => {
    const prompt = byName.get(name);
    if (prompt === undefined && own === undefined) return unknownPrompt();
    const invalid = (problems: readonly string[]): Outcome =>
      failure(RPC_ERROR.invalidParams, `Invalid arguments for prompt "${name}": ${problems.join("; ")}`);
    const problems = textProblems(args);
    if (problems.length > 0) return invalid(problems);
    const texts = args as Readonly<Record<string, string>>;
    const ctx = new CallContext(context, surroundings);
    const answer = (returned: unknown): Outcome => ({
      tag: "success",
      val: promptJson(returned, prompt?.description),
    });
    return attempt<Outcome>(
      () => {
        if (prompt === undefined) {
          return whenDone(own!.get(name, texts, ctx), (returned) =>
            returned === undefined ? unknownPrompt() : answer(returned),
          );
        }
        const checked = prompt.arguments?.["~standard"].validate(texts) ?? { value: {} };
        return whenDone(checked, (result) =>
          result.issues
            ? invalid(issueTexts(result.issues, texts))
            : whenDone(prompt.get(result.value as never, ctx), answer),
        );
      },
      (error) => failedOutcome("prompt", name, error, ctx),
    );
  };
}

function unknownPrompt(): Outcome {
  return failure(RPC_ERROR.invalidParams, "Unknown prompt");
}

function textProblems(args: unknown): string[] {
  if (!isObject(args)) return ["arguments is not an object"];
  return Object.entries(args)
    .filter(([, value]) => typeof value !== "string")
    .map(([name]) => `${name}: expected a string, as all arguments of prompts are`)
    .slice(0, 20);
}

function promptJson(returned: unknown, description: string | undefined): string {
  if (typeof returned === "string") {
    const messages = [{ role: "user", content: { type: "text", text: returned } }];
    return JSON.stringify({ description, messages });
  }
  const result = Array.isArray(returned) ? { messages: returned as unknown[] } : returned;
  if (!isObject(result) || !Array.isArray(result["messages"])) {
    throw new ReturnError(
      `it returned ${describeType(returned)}, and must return a string, messages or { messages }`,
    );
  }
  const { messages, description: own, _meta } = result;
  for (const [index, message] of messages.entries()) {
    const problem = messageProblem(message);
    if (problem !== undefined) throw new ReturnError(`messages[${index}] ${problem}`);
  }
  return JSON.stringify({
    description: typeof own === "string" ? own : description,
    messages,
    ...(isObject(_meta) ? { _meta } : {}),
  });
}

function messageProblem(message: unknown): string | undefined {
  if (!isObject(message)) return "is not an object";
  const { role, content } = message;
  if (role !== "user" && role !== "assistant") return 'has a role that is neither "user" nor "assistant"';
  const problem = contentProblem([content]);
  return problem && `has wrong content: ${problem.replace("content[0]", "content")}`;
}
