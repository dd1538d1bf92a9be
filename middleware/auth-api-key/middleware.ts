import { defineAuthentication } from "tenon";

const TEXT = { type: "string", minLength: 1, maxLength: 256 };
const NAMES = { type: "array", maxItems: 64, uniqueItems: true };

export default defineAuthentication({
  name: "auth-api-key",
  version: "1.1.0",
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
  authenticate() {
    throw new TypeError("assembly/index.ts is what answers requests");
  },
});
