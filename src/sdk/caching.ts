/** How long clients may take what they got for current, and who may share it (MCP, "Caching"). Since 2026-07-28. */
export interface Cache {
  /** Milliseconds; a whole number from 0 to 31,536,000,000, a year. */
  readonly ttlMs: number;
  /**
   * `public` for what is the same for every caller: anyone in between may keep it for everyone. `private` is for the caller
   * alone. A server that authenticates says `private` whatever stands here.
   */
  readonly scope?: CacheScope;
}

/** Whom a copy of a result may be given. */
export type CacheScope = "private" | "public";

/** Hints of a provider for what it offers. */
export interface ProviderCache {
  /**
   * Of the lists it has a part in. Default: 60,000 milliseconds and `public` for what it defines, 0 and `private` for what
   * is dynamic. A list has the shortest time and the narrowest scope of all that have a part in it.
   */
  readonly lists?: Cache;
  /** Of reading resources whose definition has no hints of its own; `scope` is `private` by default. Default: 0 milliseconds. */
  readonly reads?: Cache;
}

const MAX_TTL_MS = 31_536_000_000;

/** What is wrong with a hint, as the end of a sentence; nothing when it is right. */
export function ttlProblem(ttlMs: unknown): string | undefined {
  return Number.isSafeInteger(ttlMs) && (ttlMs as number) >= 0 && (ttlMs as number) <= MAX_TTL_MS
    ? undefined
    : `is not a whole number from 0 to ${MAX_TTL_MS}`;
}

/** The same for a scope, which may be absent. */
export function scopeProblem(scope: unknown): string | undefined {
  return scope === undefined || scope === "private" || scope === "public"
    ? undefined
    : 'is neither "private" nor "public"';
}
