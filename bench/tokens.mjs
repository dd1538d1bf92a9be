// What it costs to authenticate a caller by a signed token, for each algorithm, on the Node host.
import { constants, generateKeyPairSync, sign } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose } from "tenon/compose";
import { createPool, loadCore } from "tenon/hosts/node";
import { readyMade } from "./parts.mjs";

const pss = (saltLength) => ({ padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
const ecdsa = { dsaEncoding: "ieee-p1363" };
const ISSUER = "https://issuer.example";
const AUDIENCE = "https://mcp.example/mcp";
/** [alg, what it says in the table, type of key, its options, hash, how Node signs] */
const KINDS = [
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
const CALLS = 20;

/** The first token of an instance, another one, and one that it knows; tokens of some 700 characters. */
export async function tokens({ rounds }) {
  const cacheDir = await mkdtemp(join(tmpdir(), "tenon-bench-"));
  const rows = [];
  try {
    for (const kind of KINDS) {
      const [, title] = kind;
      const { settings, token } = issuerOf(kind);
      const core = await loadCore(await authenticated(settings), { cacheDir });
      const taken = [];
      for (let round = 0; round < rounds; round++) taken.push(await once(core, token));
      rows.push([title, ...[0, 1, 2].map((i) => `${Math.min(...taken.map((row) => row[i])).toFixed(2)} ms`)]);
    }
  } finally {
    await rm(cacheDir, { recursive: true });
  }
  return {
    title: "Tokens: least CPU time of a call",
    head: ["algorithm", "first token", "another", "a known one"],
    rows,
  };
}

/** Settings of `auth-jwt` that trust a new key for an algorithm, and what makes tokens with it, each for another subject. */
export function issuer(alg) {
  return issuerOf(KINDS.find(([name]) => name === alg));
}

function issuerOf([alg, , type, options, hash, signing]) {
  const { publicKey, privateKey } = generateKeyPairSync(type, options);
  const jwk = { ...publicKey.export({ format: "jwk" }), alg, kid: "key" };
  let subjects = 0;
  return {
    settings: { issuer: ISSUER, audience: AUDIENCE, jwks: { keys: [jwk] } },
    token: () => signed({ alg, kid: "key" }, `user-${subjects++}`, hash, { key: privateKey, ...signing }),
  };
}

async function authenticated(settings) {
  const { bytes } = await compose({
    name: "bench",
    version: "1.0.0",
    access: "authenticated",
    providers: [{ as: "calculator", bytes: await readyMade("calculator") }],
    middleware: [{ as: "auth-jwt", bytes: await readyMade("auth-jwt"), settings }],
  });
  return bytes;
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

async function once(core, token) {
  const pool = await createPool(core, { workers: 1, queueMs: Infinity, log: () => {} });
  const call = async (text) => {
    const deadline = Date.now() + 60_000;
    const context = {
      requestId: "bench",
      transport: "http",
      protocolVersion: "2026-07-28",
      receivedAt: Date.now(),
      deadline,
    };
    const params = JSON.stringify({ name: "add", arguments: { a: 1, b: 2 } });
    const request = { id: "1", method: "tools/call", target: "add", params };
    const before = process.cpuUsage();
    const result = await pool.handle(JSON.stringify(context), request, {
      deadline,
      ...(text && { authorization: `Bearer ${text}` }),
    });
    const { user, system } = process.cpuUsage(before);
    const refused = result.outcome?.tag !== "success";
    if (refused !== (text === undefined)) throw new Error(`The call gave ${JSON.stringify(result)}`);
    return (user + system) / 1000;
  };
  try {
    // The first call of an instance starts its runtime, whatever it asks.
    await call(undefined);
    const texts = Array.from({ length: CALLS }, () => token());
    const first = await call(texts[0]);
    const others = [];
    for (const text of texts.slice(1)) others.push(await call(text));
    const known = [];
    for (const text of texts) known.push(await call(text));
    return [first, Math.min(...others), Math.min(...known)];
  } finally {
    await pool.close();
  }
}
