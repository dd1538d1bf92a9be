import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compose } from "../../../src/compose/index.ts";
import { findProgram } from "../../fixtures/programs.ts";
import { fixture, ready, serveOnFastly, type FastlyServer } from "./serve.ts";

const { path: viceroy, missing } = findProgram("viceroy");
const why = missing === undefined ? "" : `: NOT RUN, ${missing}`;
const LIMIT = 2;

describe.skipIf(missing !== undefined)(`a server on Fastly that limits addresses${why}`, () => {
  let server: FastlyServer;

  beforeAll(async () => {
    const { bytes } = await compose({
      name: "addresses",
      version: "1.0.0",
      access: "public",
      providers: [{ as: "services", bytes: await fixture("services") }],
      middleware: [
        {
          as: "limit",
          bytes: await ready("rate-limit"),
          settings: { limit: LIMIT, windowMs: 3_600_000, by: ["peer"] },
        },
      ],
      grants: { limit: { kv: ["limits/"] } },
    });
    server = await serveOnFastly(viceroy!, bytes);
  }, 300_000);
  afterAll(() => server?.stop());

  async function statusFrom(localAddress: string): Promise<number> {
    const sent = request(server.url, {
      method: "POST",
      localAddress,
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    });
    sent.end(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }));
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.resume();
    return response.statusCode!;
  }

  // Only there all of 127.0.0.0/8 is the machine's own without being set up.
  test.skipIf(process.platform !== "linux")("each has a budget of its own", async () => {
    const statuses: number[] = [];
    for (let i = 0; i <= LIMIT; i++) statuses.push(await statusFrom("127.0.0.1"));
    expect(statuses).toEqual([...Array<number>(LIMIT).fill(200), 429]);
    expect(await statusFrom("127.0.0.2")).toBe(200);
  });
});
