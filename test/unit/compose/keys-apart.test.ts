import { expect, test } from "vitest";
import { compose, type ComposeInput } from "../../../src/compose/index.ts";
import { writeManifest, type MiddlewareManifest } from "../../../src/manifest/index.ts";
import { passingWithServices } from "../../fixtures/chain-parts.ts";
import { composeError, composeFailure } from "../../fixtures/compose-error.ts";
import { middlewareManifest, providerManifest } from "../../fixtures/quickjs-component.ts";
import { constantProvider, passingMiddleware } from "../../fixtures/wat-component.ts";

const KV = "tenon:host/kv@0.1.0";
const USE_KV = `(import "${KV}" "delete" (func (param i32 i32 i32)))`;
const CREDENTIALS = "tenon:host/credentials@0.1.0";
const KEEPS: Partial<MiddlewareManifest> = {
  settingsSchema: { type: "object", properties: { prefix: { type: "string", default: "own/" } } },
  requires: [{ kv: { prefix: "prefix" }, for: "keeping things" }],
};

async function server(kv: string, prefix?: string): Promise<ComposeInput> {
  const manifest = { ...providerManifest("notes", ["add"]), capabilities: [{ interface: "tenon:host/kv" }] };
  return {
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "notes", bytes: writeManifest(await constantProvider("{}", [KV], USE_KV), manifest) }],
    middleware: [
      {
        as: "limit",
        bytes: await passingWithServices("limit", KEEPS),
        ...(prefix !== undefined && { settings: { prefix } }),
      },
    ],
    grants: { limit: { kv: [prefix ?? "own/"] }, notes: { kv: ["apart/", kv] } },
  };
}

test.each(["own/", "own", "o", "own/notes/"])(
  "no provider may write what a middleware relies on: %s",
  async (kv) => {
    const input = await server(kv);
    expect(await composeError(input))
      .toBe(`Cannot grant kv "${kv}" to "notes": "limit" keeps its own keys under "own/"
  Whoever writes there decides what it does
Hint: Give "notes" a prefix of its own
ERR_COMPOSE_GRANT`);
    expect((await composeFailure(input)).at).toEqual(["grants", "notes", "kv", 1]);
  },
);

test("prefixes that do not overlap are apart, also where a setting names another", async () => {
  await expect(compose(await server("owner/"))).resolves.toBeDefined();
  await expect(compose(await server("own/", "limits/"))).resolves.toBeDefined();
});

test("what authenticates shares its keys with no part, and other middleware may share theirs", async () => {
  const limit = await passingWithServices("limit", KEEPS);
  const auth = writeManifest(
    await passingMiddleware(
      [KV, CREDENTIALS],
      `${USE_KV} (import "${CREDENTIALS}" "authorization" (func (param i32)))`,
    ),
    {
      ...middlewareManifest("auth"),
      ...KEEPS,
      authenticates: {},
      capabilities: [{ interface: "tenon:host/credentials" }, { interface: "tenon:host/kv" }],
    },
  );
  const { providers } = await server("apart/");
  const input = (keys: string): ComposeInput => ({
    name: "acme",
    version: "1.0.0",
    access: "authenticated",
    providers,
    middleware: [
      { as: "auth", bytes: auth },
      { as: "one", bytes: limit, settings: { prefix: keys } },
      { as: "two", bytes: limit, settings: { prefix: keys } },
    ],
    grants: { auth: { kv: ["own/"] }, one: { kv: [keys] }, two: { kv: [keys] } },
  });
  await expect(compose(input("limits/"))).resolves.toBeDefined();
  expect(await composeError(input("own/limits/"))).toContain(
    'Cannot grant kv "own/limits/" to "one": "auth" keeps its own keys under "own/"\n  Whoever writes there decides who is let in',
  );
});
