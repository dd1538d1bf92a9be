import type { JsonSchema } from "tenon";

/** What a limit keeps apart. */
export type Dimension = "peer" | "principal" | "tool";

/** One limit: what `limit` cost in every `windowMs`, and at most `burst` at once. */
export interface Limit {
  /** What may be spent in `windowMs`. */
  limit: number;
  /** Milliseconds. */
  windowMs: number;
  /** What may be spent at once after a pause. Default: `limit`. */
  burst?: number;
  /** Each combination of these has a budget of its own. Default: one for the whole server. */
  by?: Dimension[];
  /** What a request costs; 0 is free. Default 1. */
  cost?: number | Costs;
  /** Methods that count. Default: all that pass the chain. */
  methods?: string[];
}

/** What calls of some tools cost. */
export interface Costs {
  /** By the name of the tool. */
  tools: Record<string, number>;
  /** What everything else costs. Default 1. */
  default?: number;
}

/** The `config` of the middleware: one limit, or several. */
export interface Settings extends Partial<Limit> {
  limits?: Limit[];
  /** What its keys start with. */
  keyPrefix?: string;
  /** What becomes of a request that cannot be counted. Default `refuse`. */
  onStoreFailure?: "allow" | "refuse";
  /** True to work with a store that cannot swap, or forgets. */
  approximate?: boolean;
}

/** Default of `keyPrefix`. */
export const KEY_PREFIX = "limits/";

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
      default: KEY_PREFIX,
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

function limitsBy(dimension: Dimension): JsonSchema {
  const limit = { properties: { by: { contains: { const: dimension } } }, required: ["by"] };
  return { anyOf: [limit, { properties: { limits: { contains: limit } }, required: ["limits"] }] };
}

/** Matches settings that do with any store, or not. */
export function isApproximate(approximate: boolean): JsonSchema {
  const isSet = { properties: { approximate: { const: true } }, required: ["approximate"] };
  return approximate ? isSet : { not: isSet };
}

/** The limits of some settings, in order. */
export function limitsOf(settings: Settings): Limit[] {
  const { limits, limit, windowMs, burst, by, cost: costs, methods } = settings;
  if (limits !== undefined) return limits;
  return [
    {
      limit: limit!,
      windowMs: windowMs!,
      ...(burst !== undefined && { burst }),
      ...(by !== undefined && { by }),
      ...(costs !== undefined && { cost: costs }),
      ...(methods !== undefined && { methods }),
    },
  ];
}
