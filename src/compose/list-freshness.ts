import type { CacheHint, ProviderManifest } from "../manifest/index.ts";

/** Milliseconds a list stays fresh when its providers say nothing: what is defined changes only with the server. */
const DEFAULT_TTL_MS = 60_000;

/** A list of a composition. */
export interface ListedThings {
  /** What the list shows, and the number of the provider each thing belongs to. */
  things: readonly { manifest: { scopes?: string[] }; provider: number }[];
  /** The number of the provider that adds to it when it runs. */
  dynamic: number | undefined;
}

/**
 * How long a list stays fresh and whom it may be given: the shortest time and the narrowest scope of all providers that have
 * a part in it.
 *
 * @param widest The scope of a server whose callers all get the same.
 */
export function listFreshness(
  { things, dynamic }: ListedThings,
  providers: readonly Pick<ProviderManifest, "cache">[],
  widest: CacheHint["scope"],
): CacheHint {
  const owners = new Set(things.map(({ provider }) => provider));
  if (dynamic !== undefined) owners.add(dynamic);
  const hints = [...owners].map((owner) => {
    const { ttlMs, scope } = providers[owner]!.cache?.lists ?? {};
    const runs = owner === dynamic;
    return { ttlMs: ttlMs ?? (runs ? 0 : DEFAULT_TTL_MS), scope: scope ?? (runs ? "private" : "public") };
  });
  // A caller may be shown only what its scopes let it use.
  const sameForAll = things.every(({ manifest }) => (manifest.scopes ?? []).length === 0);
  const isPublic = widest === "public" && sameForAll && hints.every(({ scope }) => scope === "public");
  return {
    ttlMs: Math.min(...hints.map(({ ttlMs }) => ttlMs), ...(hints.length === 0 ? [DEFAULT_TTL_MS] : [])),
    scope: isPublic ? "public" : "private",
  };
}
