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

/** Calls the tool that waits, and leaves: once it is streamed to, or as soon as the request is sent. */
async function abandon({ url }: Served, streams: boolean): Promise<void> {
  const { hostname, port } = new URL(url);
  const params = { name: "wait", arguments: { name: "nobody" }, _meta: { progressToken: 1 } };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const accept = streams ? "application/json, text/event-stream" : "application/json";
  const fields = ["content-type: application/json", `accept: ${accept}`, `content-length: ${body.length}`];
  const socket = connect(Number(port), hostname);
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    if (streams) socket.once("data", () => resolve());
    const head = ["POST /mcp HTTP/1.1", `host: ${hostname}`, ...fields, "", ""].join("\r\n");
    socket.write(`${head}${body}`, () => streams || resolve());
  });
  socket.destroy();
}

/** What befalls a host; after each it serves the next request. */
export const FAULTS: readonly PortableCase[] = [
  {
    name: "a client that leaves before the answer does no harm",
    only: "http",
    async run(host) {
      await abandon(host, false);
      await serves(host);
    },
  },
  {
    name: "a client that leaves while it is streamed to does no harm",
    only: "http",
    async run(host) {
      await abandon(host, true);
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
      const connection = await host.connect(MODERN);
      let started: (() => void) | undefined;
      const runs = new Promise<void>((resolve) => (started = resolve));
      const sending = { meta: { progressToken: "w" }, onMessage: () => started!() };
      const broken = expect(call(connection, "wait", { name: "the-end" }, sending)).rejects.toThrow();
      await runs;
      await host.kill();
      await broken;
      await host.restart();
      await serves(host);
    },
  },
];
