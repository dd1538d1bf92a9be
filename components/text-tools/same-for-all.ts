/** Of results that depend on their arguments alone: the middleware `cache` may give them again for a day, to anyone. */
export const SAME_FOR_ALL = { ttlMs: 86_400_000, scope: "public" } as const;
