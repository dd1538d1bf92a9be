// An issuer of access tokens for the servers that are measured: settings of `auth-jwt` that trust it, and its tokens.
import { constants, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const pss = (saltLength) => ({ padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
const ecdsa = { dsaEncoding: "ieee-p1363" };
const ISSUER = "https://issuer.example";
const AUDIENCE = "https://mcp.example/mcp";

/** [alg, what it says in a table, type of key, its options, hash, how Node signs] */
export const KINDS = [
  ["RS256", "RS256, 2,048 bits", "rsa", { modulusLength: 2048 }, "sha256", {}],
  ["RS256", "RS256, 4,096 bits", "rsa", { modulusLength: 4096 }, "sha256", {}],
  ["RS512", "RS512, 2,048 bits", "rsa", { modulusLength: 2048 }, "sha512", {}],
  ["PS256", "PS256, 2,048 bits", "rsa", { modulusLength: 2048 }, "sha256", pss(32)],
  ["PS512", "PS512, 2,048 bits", "rsa", { modulusLength: 2048 }, "sha512", pss(64)],
  ["ES256", "ES256", "ec", { namedCurve: "P-256" }, "sha256", ecdsa],
  ["ES384", "ES384", "ec", { namedCurve: "P-384" }, "sha384", ecdsa],
  ["ES512", "ES512", "ec", { namedCurve: "P-521" }, "sha512", ecdsa],
  ["EdDSA", "EdDSA", "ed25519", {}, null, {}],
];

/** Settings of `auth-jwt` that trust a new key for an algorithm, and what makes tokens with it, each for another subject. */
export function issuer(alg) {
  return issuerOf(KINDS.find(([name]) => name === alg));
}

/** The same for one of {@link KINDS}. */
export function issuerOf(kind) {
  const [, , type, options] = kind;
  return withKey(kind, generateKeyPairSync(type, options).privateKey);
}

/** An issuer of ES256 whose key is kept in a file of `dist/bench`, so that a server and what measures it have the same. */
export function keptIssuer() {
  const kind = KINDS.find(([name]) => name === "ES256");
  return withKey(kind, createPrivateKey(keptKey(kind)));
}

function keptKey([, , type, options]) {
  const file = join(import.meta.dirname, "..", "dist", "bench", "issuer.pem");
  mkdirSync(dirname(file), { recursive: true });
  const key = generateKeyPairSync(type, options).privateKey.export({ type: "pkcs8", format: "pem" });
  try {
    // Whoever comes first decides.
    writeFileSync(file, key, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  return readFileSync(file, "utf8");
}

function withKey([alg, , , , hash, signing], privateKey) {
  const jwk = { ...createPublicKey(privateKey).export({ format: "jwk" }), alg, kid: "key" };
  let subjects = 0;
  return {
    settings: { issuer: ISSUER, audience: AUDIENCE, jwks: { keys: [jwk] } },
    token: () => signed({ alg, kid: "key" }, `user-${subjects++}`, hash, { key: privateKey, ...signing }),
  };
}

function signed(header, subject, hash, key) {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const claims = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: subject,
    exp,
    scope: "a:read b:write",
    pad: "x".repeat(240),
  };
  const content = [header, claims].map((part) => base64url(JSON.stringify(part))).join(".");
  return `${content}.${base64url(sign(hash, Buffer.from(content), key))}`;
}

function base64url(content) {
  return Buffer.from(content).toString("base64url");
}
