import { connect } from "node:net";
import { expect } from "vitest";
import { call, MODERN, textOf } from "./clients.ts";
import { send } from "../bad-input.ts";
import type { Served } from "../hosts.ts";
import type { PortableCase } from "../portable-case.ts";

const SUM = { a: 2, b: 3 };

async function serves(host: Served): Promise<void> {
  expect(await textOf(call(await host.connect(MODERN), "add", SUM))).toContain("5");
}

/** Calls the tool that waits, and gives up once the host says that it runs. */
async function abandon(host: Served, name: string, accept: string): Promise<void> {
  const leaving = new AbortController();
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "wait", arguments: { name }, _meta: { progressToken: 1 } },
  });
  const headers = { "content-type": "application/json", accept };
  const asked = fetch(host.url, { method: "POST", headers, body, signal: leaving.signal });
  const ended = asked.then(
    (response) => response.text(),
    () => {},
  );
  await host.until(new RegExp(`waiting ${name}`));
  leaving.abort();
  await ended.catch(() => {});
}

/** What befalls a host; after each it serves the next request. */
export const FAULTS: readonly PortableCase[] = [
  {
    name: "a client that leaves before the answer does no harm",
    only: "http",
    async run(host) {
      await abandon(host, "before-the-answer", "application/json");
      await serves(host);
    },
  },
  {
    name: "a client that leaves while it is streamed to does no harm",
    only: "http",
    async run(host) {
      await abandon(host, "while-streaming", "application/json, text/event-stream");
      await serves(host);
    },
  },
  {
    name: "a client that leaves in the middle of its request does no harm",
    only: "http",
    async run(host) {
      const { hostname, port } = new URL(host.url);
      const socket = connect(Number(port), hostname);
      const head = `POST /mcp HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\n`;
      await new Promise<void>((resolve) => {
        socket.write(`${head}content-length: 1000\r\n\r\n{"jsonrpc"`, () => resolve());
      });
      socket.destroy();
      await serves(host);
    },
  },
  {
    name: "10 MB of content are refused with 413",
    only: "http",
    async run(host) {
      const answer = await send(host.url, { content: `{"x":"${"x".repeat(10_000_000)}"}` }).catch(
        (error: NodeJS.ErrnoException) => error,
      );
      // A host may close the connection before all of it was sent.
      if (answer instanceof Error) expect(["EPIPE", "ECONNRESET"]).toContain(answer.code);
      else expect(answer.status).toBe(413);
      await serves(host);
    },
  },
  {
    name: "a host that is killed in the middle of a call serves again once it is started",
    async run(host) {
      const waiting = call(await host.connect(MODERN), "wait", { name: "for-the-end" });
      const broken = expect(waiting).rejects.toThrow();
      await host.until(/waiting for-the-end/);
      await host.kill();
      await broken;
      await host.restart();
      await serves(host);
    },
  },
];
