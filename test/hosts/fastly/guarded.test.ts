import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compose } from "../../../src/compose/index.ts";
import { findProgram } from "../../fixtures/programs.ts";
import { modernRequest } from "../requests.ts";
import { expectHeard, expectRefusal, leaveMeanwhile, notify, type Client } from "../streamed-calls.ts";
import { askingCore } from "../suite-core.ts";
import { fixture, ready, serveOnFastly, type FastlyServer } from "./serve.ts";

const { path: viceroy, missing } = findProgram("viceroy");
const why = missing === undefined ? "" : `: NOT RUN, ${missing}`;
const KEYS = { ada: "a-key-of-more-than-twenty-characters", bob: "another-key-of-more-than-twenty" };
const LIMIT = 4;

describe.skipIf(missing !== undefined)(`a guarded server on Fastly${why}`, () => {
  let server: FastlyServer;
  let client: Client;

  beforeAll(async () => {
    const keys = Object.entries(KEYS).map(([id, key]) => ({
      id,
      sha256: createHash("sha256").update(key).digest("hex"),
    }));
    const { bytes } = await compose({
      name: "guarded",
      version: "1.0.0",
      access: "authenticated",
      providers: [{ as: "streaming", bytes: await fixture("streaming") }],
      middleware: [
        { as: "auth-api-key", bytes: await ready("auth-api-key"), settings: { keys } },
        {
          as: "rate-limit",
          bytes: await ready("rate-limit"),
          settings: { limit: LIMIT, windowMs: 3_600_000, by: ["principal"] },
        },
      ],
      grants: { "rate-limit": { kv: ["limits/"] } },
    });
    server = await serveOnFastly(viceroy!, bytes, { logEndpoint: "audit" });
    client = { url: server.url, headers: { authorization: `Bearer ${KEYS.ada}` } };
  }, 300_000);
  afterAll(() => server?.stop());

  test("progress and messages come ahead of the answer", () =>
    expectHeard(client, { era: "modern", logLevel: "error" }, ["error"]));

  test("a notification arrives while its tool still runs, which hears of a client that leaves", async () => {
    await leaveMeanwhile(client);
    // The line is an event of the log endpoint.
    const [, line] = await server.until(/audit :: (\{.*\\"persist\\".*\})$/m);
    expect(JSON.parse(line!)).toMatchObject({
      level: "warning",
      message: expect.stringMatching(/were dropped: the client does not read$/) as string,
    });
  });

  test("whoever has no key is refused, with the status and the challenge", () => expectRefusal(client));

  test("the limit of a caller holds across requests, and the next is refused", async () => {
    const bob = { url: server.url, headers: { authorization: `Bearer ${KEYS.bob}` } };
    const statuses: number[] = [];
    for (let i = 0; i <= LIMIT; i++) {
      const response = await notify(bob, "work", { accept: "application/json" });
      statuses.push(response.status);
      await response.arrayBuffer();
    }
    expect(statuses).toEqual([...Array<number>(LIMIT).fill(200), 429]);
  });
});

async function withServer(
  env: Record<string, string>,
  use: (server: FastlyServer) => Promise<void>,
): Promise<void> {
  const { bytes } = await askingCore();
  const server = await serveOnFastly(viceroy!, bytes, { stateKey: "secret-store", env });
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

describe.skipIf(missing !== undefined)(`a server on Fastly that asks its client${why}`, () => {
  const capabilities = { elicitation: {}, sampling: {}, roots: {} };
  const call = (server: FastlyServer, members: object = {}): ReturnType<typeof modernRequest> =>
    modernRequest(
      server.url,
      "tools/call",
      { name: "together", arguments: {}, ...members },
      {},
      capabilities,
    );

  test("the state is sealed with the key of the secret store, and comes back to another instance", async () => {
    await withServer({ TENON_STATE_KEY: "5".repeat(64) }, async (server) => {
      const { body } = await call(server);
      expect(body.result).toMatchObject({ resultType: "input_required" });
      const requestState = body.result!["requestState"] as string;
      const asked = body.result!["inputRequests"] as Record<string, { method: string }>;
      const answers: Record<string, object> = {
        "elicitation/create": { action: "accept", content: { name: "Ada", seats: 1 } },
        "sampling/createMessage": { role: "assistant", model: "m", content: { type: "text", text: "Hi" } },
        "roots/list": { roots: [] },
      };
      const inputResponses = Object.fromEntries(
        Object.entries(asked).map(([key, { method }]) => [key, answers[method]!]),
      );
      const changed = await call(server, { inputResponses, requestState: `${requestState}A` });
      expect(changed.body.error?.code).toBe(-32602);
      const { body: last } = await call(server, { inputResponses, requestState });
      expect(last.result).toMatchObject({ resultType: "complete" });
      expect(JSON.stringify(last.result!["content"])).toContain("Ada");
    });
  }, 300_000);

  test("a key that is none stops everything", async () => {
    await withServer({ TENON_STATE_KEY: "é".repeat(40) }, async (server) => {
      expect((await call(server)).status).toBe(500);
      await server.until(/TENON_STATE_KEY cannot be used/);
    });
  }, 300_000);
});
