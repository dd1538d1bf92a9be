import type { Call, Outcome, Step } from "./types.ts";

/** How the answer of a step is made anew, and what goes ahead of it from calls and from waits. */
interface StepMap<From, To> {
  answer: (answer: From) => To;
  part: (part: From) => To;
  /** Default: as `part`. */
  waitPart?: (part: From) => To;
}

/** A step whose answers, and those of the steps that follow on it, are made anew. */
export function mapStep<From, To>(step: Step<From>, map: StepMap<From, To>): Step<To> {
  if (step.kind === "answer") return { kind: "answer", answer: map.answer(step.answer) };
  if (step.kind === "call") return { kind: "call", call: mapCall(step.call, map) };
  if (step.kind === "batch") {
    const { steps, join } = step.batch;
    return { kind: "batch", batch: { steps, join: (answers) => map.answer(join(answers)) } };
  }
  const { wait } = step;
  const mapPart = map.waitPart ?? map.part;
  return {
    kind: "wait",
    wait: {
      next: async (send, signal) => mapStep(await wait.next((part) => send(mapPart(part)), signal), map),
    },
  };
}

/** A call after whose outcome something else follows. */
export function withFinish<Answer>(
  call: Call<Answer>,
  finish: (outcome: Outcome) => Step<Answer>,
): Call<Answer> {
  return withEnds(call, {
    notify: (message) => call.notify(message),
    finish,
    fail: (reason) => call.fail(reason),
  });
}

function mapCall<From, To>(call: Call<From>, map: StepMap<From, To>): Call<To> {
  return withEnds(call, {
    notify: (message) => {
      const part = call.notify(message);
      return part === undefined ? undefined : map.part(part);
    },
    finish: (outcome) => mapStep(call.finish(outcome), map),
    fail: (reason) => mapStep(call.fail(reason), map),
  });
}

/** The same call, with other ways out of it. */
function withEnds<Answer>(
  call: Call<unknown>,
  ends: Pick<Call<Answer>, "notify" | "finish" | "fail">,
): Call<Answer> {
  return {
    get context() {
      return call.context;
    },
    request: call.request,
    authorization: call.authorization,
    deadline: call.deadline,
    wanted: call.wanted,
    get dropped() {
      return call.dropped;
    },
    streamed: () => call.streamed(),
    ...ends,
  };
}
