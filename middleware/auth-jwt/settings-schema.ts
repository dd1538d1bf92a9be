import { ALGORITHM_NAMES, ALGORITHMS, type AlgorithmFacts } from "./algorithms.ts";
import { DEFAULTS } from "./settings.ts";

const LOOPBACK = "http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]{1,5})?";
const HTTPS = "https://[^\\s/?#@]+";
const NAME = { type: "string", minLength: 1, maxLength: 256 };
const MEMBERS = { type: "array", minItems: 1, maxItems: 32, uniqueItems: true, items: NAME };
const AUDIENCE = { type: "string", minLength: 1, maxLength: 512 };

/** What each kind of key has (RFC 7518, section 6; RFC 8037, section 2); `length` in characters of base64url. */
const KEY_KINDS = [
  keyKind("RSA", undefined, { n: [342, 1366], e: [4, 6] }),
  keyKind("EC", "P-256", { x: [43, 43], y: [43, 43] }),
  keyKind("EC", "P-384", { x: [64, 64], y: [64, 64] }),
  keyKind("EC", "P-521", { x: [88, 88], y: [88, 88] }),
  keyKind("OKP", "Ed25519", { x: [43, 43] }),
];

function keyKind(kty: string, crv: string | undefined, members: Record<string, [number, number]>): object {
  const algorithms = ALGORITHM_NAMES.filter((name) => {
    const facts: AlgorithmFacts = ALGORITHMS[name];
    return facts.kty === kty && facts.crv === crv;
  });
  const kind = { kty: { const: kty }, ...(crv !== undefined && { crv: { const: crv } }) };
  const text = { type: "string", pattern: "^[A-Za-z0-9_-]*$", description: "base64url without padding" };
  const lengths = Object.entries(members).map(([name, [least, most]]): [string, object] => [
    name,
    { ...text, minLength: least, maxLength: most },
  ]);
  return when(
    { required: Object.keys(kind), properties: kind },
    {
      required: Object.keys(members),
      properties: { alg: { enum: algorithms }, ...Object.fromEntries(lengths) },
    },
  );
}

function when(condition: object, consequence: object): object {
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  return { if: condition, then: consequence };
}

/** A public key; members of a private one are unknown. */
const JWK = {
  type: "object",
  required: ["kty"],
  properties: {
    kty: { enum: ["EC", "OKP", "RSA"] },
    crv: { enum: ["P-256", "P-384", "P-521", "Ed25519"] },
    kid: NAME,
    alg: { enum: ALGORITHM_NAMES },
    use: { const: "sig" },
    key_ops: { type: "array", contains: { const: "verify" }, items: NAME },
    ...Object.fromEntries(["n", "e", "x", "y"].map((name) => [name, { type: "string" }])),
    ...Object.fromEntries(["x5c", "x5t", "x5t#S256", "x5u"].map((name) => [name, true])),
  },
  additionalProperties: false,
  allOf: [when({ properties: { kty: { enum: ["EC", "OKP"] } } }, { required: ["crv"] }), ...KEY_KINDS],
};

/** Without an algorithm of its own a key needs one from the settings. */
const KEY_WITHOUT_ALGORITHM = {
  required: ["jwks"],
  properties: { jwks: { properties: { keys: { contains: { not: { required: ["alg"] } } } } } },
};

/** JSON Schema of the settings. */
export const SETTINGS_SCHEMA = {
  type: "object",
  required: ["issuer", "audience"],
  properties: {
    issuer: { type: "string", minLength: 1, maxLength: 512, description: "`iss` of the tokens" },
    audience: {
      description: "What `aud` must name: this server",
      oneOf: [AUDIENCE, { type: "array", minItems: 1, maxItems: 16, uniqueItems: true, items: AUDIENCE }],
    },
    resource: {
      type: "string",
      maxLength: 512,
      pattern: `^(${HTTPS}|${LOOPBACK})(/[^\\s#]*)?$`,
      description:
        "URL of this server with https, or with http on a loopback address, and without a fragment",
    },
    jwks: {
      type: "object",
      required: ["keys"],
      properties: { keys: { type: "array", minItems: 1, maxItems: 20, items: JWK } },
      additionalProperties: false,
      description: "Keys of the issuer",
    },
    jwksUri: {
      type: "string",
      maxLength: 400,
      pattern: `^(${HTTPS}|${LOOPBACK})(/[^\\s#]*)?$`,
      description: "URL with https, or with http on a loopback address, and without a fragment",
    },
    algorithms: { type: "array", minItems: 1, uniqueItems: true, items: { enum: ALGORITHM_NAMES } },
    type: { enum: ["jwt", "at+jwt"], default: DEFAULTS.type },
    clockSkewSeconds: { type: "integer", minimum: 0, maximum: 60, default: DEFAULTS.clockSkewSeconds },
    maxAgeSeconds: { type: "integer", minimum: 1, maximum: 31_536_000 },
    maxTokenLength: { type: "integer", minimum: 256, maximum: 16_384, default: DEFAULTS.maxTokenLength },
    rolesClaim: NAME,
    claims: MEMBERS,
    cacheSeconds: { type: "integer", minimum: 1, maximum: 86_400, default: DEFAULTS.cacheSeconds },
    cooldownSeconds: { type: "integer", minimum: 1, maximum: 3600, default: DEFAULTS.cooldownSeconds },
    staleSeconds: { type: "integer", minimum: 0, maximum: 86_400, default: DEFAULTS.staleSeconds },
    keyPrefix: { type: "string", minLength: 1, maxLength: 64, default: DEFAULTS.keyPrefix },
  },
  additionalProperties: false,
  oneOf: [{ required: ["jwks"] }, { required: ["jwksUri"] }],
  ...when(KEY_WITHOUT_ALGORITHM, { required: ["algorithms"] }),
  dependentSchemas: Object.fromEntries(
    ["cacheSeconds", "cooldownSeconds", "staleSeconds", "keyPrefix"].map((name) => [
      name,
      { required: ["jwksUri"] },
    ]),
  ),
};
