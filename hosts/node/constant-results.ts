import type { CoreManifest } from "../../src/manifest/index.ts";
import type { McpRequest, Outcome, Step } from "../../src/protocol/index.ts";
import type { RequestObserver } from "./observe/observer.ts";

const LISTS = {
  "tools/list": "tools",
  "resources/list": "resources",
  "resources/templates/list": "resourceTemplates",
  "prompts/list": "prompts",
} as const;

/** What a core answers the same to everybody, so that neither a thread nor a component has a part in it. */
export interface ConstantResults {
  /** The step behind one that asks for such a result; any other step as it is. */
  settle<Answer>(step: Step<Answer>, observer: RequestObserver | undefined): Step<Answer>;
  /** Takes the outcome of a call of the core. */
  learn: (request: McpRequest, outcome: Outcome) => void;
}

/**
 * Keeps the results of a core for methods that no middleware acts on and no provider is asked for, which its router has as constants. The
 * core itself gives each of them once.
 */
export function keepConstants({ middleware, providers }: CoreManifest): ConstantResults {
  const results = new Map<string, string>();
  const isDynamic = (list: (typeof LISTS)[keyof typeof LISTS]): boolean =>
    providers.some(({ dynamic }) => dynamic?.includes(list));
  const lists = Object.entries(LISTS).flatMap(([method, list]) => (isDynamic(list) ? [] : [method]));
  const methods = new Set(
    ["server/discover", ...lists].filter((method) =>
      middleware.every((link) => link.methods !== undefined && !link.methods.includes(method)),
    ),
  );
  return {
    settle(step, observer) {
      if (step.kind !== "call") return step;
      const { call } = step;
      const result = call.request.target === undefined ? results.get(call.request.method) : undefined;
      if (result === undefined) return step;
      const outcome: Outcome = { tag: "success", val: result };
      observer?.call?.(call).end?.({ outcome });
      return call.finish(outcome);
    },
    learn({ method, target }, outcome) {
      // A cursor makes it another page.
      if (target !== undefined || outcome.tag !== "success" || !methods.has(method)) return;
      results.set(method, outcome.val);
    },
  };
}
