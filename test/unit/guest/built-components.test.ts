import { beforeAll, describe, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import type { Outcome, Request } from "tenon";
import { compileComponent, CONTEXT, type CompiledComponent } from "../../fixtures/compiled-component.ts";

const components = new Map<string, CompiledComponent>();

function component(name: string): CompiledComponent {
  return components.get(name)!;
}

beforeAll(async () => {
  for (const name of ["failures", "asynchrony", "interferer", "labels"]) {
    const { bytes } = await buildComponent({ entry: `test/fixtures/components/${name}.ts` });
    components.set(name, await compileComponent(bytes));
  }
});

describe("no exception leaves a provider", () => {
  test.for(["throw", "throw-null", "throw-later", "circular"])(
    "%s: a generic failure, details in the log",
    (tool) => {
      const instance = component("failures").instantiate();
      const outcome = instance.handle({ id: "1", method: "tools/call", target: tool });
      expect(outcome).toEqual({
        tag: "success",
        val: '{"isError":true,"content":[{"type":"text","text":"The tool failed"}]}',
      });
      expect(instance.logs).toMatchObject([{ level: "error", message: `Tool "${tool}" failed` }]);
      expect(instance.call("count", {}).content[0]!.text).toBe("1");
    },
  );

  test("details of an exception reach the log and not the client", () => {
    const instance = component("failures").instantiate();
    expect(JSON.stringify(instance.call("throw", {}))).not.toContain("secret");
    expect(JSON.parse(instance.logs[0]!.fields!)).toMatchObject({
      tool: "throw",
      error: "TypeError: secret detail",
    });
  });

  test("the message of a ToolError reaches the client", () => {
    const instance = component("failures").instantiate();
    const result = instance.call("tool-error", {});
    expect(result).toEqual({ isError: true, content: [{ type: "text", text: "No city of that name" }] });
    expect(instance.logs).toEqual([]);
  });

  test("running out of memory is a failure, and the instance lives on", () => {
    const instance = component("failures").instantiate();
    expect(instance.call("out-of-memory", {})).toMatchObject({ isError: true });
    expect(instance.call("count", {}).content[0]!.text).toBe("1");
  });

  test("a promise that can never settle is an error naming the tool", () => {
    const instance = component("failures").instantiate();
    const result = instance.call("never-settles", {});
    expect(result.isError).toBe(true);
    expect(result.content[0]!.text).toBe(
      'Tool "never-settles" never finished: it awaits a promise that nothing can settle',
    );
  });

  test("an exception in a microtask fails the call", () => {
    const instance = component("failures").instantiate();
    const outcome = instance.handle({ id: "1", method: "tools/call", target: "throw-in-microtask" });
    expect(outcome).toMatchObject({ tag: "failure", val: { code: -32603, message: "Internal error" } });
    expect(instance.logs[0]!.fields).toContain("from a microtask");
  });

  test("an unhandled rejection is logged", () => {
    const instance = component("failures").instantiate();
    expect(instance.call("unhandled-rejection", {}).content[0]!.text).toBe("done");
    expect(instance.logs).toMatchObject([{ level: "error", message: "Unhandled rejection" }]);
    expect(instance.logs[0]!.fields).toContain("nobody looked");
  });

  test("jobs left over do not run in the next call", () => {
    const instance = component("failures").instantiate();
    expect(instance.call("job-left-over", {}).content[0]!.text).toBe("done");
    expect(instance.logs).toMatchObject([{ level: "warning", message: /^Dropped 1 job/ }]);
    expect(instance.call("never-settles", {}).isError).toBe(true);
  });

  test("half a surrogate pair is escaped", () => {
    const outcome = component("failures")
      .instantiate()
      .handle({ id: "1", method: "tools/call", target: "lone-surrogate" });
    expect(outcome).toEqual({ tag: "success", val: '{"content":[{"type":"text","text":"\\ud800"}]}' });
  });

  test("what is not JSON and what is unknown are errors of the protocol", () => {
    const instance = component("failures").instantiate();
    const call = (members: object): Outcome => instance.handle({ id: "1", method: "tools/call", ...members });
    expect(call({ target: "count", params: "{" })).toMatchObject({ tag: "failure", val: { code: -32602 } });
    expect(call({ target: "count", params: '{"arguments":[]}' })).toMatchObject({
      tag: "failure",
      val: { code: -32602 },
    });
    expect(call({ target: "nothing" })).toMatchObject({
      tag: "failure",
      val: { code: -32602, message: "Unknown tool" },
    });
    expect(call({})).toMatchObject({ tag: "failure", val: { code: -32602 } });
    expect(call({ method: "prompts/get" })).toMatchObject({ tag: "failure", val: { code: -32601 } });
  });

  test("a context that is not JSON fails the tool that reads it", () => {
    const instance = component("asynchrony").instantiate();
    const outcome = instance.handle({ id: "1", method: "tools/call", target: "log" }, "{");
    expect(outcome).toMatchObject({ tag: "success", val: /^\{"isError":true/ });
  });
});

describe("async code runs to its end within a call", () => {
  test("for await over an async generator", () => {
    const instance = component("asynchrony").instantiate();
    expect(instance.call("for-await", { limit: 100 }).structuredContent).toEqual({ sum: 5050 });
  });

  test("Promise.all, Promise.allSettled and Array.fromAsync", () => {
    const instance = component("asynchrony").instantiate();
    expect(instance.call("all", { values: [1, 2, 3] }).structuredContent).toEqual({
      doubled: [2, 4, 6],
      settled: ["fulfilled", "rejected"],
      listed: [1, 2, 3],
    });
  });

  test("timers fire in the order of their times, and the instance sleeps until then", () => {
    const instance = component("asynchrony").instantiate();
    expect(instance.call("sleep", { delays: [30, 10, 20] }).content[0]!.text).toBe("10,20,30");
    expect(instance.slept).toBeCloseTo(30, 0);
  });

  test("Math.random differs between instances and within one", () => {
    const values = [0, 1].flatMap(() => {
      const { structuredContent } = component("asynchrony").instantiate().call("random", {});
      return (structuredContent as { values: number[] }).values;
    });
    expect(new Set(values).size).toBe(20);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  });

  test("console and ctx.log write to the host's log", () => {
    const instance = component("asynchrony").instantiate();
    instance.call("log", {});
    expect(instance.logs).toMatchObject([
      { level: "info", message: 'six is 6 { a: [1, "b"], map: Map(1) {"k" => 1n} }' },
      { level: "error", message: /^RangeError: too far/ },
      { level: "notice", message: "noted", fields: '{"requestId":"request-1"}' },
    ]);
  });
});

function accepted(): Outcome {
  return { tag: "accepted" };
}

function request(target: string): Request {
  return { id: "1", method: "tools/call", target };
}

function greet(settings?: object): Outcome {
  const options = settings === undefined ? { next: accepted } : { next: accepted, settings };
  return component("interferer").instantiate(options).handle(request("greet"));
}

describe("middleware", () => {
  test.for(["throw", "bad-outcome", "bad-request"])("%s: an internal error, details in the log", (target) => {
    const instance = component("interferer").instantiate({ next: accepted });
    expect(instance.handle(request(target))).toMatchObject({
      tag: "failure",
      val: { code: -32603, message: "Internal error" },
    });
    expect(instance.logs).toMatchObject([{ level: "error", message: 'Middleware "interferer" failed' }]);
    expect(instance.handle(request("pass"))).toEqual({ tag: "accepted" });
  });

  test("passes a refusal out with its headers", () => {
    const instance = component("interferer").instantiate({ next: accepted });
    expect(instance.handle(request("refuse"))).toMatchObject({
      tag: "refused",
      val: {
        status: 401,
        headers: [["www-authenticate", "Bearer"]],
        error: { code: -31_001, message: "No" },
      },
    });
  });

  test("next() passes the context on as it came, or with members replaced", () => {
    const seen: string[] = [];
    const next = (context: string): Outcome => {
      seen.push(context);
      return { tag: "accepted" };
    };
    const instance = component("interferer").instantiate({ next });
    const context = `{ "unknown" : [1.0],${CONTEXT.slice(1)}`;
    instance.handle(request("pass"), context);
    instance.handle(request("label"), context);
    expect(seen[0]).toBe(context);
    expect(JSON.parse(seen[1]!)).toEqual({
      ...(JSON.parse(context) as object),
      headers: { "x-label": "seen" },
    });
  });

  test("a method it does not act on passes by", () => {
    const instance = component("interferer").instantiate({ next: accepted });
    expect(instance.handle({ id: "1", method: "tools/list", target: "throw" })).toEqual({ tag: "accepted" });
    expect(instance.logs).toEqual([]);
  });

  test("settings of a zod schema have their defaults", () => {
    expect(greet()).toEqual({ tag: "success", val: '{"greeting":"hello"}' });
    expect(greet({ greeting: "hi" })).toEqual({ tag: "success", val: '{"greeting":"hi"}' });
  });
});

test("settings reach a middleware whose schema names no property", () => {
  const instance = component("labels").instantiate({ next: accepted, settings: { team: "blue" } });
  expect(instance.handle({ method: "tools/list" })).toEqual({ tag: "success", val: '{"team":"blue"}' });
});
