import { describe, expect, test } from "vitest";
import * as z from "zod";
import { ALL_METHODS, handleProvider } from "../../../src/sdk/handle-provider.ts";
import { defineTool, provider, ToolError, type Outcome, type Tool } from "../../../src/sdk/index.ts";
import { createLog } from "../../../src/sdk/log.ts";

const PRINCIPAL = { subject: "ada", issuer: "https://id.example", scopes: ["all"] };
const input = z.object({ n: z.number() });

const optional = defineTool({
  name: "count",
  description: "Counts",
  input,
  task: "optional",
  run: ({ n }, ctx) => `${n} ${ctx.task?.phase ?? "alone"} ${ctx.task?.id ?? ""}`.trim(),
});

const prepared = defineTool({
  name: "prepare",
  description: "Prepares its work",
  input,
  task: "required",
  admit({ n }, ctx) {
    if (n < 0) throw new ToolError("Too small");
    return n === 0 ? undefined : { twice: n * 2, when: new Date(0), phase: ctx.task?.phase };
  },
  run: ({ n }, _ctx, admitted) => JSON.stringify([n, admitted ?? null]),
});

const plain = defineTool({ name: "plain", description: "Is never a task", input, run: ({ n }) => String(n) });

const logged: string[] = [];

async function handle(
  request: { method?: string; target: string; args?: object },
  context: object = {},
  tools: readonly Tool[] = [optional, prepared, plain],
): Promise<Outcome> {
  const log = createLog((_level, message, fields) => logged.push(`${message}: ${String(fields?.["error"])}`));
  const definition = provider({ name: "sample", version: "1.0.0", tools });
  const { method = "tools/call", target, args = { n: 1 } } = request;
  const params = JSON.stringify({ name: target, arguments: args });
  const all = handleProvider(definition, { log, services: {} }, ALL_METHODS);
  return all(JSON.stringify({ requestId: "r", ...context }), { id: "1", method, target, params });
}

function value(outcome: Outcome): unknown {
  return outcome.tag === "success" ? JSON.parse(outcome.val) : outcome;
}

function text(said: string): object {
  return { content: [{ type: "text", text: said }] };
}

describe("a tool with task", () => {
  const admit = { task: { phase: "admit" } };

  test("admits a call with who sent it and what admit returned, as JSON", async () => {
    expect(value(await handle({ target: "count" }, admit))).toEqual({ resultType: "task", principal: null });
    expect(value(await handle({ target: "prepare" }, { ...admit, principal: PRINCIPAL }))).toEqual({
      resultType: "task",
      principal: { issuer: "https://id.example", subject: "ada" },
      admitted: { twice: 2, when: "1970-01-01T00:00:00.000Z", phase: "admit" },
    });
    expect(value(await handle({ target: "prepare", args: { n: 0 } }, admit))).toEqual({
      resultType: "task",
      principal: null,
    });
  });

  test("answers at once what there need be no task for", async () => {
    const bad = value(await handle({ target: "count", args: { n: "one" } }, admit));
    expect(bad).toMatchObject({ isError: true });
    expect(value(await handle({ target: "prepare", args: { n: -1 } }, admit))).toEqual({
      isError: true,
      ...text("Too small"),
    });
    expect(value(await handle({ target: "plain" }, admit))).toEqual(text("1"));
    expect(await handle({ target: "nobody" }, admit)).toMatchObject({
      tag: "failure",
      val: { code: -32602 },
    });
  });

  test("does the work with what it had admitted", async () => {
    const run = { task: { phase: "run", id: "t-1", admitted: { twice: 2 } } };
    expect(value(await handle({ target: "count" }, run))).toEqual(text("1 run t-1"));
    expect(value(await handle({ target: "prepare" }, run))).toEqual(text('[1,{"twice":2}]'));
    const bad = value(await handle({ target: "prepare", args: {} }, run));
    expect(bad).toMatchObject({ isError: true });
  });

  test("is an ordinary call where there are no tasks, unless it must be one", async () => {
    expect(value(await handle({ target: "count" }))).toEqual(text("1 alone"));
    expect(await handle({ target: "prepare" })).toEqual({
      tag: "failure",
      val: {
        code: -32021,
        message: '"prepare" runs as a task, which this client does not support',
        data: '{"requiredCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}}',
      },
    });
  });

  test("an ordinary call of an optional one is admitted first as well", async () => {
    const tool = defineTool({ ...prepared, task: "optional" });
    const called = await handle({ target: "prepare", args: { n: 2 } }, {}, [tool]);
    expect(value(called)).toEqual(text('[2,{"twice":4,"when":"1970-01-01T00:00:00.000Z"}]'));
  });

  test("what admit returns is bounded", async () => {
    const greedy = defineTool({ ...optional, admit: () => "x".repeat(64 * 1024) });
    logged.length = 0;
    expect(value(await handle({ target: "count" }, admit, [greedy]))).toEqual({
      isError: true,
      ...text("The tool failed"),
    });
    expect(logged).toEqual([
      'Tool "count" failed: ReturnError: what its admit returned is JSON of more than 65536 characters',
    ]);
  });

  test("requests about its tasks are answered with who sent them; other tools have none", async () => {
    for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
      expect(value(await handle({ method, target: "count" }))).toEqual({ principal: null });
      expect(value(await handle({ method, target: "prepare" }, { principal: PRINCIPAL }))).toEqual({
        principal: { issuer: "https://id.example", subject: "ada" },
      });
      for (const target of ["plain", "nobody", "__proto__"]) {
        expect(await handle({ method, target })).toEqual({
          tag: "failure",
          val: { code: -32602, message: "Unknown task" },
        });
      }
    }
  });
});

test.for<[object, string]>([
  [{ task: "forbidden" }, 'its task is neither "optional" nor "required"'],
  [{ task: "optional", admit: 5 }, "it has no admit function"],
  [{ admit: () => 1 }, 'it has an admit and no task: add task: "optional" or "required"'],
])("provider() refuses %j", ([members, problem]) => {
  const tool = { ...plain, ...members };
  expect(() => provider({ name: "sample", version: "1.0.0", tools: [tool] })).toThrow(problem);
});
