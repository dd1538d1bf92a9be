import { INTERNAL, type FinalOutcome } from "../answer.ts";
import { isObject, type JsonObject, type RequestMessage } from "../message.ts";
import type { Admitted } from "../request.ts";
import { parseObject } from "../result-text.ts";
import { RPC } from "../rpc-error.ts";
import { withFinish } from "../step.ts";
import type { Call, Outcome, Step } from "../types.ts";
import { ANONYMOUS, openTasks, type TaskOptions, type Tasks } from "./tasks.ts";
import { handleText, taskText } from "./task.ts";

/** One request, as the protocol core has it. */
export interface TaskRequest<Answer> {
  admitted: Admitted;
  message: RequestMessage;
  /** The call of the core for a request. */
  call(admitted: Admitted): Call<Answer>;
  /** The step that ends the request without a call. */
  answer(outcome: FinalOutcome): Step<Answer>;
}

/** The tasks of a server, as the protocol core reaches them. One server has one, whatever core it serves. */
export interface TaskProtocol {
  /** The steps of `tools/call`, of a client that knows tasks. */
  offer<Answer>(request: TaskRequest<Answer>): Step<Answer>;
  /** The steps of `tasks/get`, `tasks/update` and `tasks/cancel`. */
  manage<Answer>(request: TaskRequest<Answer>): Step<Answer>;
  /** As `close` of {@link Tasks}. Never rejects. */
  close(): Promise<void>;
}

const UNKNOWN: FinalOutcome = { tag: "failure", val: { code: RPC.invalidParams, message: "Unknown task" } };
const DONE: FinalOutcome = { tag: "success", val: "{}" };
const FAULT: FinalOutcome = { tag: "failure", val: INTERNAL };

/**
 * Opens the tasks of a server.
 *
 * @throws What the host's store rejects with, and RangeError as {@link openTasks}.
 */
export async function createTaskProtocol(options: TaskOptions): Promise<TaskProtocol> {
  const tasks = await openTasks(options);

  /** A step that waits; nothing that goes wrong here may go further. */
  function waiting<Answer>(request: TaskRequest<Answer>, next: () => Promise<Step<Answer>>): Step<Answer> {
    return {
      kind: "wait",
      wait: {
        async next() {
          try {
            return await next();
          } catch (error) {
            options.report("The store of tasks failed", error);
            return request.answer(FAULT);
          }
        },
      },
    };
  }

  return {
    offer(request) {
      const { admitted } = request;
      const call = request.call(admitted);
      return calling(call, (outcome) => {
        const admission = admissionOf(outcome);
        if (!admission) return call.finish(outcome);
        const owner = ownerOf(admission);
        if (owner === undefined) return call.finish(FAULT);
        return waiting(request, async () => {
          const task = await tasks.create({
            tool: admitted.request.target!,
            owner,
            context: sharedContext(call.context),
            admitted: admission["admitted"],
            request: call.request,
            authorization: call.authorization,
          });
          return task ? call.finish({ tag: "success", val: handleText(task) }) : call.fail("overload");
        });
      });
    },

    manage(request) {
      const { admitted, message } = request;
      const { method, target: id } = admitted.request;
      const answers = method === "tasks/update" ? answersOf(message.params?.["inputResponses"]) : {};
      if (answers === undefined)
        return request.answer(badParams('"inputResponses" must be an object of objects'));
      return waiting(request, async () => {
        const found = await tasks.get(id!);
        // The tool takes the place of the id, so that the chain decides as for a call of it; without one the core
        // knows no such task, after everything in front of it has had its say.
        const call = request.call({
          ...admitted,
          request: { ...admitted.request, target: found?.task.tool },
        });
        return calling(call, (outcome) => {
          if (outcome.tag !== "success") return call.finish(outcome);
          const owner = ownerOf(parseObject(outcome.val));
          if (owner === undefined) return call.finish(FAULT);
          if (owner !== found?.task.owner) return call.finish(UNKNOWN);
          return waiting(request, async () => call.finish(await act(tasks, call, id!, answers)));
        });
      });
    },

    close: () => tasks.close(),
  };
}

async function act(
  tasks: Tasks,
  { request: { method }, authorization }: Pick<Call<unknown>, "authorization" | "request">,
  id: string,
  answers: Readonly<Record<string, JsonObject>>,
): Promise<FinalOutcome> {
  switch (method) {
    case "tasks/update":
      return (await tasks.update(id, answers, authorization))
        ? DONE
        : badParams('"inputResponses" is too large');
    case "tasks/cancel":
      await tasks.cancel(id);
      return DONE;
    default: {
      const found = await tasks.get(id);
      return found ? { tag: "success", val: taskText(found.task, found.result) } : UNKNOWN;
    }
  }
}

function calling<Answer>(call: Call<Answer>, finish: (outcome: Outcome) => Step<Answer>): Step<Answer> {
  return { kind: "call", call: withFinish(call, finish) };
}

/** What a component answered that wants to have a task; nothing for any other outcome. */
function admissionOf(outcome: Outcome): JsonObject | undefined {
  // Results can be large, and most of them are not looked into.
  if (outcome.tag !== "success" || !outcome.val.includes('"resultType":"task"')) return undefined;
  const result = parseObject(outcome.val);
  return result?.["resultType"] === "task" ? result : undefined;
}

/** Who sent a request, as the component that was asked says: it knows what the chain has verified. */
function ownerOf(said: JsonObject | undefined): string | undefined {
  const principal = said?.["principal"];
  if (principal === null) return ANONYMOUS;
  if (!isObject(principal)) return undefined;
  const { issuer, subject } = principal;
  if (typeof issuer !== "string" || typeof subject !== "string") return undefined;
  return JSON.stringify([issuer, subject]);
}

/** What all calls for one task have in common of the context of the first. */
function sharedContext(text: string): JsonObject {
  const {
    inputs: _,
    retry: __,
    progressToken: ___,
    logLevel: ____,
    ...shared
  } = JSON.parse(text) as JsonObject;
  return shared;
}

function answersOf(value: unknown): Record<string, JsonObject> | undefined {
  return isObject(value) && Object.values(value).every(isObject)
    ? (value as Record<string, JsonObject>)
    : undefined;
}

function badParams(what: string): FinalOutcome {
  return { tag: "failure", val: { code: RPC.invalidParams, message: `Invalid params: ${what}` } };
}
