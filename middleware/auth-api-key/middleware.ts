import { defineAuthentication } from "tenon";
import { createKeyring, type KeySetting, type Keyring } from "./keyring.ts";

interface Settings {
  keys: readonly KeySetting[];
  issuer?: string;
}

const MAX_KEY_LENGTH = 1024;
// RFC 6750, section 2.1; the scheme is not case-sensitive.
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

const TEXT = { type: "string", minLength: 1, maxLength: 256 };
const NAMES = { type: "array", maxItems: 64, uniqueItems: true };

// Settings are constant, so each instance reads them once.
const keyrings = new WeakMap<Settings, Keyring>();

export default defineAuthentication<Settings>({
  name: "auth-api-key",
  version: "1.0.0",
  description: "Authenticates callers by keys, of which it knows the hashes",
  settings: {
    type: "object",
    required: ["keys"],
    properties: {
      keys: {
        type: "array",
        minItems: 1,
        maxItems: 1000,
        uniqueItems: true,
        items: {
          type: "object",
          required: ["id", "sha256"],
          properties: {
            id: { ...TEXT, description: "Names the key in the audit log" },
            sha256: {
              type: "string",
              pattern: "^[0-9a-f]{64}$",
              description: "SHA-256 of the key, in lower-case hexadecimal",
            },
            subject: { ...TEXT, description: "Who calls with it; by default its id" },
            scopes: {
              ...NAMES,
              items: { type: "string", pattern: "^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,256}$" },
            },
            roles: { ...NAMES, items: TEXT },
            expires: {
              type: "string",
              pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
              description: "From when on it is refused, in UTC",
            },
          },
          additionalProperties: false,
        },
      },
      issuer: { ...TEXT, default: "api-key", description: "The issuer of the principal" },
    },
    additionalProperties: false,
  },
  async authenticate(authorization, ctx) {
    const { settings } = ctx;
    let keyring = keyrings.get(settings);
    if (keyring === undefined) {
      keyring = createKeyring(settings.keys);
      keyrings.set(settings, keyring);
    }
    const presented = BEARER.exec(authorization)?.[1];
    if (presented === undefined) return { refused: "invalid_token", reason: "not-a-bearer-token" };
    if (presented.length > MAX_KEY_LENGTH) return { refused: "invalid_token", reason: "too-long" };
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(presented));
    const key = keyring.find(new Uint8Array(digest));
    if (key === undefined) return { refused: "invalid_token", reason: "unknown-key" };
    if (Date.now() >= key.expiresAt) return { refused: "invalid_token", reason: "expired-key" };
    const { id, subject = id, scopes = [], roles = [] } = key.setting;
    return {
      principal: { subject, issuer: settings.issuer ?? "api-key", clientId: id, scopes, roles },
    };
  },
});
