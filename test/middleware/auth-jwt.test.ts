import { describe, expect, test } from "vitest";
import {
  AUDIENCE,
  bearer,
  CLAIMS,
  EC,
  ED,
  instanceFor,
  ISSUER,
  KEYS,
  NOW,
  OK,
  present,
  RSA,
  settings,
  verdictOn,
} from "../fixtures/auth-jwt.ts";
import { base64url, signatureOf, SIGNING_ALGORITHMS, token } from "../fixtures/tokens.ts";

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

test("a token that was verified is known until it expires, and not a millisecond longer", () => {
  const { ask, pass } = instanceFor(token(RSA, CLAIMS), settings({ clockSkewSeconds: 0 }));
  expect(ask()).toEqual(OK);
  pass(299_999);
  expect(ask()).toEqual(OK);
  pass(1);
  expect(ask()).toMatchObject({ tag: "refused", val: { status: 401 } });
});

test("each token that was verified stands for its own caller, however many are known", () => {
  const config = settings({ claims: ["pad"] });
  // Together more than are remembered, of lengths that make them move.
  const callers = Array.from({ length: 120 }, (_, i) => ({
    sub: `user-${i}`,
    pad: String(i).repeat(1 + ((i * 397) % 1700)),
  }));
  const texts = callers.map((caller) => token(EC, { ...CLAIMS, ...caller }));
  const order = Array.from({ length: 300 }, (_, i) => (i * 7 + Math.floor(i / 50) * 11) % 120);
  for (const i of [...texts.keys(), ...order, ...order]) {
    const { sub, pad } = callers[i]!;
    expect(bearer(texts[i]!, config).principal).toMatchObject({ subject: sub, claims: { pad } });
  }
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
