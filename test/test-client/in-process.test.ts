import { afterEach, describe, expect, test, vi } from "vitest";
import { connect, type ConnectOptions, type TestClient } from "tenon/test";
import { defineMiddleware, definePrompt, defineTool, provider, type Provider } from "tenon";
import * as z from "zod";
import interferer from "../fixtures/components/interferer.ts";
import workshop from "../fixtures/components/workshop.ts";

const clients: TestClient[] = [];

async function client(definition: Provider, options: ConnectOptions = {}): Promise<TestClient> {
  const connected = await connect(definition, { quiet: true, ...options });
  clients.push(connected);
  return connected;
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((each) => each.close()));
  vi.restoreAllMocks();
});

/** A provider with one tool. */
function withTool(run: () => unknown, more: Partial<Provider> = {}): Provider {
  const tool = defineTool({
    name: "run",
    description: "Runs",
    input: z.object({}),
    run: run as () => string,
  });
  return provider({ name: "sample", version: "1.0.0", tools: [tool], ...more });
}

/** A provider with a tool of such arguments. */
function withInput(input: unknown): Provider {
  const tool = { name: "t", description: "T", input: input as never, run: () => "" };
  return provider({ name: "sample", version: "1.0.0", tools: [tool] });
}

test("lists of several pages are read whole, with what is dynamic at their end", async () => {
  const names = Array.from({ length: 260 }, (_, i) => `p${i}`);
  const prompts = names.map((name) => definePrompt({ name, get: () => name }));
  const dynamic = { prompts: { list: () => [{ name: "last" }], get: () => undefined } };
  const connected = await client(withTool(() => "", { prompts, dynamic }));
  expect((await connected.prompts()).map(({ name }) => name)).toEqual([...names, "last"]);
  expect(await connected.tools()).toHaveLength(1);
});

describe("connect() refuses", () => {
  const http = { http: "loads" };
  test.for<[string, () => Promise<TestClient>, string]>([
    [
      "a definition that would not build",
      () => connect(withInput(z.object({ at: z.date() }))),
      'Cannot connect to "sample": the input of tool "t" has no JSON Schema: Date cannot be represented in JSON Schema',
    ],
    [
      "arguments of a prompt that no text can be",
      () =>
        connect(
          provider({
            name: "sample",
            version: "1.0.0",
            prompts: [definePrompt({ name: "p", arguments: z.object({ n: z.number() }), get: () => "" })],
          }),
        ),
      'Cannot connect to "sample": the arguments of prompt "p" have "n" of type "number", and all that clients send are strings: take a string, and convert it',
    ],
    [
      "what provider() has not made",
      () => connect({ name: "sample" } as never),
      "Cannot connect to a definition: its default export is something else, not what provider() or defineMiddleware() returns",
    ],
    [
      "a middleware as the provider",
      () => connect(interferer as never),
      'Cannot connect to "interferer": it is a middleware, which goes into the option "middleware"',
    ],
    [
      "a provider as middleware",
      () => connect(workshop, { middleware: [workshop as never] }),
      "Cannot use a middleware: it is not what defineMiddleware() returns",
    ],
    [
      "a fake for what nothing declares",
      () =>
        connect(
          withTool(() => ""),
          { kv: {} },
        ),
      'Cannot fake kv for "sample": it does not declare it',
    ],
    [
      "a fake answer for no request",
      () =>
        connect(
          withTool(() => "", { capabilities: http }),
          { http: { "api.example": "" } },
        ),
      'Cannot fake "api.example": it is neither a method with a URL nor an origin',
    ],
    [
      "a fake answer for a path without a method",
      () =>
        connect(
          withTool(() => "", { capabilities: http }),
          { http: { "https://api.example/x": "" } },
        ),
      'Cannot fake "https://api.example/x": it is neither a method with a URL nor an origin',
    ],
    [
      "a middleware without a component, where the provider has one",
      () => connect(workshop, { component: "x.wasm", middleware: [interferer] }),
      'Cannot connect to "workshop": some parts name a component, and some do not',
    ],
    [
      "the component of another definition",
      () =>
        connect(
          withTool(() => ""),
          { component: "test/fixtures/components/labels.ts" },
        ),
      'Cannot connect to "test/fixtures/components/labels.ts": it is labels 1.0.0, not sample 1.0.0',
    ],
    [
      "a component that is not there",
      () => connect(workshop, { component: "nowhere.wasm" }),
      'Cannot load component "nowhere.wasm": there is no such file',
    ],
  ])("%s", async ([, connecting, message]) => {
    await expect(connecting()).rejects.toThrow(message);
  });
});

describe("what handlers see of the process", () => {
  test("fetch and Date are replaced inside handlers alone, and for each client apart", async () => {
    const told = withTool(async () => `${await (await fetch("https://api.example/")).text()} ${Date.now()}`, {
      capabilities: { http: "loads" },
    });
    const [one, two] = await Promise.all([
      client(told, { http: { "https://api.example": "one" }, clock: 1 }),
      client(told, { http: { "https://api.example": "two" }, clock: 2 }),
    ]);
    const calls = Promise.all([one.call("run"), two.call("run")]);
    expect(Date.now()).toBeGreaterThan(1_600_000_000_000);
    expect(new Date(5)).toBeInstanceOf(Date);
    expect((await calls).map(({ text }) => text)).toEqual(["one 1", "two 2"]);
  });

  test("fetch without the capability is an error that says what to declare", async () => {
    const { call, logs } = await client(withTool(async () => (await fetch("https://example.com/")).text()));
    expect((await call("run")).isError).toBe(true);
    expect(logs[0]!.fields!["error"]).toBe(
      'TypeError: fetch is not declared: add capabilities: { http: "why" } to the definition',
    );
  });

  test("a service that is not declared is an error that says what to declare", async () => {
    const tool = defineTool({
      name: "run",
      description: "Runs",
      input: z.object({}),
      run: (_args, ctx) => ctx.kv.get("a").then(String),
    });
    const { call, logs } = await client(provider({ name: "sample", version: "1.0.0", tools: [tool] }));
    expect((await call("run")).isError).toBe(true);
    expect(logs[0]!.fields!["error"]).toBe(
      'TypeError: ctx.kv is not declared: add capabilities: { kv: "why" } to the definition',
    );
  });

  test("a middleware has a fetch of its own only if it declares it", async () => {
    const loading = defineMiddleware({
      name: "loading",
      version: "1.0.0",
      async handle(request, next) {
        await fetch("https://api.example/");
        return next(request);
      },
    });
    const told = withTool(() => "done", { capabilities: { http: "loads" } });
    const http = { "https://api.example": "" };
    const { call, logs } = await client(told, { middleware: [loading], http });
    await expect(call("run")).rejects.toThrow("Internal error");
    expect(logs[0]).toMatchObject({ source: "loading", fields: { error: /fetch is not declared/ } });
  });

  test("what is replaced is back once the last client is closed", async () => {
    const before = [globalThis.fetch, globalThis.Date, console.log];
    const first = await connect(workshop);
    const second = await connect(workshop);
    expect(globalThis.Date).not.toBe(before[1]);
    await first.close();
    await first.close();
    expect(globalThis.Date).not.toBe(before[1]);
    await second.close();
    expect([globalThis.fetch, globalThis.Date, console.log]).toEqual(before);
  });
});

test("a call that takes too long ends at its deadline", async () => {
  const { call } = await client(
    withTool(() => new Promise(() => {})),
    { deadline: 20 },
  );
  await expect(call("run")).rejects.toMatchObject({ code: -31_504, message: "The request took too long" });
});

test("clients that are connected at the same time have the process's clock", async () => {
  const [one, other] = [withTool(() => String(Date.now() > 0)), withTool(() => String(Date.now() > 0))];
  const both = [await client(one), await client(other)];
  const texts = await Promise.all(both.map(async ({ call }) => (await call("run")).text));
  expect(texts).toEqual(["true", "true"]);
});

test("error lines are printed unless that is turned off", async () => {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const failing = withTool(() => {
    throw new Error("broken");
  });
  await (await client(failing)).call("run");
  expect(write).not.toHaveBeenCalled();
  await (await client(failing, { quiet: false })).call("run");
  expect(write).toHaveBeenCalledOnce();
  expect(write.mock.calls[0]![0]).toMatch(/^sample: Tool "run" failed\nError: broken\n/);
});

test("fields of the log are what they are once written", async () => {
  const tool = defineTool({
    name: "run",
    description: "Runs",
    input: z.object({}),
    run(_args, ctx) {
      ctx.log.info("a", { when: new Date(0), none: undefined });
      ctx.log.info("b", { big: 1n });
      return "";
    },
  });
  const { call, logs } = await client(provider({ name: "sample", version: "1.0.0", tools: [tool] }));
  await call("run");
  expect(logs).toEqual([
    { level: "info", source: "sample", message: "a", fields: { when: "1970-01-01T00:00:00.000Z" } },
    { level: "info", source: "sample", message: "b", fields: { fields: "not JSON" } },
  ]);
});
