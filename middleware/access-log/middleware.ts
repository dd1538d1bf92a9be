import { defineMiddleware } from "tenon";

/** What can be redacted. */
const REDACTABLE = ["peer", "principal.clientId", "principal.issuer", "principal.subject", "target"];
const NAMES = { type: "array", uniqueItems: true, items: { enum: REDACTABLE } };

export default defineMiddleware({
  name: "access-log",
  version: "1.1.0",
  description:
    "Writes one structured log line for each request: who asked for what, what was decided, and how it ended",
  settings: {
    type: "object",
    properties: {
      level: { enum: ["debug", "info", "notice"], default: "info", description: "Level of the lines" },
      redact: {
        type: "object",
        description: "What is not written as it is",
        properties: {
          omit: { ...NAMES, description: "Left out" },
          hash: { ...NAMES, description: "Written as a salted hash, the same for the same value" },
          salt: {
            type: "string",
            pattern: "^[ -~]{16,256}$",
            description: "Random text that keeps hashes from being guessed",
          },
        },
        dependentRequired: { hash: ["salt"] },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  },
  handle() {
    throw new TypeError("assembly/index.ts is what answers requests");
  },
});
