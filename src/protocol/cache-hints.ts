/** Whom a copy of a result may be given. */
export type CacheScope = "private" | "public";

/** Whether a result says how long it stays fresh; `stale` says that it never is. */
export type Cacheable = boolean | "stale";

/** What such a result says. */
export interface CacheHints {
  ttlMs: number;
  cacheScope: CacheScope;
}

/** The hints of what must not be kept. */
export const STALE: CacheHints = { ttlMs: 0, cacheScope: "private" };

/** How results start in which a component or a router has put caching hints first, so that nothing must be parsed. */
export const HINTS_START: RegExp = /^\{"ttlMs":([0-9]{1,15}),"cacheScope":"(private|public)",/;

const MAX_TTL_MS = 31_536_000_000;

/** The hints of a result since 2026-07-28. What a component says that cannot be meant is left out; so is more than `widest`. */
export function cacheHints(ttlMs: unknown, scope: unknown, widest: CacheScope): CacheHints {
  const isTtl = Number.isSafeInteger(ttlMs) && (ttlMs as number) >= 0;
  return {
    ttlMs: isTtl ? Math.min(ttlMs as number, MAX_TTL_MS) : 0,
    cacheScope: scope === "public" && widest === "public" ? "public" : "private",
  };
}
