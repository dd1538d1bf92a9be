import { createHmac, createPublicKey } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { CLAIMS, EC, ED, KEYS, NOW, RSA, settings, verdictOn } from "../fixtures/auth-jwt.ts";
import {
  base64url,
  signatureOf,
  signingKey,
  token,
  type SigningAlgorithm,
  type SigningKey,
} from "../fixtures/tokens.ts";
import { closeServers, site } from "../hosts/node/outbound-site.ts";

afterAll(closeServers);

/** A token with any header and signature. */
function forged(header: object, signature: (content: string) => Uint8Array): string {
  const content = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(CLAIMS))}`;
  return `${content}.${base64url(signature(content))}`;
}

/** The token with another signature. */
function resigned(key: SigningKey, change: (signature: Buffer) => Uint8Array): string {
  const [head, body, tail] = token(key, CLAIMS).split(".") as [string, string, string];
  return `${head}.${body}.${base64url(change(Buffer.from(tail, "base64url")))}`;
}

const ORDER = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
const bytesOf = (value: bigint, length = 32): Buffer =>
  Buffer.from(value.toString(16).padStart(length * 2, "0"), "hex");
const integerOf = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString("hex")}`);

const flip = (signature: Buffer): Buffer => {
  signature[signature.length >> 1]! ^= 1;
  return signature;
};
const reversed = (hex: string): string => hex.match(/../g)!.toReversed().join("");

describe("auth-jwt takes the algorithm from the key:", () => {
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
    for (const alg of ["RS256", "PS256", "ES256", "EdDSA"] as const) {
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

describe("auth-jwt takes a signature that is exactly one:", () => {
  test.for<[string, SigningKey, (signature: Buffer) => Uint8Array]>([
    ["RSA, a byte longer", RSA, (s) => Buffer.concat([Buffer.alloc(1), s])],
    ["RSA, a byte shorter", RSA, (s) => s.subarray(1)],
    ["RSA, zero", RSA, () => Buffer.alloc(256)],
    ["RSA, one", RSA, () => Buffer.concat([Buffer.alloc(255), Buffer.from([1])])],
    ["RSA, the modulus", RSA, () => Buffer.from(RSA.jwk["n"] as string, "base64url")],
    [
      "RSA, plus the modulus",
      RSA,
      (s) => bytesOf(integerOf(s) + integerOf(Buffer.from(RSA.jwk["n"] as string, "base64url")), 257),
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
        const value = BigInt(`0x${reversed(s.toString("hex", 32))}`) + order;
        const high = Buffer.from(reversed(value.toString(16).padStart(64, "0")), "hex");
        return Buffer.concat([s.subarray(0, 32), high]);
      },
    ],
  ])("%s", ([, key, change]) => {
    expect(verdictOn(resigned(key, change))).toBe("bad-signature");
  });

  test("EC with the other s of the pair is the same signature, and JOSE takes both", () => {
    const other = resigned(EC, (s) =>
      Buffer.concat([s.subarray(0, 32), bytesOf(ORDER - integerOf(s.subarray(32)))]),
    );
    expect(verdictOn(other)).toBe("ok");
  });

  test("any bit of header, claims or signature that differs", () => {
    for (const key of [RSA, EC, ED, KEYS.PS256]) {
      const config = settings({}, [key.jwk]);
      const [head, body] = token(key, CLAIMS).split(".") as [string, string];
      expect(verdictOn(resigned(key, flip), config)).toBe("bad-signature");
      const other = token(key, { ...CLAIMS, sub: "eve" }).split(".") as [string, string, string];
      expect(verdictOn(`${head}.${body}.${other[2]}`, config)).toBe("bad-signature");
    }
  });
});
