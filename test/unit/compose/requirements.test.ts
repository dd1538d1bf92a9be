import { beforeAll, expect, test } from "vitest";
import { compose, type ComposeInput } from "../../../src/compose/index.ts";
import type { Grants, Json, Requirement } from "../../../src/manifest/index.ts";
import { oneToolProvider, passingWithServices } from "../../fixtures/chain-parts.ts";
import { composeError, composeFailure } from "../../fixtures/compose-error.ts";

const SETTINGS = {
  type: "object",
  properties: {
    url: { type: "string" },
    prefix: { type: "string", default: "limits/" },
    pepper: { type: ["string", "number"] },
  },
};

let provider: Uint8Array;

beforeAll(async () => {
  provider = await oneToolProvider();
});

async function server(
  requirement: Omit<Requirement, "for">,
  settings: Record<string, Json> = {},
  grants?: Grants,
): Promise<ComposeInput> {
  const requires = [{ ...requirement, for: "checking tokens" }];
  return {
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "weather", bytes: provider }],
    middleware: [
      {
        as: "auth",
        bytes: await passingWithServices("auth", { requires, settingsSchema: SETTINGS }),
        settings,
      },
    ],
    ...(grants && { grants: { auth: grants } }),
  };
}

const KEYS = "https://id.example/keys";

test("a URL in a setting has to be granted, and the error has the grant", async () => {
  const input = await server({ http: "url" }, { url: KEYS });
  expect(await composeError(input))
    .toBe(`Cannot compose "auth": no grant covers GET https://id.example/keys, for: checking tokens
  Its setting "url" is "https://id.example/keys"
Hint: Add to "grants": "auth":{"http":[{"origin":"https://id.example","methods":["GET"],"paths":["/keys"]}]}
ERR_COMPOSE_REQUIREMENT`);
  expect((await composeFailure(input)).at).toEqual(["middleware", 0, "config", "url"]);
});

const origin = "https://id.example";

test.each<[url: string, covered: boolean, grant: NonNullable<Grants["http"]>[number]]>([
  [KEYS, true, { origin }],
  [KEYS, true, { origin, methods: ["GET"], paths: ["/keys"] }],
  [`${KEYS}?v=1`, true, { origin, paths: ["/keys"] }],
  ["https://ID.example:443/keys/1", true, { origin, paths: ["/keys"] }],
  ["https://id.example/a/../keys", true, { origin, paths: ["/keys"] }],
  [KEYS, false, { origin, methods: ["POST"] }],
  [KEYS, false, { origin, paths: ["/key"] }],
  [KEYS, false, { origin, paths: ["/keys/"] }],
  [`${KEYS}/%2e%2e/x`, false, { origin, paths: ["/keys/x/"] }],
  [KEYS, false, { origin: "http://id.example" }],
  [KEYS, false, { origin: "https://id.example:8443" }],
  ["https://id.example.evil.example/keys", false, { origin }],
  ["https://id.example@evil.example/keys", false, { origin }],
])("%s is covered: %s, by %o", async (url, covered, grant) => {
  const composed = compose(await server({ http: "url" }, { url }, { http: [grant] }));
  if (covered) await expect(composed).resolves.toBeDefined();
  else await expect(composed).rejects.toMatchObject({ code: "ERR_COMPOSE_REQUIREMENT" });
});

test.each(["ftp://id.example/keys", "keys", ""])("%o is no URL of a service", async (url) => {
  expect(await composeError(await server({ http: "url" }, { url })))
    .toBe(`Cannot compose "auth": a setting is no http or https URL, for: checking tokens
  Its setting "url" is ${JSON.stringify(url)}
Hint: Correct "config" of "auth"
ERR_COMPOSE_REQUIREMENT`);
});

test("a prefix of keys has to be granted, and its default is that of its schema", async () => {
  const kv = { prefix: "prefix", features: ["swap" as const] };
  expect(await composeError(await server({ kv })))
    .toBe(`Cannot compose "auth": no grant covers keys that start with "limits/", for: checking tokens
  Its setting "prefix" is "limits/"
Hint: Add to "grants": "auth":{"kv":["limits/"]}
ERR_COMPOSE_REQUIREMENT`);
  for (const [prefix, granted, covered] of [
    [undefined, "limits/", true],
    [undefined, "limits/a/", false],
    ["limits/a/", "limits/", true],
    ["other/", "limits/", false],
    ["", "limits/", false],
  ] as const) {
    const composed = compose(await server({ kv }, prefix === undefined ? {} : { prefix }, { kv: [granted] }));
    if (covered)
      expect((await composed).manifest.middleware[0]!.requires).toEqual([{ kv, for: "checking tokens" }]);
    else await expect(composed).rejects.toMatchObject({ code: "ERR_COMPOSE_REQUIREMENT" });
  }
});

test("a secret has to be granted to be read", async () => {
  const settings = { pepper: "pepper" };
  expect(await composeError(await server({ secret: "pepper" }, settings)))
    .toBe(`Cannot compose "auth": it may not read the secret "pepper", for: checking tokens
  Its setting "pepper" is "pepper"
Hint: Add to "grants": "auth":{"secrets":[{"name":"pepper"}]}
ERR_COMPOSE_REQUIREMENT`);
  const header = { name: "pepper", header: "x-pepper", origin };
  const sent = { http: [{ origin }], secrets: [header] };
  expect(await composeError(await server({ secret: "pepper" }, settings, sent))).toContain("may not read");
  const read = { secrets: [{ name: "pepper" }] };
  await expect(compose(await server({ secret: "pepper" }, settings, read))).resolves.toBeDefined();
  expect(await composeError(await server({ secret: "pepper" }, { pepper: 7 }, read))).toContain(
    "a setting is no text",
  );
});

test("what is not set needs no grant, and what does not apply requires nothing", async () => {
  const { manifest } = await compose(await server({ http: "url", secret: "pepper" }));
  expect(manifest.middleware[0]!.requires).toHaveLength(1);
  const when = { required: ["pepper"] };
  const input = await server({ when, http: "url" }, { url: KEYS });
  expect((await compose(input)).manifest.middleware[0]).not.toHaveProperty("requires");
});

test("a schema that is none refuses the middleware", async () => {
  expect(await composeError(await server({ when: { type: "nonsense" } }))).toContain(
    'Cannot compose "auth": what it requires has a schema that is not valid',
  );
});
