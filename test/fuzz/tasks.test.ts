import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Outcome } from "../../src/protocol/index.ts";
import { taskServer } from "../unit/protocol/task-server.ts";

const RUNS = 500;
const anything = fc.jsonValue({ maxDepth: 3 });
const text = fc.oneof(fc.string(), fc.json(), fc.constant('{"content":[]}'));
const requests = fc.dictionary(
  fc.string({ maxLength: 5 }),
  fc.oneof(
    anything,
    fc.constant({ method: "roots/list" }),
    fc.constant({ method: "elicitation/create", params: {} }),
  ),
  { maxKeys: 3 },
);

/** How the work of a task ends. */
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ tag: fc.constant("success" as const), val: text }),
  fc.record({
    tag: fc.constant("failure" as const),
    val: fc.record({ code: fc.integer(), message: fc.string(), data: fc.option(text, { nil: undefined }) }),
  }),
  fc.record({
    tag: fc.constant("input-required" as const),
    val: fc.record({
      requests: fc.oneof(
        text,
        requests.map((each) => JSON.stringify(each)),
      ),
      state: fc.option(text, { nil: undefined }),
    }),
  }),
  fc.constant({ tag: "accepted" as const }),
);

const request = fc.record({
  method: fc.constantFrom("tasks/get", "tasks/update", "tasks/cancel"),
  known: fc.boolean(),
  params: fc.record({ taskId: anything, inputResponses: anything }, { requiredKeys: [] }),
});

const STATUSES = ["working", "input_required", "completed", "failed", "cancelled"];

test("whatever work ends with and clients send, each answer is one, and a task is a task", async () => {
  const property = fc.asyncProperty(
    fc.array(outcome, { maxLength: 4 }),
    fc.array(request, { maxLength: 6 }),
    async (outcomes, sent) => {
      const server = await taskServer();
      const id = await server.create();
      for (const { method, known, params } of sent) {
        server.works[0]?.end({ outcome: outcomes.shift() ?? { tag: "success", val: "{}" } });
        const answers = await server.get(id);
        expect(STATUSES).toContain(answers["status"]);
        const asked = Object.keys(answers["inputRequests"] ?? {});
        const all = Object.fromEntries(asked.map((key) => [key, { action: "accept" }]));
        const { status, result, error } = await server.request(method, {
          ...params,
          ...(known && { taskId: id, ...(asked.length > 0 && { inputResponses: all }) }),
        });
        expect([200, 400]).toContain(status);
        expect((result === undefined) !== (error === undefined)).toBe(true);
      }
      await server.close();
      expect(await server.get(id)).toMatchObject({ taskId: id });
    },
  );
  await fc.assert(property, { numRuns: RUNS });
});
