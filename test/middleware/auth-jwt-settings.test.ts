import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { compose, type ComposeInput } from "../../src/compose/index.ts";
import { readManifest } from "../../src/manifest/index.ts";
import { oneToolProvider } from "../fixtures/chain-parts.ts";
import { composeError } from "../fixtures/compose-error.ts";
import { base64url, signingKey } from "../fixtures/tokens.ts";

type Settings = NonNullable<ComposeInput["middleware"][number]["settings"]>;
type Grants = NonNullable<ComposeInput["grants"]>;

const ED = signingKey("EdDSA").jwk;
const EC = signingKey("ES256").jwk;
const RSA = signingKey("RS256").jwk;
const JWKS_URI = "https://issuer.example/jwks";

let middleware: Uint8Array;
let provider: Uint8Array;

beforeAll(async () => {
  middleware = await readFile("dist/components/auth-jwt.wasm");
  provider = await oneToolProvider();
});

function server(settings: object, grants?: Grants): ComposeInput {
  return {
    name: "acme",
    version: "1.0.0",
    access: "authenticated",
    providers: [{ as: "weather", bytes: provider }],
    middleware: [{ as: "auth-jwt", bytes: middleware, settings: settings as Settings }],
    ...(grants && { grants }),
  };
}

function withKeys(keys: object[], more: object = {}): object {
  return { issuer: "https://issuer.example", audience: "https://mcp.example", jwks: { keys }, ...more };
}

function withUri(jwksUri: string, more: object = {}): object {
  return { issuer: "https://issuer.example", audience: "https://mcp.example", jwksUri, ...more };
}

describe("a server with auth-jwt composes with", () => {
  test("keys in the settings, and without any grant", async () => {
    const { kid: _, alg: __, ...bare } = EC;
    const x509 = {
      ...RSA,
      x5c: ["MIIB"],
      x5t: "AAAA",
      "x5t#S256": "AAAA",
      x5u: "https://a.example/",
      key_ops: ["verify"],
    };
    await expect(compose(server(withKeys([ED, EC, x509])))).resolves.toBeDefined();
    const lists = {
      algorithms: ["ES256"],
      audience: ["a", "https://b.example"],
      claims: ["team"],
      rolesClaim: "roles",
    };
    await expect(compose(server(withKeys([bare], lists)))).resolves.toBeDefined();
  });

  test("the address of keys, granted", async () => {
    const grants = {
      "auth-jwt": { http: [{ origin: "https://issuer.example", paths: ["/jwks"] }], kv: ["auth-jwt/"] },
    };
    await expect(compose(server(withUri(JWKS_URI), grants))).resolves.toBeDefined();
  });
});

describe("a server with auth-jwt does not compose with", () => {
  const { alg: _, ...nameless } = EC;
  test.for<[string, object, string]>([
    ["no issuer", { audience: "a", jwks: { keys: [ED] } }, 'missing key "issuer"'],
    ["no audience", { issuer: "a", jwks: { keys: [ED] } }, 'missing key "audience"'],
    [
      "an empty audience",
      withKeys([ED], { audience: "" }),
      '"audience" must NOT have fewer than 1 characters',
    ],
    ["no audiences", withKeys([ED], { audience: [] }), '"audience" must NOT have fewer than 1 items'],
    ["neither keys nor their address", { issuer: "a", audience: "b" }, 'missing key "jwks"'],
    ["both", withUri(JWKS_URI, { jwks: { keys: [ED] } }), "oneOf"],
    ["no keys", withKeys([]), '"jwks.keys" must NOT have fewer than 1 items'],
    ["a typo", withKeys([ED], { clockSkewSecond: 1 }), 'unknown key "clockSkewSecond", did you mean'],
    ["skew over a minute", withKeys([ED], { clockSkewSeconds: 61 }), '"clockSkewSeconds" must be <= 60'],
    ["HMAC", withKeys([ED], { algorithms: ["HS256"] }), '"algorithms[0]" must be one of'],
    ["none", withKeys([ED], { algorithms: ["none"] }), '"algorithms[0]" must be one of'],
    ["no algorithms", withKeys([ED], { algorithms: [] }), '"algorithms" must NOT have fewer'],
    ["another type", withKeys([ED], { type: "JWT" }), '"type" must be one of "jwt", "at+jwt"'],
    ["a key without alg", withKeys([ED, nameless]), 'missing key "algorithms"'],
    ["a private key", withKeys([{ ...ED, d: "AAAA" }]), 'unknown key "d"'],
    ["a secret", withKeys([{ kty: "oct", k: "AAAA" }]), '"jwks.keys[0].kty" must be one of'],
    ["a key for encryption", withKeys([{ ...RSA, use: "enc" }]), '"jwks.keys[0].use" must be "sig"'],
    ["a key for signing", withKeys([{ ...RSA, key_ops: ["sign"] }]), '"jwks.keys[0].key_ops"'],
    [
      "the alg of another kind",
      withKeys([{ ...EC, alg: "RS256" }]),
      '"jwks.keys[0].alg" must be one of "ES256"',
    ],
    [
      "the alg of another curve",
      withKeys([{ ...EC, alg: "ES384" }]),
      '"jwks.keys[0].alg" must be one of "ES256"',
    ],
    ["another curve", withKeys([{ ...EC, crv: "secp256k1" }]), '"jwks.keys[0].crv" must be one of'],
    ["no curve", withKeys([{ ...EC, crv: undefined }]), 'missing key "crv"'],
    ["no coordinate", withKeys([{ ...EC, y: undefined }]), 'missing key "y"'],
    ["a short coordinate", withKeys([{ ...EC, x: "AAAA" }]), '"jwks.keys[0].x" must NOT have fewer than 43'],
    ["padding", withKeys([{ ...ED, x: `${"A".repeat(42)}=` }]), 'must match "base64url without padding"'],
    [
      "1,024 bits",
      withKeys([{ ...RSA, n: "w".repeat(171) }]),
      '"jwks.keys[0].n" must NOT have fewer than 342',
    ],
    [
      "an exponent of 3",
      withKeys([{ ...RSA, e: base64url(Buffer.from([3])) }]),
      '"jwks.keys[0].e" must NOT have fewer',
    ],
    [
      "an address without https",
      withUri("http://issuer.example/jwks"),
      '"jwksUri" must match "URL with https',
    ],
    [
      "an address that only starts like loopback",
      withUri("http://localhost.evil.example/"),
      '"jwksUri" must match',
    ],
    ["user information before the host", withUri("http://127.0.0.1@evil.example/"), '"jwksUri" must match'],
    ["an address with a password", withUri("https://a:b@issuer.example/"), '"jwksUri" must match'],
    ["a file", withUri("file:///etc/jwks"), '"jwksUri" must match'],
    [
      "the time to keep keys that are not fetched",
      withKeys([ED], { cacheSeconds: 60 }),
      'missing key "jwksUri"',
    ],
    ["a day and a second", withUri(JWKS_URI, { staleSeconds: 86_401 }), '"staleSeconds" must be <= 86400'],
    ["no cooldown", withUri(JWKS_URI, { cooldownSeconds: 0 }), '"cooldownSeconds" must be >= 1'],
    [
      "no grants",
      withUri(JWKS_URI),
      "no grant covers GET https://issuer.example/jwks, for: fetching the keys of the issuer",
    ],
  ])("%s", async ([, settings, problem]) => {
    // As JSON has it: without members that are undefined.
    const error = await composeError(server(JSON.parse(JSON.stringify(settings)) as object));
    expect(error).toContain('Cannot compose "auth-jwt": ');
    expect(error).toContain(problem);
  });

  test("a grant of keys elsewhere in the store", async () => {
    const http = [{ origin: "https://issuer.example" }];
    const error = await composeError(server(withUri(JWKS_URI), { "auth-jwt": { http, kv: ["other/"] } }));
    expect(error).toContain('no grant covers keys that start with "auth-jwt/"');
    expect(error).toContain("for: one fetch of the keys for all instances");
  });
});

test("auth-jwt authenticates, acts on every method, and says what it needs", () => {
  const manifest = readManifest(middleware);
  expect(manifest).toMatchObject({
    kind: "middleware",
    name: "auth-jwt",
    authenticates: {
      protectedResource: { resource: ["resource", "audience"], authorizationServers: ["issuer"] },
    },
    requires: [{ http: "jwksUri" }, { kv: { prefix: "keyPrefix", features: ["persistent", "swap"] } }],
  });
  expect(manifest).not.toHaveProperty("methods");
});
