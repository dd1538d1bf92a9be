import { defineAuthentication } from "tenon";
import { SETTINGS_SCHEMA } from "./settings-schema.ts";
import type { Settings } from "./settings.ts";

export default defineAuthentication<Settings>({
  name: "auth-jwt",
  version: "1.1.0",
  description: "Authenticates callers by OAuth access tokens that are signed JWTs",
  settings: SETTINGS_SCHEMA,
  capabilities: {
    http: 'fetches the keys of the issuer from "jwksUri"',
    kv: 'keeps the keys of "jwksUri", and lets one instance fetch them for all',
  },
  requires: [
    { when: { required: ["jwksUri"] }, for: "fetching the keys of the issuer", http: "jwksUri" },
    {
      when: { required: ["jwksUri"] },
      for: "one fetch of the keys for all instances",
      kv: { prefix: "keyPrefix", features: ["persistent", "swap"] },
    },
  ],
  protectedResource: { resource: ["resource", "audience"], authorizationServers: ["issuer"] },
  authenticate() {
    throw new TypeError("assembly/index.ts is what answers requests");
  },
});
