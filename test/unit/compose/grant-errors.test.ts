import { beforeAll, expect, test } from "vitest";
import { compose, type ComposeInput } from "../../../src/compose/index.ts";
import { writeManifest, type Grants } from "../../../src/manifest/index.ts";
import { composeError, composeFailure } from "../../fixtures/compose-error.ts";
import { providerManifest } from "../../fixtures/quickjs-component.ts";
import { constantProvider } from "../../fixtures/wat-component.ts";

const IMPORTS = [
  "tenon:host/http@0.1.0",
  "tenon:host/kv@0.1.0",
  "tenon:host/config@0.1.0",
  "tenon:host/secrets@0.1.0",
];
const USE = `
  (import "tenon:host/http@0.1.0" "cancel" (func (param i32)))
  (import "tenon:host/kv@0.1.0" "delete" (func (param i32 i32 i32)))
  (import "tenon:host/config@0.1.0" "get" (func (param i32 i32 i32)))
  (import "tenon:host/secrets@0.1.0" "get" (func (param i32 i32 i32)))`;

let providers: ComposeInput["providers"];

beforeAll(async () => {
  const asking = {
    ...providerManifest("fetch", ["fetch"]),
    capabilities: [{ interface: "tenon:host/http", reason: "to fetch" }],
  };
  providers = [
    { as: "fetch", bytes: writeManifest(await constantProvider("{}", IMPORTS, USE), asking) },
    { as: "plain", bytes: writeManifest(await constantProvider("{}"), providerManifest("plain", ["p"])) },
  ];
});

function granting(grants: Record<string, unknown>): ComposeInput {
  return {
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers,
    middleware: [],
    grants: grants as Record<string, Grants>,
  };
}

test("compose() refuses a grant to a part that does not exist, with the nearest that does", async () => {
  expect(await composeError(granting({ fetsh: { kv: ["a"] } })))
    .toBe(`Cannot grant anything to "fetsh": no part has that name
  Parts: fetch, plain
Hint: Did you mean "fetch"?
ERR_COMPOSE_GRANT`);
  expect(await composeError(granting({ calculator: {} }))).toContain(
    "Hint: Name the part as in this composition",
  );
  expect(await composeFailure(granting({ fetsh: {} }))).toMatchObject({ at: ["grants", "fetsh"] });
});

test.each([
  ["http", [{ origin: "https://a.example" }]],
  ["kv", ["a/"]],
  ["config", ["a"]],
  ["secrets", [{ name: "a" }]],
])("compose() refuses a grant of %s to a part that does not use it", async (key, value) => {
  expect(await composeError(granting({ plain: { [key]: value } })))
    .toBe(`Cannot grant ${key} to "plain": it does not use tenon:host/${key}
  It asks for nothing
Hint: Remove "${key}" from its grants, or use the service in "plain"
ERR_COMPOSE_GRANT`);
  await expect(compose(granting({ plain: { [key]: [] } }))).resolves.toBeDefined();
});

const http = (grant: object): object => ({ fetch: { http: [grant] } });

test.each([
  ["https://A.example", "https://a.example"],
  ["https://a.example/", "https://a.example"],
  ["https://a.example/path?x#y", "https://a.example"],
  ["https://a.example:443", "https://a.example"],
  ["http://a.example:80", "http://a.example"],
  ["https://user:secret@a.example", "https://a.example"],
  ["https://bücher.example", "https://xn--bcher-kva.example"],
  ["https://0x7f.1", "https://127.0.0.1"],
  ["https://[::0:1]:8443", "https://[::1]:8443"],
])("compose() refuses the origin %s and shows its canonical form", async (origin, canonical) => {
  expect(await composeError(granting(http({ origin }) as Record<string, unknown>)))
    .toBe(`Cannot grant "${origin}" to "fetch": it is not the canonical form of its origin
Hint: Write "${canonical}"
ERR_COMPOSE_GRANT`);
  const grants = http({ origin: canonical }) as Record<string, unknown>;
  await expect(compose(granting(grants))).resolves.toBeDefined();
});

test.each(["", "a.example", "ftp://a.example", "https://", "https://*.example", "*", "data:,x", "null"])(
  "compose() refuses %j as an origin",
  async (origin) => {
    expect(await composeError(granting(http({ origin }) as Record<string, unknown>)))
      .toBe(`Cannot grant "${origin}" to "fetch": it is no origin
Hint: An origin is "https://host" or "https://host:port", without wildcards
ERR_COMPOSE_GRANT`);
  },
);

test("compose() refuses methods in lower case and prefixes that no path has", async () => {
  const origin = "https://a.example";
  const grants = http({ origin, methods: ["GET", "post"] }) as Record<string, unknown>;
  expect(await composeError(granting(grants)))
    .toBe(`Cannot grant "post" to "fetch": methods are written in upper case
Hint: Write "POST"
ERR_COMPOSE_GRANT`);
  expect(await composeFailure(granting(grants))).toMatchObject({
    at: ["grants", "fetch", "http", 0, "methods", 1],
  });
  for (const path of [
    "",
    "v1",
    "/a?b",
    "/a#b",
    "/a b",
    "/é",
    "/a/../b",
    "/.",
    "/a/%2e%2E/",
    "/a%2Fb",
    "/a\\b",
    "/..;/",
  ]) {
    expect(await composeError(granting(http({ origin, paths: ["/", path] }) as Record<string, unknown>)))
      .toBe(`Cannot grant "${path}" to "fetch": it is no prefix of a path
Hint: A prefix starts with "/", has no "." or ".." segment, no query, and no encoded dot, slash or backslash
ERR_COMPOSE_GRANT`);
  }
});

test("compose() refuses a prefix of keys that would grant every key", async () => {
  expect(await composeError(granting({ fetch: { kv: ["a/", ""] } })))
    .toBe(`Cannot grant kv to "fetch": a prefix is empty
Hint: Name the prefix of its keys, such as "notes/"
ERR_COMPOSE_GRANT`);
});

test("compose() refuses what the shape of grants does not allow", async () => {
  for (const [grants, mistake] of [
    [{ htpp: [] }, 'unknown key "htpp", did you mean "http"?'],
    [
      { http: [{ origin: "https://a.example", path: ["/"] }] },
      'unknown key "path" in "http[0]", did you mean "paths"?',
    ],
    [
      { http: [{ origin: "https://a.example", methods: [] }] },
      '"http[0].methods" must NOT have fewer than 1 items',
    ],
    [{ kv: "notes/" }, '"kv" must be array, got string'],
    [
      { secrets: [{ name: "s", header: "authorization" }] },
      "must have property origin when property header is present",
    ],
    [[], "must be object, got array"],
  ] as const) {
    expect(await composeError(granting({ fetch: grants }))).toContain(mistake);
  }
});

test("compose() refuses secrets that could not be added to any request", async () => {
  const origin = "https://a.example";
  const secrets = (...list: object[]): ComposeInput =>
    granting({ fetch: { http: [{ origin }], secrets: list } });
  const token = { name: "token", header: "authorization", origin };
  expect(await composeError(secrets({ ...token, origin: "https://b.example" })))
    .toBe(`Cannot grant the secret "token" to "fetch": no http grant of the part covers https://b.example
Hint: Add { "origin": "https://b.example" } to "http", or remove the secret
ERR_COMPOSE_GRANT`);
  for (const header of ["http2-settings", "proxy-authenticate"]) {
    expect(await composeError(secrets({ ...token, header }))).toContain(
      `hosts write the header field "${header}" themselves`,
    );
  }
  expect(await composeError(secrets({ ...token, header: "content-length" })))
    .toBe(`Cannot grant the secret "token" to "fetch": hosts write the header field "content-length" themselves
Hint: Name the field the service reads, such as authorization
ERR_COMPOSE_GRANT`);
  expect(await composeError(secrets(token, { ...token, name: "other" })))
    .toBe(`Cannot grant the secret "other" to "fetch": two secrets are for "authorization" of https://a.example
Hint: Remove one of them
ERR_COMPOSE_GRANT`);
  expect(await composeError(secrets({ name: "x" }, { name: "x" })))
    .toBe(`Cannot grant the secret "x" to "fetch": it is granted twice
Hint: Remove one of them
ERR_COMPOSE_GRANT`);
  await expect(compose(secrets(token, { name: "token" }))).resolves.toBeDefined();
});
