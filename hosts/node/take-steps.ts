import type { Call, McpRequest, Outcome, Signal, Step, Wait } from "../../src/protocol/index.ts";
import { Cancellation, follow } from "./cancellation.ts";
import type { LogSink } from "./host-log.ts";
import { createNotifier } from "./notifier.ts";
import type { RequestObserver } from "./observe/observer.ts";
import type { Pool } from "./pool.ts";

/** What {@link takeSteps} needs. */
export interface StepOptions<Answer> {
  /** The threads that take calls now. */
  pool: () => Pool;
  /** Network address of the client, of which one must not have every place in the queue. */
  peer?: string | undefined;
  /** Aborted once the client has cancelled the request or gone away. */
  signal: Signal;
  /** Aborted once the server closes: calls still end, and nothing is waited for any more. */
  closing: Signal;
  log: LogSink;
  /** Sends what goes ahead of the answer. */
  send: (part: Answer) => void;
  /** Whether the client leaves as much unread as it may. */
  isStalled: () => boolean;
  /** Hears of each call of the core. */
  observer?: RequestObserver | undefined;
  /** Takes the outcome of each call. */
  learn?: (request: McpRequest, outcome: Outcome) => void;
}

/**
 * Goes through the steps of one request, and gives its answer. A thread is held only while a component runs.
 *
 * No async function: nearly every request is one call, and the frames of such functions outlive it until old memory is collected.
 */
export function takeSteps<Answer>(step: Step<Answer>, options: StepOptions<Answer>): Promise<Answer> {
  switch (step.kind) {
    case "answer":
      return Promise.resolve(step.answer);
    case "batch": {
      const { steps, join } = step.batch;
      const each = { ...options, send: () => {} };
      return Promise.all(steps.map((one) => takeSteps(one, each))).then(join);
    }
    case "wait":
      return waitFor(step.wait, options).then((next) => takeSteps(next, options));
    case "call":
      break;
  }
  return callCore(step.call, options);
}

async function waitFor<Answer>(
  wait: Wait<Answer>,
  { signal, closing, isStalled, send }: StepOptions<Answer>,
): Promise<Step<Answer>> {
  // What is waited for may go on for as long as a client that does not read.
  const over = new Cancellation();
  const unfollow = follow(over, [signal, closing]);
  const sendRead = (part: Answer): void => {
    if (isStalled()) over.abort();
    else send(part);
  };
  try {
    return await wait.next(sendRead, over);
  } finally {
    unfollow();
  }
}

function callCore<Answer>(call: Call<Answer>, options: StepOptions<Answer>): Promise<Answer> {
  const { pool, peer, signal, log, observer } = options;
  const notifier = createNotifier(call, log, options);
  const observed = observer?.call?.(call);
  const client = {
    authorization: call.authorization,
    peer,
    deadline: call.deadline,
    signal,
    notify: notifier.notify,
    observer: observed,
  };
  return pool()
    .handle(observed?.context ?? call.context, call.request, client)
    .then((result) => {
      observed?.end?.(result);
      notifier.end();
      if ("outcome" in result) options.learn?.(call.request, result.outcome);
      const next = "outcome" in result ? call.finish(result.outcome) : call.fail(result.failure);
      return next.kind === "answer" ? next.answer : takeSteps(next, options);
    });
}
