import type { McpRequest, Outcome, Signal, Step } from "../../src/protocol/index.ts";
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

/** Goes through the steps of one request, and gives its answer. A thread is held only while a component runs. */
export async function takeSteps<Answer>(first: Step<Answer>, options: StepOptions<Answer>): Promise<Answer> {
  const { pool, peer, signal, closing, log, send, isStalled, observer } = options;
  let step = first;
  for (;;) {
    switch (step.kind) {
      case "answer":
        return step.answer;
      case "batch": {
        const each = { ...options, send: () => {} };
        return step.batch.join(await Promise.all(step.batch.steps.map((one) => takeSteps(one, each))));
      }
      case "wait": {
        // What is waited for may go on for as long as a client that does not read.
        const over = new Cancellation();
        const unfollow = follow(over, [signal, closing]);
        const sendRead = (part: Answer): void => {
          if (isStalled()) over.abort();
          else send(part);
        };
        step = await step.wait.next(sendRead, over).finally(unfollow);
        break;
      }
      case "call": {
        const { call } = step;
        const notifier = createNotifier(call, log, { isStalled, send });
        const { deadline } = call;
        const observed = observer?.call?.(call);
        const result = await pool().handle(observed?.context ?? call.context, call.request, {
          authorization: call.authorization,
          peer,
          deadline,
          signal,
          notify: notifier.notify,
          observer: observed,
        });
        observed?.end?.(result);
        notifier.end();
        if ("outcome" in result) options.learn?.(call.request, result.outcome);
        step = "outcome" in result ? call.finish(result.outcome) : call.fail(result.failure);
        break;
      }
    }
  }
}
