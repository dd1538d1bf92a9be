import { expect, test } from "vitest";
import * as z from "zod/mini";
import { handleMiddleware } from "../../../src/sdk/handle-middleware.ts";
import { handleProvider, toolMethods } from "../../../src/sdk/handle-provider.ts";
import { defineMiddleware, defineTool, provider, type CallEnvironment } from "../../../src/sdk/index.ts";
import { createLog } from "../../../src/sdk/log.ts";

/** What the host's log and the client get of one call. */
async function run(
  body: (ctx: CallEnvironment) => void,
  context: object,
): Promise<{ host: string[]; client: unknown[] }> {
  const host: string[] = [];
  const client: unknown[] = [];
  const tool = defineTool({
    name: "t",
    description: "d",
    input: z.object({}),
    run: (_args, ctx) => {
      body(ctx);
      return "";
    },
  });
  const handle = handleProvider(
    provider({ name: "sums", version: "1.0.0", tools: [tool] }),
    {
      log: createLog((level, message) => host.push(`${level} ${message}`)),
      services: {},
      notify: (message) => client.push(JSON.parse(message)),
    },
    [toolMethods],
  );
  await handle(JSON.stringify(context), { id: "1", method: "tools/call", target: "t", params: "{}" });
  return { host, client };
}

test("what a tool logs goes to the client as well, from the level up that it asked for", async () => {
  const { host, client } = await run(
    ({ log }) => {
      log.info("quiet");
      log.warning("loud", { at: 7, message: "mine" });
    },
    { logLevel: "notice" },
  );
  expect(host).toEqual(["info quiet", "warning loud"]);
  expect(client).toEqual([
    {
      jsonrpc: "2.0",
      method: "notifications/message",
      params: { level: "warning", logger: "sums", data: { at: 7, message: "loud" } },
    },
  ]);
});

test.each([{}, { logLevel: "critical" }])("the client gets nothing with %j", async (context) => {
  const { host, client } = await run((ctx) => ctx.log.error("loud"), context);
  expect(host).toEqual(["error loud"]);
  expect(client).toEqual([]);
});

test("an exception and its stack stay in the host's log", async () => {
  const { host, client } = await run(
    () => {
      throw new Error("secret");
    },
    { logLevel: "debug" },
  );
  expect(host).toEqual(['error Tool "t" failed']);
  expect(client).toEqual([]);
});

test("fields that are not JSON do not fail the call", async () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const { host, client } = await run((ctx) => ctx.log.error("odd", { cycle }), { logLevel: "debug" });
  expect(host).toEqual(["error odd"]);
  expect(client).toEqual([]);
});

test("what middleware logs is the host's alone", async () => {
  const seen: string[] = [];
  const middleware = defineMiddleware({
    name: "m",
    version: "1.0.0",
    handle: (request, next, ctx) => {
      ctx.log.error("refused");
      return next(request);
    },
  });
  const handle = handleMiddleware(middleware, {
    log: createLog((_level, message) => seen.push(`host: ${message}`)),
    services: {},
    notify: () => seen.push("client"),
    next: () => ({ tag: "success", val: "{}" }),
  });
  await handle('{"logLevel":"debug"}', { id: "1", method: "tools/list", target: undefined, params: "{}" });
  expect(seen).toEqual(["host: refused"]);
});
