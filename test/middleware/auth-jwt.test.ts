import { createHmac, createPublicKey } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Outcome } from "tenon";
import { buildComponent, type BuiltComponent } from "../../src/build/index.ts";
import { closeServers, site } from "../hosts/node/outbound-site.ts";
import {
  compileComponent,
  type CompiledComponent,
  type Instance,
  type InstanceOptions,
} from "../fixtures/compiled-component.ts";
import {
  base64url,
  signatureOf,
  SIGNING_ALGORITHMS,
  signingKey,
  token,
  type SigningAlgorithm,
  type SigningKey,
} from "../fixtures/tokens.ts";

let built: BuiltComponent;
let component: CompiledComponent;

beforeAll(async () => {
  built = await buildComponent({ entry: "middleware/auth-jwt/middleware.ts" });
  component = await compileComponent(built.bytes);
});
afterAll(closeServers);

const ISSUER = "https://issuer.example";
const AUDIENCE = "https://mcp.example/mcp";
/** The clock of the fixture, in seconds. */
const NOW = 1_700_000_000;
const CLAIMS = { iss: ISSUER, aud: AUDIENCE, sub: "ada", exp: NOW + 300 };
const OK: Outcome = { tag: "success", val: "{}" };

const KEYS = Object.fromEntries(SIGNING_ALGORITHMS.map((alg) => [alg, signingKey(alg)])) as Record<
  SigningAlgorithm,
  SigningKey
>;
const RSA = KEYS.RS256;
const EC = KEYS.ES256;
const ED = KEYS.EdDSA;

function settings(more: object = {}, keys: readonly object[] = [RSA.jwk, EC.jwk, ED.jwk]): object {
  return { issuer: ISSUER, audience: AUDIENCE, jwks: { keys }, ...more };
}

interface Answer {
  instance: Instance;
  outcome: Outcome;
  principal: unknown;
  /** Why it was refused, as the audit log has it. */
  detail: unknown;
}

/** What a request is sent with, and an instance with those settings; each takes a while to make. */
interface Door {
  readonly options: InstanceOptions;
  readonly instance: Instance;
  principal: unknown;
}
const doors = new Map<string, Door>();

function doorTo(config: object): Door {
  const name = JSON.stringify(config);
  let door = doors.get(name);
  if (door === undefined) {
    const next: InstanceOptions["next"] = (context) => {
      door!.principal = (JSON.parse(context) as { principal: unknown }).principal;
      return OK;
    };
    const options = { settings: config, next };
    door = { options, instance: component.instantiate(options), principal: undefined };
    doors.set(name, door);
  }
  door.principal = undefined;
  door.instance.facts = {};
  return door;
}

function present(authorization: string, config: object = settings()): Answer {
  const door = doorTo(config);
  const { options, instance } = door;
  options.authorization = authorization;
  const outcome = instance.handle({ id: "1", method: "tools/call", target: "add", params: "{}" });
  return { instance, outcome, principal: door.principal, detail: instance.facts["detail"] };
}

function bearer(text: string, config?: object): Answer {
  return present(`Bearer ${text}`, config);
}

/** Why a token is refused, with 401 and nothing about it in the answer; "ok" for one that is let in. */
function verdictOn(text: string, config?: object): unknown {
  const { outcome, detail, principal } = bearer(text, config);
  if (outcome.tag === "success") return "ok";
  expect(outcome).toEqual({
    tag: "refused",
    val: {
      status: 401,
      headers: [["www-authenticate", 'Bearer error="invalid_token"']],
      error: { code: -31_401, message: "Authentication is required" },
    },
  });
  expect(principal).toBeUndefined();
  return detail;
}

describe("auth-jwt lets pass", () => {
  test.for(SIGNING_ALGORITHMS)("a token signed with %s", (alg) => {
    const config = settings({}, [KEYS[alg].jwk]);
    expect(bearer(token(KEYS[alg], CLAIMS), config)).toMatchObject({
      outcome: OK,
      principal: { subject: "ada", issuer: ISSUER, scopes: [] },
    });
  });

  test("a token signed with Ed25519 by its newer name", () => {
    const jwk = { ...ED.jwk, alg: "Ed25519" };
    expect(verdictOn(token(ED, CLAIMS, { header: { alg: "Ed25519" } }), settings({}, [jwk]))).toBe("ok");
    expect(verdictOn(token(ED, CLAIMS), settings({}, [jwk]))).toBe("wrong-algorithm");
  });

  test.for(["bearer", "BEARER", "Bearer "])("the scheme written %j", (scheme) => {
    expect(present(`${scheme} ${token(EC, CLAIMS)}`).outcome).toEqual(OK);
  });

  test("a token with everything that makes a principal", () => {
    const claims = {
      ...CLAIMS,
      aud: ["https://other.example", AUDIENCE],
      azp: "desktop",
      scope: "a:read  b:write a:read",
      scp: ["ignored"],
      realm_access: { roles: ["analyst"] },
      team: { id: 7 },
      email: "ada@example.com",
    };
    const config = settings({ rolesClaim: "realm_access.roles", claims: ["team", "locale"] });
    const { principal, instance } = bearer(token(RSA, claims), config);
    expect(principal).toEqual({
      subject: "ada",
      issuer: ISSUER,
      clientId: "desktop",
      scopes: ["a:read", "b:write"],
      roles: ["analyst"],
      claims: { team: { id: 7 } },
    });
    expect(instance.facts).toEqual({
      principal: { subject: "ada", issuer: ISSUER, clientId: "desktop" },
      decision: "allow",
    });
  });

  test.for<[string, object, object]>([
    ["scp as a list", { scp: ["a", "b"] }, { scopes: ["a", "b"] }],
    ["scp as a text", { scp: "a b" }, { scopes: ["a", "b"] }],
    ["client_id before azp", { client_id: "one", azp: "two" }, { clientId: "one" }],
    ["a claim whose name has dots before a path", { "https://a.example/roles": ["x"] }, { roles: ["x"] }],
  ])("%s", ([, claims, expected]) => {
    const config = settings({ rolesClaim: "https://a.example/roles" });
    expect(bearer(token(EC, { ...CLAIMS, ...claims }), config).principal).toMatchObject(expected);
  });

  test("a token without a kid where there is one key, and without alg in the key where the settings name it", () => {
    const { alg: _, kid: __, ...jwk } = EC.jwk;
    const bare = token(EC, CLAIMS, { header: { kid: undefined } });
    expect(verdictOn(bare, settings({ algorithms: ["RS256", "ES256"] }, [jwk]))).toBe("ok");
    expect(verdictOn(bare)).toBe("unknown-key");
    expect(verdictOn(token(EC, CLAIMS), settings({ algorithms: ["ES256"] }, [jwk]))).toBe("unknown-key");
  });

  test.for([undefined, "JWT", "jwt", "at+jwt", "application/at+jwt", "Application/AT+JWT"])(
    "the type %s",
    (typ) => expect(verdictOn(token(EC, CLAIMS, { header: { typ } }))).toBe("ok"),
  );
});

describe("auth-jwt is right to the second about", () => {
  test.for<[string, object, object, unknown]>([
    ["exp, the last second", { exp: NOW + 1 }, { clockSkewSeconds: 0 }, "ok"],
    ["exp, the first second", { exp: NOW }, { clockSkewSeconds: 0 }, "expired"],
    ["exp with skew, the last second", { exp: NOW - 29 }, {}, "ok"],
    ["exp with skew, the first second", { exp: NOW - 30 }, {}, "expired"],
    ["exp with a fraction", { exp: NOW + 0.5 }, { clockSkewSeconds: 0 }, "ok"],
    ["nbf, the first second", { nbf: NOW }, { clockSkewSeconds: 0 }, "ok"],
    ["nbf, the second before", { nbf: NOW + 1 }, { clockSkewSeconds: 0 }, "not-yet-valid"],
    ["nbf with skew, the first second", { nbf: NOW + 60 }, { clockSkewSeconds: 60 }, "ok"],
    ["nbf with skew, the second before", { nbf: NOW + 61 }, { clockSkewSeconds: 60 }, "not-yet-valid"],
    ["iat in the future", { iat: NOW + 31 }, {}, "issued-in-the-future"],
    ["iat within the skew", { iat: NOW + 30 }, {}, "ok"],
    ["age, the last second", { iat: NOW - 99 }, { maxAgeSeconds: 100, clockSkewSeconds: 0 }, "ok"],
    ["age, the first second", { iat: NOW - 100 }, { maxAgeSeconds: 100, clockSkewSeconds: 0 }, "too-old"],
    ["age without iat", {}, { maxAgeSeconds: 100 }, "no-iat"],
  ])("%s", ([, claims, more, expected]) => {
    expect(verdictOn(token(ED, { ...CLAIMS, ...claims }), settings(more))).toBe(expected);
  });
});

describe("auth-jwt refuses claims:", () => {
  test.for<[string, object | string, string]>([
    ["another issuer", { ...CLAIMS, iss: `${ISSUER}/` }, "wrong-issuer"],
    ["no issuer", { ...CLAIMS, iss: undefined }, "wrong-issuer"],
    ["a list of issuers", { ...CLAIMS, iss: [ISSUER] }, "wrong-issuer"],
    ["another audience", { ...CLAIMS, aud: "https://mcp.example" }, "wrong-audience"],
    ["other audiences", { ...CLAIMS, aud: ["a", "b"] }, "wrong-audience"],
    ["no audience", { ...CLAIMS, aud: undefined }, "malformed-aud"],
    ["an empty list of audiences", { ...CLAIMS, aud: [] }, "wrong-audience"],
    ["an audience among what is no text", { ...CLAIMS, aud: [AUDIENCE, 1] }, "malformed-aud"],
    ["no exp", { ...CLAIMS, exp: undefined }, "no-exp"],
    ["exp as a text", { ...CLAIMS, exp: String(NOW + 300) }, "malformed-exp"],
    ["exp null", { ...CLAIMS, exp: null }, "malformed-exp"],
    ["an infinite exp", JSON.stringify(CLAIMS).replace(String(NOW + 300), "1e999"), "malformed-exp"],
    ["nbf as a text", { ...CLAIMS, nbf: "0" }, "malformed-nbf"],
    ["iat as a list", { ...CLAIMS, iat: [0] }, "malformed-iat"],
    ["no sub", { ...CLAIMS, sub: undefined }, "no-sub"],
    ["an empty sub", { ...CLAIMS, sub: "" }, "malformed-sub"],
    ["sub as a number", { ...CLAIMS, sub: 7 }, "malformed-sub"],
    ["azp as an object", { ...CLAIMS, azp: {} }, "malformed-azp"],
    ["scope as a number", { ...CLAIMS, scope: 1 }, "malformed-scope"],
    ["scope with a number in it", { ...CLAIMS, scope: ["a", 1] }, "malformed-scope"],
    ["roles as an object", { ...CLAIMS, roles: { admin: true } }, "malformed-roles"],
    ["a list", "[]", "malformed-claims"],
    ["null", "null", "malformed-claims"],
    ["nothing", "", "malformed-claims"],
    ["no JSON", "{", "malformed-claims"],
    ["two issuers", `{"iss":"https://evil.example",${JSON.stringify(CLAIMS).slice(1)}`, "malformed-claims"],
    [
      "two issuers, one of them with an escape",
      `{"\\u0069ss":"https://evil.example",${JSON.stringify(CLAIMS).slice(1)}`,
      "malformed-claims",
    ],
    ["__proto__", `{"__proto__":{"sub":"eve"},${JSON.stringify(CLAIMS).slice(1)}`, "malformed-claims"],
    ["17 levels", `{"a":${"[".repeat(16)}${"]".repeat(16)}}`, "malformed-claims"],
    ["more after the object", `${JSON.stringify(CLAIMS)}{}`, "malformed-claims"],
    ["a byte order mark", `\ufeff${JSON.stringify(CLAIMS)}`, "malformed-claims"],
  ])("%s", ([, claims, reason]) => {
    expect(verdictOn(token(ED, claims), settings({ rolesClaim: "roles" }))).toBe(reason);
  });

  test("that are not UTF-8", () => {
    const content = `${base64url(JSON.stringify({ alg: "EdDSA", kid: "EdDSA" }))}.${base64url(
      Buffer.from([0x7b, 0xff, 0x7d]),
    )}`;
    expect(verdictOn(`${content}.${base64url(signatureOf(content, ED, "EdDSA"))}`)).toBe("malformed-claims");
  });
});

describe("auth-jwt takes the algorithm from the key:", () => {
  /** The text after the content of a token, anew. */
  function forged(header: object, signature: (content: string) => Uint8Array): string {
    const content = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(CLAIMS))}`;
    return `${content}.${base64url(signature(content))}`;
  }
  const pem = createPublicKey({ key: RSA.jwk as never, format: "jwk" }).export({
    format: "pem",
    type: "spki",
  });
  const secrets: [string, string | Buffer][] = [
    ["the public key as PEM", pem],
    ["the public key as DER", createPublicKey(pem).export({ format: "der", type: "spki" })],
    ["the modulus", Buffer.from(RSA.jwk["n"] as string, "base64url")],
    ["the JWK", JSON.stringify(RSA.jwk)],
    ["nothing", ""],
  ];
  test.for(secrets)("HS256 with %s as the secret", ([, secret]) => {
    const text = forged({ alg: "HS256", kid: "RS256" }, (content) =>
      createHmac("sha256", secret).update(content).digest(),
    );
    expect(verdictOn(text)).toBe("wrong-algorithm");
  });

  test.for(["none", "None", "NONE", "nOnE", "", "HS384", "rs256", "RS256 ", "ES256K", "constructor"])(
    "alg %j with any signature",
    (alg) => {
      expect(verdictOn(forged({ alg, kid: "RS256" }, () => new Uint8Array(256)))).toBe("wrong-algorithm");
    },
  );

  test("alg none without a signature", () => {
    const text = forged({ alg: "none", kid: "RS256" }, () => new Uint8Array());
    expect(verdictOn(text)).toBe("malformed-token");
    expect(verdictOn(text.slice(0, -1))).toBe("malformed-token");
  });

  test.for<[SigningAlgorithm, SigningAlgorithm]>([
    ["PS256", "RS256"],
    ["RS256", "PS256"],
    ["RS384", "RS256"],
    ["RS512", "RS256"],
    ["PS384", "RS256"],
  ])("%s by a key for %s", ([alg, own]) => {
    const key = { ...KEYS[own], alg };
    const config = settings({}, [KEYS[own].jwk]);
    expect(verdictOn(token(key, CLAIMS, { header: { kid: own } }), config)).toBe("wrong-algorithm");
    // The same signature under the name that the key has.
    expect(verdictOn(token(key, CLAIMS, { header: { kid: own, alg: own } }), config)).toBe("bad-signature");
  });

  test.for<[string, string]>([
    ["ES256", "RS256"],
    ["RS256", "ES256"],
    ["EdDSA", "ES256"],
    ["ES384", "ES256"],
  ])("a token of a key for %s that names one for %s", ([signed, named]) => {
    const key = KEYS[signed as SigningAlgorithm];
    const config = settings({}, [key.jwk, KEYS[named as SigningAlgorithm].jwk]);
    expect(verdictOn(token(key, CLAIMS, { header: { kid: named } }), config)).toBe("wrong-algorithm");
    expect(verdictOn(token(key, CLAIMS, { header: { kid: named, alg: named } }), config)).toBe(
      "bad-signature",
    );
  });

  test("a key of another issuer under the same name", () => {
    for (const alg of SIGNING_ALGORITHMS) {
      expect(verdictOn(token(signingKey(alg), CLAIMS), settings({}, [KEYS[alg].jwk]))).toBe("bad-signature");
    }
  });
});

describe("auth-jwt takes nothing else from a header:", () => {
  test("keys and their addresses in it are never looked at", async () => {
    const evil = signingKey("RS256", "RS256");
    const server = await site((_, response) => response.end(JSON.stringify({ keys: [evil.jwk] })));
    const headers = [
      { jku: `${server.origin}/jwks` },
      { x5u: `${server.origin}/cert` },
      { jwk: evil.jwk },
      { x5c: ["MIIB"], x5t: "AAAA" },
      { jku: `${server.origin}/jwks`, kid: `${server.origin}/jwks` },
    ];
    for (const header of headers) {
      const { kid = "RS256" } = header as { kid?: string };
      const reason = kid === "RS256" ? "bad-signature" : "unknown-key";
      expect(verdictOn(token(evil, CLAIMS, { header }))).toBe(reason);
    }
    expect(verdictOn(token(RSA, CLAIMS, { header: headers[0]! }))).toBe("ok");
    expect(server.seen).toEqual([]);
  });

  test.for<[string, Record<string, unknown>, string]>([
    ["crit", { crit: ["exp"], exp: NOW }, "critical-header"],
    ["an empty crit", { crit: [] }, "critical-header"],
    ["b64", { b64: false, crit: ["b64"] }, "critical-header"],
    ["b64 without crit", { b64: true }, "critical-header"],
    ["no alg", { alg: undefined }, "malformed-header"],
    ["a list of algs", { alg: ["RS256"] }, "malformed-header"],
    ["kid as a number", { kid: 1 }, "malformed-header"],
    ["kid null", { kid: null }, "malformed-header"],
    ["a kid that is too long", { kid: "k".repeat(257) }, "malformed-header"],
    ["an unknown kid", { kid: "../../etc/passwd" }, "unknown-key"],
    ["the name of a member of objects as kid", { kid: "__proto__" }, "unknown-key"],
    ["another typ", { typ: "dpop+jwt" }, "wrong-type"],
    ["typ of an ID token of logout", { typ: "logout+jwt" }, "wrong-type"],
    ["typ as a list", { typ: ["JWT"] }, "wrong-type"],
    ["typ null", { typ: null }, "wrong-type"],
  ])("%s", ([, header, reason]) => {
    expect(verdictOn(token(RSA, CLAIMS, { header }))).toBe(reason);
  });

  test.for([undefined, "JWT", "jwt"])("the type %s where at+jwt is demanded", (typ) => {
    const config = settings({ type: "at+jwt" });
    expect(verdictOn(token(RSA, CLAIMS, { header: { typ } }), config)).toBe("wrong-type");
    expect(verdictOn(token(RSA, CLAIMS, { header: { typ: "AT+jwt" } }), config)).toBe("ok");
  });

  test("two members of one name", () => {
    const content = `${base64url('{"alg":"none","alg":"EdDSA","kid":"EdDSA"}')}.${base64url(JSON.stringify(CLAIMS))}`;
    const text = `${content}.${base64url(signatureOf(content, ED, "EdDSA"))}`;
    expect(verdictOn(text)).toBe("malformed-header");
  });
});

describe("auth-jwt takes one spelling of a token:", () => {
  const good = token(EC, CLAIMS);
  const [head, body, tail] = good.split(".") as [string, string, string];
  /** Another last character for the same bytes. */
  const loose = `${tail.slice(0, -1)}${{ A: "B", Q: "R", g: "h", w: "x" }[tail.at(-1)!]}`;
  test.for<[string, string, string]>([
    ["bits beyond the last byte", `${head}.${body}.${loose}`, "malformed-token"],
    ["padding", `${good}==`, "malformed-token"],
    ["the other alphabet", `${head}.${body}.+/${tail.slice(2)}`, "malformed-token"],
    ["whitespace behind", `${good} `, "malformed-token"],
    ["a tab behind", `${good}\t`, "malformed-token"],
    ["whitespace inside", `${head}. ${body}.${tail}`, "malformed-token"],
    ["a line break inside", `${head}.${body}\n.${tail}`, "malformed-token"],
    ["no dots", "token", "malformed-token"],
    ["two parts", `${head}.${body}`, "malformed-token"],
    ["four parts", `${good}.${tail}`, "malformed-token"],
    ["five parts", `${head}..${body}.${tail}.${tail}`, "malformed-token"],
    ["an empty header", `.${body}.${tail}`, "malformed-token"],
    ["no signature", `${head}.${body}.`, "malformed-token"],
    [
      "JSON serialization",
      JSON.stringify({ payload: body, protected: head, signature: tail }),
      "malformed-token",
    ],
    ["a character beyond ASCII", `${head}.${body}.${tail.slice(0, -1)}é`, "malformed-token"],
    ["a header that is no JSON", `${base64url("{alg}")}.${body}.${tail}`, "malformed-header"],
    ["8,193 characters", "a".repeat(8193), "too-long"],
    ["a megabyte", `${head}.${"a".repeat(1024 * 1024)}.${tail}`, "too-long"],
    ["a megabyte of dots", ".".repeat(1024 * 1024), "too-long"],
  ])("%s", ([, text, reason]) => {
    expect(verdictOn(text)).toBe(reason);
  });

  test.for(["Basic YTpi", "Bearer", `DPoP ${good}`, `Bearer\t${good}`, good, `,Bearer ${good}`])(
    "no bearer token: %j",
    (authorization) => expect(present(authorization).detail).toBe("not-a-bearer-token"),
  );

  test("a longer limit lets longer tokens in", () => {
    const long = token(ED, { ...CLAIMS, pad: "x".repeat(7000) });
    expect(verdictOn(long)).toBe("too-long");
    expect(verdictOn(long, settings({ maxTokenLength: 16_384 }))).toBe("ok");
  });
});

describe("auth-jwt takes a signature that is exactly one:", () => {
  /** The token with another signature. */
  function resigned(key: SigningKey, change: (signature: Buffer) => Uint8Array): string {
    const [head, body, tail] = token(key, CLAIMS).split(".") as [string, string, string];
    return `${head}.${body}.${base64url(change(Buffer.from(tail, "base64url")))}`;
  }
  const ORDER = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const bytesOf = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, "0"), "hex");

  test.for<[string, SigningKey, (signature: Buffer) => Uint8Array]>([
    ["RSA, a byte longer", RSA, (s) => Buffer.concat([Buffer.alloc(1), s])],
    ["RSA, a byte shorter", RSA, (s) => s.subarray(1)],
    ["RSA, zero", RSA, () => Buffer.alloc(256)],
    ["RSA, one", RSA, () => Buffer.concat([Buffer.alloc(255), Buffer.from([1])])],
    ["RSA, the modulus", RSA, () => Buffer.from(RSA.jwk["n"] as string, "base64url")],
    [
      "RSA, plus the modulus",
      RSA,
      (s) =>
        Buffer.from(
          (
            BigInt(`0x${s.toString("hex")}`) +
            BigInt(`0x${Buffer.from(RSA.jwk["n"] as string, "base64url").toString("hex")}`)
          )
            .toString(16)
            .padStart(514, "0"),
          "hex",
        ),
    ],
    [
      "EC, DER",
      EC,
      (s) =>
        Buffer.concat([
          Buffer.from([48, 68, 2, 32]),
          s.subarray(0, 32),
          Buffer.from([2, 32]),
          s.subarray(32),
        ]),
    ],
    ["EC, zeros", EC, () => Buffer.alloc(64)],
    ["EC, r zero", EC, (s) => Buffer.concat([Buffer.alloc(32), s.subarray(32)])],
    ["EC, s zero", EC, (s) => Buffer.concat([s.subarray(0, 32), Buffer.alloc(32)])],
    ["EC, r and s one", EC, () => Buffer.concat([bytesOf(1n), bytesOf(1n)])],
    ["EC, r the order", EC, (s) => Buffer.concat([bytesOf(ORDER), s.subarray(32)])],
    ["EC, s the order", EC, (s) => Buffer.concat([s.subarray(0, 32), bytesOf(ORDER)])],
    ["EC, a byte longer", EC, (s) => Buffer.concat([s, Buffer.alloc(1)])],
    ["EC, a byte shorter", EC, (s) => s.subarray(0, 63)],
    ["Ed25519, zeros", ED, () => Buffer.alloc(64)],
    ["Ed25519, a byte longer", ED, (s) => Buffer.concat([s, Buffer.alloc(1)])],
    [
      "Ed25519, s plus the order",
      ED,
      (s) => {
        const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
        const value = BigInt(`0x${Buffer.from(s.subarray(32)).reverse().toString("hex")}`) + order;
        const high = Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
        return Buffer.concat([s.subarray(0, 32), high]);
      },
    ],
  ])("%s", ([, key, change]) => {
    expect(verdictOn(resigned(key, change))).toBe("bad-signature");
  });

  test("EC with the other s of the pair is the same signature, and JOSE takes both", () => {
    const other = resigned(EC, (s) =>
      Buffer.concat([s.subarray(0, 32), bytesOf(ORDER - BigInt(`0x${s.subarray(32).toString("hex")}`))]),
    );
    expect(verdictOn(other)).toBe("ok");
  });

  test("any bit of header, claims or signature that differs", () => {
    for (const key of [RSA, EC, ED, KEYS.PS256]) {
      const config = settings({}, [key.jwk]);
      const [head, body] = token(key, CLAIMS).split(".") as [string, string];
      const flip = (s: Buffer): Buffer => {
        s[s.length >> 1]! ^= 1;
        return s;
      };
      expect(verdictOn(resigned(key, flip), config)).toBe("bad-signature");
      const other = token(key, { ...CLAIMS, sub: "eve" }).split(".") as [string, string, string];
      expect(verdictOn(`${head}.${body}.${other[2]}`, config)).toBe("bad-signature");
    }
  });
});

test("a token that was verified is known until it expires, and not a second longer", () => {
  const text = token(RSA, CLAIMS);
  let wait: (ms: number) => void = () => undefined;
  const instance = component.instantiate({
    settings: settings({ clockSkewSeconds: 0 }),
    authorization: `Bearer ${text}`,
    next: () => OK,
    host: (sleep) => {
      wait = sleep;
      return {};
    },
  });
  const request = { id: "1", method: "tools/call", target: "add", params: "{}" };
  expect(instance.handle(request)).toEqual(OK);
  wait(299_999);
  expect(instance.handle(request)).toEqual(OK);
  wait(1);
  expect(instance.handle(request)).toMatchObject({ tag: "refused", val: { status: 401 } });
});

test("keys of the settings that cannot be used close the server", () => {
  const off = { ...EC.jwk, y: EC.jwk["x"] };
  for (const keys of [
    [off],
    [RSA.jwk, off],
    [RSA.jwk, { ...EC.jwk, kid: "RS256" }],
    [RSA.jwk, { ...EC.jwk, kid: undefined }, { ...ED.jwk, kid: undefined }],
  ]) {
    const { outcome, instance } = bearer(token(RSA, CLAIMS), settings({}, keys));
    expect(outcome).toMatchObject({ tag: "refused", val: { status: 503, headers: [["retry-after", "60"]] } });
    expect(instance.facts).toMatchObject({ decision: "deny", detail: "unusable-keys" });
    expect(instance.logs[0]).toMatchObject({ level: "error", message: 'Keys of "jwks" cannot be used' });
  }
});

test("auth-jwt never logs a token, and tells clients nothing of why", () => {
  const text = token(RSA, { ...CLAIMS, iss: "https://evil.example" });
  const { instance, outcome } = bearer(text);
  const told = JSON.stringify([instance.logs, instance.facts, outcome]);
  for (const part of text.split(".")) expect(told).not.toContain(part);
  expect(JSON.stringify(outcome)).not.toContain("issuer");
});
