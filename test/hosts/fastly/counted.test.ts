import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compose } from "../../../src/compose/index.ts";
import { findProgram } from "../../fixtures/programs.ts";
import { request } from "../requests.ts";
import { fixture, ready, serveOnFastly, type FastlyServer } from "./serve.ts";

const { path: viceroy, missing } = findProgram("viceroy");
const why = missing === undefined ? "" : `: NOT RUN, ${missing}`;
const LIMIT = 2;

async function call({ url }: FastlyServer, method: string, ...args: unknown[]): Promise<unknown> {
  const { body } = await request(url, "tools/call", {
    name: "call",
    arguments: { service: "kv", method, args },
  });
  const { content } = body.result as { content: [{ text: string }] };
  return JSON.parse(content[0].text);
}

describe.skipIf(missing !== undefined)(`a server on Fastly with rate counters${why}`, () => {
  const servers: FastlyServer[] = [];

  async function serve(kv: string[]): Promise<FastlyServer> {
    const { bytes } = await compose({
      name: "counted",
      version: "1.0.0",
      access: "public",
      providers: [{ as: "services", bytes: await fixture("services") }],
      middleware: [
        {
          as: "limit",
          bytes: await ready("rate-limit"),
          settings: { limit: LIMIT, windowMs: 60_000, methods: ["tools/call"] },
        },
      ],
      grants: { limit: { kv: ["limits/"] }, ...(kv.length > 0 && { services: { kv } }) },
    });
    const server = await serveOnFastly(viceroy!, bytes, { rateCounters: ["limits/"] });
    servers.push(server);
    return server;
  }

  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  describe("and a KV store for other keys", () => {
    let server: FastlyServer;
    beforeAll(async () => {
      server = await serve(["notes/"]);
    }, 300_000);

    test("calls are counted and answered; Viceroy's counters stay at nothing, so that none is refused", async () => {
      for (let i = 0; i <= LIMIT; i++) expect(await call(server, "get", "notes/a")).toEqual({});
    });

    test("other keys are kept", async () => {
      await call(server, "set", "notes/a", "kept");
      expect(await call(server, "get", "notes/a")).toEqual({ gives: "kept" });
      expect(await call(server, "list", "notes/", { limit: 3 })).toEqual({ gives: { keys: ["notes/a"] } });
      expect(await call(server, "increment", "notes/n", 2)).toEqual({ gives: 2 });
      await call(server, "delete", "notes/a");
      expect(await call(server, "swap", "notes/a", null, "anew")).toEqual({ gives: true });
    });
  });

  test("without a KV store calls are answered as well", async () => {
    const server = await serve([]);
    for (let i = 0; i <= LIMIT; i++)
      expect(await call(server, "get", "notes/a")).toMatchObject({ code: "denied" });
  }, 300_000);
});
