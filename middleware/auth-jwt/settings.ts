import type { Algorithm } from "./algorithms.ts";
import type { TokenType } from "./compact-jws.ts";

/** Its `config` in `tenon.json`. */
export interface Settings {
  readonly issuer: string;
  readonly audience: string | readonly string[];
  readonly resource?: string;
  readonly jwks?: { readonly keys: readonly object[] };
  readonly jwksUri?: string;
  readonly algorithms?: readonly Algorithm[];
  readonly type?: TokenType;
  readonly clockSkewSeconds?: number;
  readonly maxAgeSeconds?: number;
  readonly maxTokenLength?: number;
  readonly rolesClaim?: string;
  readonly claims?: readonly string[];
  readonly cacheSeconds?: number;
  readonly cooldownSeconds?: number;
  readonly staleSeconds?: number;
  readonly keyPrefix?: string;
}

/** What settings are that are not set. */
export const DEFAULTS = {
  type: "jwt",
  clockSkewSeconds: 30,
  maxTokenLength: 8192,
  cacheSeconds: 600,
  cooldownSeconds: 30,
  staleSeconds: 3600,
  keyPrefix: "auth-jwt/",
} as const satisfies Partial<Settings>;

/** Settings, whether they were set or not. */
export type CompleteSettings = Settings & Required<Pick<Settings, keyof typeof DEFAULTS>>;

/** Settings with their defaults. */
export function withDefaults(settings: Settings): CompleteSettings {
  return { ...DEFAULTS, ...settings };
}
