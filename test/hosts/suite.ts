import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkAnswer } from "../fuzz/check-answer.ts";
import { messages } from "../fuzz/messages.ts";
import { badInputSuite, send } from "./bad-input.ts";
import { declarationSuite } from "./declarations.ts";
import { modernCall, post, request } from "./requests.ts";

/** A host that serves the core of the suite. */
export interface RunningHost {
  /** The MCP endpoint. */
  url: string;
  /** Waits until something the host writes to its output matches. */
  until: (pattern: RegExp) => Promise<RegExpExecArray>;
  stop: () => Promise<void>;
}

/** A host to test. */
export interface HostSuite {
  /** Name of the host, for titles. */
  name: string;
  /** True where the platform decides which host names reach the server. Otherwise it serves loopback names alone. */
  anyHost?: true;
  /** True where log messages reach clients, which the server then declares. */
  logs?: true;
  /** Why the host cannot run here; nothing when it can. */
  missing?: string | undefined;
  /** Starts it with the core of `suite-core.ts`. */
  start: () => Promise<RunningHost>;
}

const GENERATED = 100;

/** What every host must do with one and the same core. */
export function hostSuite({ name, anyHost, logs, missing, start }: HostSuite): void {
  const title = missing === undefined ? `${name} serves a composed core` : `${name}: NOT RUN, ${missing}`;
  describe.skipIf(missing !== undefined)(title, () => {
    let host: RunningHost;

    beforeAll(async () => {
      host = await start();
    });
    afterAll(() => host?.stop());

    test("a batch of 2025-03-26 is answered with an array", async () => {
      const requests = ["ping", "nope"].map((method, id) => ({ jsonrpc: "2.0", id, method }));
      const call = {
        jsonrpc: "2.0",
        id: "c",
        method: "tools/call",
        params: { name: "add", arguments: { a: 1, b: 2 } },
      };
      const { status, body } = await post(host.url, JSON.stringify([...requests, call]));
      expect(status).toBe(200);
      expect(body).toMatchObject([
        { id: 0, result: {} },
        { id: 1, error: { code: -32601 } },
        { id: "c", result: { structuredContent: { sum: 3 } } },
      ]);
    });

    test("initialize negotiates a revision and names the server", async () => {
      const { status, type, body } = await request(host.url, "initialize", {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "suite", version: "1.0.0" },
      });
      expect({ status, type }).toEqual({ status: 200, type: "application/json" });
      expect(body).toEqual({
        jsonrpc: "2.0",
        id: 1,
        result: {
          protocolVersion: "2025-11-25",
          serverInfo: { name: "suite", version: "1.0.0" },
          capabilities: { tools: {}, resources: {}, prompts: {}, ...(logs && { logging: {} }) },
        },
      });
    });

    test("a notification is accepted without content", async () => {
      const { status } = await post(host.url, '{"jsonrpc":"2.0","method":"notifications/initialized"}');
      expect(status).toBe(202);
    });

    test("tools/list shows the tools of the composition", async () => {
      const { body } = await request(host.url, "tools/list");
      const tools = body.result?.["tools"] as { name: string; inputSchema: object }[];
      expect(tools.map((tool) => tool.name)).toContain("add");
      expect(tools.find((tool) => tool.name === "add")?.inputSchema).toMatchObject({ type: "object" });
    });

    test("tools/call runs the tool", async () => {
      const { status, body } = await request(
        host.url,
        "tools/call",
        { name: "add", arguments: { a: 2, b: 3 } },
        "é",
      );
      expect(status).toBe(200);
      expect(body.id).toBe("é");
      expect(body.result).toMatchObject({ structuredContent: { sum: 5 } });
    });

    test("resources/read and prompts/get give what the provider has", async () => {
      const resource = await request(host.url, "resources/read", { uri: "shop://hours" });
      expect(resource.body.result).toEqual({
        contents: [{ uri: "shop://hours", mimeType: "text/plain", text: "8 to 18" }],
      });
      const prompt = await request(host.url, "prompts/get", { name: "greeting" });
      expect(prompt.body.result).toMatchObject({
        messages: [{ role: "user", content: { type: "text", text: "Greet the customer." } }],
      });
    });

    test("a tools/call of revision 2026-07-28 is answered in its form", async () => {
      const { status, body } = await modernCall(host.url, "add", { a: 20, b: 22 });
      expect(status).toBe(200);
      expect(body.result).toMatchObject({
        resultType: "complete",
        structuredContent: { sum: 42 },
        _meta: { "io.modelcontextprotocol/serverInfo": { name: "suite", version: "1.0.0" } },
      });
    });

    test("the access log line of a call appears in the output of the host", async () => {
      await request(host.url, "tools/call", { name: "subtract", arguments: { a: 2, b: 3 } });
      const [line] = await host.until(/\{"time":.*"target":"subtract".*\}/);
      expect(JSON.parse(line)).toMatchObject({
        level: "info",
        source: "access-log",
        fields: { method: "tools/call", target: "subtract", outcome: "ok" },
      });
    });

    test("content just under 1 MiB is read whole", async () => {
      const { body } = await request(host.url, "tools/call", {
        name: "absent",
        arguments: { x: "é".repeat(500_000) },
      });
      expect(body.error?.code).toBe(-32602);
    });

    test("other paths are not found", async () => {
      const elsewhere = await fetch(new URL("/elsewhere", host.url), { method: "POST", body: "{}" });
      expect(elsewhere.status).toBe(404);
      await elsewhere.arrayBuffer();
    });

    badInputSuite(() => host);

    declarationSuite(() => host.url);

    test(`foreign Host fields are ${anyHost ? "the platform's business" : "refused"}`, async () => {
      const content = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
      for (const foreign of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80"]) {
        const { status } = await send(host.url, { content, headers: { host: foreign } });
        expect(status, foreign).toBe(anyHost ? 200 : 403);
      }
      expect((await send(host.url, { content, headers: { host: "localhost:1" } })).status).toBe(200);
    });

    test(`${GENERATED} generated messages get declared answers, and the next call works`, async () => {
      const property = fc.asyncProperty(messages, async ({ text, headers }) => {
        const answer = await send(host.url, { content: text, headers });
        expect([200, 202, 400, 404]).toContain(answer.status);
        if (answer.status !== 202) checkAnswer(answer.text);
      });
      await fc.assert(property, { numRuns: GENERATED });
      const { body } = await request(host.url, "tools/call", { name: "add", arguments: { a: 2, b: 3 } });
      expect(body.result).toMatchObject({ structuredContent: { sum: 5 } });
    }, 120_000);
  });
}
