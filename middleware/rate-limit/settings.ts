import type { JsonSchema } from "tenon";

/** Methods that pass the chain of a server. Hosts answer pings, log levels and notifications themselves. */
const METHODS = [
  "server/discover",
  "tools/list",
  "tools/call",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "resources/subscribe",
  "resources/unsubscribe",
  "subscriptions/listen",
  "prompts/list",
  "prompts/get",
  "completion/complete",
  "tasks/get",
  "tasks/update",
  "tasks/cancel",
];

const amount = { type: "integer", minimum: 1, maximum: 1_000_000 };
const cost = { type: "number", minimum: 0, maximum: 1_000_000 };

const LIMIT = {
  limit: { ...amount, description: "What may be spent in windowMs" },
  windowMs: {
    type: "integer",
    minimum: 1000,
    maximum: 2_678_400_000,
    description: "Milliseconds, at most 31 days",
  },
  burst: { ...amount, description: "What may be spent at once; default: limit" },
  by: {
    type: "array",
    items: { enum: ["peer", "principal", "tool"] },
    uniqueItems: true,
    description: "Each combination of these has a budget of its own; default: one for the whole server",
  },
  cost: {
    type: ["number", "object"],
    minimum: 0,
    maximum: 1_000_000,
    properties: {
      tools: { type: "object", additionalProperties: cost, maxProperties: 1000 },
      default: { ...cost, default: 1 },
    },
    required: ["tools"],
    additionalProperties: false,
    default: 1,
    description: "What a request costs, or what calls of some tools do",
  },
  methods: {
    type: "array",
    items: { enum: METHODS },
    minItems: 1,
    uniqueItems: true,
    description: "Methods that count; default: all",
  },
};

/** What `tenon.json` may say. Unknown members and methods are mistakes: a limit with a typo would not limit. */
export const SETTINGS: JsonSchema = {
  type: "object",
  properties: {
    ...LIMIT,
    limits: {
      type: "array",
      items: {
        type: "object",
        properties: LIMIT,
        required: ["limit", "windowMs"],
        additionalProperties: false,
      },
      minItems: 1,
      maxItems: 8,
      uniqueItems: true,
      description: "Several limits: a request must be within each",
    },
    keyPrefix: {
      type: "string",
      minLength: 1,
      maxLength: 256,
      default: "limits/",
      description: "What its keys start with",
    },
    onStoreFailure: {
      enum: ["refuse", "allow"],
      default: "refuse",
      description: "What becomes of a request that cannot be counted",
    },
    approximate: {
      type: "boolean",
      default: false,
      description: "Work with a store that cannot swap, or forgets",
    },
  },
  additionalProperties: false,
  if: { required: ["limits"] },
  // A limit is written in one place.
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: { properties: Object.fromEntries(Object.keys(LIMIT).map((name) => [name, false])) },
  else: { required: ["limit", "windowMs"] },
};

/** Matches settings with a limit that tells principals apart. */
export const LIMITS_PRINCIPALS: JsonSchema = limitsBy("principal");

/** Matches settings with a limit that tells addresses apart. */
export const LIMITS_PEERS: JsonSchema = limitsBy("peer");

function limitsBy(dimension: "peer" | "principal"): JsonSchema {
  const limit = { properties: { by: { contains: { const: dimension } } }, required: ["by"] };
  return { anyOf: [limit, { properties: { limits: { contains: limit } }, required: ["limits"] }] };
}

/** Matches settings that do with any store, or not. */
export function isApproximate(approximate: boolean): JsonSchema {
  const isSet = { properties: { approximate: { const: true } }, required: ["approximate"] };
  return approximate ? isSet : { not: isSet };
}
