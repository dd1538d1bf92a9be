import type { Call, Step } from "./types.ts";

/** A step whose answers, and those of the steps that follow on it, are made anew. */
export function mapStep<From, To>(
  step: Step<From>,
  map: { answer(answer: From): To; part(part: From): To },
): Step<To> {
  if (step.kind === "answer") return { kind: "answer", answer: map.answer(step.answer) };
  if (step.kind === "call") return { kind: "call", call: mapCall(step.call, map) };
  const { wait } = step;
  return {
    kind: "wait",
    wait: {
      next: async (send, signal) => mapStep(await wait.next((part) => send(map.part(part)), signal), map),
    },
  };
}

function mapCall<From, To>(
  call: Call<From>,
  map: { answer(answer: From): To; part(part: From): To },
): Call<To> {
  return {
    context: call.context,
    request: call.request,
    deadline: call.deadline,
    get dropped() {
      return call.dropped;
    },
    notify: (message) => {
      const part = call.notify(message);
      return part === undefined ? undefined : map.part(part);
    },
    finish: (outcome) => mapStep(call.finish(outcome), map),
    fail: (reason) => mapStep(call.fail(reason), map),
  };
}
