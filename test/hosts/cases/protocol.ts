import * as fc from "fast-check";
import { expect } from "vitest";
import { REVISIONS } from "../../../src/protocol/index.ts";
import { checkAnswer } from "../../fuzz/check-answer.ts";
import { messages } from "../../fuzz/messages.ts";
import { send } from "../bad-input.ts";
import type { PortableCase } from "../portable-case.ts";
import { post, request } from "../requests.ts";
import { replay } from "../transcripts/replay.ts";
import { call, client, ERAS, LEGACY, MODERN, textOf } from "./clients.ts";

const GENERATED = 100;
const SERVER = { name: "suite", version: "1.0.0" };
const SUM = { a: 2, b: 3 };

/** The protocol of both eras, with the core that has everything. */
export const PROTOCOL: readonly PortableCase[] = [
  {
    name: "`initialize` gives each revision that is asked for",
    async run(host) {
      for (const revision of REVISIONS.filter((each) => each !== MODERN)) {
        const { server } = await client(host, revision);
        expect(server).toMatchObject({
          protocolVersion: revision,
          serverInfo: SERVER,
          capabilities: { tools: {}, resources: {}, prompts: {} },
        });
      }
    },
  },
  {
    name: "`server/discover` names revisions, capabilities and the server",
    async run(host) {
      expect((await client(host)).server).toMatchObject({
        resultType: "complete",
        supportedVersions: REVISIONS,
        capabilities: { tools: {}, resources: {}, prompts: {} },
        _meta: { "io.modelcontextprotocol/serverInfo": SERVER },
      });
    },
  },
  {
    name: "`logging` is declared",
    async run(host) {
      for (const era of ERAS) expect((await client(host, era)).server).toHaveProperty("capabilities.logging");
    },
  },
  {
    name: "`ping`",
    run: async (host) =>
      expect((await (await client(host, LEGACY)).request("ping")).answer.result).toEqual({}),
  },
  {
    name: "lists show everything that was composed, in its order",
    async run(host) {
      for (const era of ERAS) {
        const { answer } = await (await client(host, era)).request("tools/list");
        const names = (answer.result!["tools"] as { name: string }[]).map(({ name }) => name);
        expect(names.slice(0, 6)).toEqual(["add", "subtract", "multiply", "divide", "order", "stock"]);
      }
    },
  },
  {
    name: "a tool is called",
    async run(host) {
      for (const era of ERAS) {
        const { answer } = await call(await client(host, era), "add", SUM);
        expect(answer.result).toMatchObject({ structuredContent: { sum: 5 } });
        expect(answer.result!["resultType"]).toBe(era === MODERN ? "complete" : undefined);
      }
    },
  },
  {
    name: "a resource is read, a prompt is got",
    async run(host) {
      for (const era of ERAS) {
        const connection = await client(host, era);
        const hours = await connection.request("resources/read", { uri: "shop://hours" });
        expect(hours.answer.result).toMatchObject({
          contents: [{ uri: "shop://hours", mimeType: "text/plain", text: "8 to 18" }],
        });
        const greeting = await connection.request("prompts/get", { name: "greeting" });
        expect(greeting.answer.result).toMatchObject({
          messages: [{ role: "user", content: { type: "text", text: "Greet the customer." } }],
        });
      }
    },
  },
  {
    name: "a batch of 2025-03-26 is answered with an array",
    async run(host) {
      const asked = ["ping", "nope"].map((method, id) => ({ jsonrpc: "2.0", id, method }));
      const add = { method: "tools/call", params: { name: "add", arguments: SUM } };
      const batch = JSON.stringify([...asked, { jsonrpc: "2.0", id: "é", ...add }]);
      expect(await (await host.connect("2025-03-26")).raw(batch)).toMatchObject([
        { id: 0, result: {} },
        { id: 1, error: { code: -32601 } },
        { id: "é", result: { structuredContent: { sum: 5 } } },
      ]);
    },
  },
  { name: "100 recorded exchanges of both eras are answered alike", run: replay },
  {
    name: "unknown tools, prompts and resources are -32602, unknown methods -32601",
    async run(host) {
      const asked: [string, object, number][] = [
        ["tools/call", { name: "absent", arguments: {} }, -32602],
        ["tools/call", { name: "__proto__", arguments: {} }, -32602],
        ["prompts/get", { name: "absent" }, -32602],
        ["resources/read", { uri: "shop://absent" }, -32602],
        ["no/such", {}, -32601],
      ];
      for (const era of ERAS) {
        for (const [method, params, code] of asked) {
          const { answer } = await (await client(host, era)).request(method, params);
          expect([method, answer.error?.code]).toEqual([method, code]);
        }
      }
    },
  },
  {
    name: "arguments that do not match are a result with `isError` that names the field",
    async run(host) {
      for (const era of ERAS) {
        const text = await textOf(call(await client(host, era), "add", { a: "two", b: 3 }));
        expect(text).toMatch(/^isError: .*a: /s);
      }
    },
  },
  {
    name: "a posted notification is accepted without content",
    only: "http",
    async run({ url }) {
      const { status } = await post(url, '{"jsonrpc":"2.0","method":"notifications/initialized"}');
      expect(status).toBe(202);
    },
  },
  {
    name: "other paths are not found",
    only: "http",
    async run({ url }) {
      const elsewhere = await fetch(new URL("/elsewhere", url), { method: "POST", body: "{}" });
      await elsewhere.arrayBuffer();
      expect(elsewhere.status).toBe(404);
    },
  },
  {
    name: "foreign `Host` fields are refused",
    only: "http",
    async run({ url }) {
      const content = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
      expect((await send(url, { content, headers: { host: "localhost:1" } })).status).toBe(200);
      for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80"]) {
        expect((await send(url, { content, headers: { host } })).status, host).toBe(403);
      }
    },
  },
  {
    name: `${GENERATED} generated messages get declared answers, and the next call works`,
    only: "http",
    async run({ url }) {
      const property = fc.asyncProperty(messages, async ({ text, headers }) => {
        const answer = await send(url, { content: text, headers });
        expect([200, 202, 400, 404]).toContain(answer.status);
        if (answer.status !== 202) checkAnswer(answer.text);
      });
      await fc.assert(property, { numRuns: GENERATED });
      const { body } = await request(url, "tools/call", { name: "add", arguments: SUM });
      expect(body.result).toMatchObject({ structuredContent: { sum: 5 } });
    },
  },
  {
    name: "lines that are no messages are answered, and the next one works",
    only: "stdio",
    async run(host) {
      const connection = await host.connect(MODERN);
      for (const [line, code] of [
        ['{"jsonrpc":"2.0"', -32700],
        ["[]", -32600],
        ['{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
        [`"${"x".repeat(1_100_000)}"`, -32600],
      ] as const) {
        expect(await connection.raw(line)).toMatchObject({ error: { code } });
      }
      expect(await textOf(call(connection, "add", SUM))).toContain("5");
    },
  },
];
