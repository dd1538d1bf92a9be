import { beforeAll, expect, test } from "vitest";
import { compose, type ComposeInput } from "../../../src/compose/index.ts";
import type { MiddlewareManifest, Requirement } from "../../../src/manifest/index.ts";
import { authenticating, oneToolProvider, passing } from "../../fixtures/chain-parts.ts";
import { composeError, composeFailure } from "../../fixtures/compose-error.ts";

type Middleware = ComposeInput["middleware"][number];

let provider: Uint8Array;
let log: Middleware;
let auth: Middleware;
let perCaller: Middleware;
let cache: Middleware;

async function link(as: string, more: Partial<MiddlewareManifest> = {}): Promise<Middleware> {
  return { as, bytes: await passing(as, more) };
}

function requiring(as: string, requirement: Requirement): Promise<Middleware> {
  return link(as, { requires: [requirement] });
}

beforeAll(async () => {
  provider = await oneToolProvider();
  log = await link("log");
  auth = { as: "auth", bytes: await authenticating() };
  perCaller = await requiring("per-caller", { principal: true, for: "limits by principal" });
  cache = await requiring("cache", { behindAuthentication: true, for: "what it answers from its store" });
});

function server(access: ComposeInput["access"], ...middleware: Middleware[]): ComposeInput {
  return {
    name: "acme",
    version: "1.0.0",
    access,
    providers: [{ as: "weather", bytes: provider }],
    middleware,
  };
}

test("a server for the authenticated has middleware that authenticates", async () => {
  expect(await composeError(server("authenticated", log)))
    .toBe(`Cannot compose "acme" with access "authenticated": no middleware authenticates callers
  The chain: log -> router
Hint: Add middleware that does, such as auth-jwt, or set "access" to "public"
ERR_COMPOSE_ACCESS`);
  expect((await composeFailure(server("authenticated"))).at).toEqual(["access"]);
});

test("callers are authenticated once", async () => {
  expect(await composeError(server("authenticated", auth, { ...auth, as: "other" })))
    .toBe(`Cannot compose "acme" with access "authenticated": both "auth" and "other" authenticate callers, and one of them would overrule the other
  The chain: auth -> other -> router
Hint: Keep one of them
ERR_COMPOSE_ACCESS`);
});

test("callers are authenticated for every method", async () => {
  const partial = { as: "auth", bytes: await authenticating({ methods: ["tools/call"] }) };
  expect(await composeError(server("authenticated", log, partial)))
    .toBe(`Cannot compose "acme" with access "authenticated": "auth" acts on tools/call alone, and every other request passes it by
  The chain: log -> auth -> router
Hint: Middleware that authenticates must act on every method: build it without \`methods\`
ERR_COMPOSE_ACCESS`);
});

test("a public server authenticates nobody, and nothing in it is for one caller", async () => {
  expect(await composeError(server("public", auth)))
    .toBe(`Cannot compose "acme" with access "public": "auth" authenticates callers, and a public server has none
  The chain: auth -> router
Hint: Set "access" to "authenticated", or remove "auth"
ERR_COMPOSE_ACCESS`);
  expect(await composeError(server("public", log, perCaller)))
    .toBe(`Cannot compose "acme" with access "public": "per-caller" needs to know the caller, for: limits by principal
  The chain: log -> per-caller -> router
Hint: Set "access" to "authenticated" and add middleware that authenticates, or change the settings of "per-caller"
ERR_COMPOSE_ACCESS`);
});

test("what is for one caller stands behind authentication, and the error has a chain that would do", async () => {
  const error = await composeFailure(server("authenticated", log, perCaller, cache, auth));
  expect(error).toMatchObject({ code: "ERR_COMPOSE_ORDER", at: ["middleware", 1] });
  expect(await composeError(server("authenticated", log, perCaller, cache, auth)))
    .toBe(`Cannot compose "acme" with access "authenticated": "per-caller" stands in front of "auth", and does not know the caller there, for: limits by principal
  The chain: log -> per-caller -> cache -> auth -> router
  One that would do: log -> auth -> per-caller -> cache -> router
Hint: Move "per-caller" and "cache" behind "auth"
ERR_COMPOSE_ORDER`);
  await expect(compose(server("authenticated", log, auth, perCaller, cache))).resolves.toBeDefined();
});

test("what must not stand in front of authentication needs none", async () => {
  expect(await composeError(server("authenticated", cache, auth))).toContain(
    '"cache" stands in front of "auth", and would act for callers that are not let in, for: what it answers from its store',
  );
  await expect(compose(server("public", cache))).resolves.toBeDefined();
});

test("a requirement applies with the settings it names, defaults of theirs included", async () => {
  const settingsSchema = {
    type: "object",
    properties: { by: { enum: ["peer", "principal"], default: "principal" } },
  };
  const when = { properties: { by: { const: "principal" } }, required: ["by"] };
  const bytes = await passing("limit", {
    settingsSchema,
    requires: [{ when, principal: true, for: "limits by principal" }],
  });
  const limit = (settings: ComposeInput["middleware"][number]["settings"]): Middleware => ({
    as: "limit",
    bytes,
    ...(settings && { settings }),
  });
  for (const each of [limit(undefined), limit({ by: "principal" })]) {
    expect(await composeError(server("authenticated", each, auth))).toContain(
      '"limit" stands in front of "auth"',
    );
    const { manifest } = await compose(server("authenticated", auth, each));
    expect(manifest.middleware[1]!.requires).toEqual([{ principal: true, for: "limits by principal" }]);
  }
  const { manifest } = await compose(server("authenticated", limit({ by: "peer" }), auth));
  expect(manifest.middleware[0]).not.toHaveProperty("requires");
});
