import { PATTERN_SYNTAX } from "./pattern.ts";
import { BUILT_IN_NAMES, type SignatureSet } from "./signatures.ts";

/** Bytes of UTF-8 of the JSON text. */
export interface Limits {
  readonly maxArgumentBytes?: number;
  readonly maxOutputBytes?: number;
}

/** Name of signatures that come with the component, or signatures themselves. */
export type NamedSignatures = string | SignatureSet;

/** Signatures, and what a match means. */
export interface Denied {
  readonly signatures: NamedSignatures;
  /** Default `refuse`. */
  readonly onMatch?: "refuse" | "report";
}

/** The settings of guard. */
export interface Settings extends Limits {
  /** By the names of tools. */
  readonly tools?: Readonly<Record<string, Limits>>;
  readonly deny?: { readonly arguments?: readonly Denied[]; readonly output?: readonly Denied[] };
  readonly redact?: readonly NamedSignatures[];
}

/** Used where the settings name no other. */
export const DEFAULT_LIMITS: Required<Limits> = { maxArgumentBytes: 256 * 1024, maxOutputBytes: 1024 * 1024 };

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_PATTERN_LENGTH = 1000;
const NAME = {
  type: "string",
  maxLength: 64,
  pattern: "^[a-z0-9]+(-[a-z0-9]+)*$",
  description: "lower-case letters, digits, and single hyphens between them",
};

const LIMITS = {
  maxArgumentBytes: { type: "integer", minimum: 1, maximum: MAX_BYTES },
  maxOutputBytes: { type: "integer", minimum: 1, maximum: MAX_BYTES },
};

const SIGNATURES = {
  anyOf: [
    { enum: BUILT_IN_NAMES },
    {
      type: "object",
      required: ["name", "patterns"],
      properties: {
        name: NAME,
        version: { type: "string", maxLength: 64 },
        date: { type: "string", maxLength: 64 },
        ignoreCase: { type: "boolean" },
        check: { enum: ["luhn"] },
        patterns: {
          type: "object",
          minProperties: 1,
          maxProperties: 500,
          propertyNames: NAME,
          additionalProperties: {
            type: "string",
            maxLength: MAX_PATTERN_LENGTH,
            pattern: PATTERN_SYNTAX,
            description: "the pattern language of guard, see its README",
          },
        },
      },
      additionalProperties: false,
    },
  ],
};

const DENIED = {
  type: "array",
  maxItems: 16,
  items: {
    type: "object",
    required: ["signatures"],
    properties: { signatures: SIGNATURES, onMatch: { enum: ["refuse", "report"] } },
    additionalProperties: false,
  },
};

/** JSON Schema of {@link Settings}. */
export const SETTINGS_SCHEMA: Readonly<Record<string, unknown>> = {
  type: "object",
  properties: {
    ...LIMITS,
    tools: {
      type: "object",
      maxProperties: 4096,
      propertyNames: {
        type: "string",
        pattern: "^[A-Za-z0-9_.-]{1,128}$",
        description: "the name of a tool",
      },
      additionalProperties: { type: "object", properties: LIMITS, additionalProperties: false },
    },
    deny: {
      type: "object",
      properties: { arguments: DENIED, output: DENIED },
      additionalProperties: false,
    },
    redact: { type: "array", maxItems: 16, items: SIGNATURES },
  },
  additionalProperties: false,
};
