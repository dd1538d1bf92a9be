import type { Root, SampleBlock, SampleRequest } from "../sdk/asking.ts";
import type { Client } from "../sdk/context.ts";
import type { InputRequest, Outcome } from "../sdk/messages.ts";
import { failure, RPC_ERROR } from "../sdk/messages.ts";
import type { JsonSchema } from "../sdk/schema.ts";

/** A form, or a URL to open. */
export type ElicitQuestion = { readonly key: string; readonly message: string } & (
  | { readonly mode: "form"; readonly requestedSchema: JsonSchema }
  | { readonly mode: "url"; readonly url: string }
);

/** What a user makes of it. */
export interface ElicitAnswer {
  readonly action: "accept" | "decline" | "cancel";
  /** The values of a form that was accepted. */
  readonly content?: Readonly<Record<string, unknown>>;
}

/** What a model answers: a text, or a whole result. */
export type SampleAnswer =
  | string
  | {
      readonly role: "user" | "assistant";
      readonly content: SampleBlock | readonly SampleBlock[];
      readonly model: string;
      readonly stopReason?: string;
    };

type Maybe<T> = T | Promise<T>;

/**
 * What answers the questions of a provider. The client declares the capabilities of what is given here; an exception is the
 * error that it answers with.
 */
export interface ClientAnswers {
  readonly elicit?: (question: ElicitQuestion) => Maybe<ElicitAnswer>;
  readonly sample?: (question: SampleRequest & { readonly key: string }) => Maybe<SampleAnswer>;
  readonly roots?: readonly Root[] | (() => Maybe<readonly Root[]>);
}

/** What a retry carries. */
export interface Inputs {
  readonly responses: Readonly<Record<string, unknown>>;
  readonly state: unknown;
}

interface Question {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const MAX_ROUNDS = 16;
/** JSON-RPC leaves codes above -32000 to applications. */
const CLIENT_ERROR = -1;

/** What the client says of itself, with the capabilities that its answers give it. */
export function answeringClient({ elicit, sample, roots }: ClientAnswers, client: Client = {}): Client {
  const capabilities = {
    ...(elicit && { elicitation: { form: {}, url: {} } }),
    ...(sample && { sampling: { tools: {} } }),
    ...(roots && { roots: {} }),
    ...client.capabilities,
  };
  return { ...client, capabilities };
}

/** Sends a request, again with answers for as long as it is asked for them, and gives its outcome. */
export async function sendRounds(
  send: (inputs: Inputs | undefined) => Promise<Outcome>,
  answers: ClientAnswers,
): Promise<Outcome> {
  let outcome = await send(undefined);
  for (let rounds = 0; outcome.tag === "input-required"; rounds++) {
    if (rounds === MAX_ROUNDS) {
      return failure(RPC_ERROR.internalError, `The client was asked more than ${MAX_ROUNDS} times`);
    }
    outcome = await send(await inputsFor(outcome.val, answers));
  }
  return outcome;
}

async function inputsFor({ requests, state }: InputRequest, answers: ClientAnswers): Promise<Inputs> {
  const questions = Object.entries(JSON.parse(requests) as Record<string, Question>);
  const responses = await Promise.all(
    questions.map(async ([key, question]) => [key, await answer(key, question, answers)] as const),
  );
  return {
    // As JSON, so that nothing passes that a wire would not carry.
    responses: JSON.parse(JSON.stringify(Object.fromEntries(responses))) as Inputs["responses"],
    state: typeof state === "string" ? (JSON.parse(state) as unknown) : undefined,
  };
}

async function answer(key: string, { method, params }: Question, answers: ClientAnswers): Promise<unknown> {
  try {
    const { elicit, sample, roots } = answers;
    const question = { key, ...params };
    if (method === "elicitation/create" && elicit) return await elicit(question as unknown as ElicitQuestion);
    if (method === "sampling/createMessage" && sample) {
      return sampleResult(await sample(question as unknown as SampleRequest & { key: string }));
    }
    if (method === "roots/list" && roots) {
      return { roots: typeof roots === "function" ? await roots() : roots };
    }
    throw new Error(`The client does not answer ${method}`);
  } catch (error) {
    return {
      error: { code: CLIENT_ERROR, message: error instanceof Error ? error.message : String(error) },
    };
  }
}

function sampleResult(sampled: SampleAnswer): object {
  if (typeof sampled !== "string") return sampled;
  return {
    role: "assistant",
    content: { type: "text", text: sampled },
    model: "test",
    stopReason: "endTurn",
  };
}
