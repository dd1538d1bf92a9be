import { defineMiddleware } from "tenon";
import { connect, type ConnectOptions, type TestClient } from "tenon/test";
import { describe, expect, test } from "vitest";
import guarded from "../fixtures/components/guarded.ts";
import tokenTable from "../fixtures/components/token-table.ts";

const READER = { subject: "ada", issuer: "https://id.example", scopes: ["docs:read"], roles: ["editor"] };
const TABLE = {
  use: tokenTable,
  settings: { tokens: { reader: READER }, resource: "https://mcp.example/mcp" },
};

async function withClient<T>(options: ConnectOptions, use: (client: TestClient) => Promise<T>): Promise<T> {
  const client = await connect(guarded, { quiet: true, ...options });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

const WAYS: Record<string, { component?: string; middleware: ConnectOptions["middleware"] & {} }> = {
  "in this process": { middleware: [TABLE] },
  "in its component": {
    component: "test/fixtures/components/guarded.ts",
    middleware: [{ ...TABLE, component: "test/fixtures/components/token-table.ts" }],
  },
};

// Two components are built for the first test.
describe.each(Object.entries(WAYS))(
  "a provider behind authentication, %s,",
  { timeout: 120_000 },
  (_, way) => {
    test("is called with the credential of the client", async () => {
      await withClient({ ...way, authorization: "Bearer reader" }, async (client) => {
        expect((await client.call("read")).text).toBe("read");
        expect((await client.tools()).map(({ name }) => name)).toEqual([
          "open",
          "read",
          "transfer",
          "retire",
          "slow",
        ]);
        await expect(client.call("publish")).rejects.toMatchObject({
          code: -31_403,
          status: 403,
          data: { scopes: ["docs:read", "docs:write"] },
        });
      });
    });

    test("gives the roles and rules of the test", async () => {
      const roles = { editor: ["docs:write"] };
      const rules = { transfer: "arguments.amount < 10", retire: "principal.subject == 'eve'" };
      await withClient({ ...way, authorization: "Bearer reader", roles, rules }, async (client) => {
        expect((await client.call("publish")).text).toBe("published");
        expect((await client.call("transfer", { amount: 9 })).text).toBe("9");
        await expect(client.call("transfer", { amount: 10 })).rejects.toMatchObject({ code: -31_403 });
        expect((await client.tools()).map(({ name }) => name)).not.toContain("retire");
      });
    });

    test("is not reached without a credential", async () => {
      await withClient(way, async (client) => {
        const challenge =
          'Bearer scope="docs:read", resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"';
        await expect(client.call("read")).rejects.toMatchObject({
          status: 401,
          headers: { "www-authenticate": challenge },
        });
        await expect(client.tools()).rejects.toMatchObject({ status: 401 });
      });
    });
  },
);

test("middleware in front of authentication takes the facts it recorded", async () => {
  const taken: unknown[] = [];
  const taker = defineMiddleware({
    name: "taker",
    version: "1.0.0",
    async handle(request, next, ctx) {
      const outcome = await next(request);
      taken.push(...ctx.audit.take());
      return outcome;
    },
  });
  const options = { middleware: [taker, TABLE], authorization: "Bearer reader" };
  await withClient(options, (client) => client.call("read"));
  const principal = { subject: "ada", issuer: "https://id.example" };
  expect(taken).toEqual([{ principal, decision: "allow" }]);
});

test("rules for servers without authentication are a mistake", async () => {
  const connecting = connect(guarded, { rules: { read: "true" } });
  await expect(connecting).rejects.toMatchObject({ code: "ERR_COMPOSE_ACCESS" });
});

test("settings that do not say which resource it is are a mistake", async () => {
  const connecting = connect(guarded, { middleware: [{ use: tokenTable, settings: { tokens: {} } }] });
  await expect(connecting).rejects.toMatchObject({
    code: "ERR_COMPOSE_SETTINGS",
    message: 'Cannot compose "token-table": no setting says at which URL clients reach this server',
  });
});
