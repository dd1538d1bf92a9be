import { expect } from "vitest";
import type { Message } from "../../fixtures/mcp-connection.ts";
import type { PortableCase } from "../portable-case.ts";
import { call, client, ERAS, LEGACY, MODERN, textOf } from "./clients.ts";

/** Longest wait for a tool that never returns, where the host has no limit of its own. */
const PATIENCE_MS = 3000;
const SPARE_MS = 30_000;

const LOG_LEVEL = { "io.modelcontextprotocol/logLevel": "debug" };

function methods(before: readonly Message[]): unknown[] {
  return before.map(({ method, params }) =>
    method === "notifications/progress" ? params!["progress"] : params!["level"],
  );
}

/** Notifications, failures, large payloads and state. */
export const LIMITS: readonly PortableCase[] = [
  {
    name: "progress reaches the client before the answer",
    async run(host) {
      for (const era of ERAS) {
        const connection = await client(host, era);
        const { before, answer } = await call(connection, "work", {}, { meta: { progressToken: "p" } });
        const progress = before.filter(({ method }) => method === "notifications/progress");
        expect(progress.map(({ params }) => params)).toEqual([
          { progressToken: "p", progress: 1, total: 2, message: "half" },
          { progressToken: "p", progress: 2, total: 2 },
        ]);
        expect(answer.result).toMatchObject({ content: [{ text: "done" }] });
      }
    },
  },
  {
    name: "log messages reach clients from the level they asked for up",
    async run(host) {
      const modern = await call(await client(host), "work", {}, { meta: LOG_LEVEL });
      expect(methods(modern.before)).toEqual(["debug", "info"]);
      expect(methods((await call(await client(host), "work")).before)).toEqual([]);
      expect(methods((await call(await client(host, LEGACY), "work")).before)).toEqual(["info"]);
    },
  },
  {
    name: "an error after the first notification is the last message of the stream",
    async run(host) {
      const connection = await client(host);
      const meta = { progressToken: "r" };
      const {
        status = 200,
        before,
        answer,
      } = await call(connection, "repeat", { times: 5_000_000 }, { meta });
      expect({ status, before }).toMatchObject({ status: 200, before: [{ params: { progress: 1 } }] });
      expect(answer.error).toMatchObject({ code: -32603 });
    },
  },
  {
    name: "a client that leaves, or cancels, ends its call",
    async run(host) {
      const connection = await host.connect(MODERN);
      const leaving = new AbortController();
      const waiting = call(
        connection,
        "wait",
        { name: "for-nobody" },
        {
          signal: leaving.signal,
          meta: { progressToken: "w", ...LOG_LEVEL },
          onMessage: ({ method }) => method === "notifications/progress" && leaving.abort(),
        },
      );
      await expect(waiting).rejects.toThrow();
      const [, how] = await host.until(/(left|stayed) for-nobody/);
      expect(how).toBe("left");
    },
  },
  {
    name: "1 MiB of content goes in, and 4 MiB come out",
    async run(host) {
      const connection = await client(host);
      expect(await textOf(call(connection, "measure", { text: "é".repeat(500_000) }))).toBe("500000");
      expect((await textOf(call(connection, "repeat", { times: 4_100_000 }))).length).toBe(4_100_000);
    },
  },
  {
    name: "a result over 4 MiB is an internal error",
    async run(host) {
      expect(await textOf(call(await client(host), "repeat", { times: 4_300_000 }))).toMatch(/^error -32603/);
    },
  },
  {
    name: "a tool that throws tells nothing of the inside, and the next call works",
    async run(host) {
      for (const era of ERAS) {
        const connection = await client(host, era);
        const text = await textOf(call(connection, "throw"));
        expect(text).toMatch(/error/i);
        expect(text).not.toMatch(/secret|home/);
        expect(await textOf(call(connection, "add", { a: 1, b: 2 }))).toContain("3");
      }
      await host.until(/secret at/);
    },
  },
  {
    name: "what a module keeps is gone with the request",
    async run(host) {
      const connection = await client(host);
      // More calls than a host that keeps instances has of them at a time.
      let most = 0;
      for (let i = 0; i < 8; i++) most = Math.max(most, Number(await textOf(call(connection, "count"))));
      expect(most).toBe(1);
    },
  },
  {
    name: "a tool without a grant for a service is denied each of its functions",
    async run(host) {
      const calls = [
        ["kv", "get", ["notes/a"]],
        ["kv", "set", ["notes/a", "1"]],
        ["kv", "increment", ["notes/a"]],
        ["kv", "list", ["notes/"]],
        ["config", "get", ["UNITS"]],
        ["secrets", "get", ["KEY"]],
        ["http", "fetch", ["https://example.com/"]],
      ];
      const results = JSON.parse(await textOf(call(await client(host), "reach", { calls }))) as object[];
      expect(results.map((result) => ("code" in result ? result.code : result))).toEqual(
        calls.map(() => "denied"),
      );
    },
  },
  {
    name: "a tool that overflows the stack is an error of its call alone",
    async run(host) {
      const connection = await host.connect(MODERN);
      expect(await textOf(call(connection, "overflow"))).toMatch(/error/i);
      expect(await textOf(call(connection, "add", { a: 1, b: 2 }))).toContain("3");
    },
  },
  {
    name: "the host ends a tool that never returns, and the next call works",
    async run(host) {
      const strict = await host.strict();
      try {
        const { limitMs } = strict;
        const signal = AbortSignal.timeout(limitMs === undefined ? PATIENCE_MS : limitMs + SPARE_MS);
        const connection = await strict.connect(MODERN);
        const ended = await call(connection, "endless", {}, { signal }).catch((error: unknown) => {
          throw new Error(`no answer: ${String(error)}`);
        });
        expect(ended.answer.error).toMatchObject({ code: -31504 });
        expect(await textOf(call(connection, "add", { a: 1, b: 2 }))).toContain("3");
      } finally {
        await strict.stop();
      }
    },
  },
];
