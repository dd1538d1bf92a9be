import { createHash } from "node:crypto";
import { canonicalJson, type CoreManifest, type Grants, type Json } from "../manifest/index.ts";
import type { MiddlewarePart } from "./part.ts";
import { LISTS, type Routes } from "./routes.ts";

/** What decides who may do what in a server. */
export interface Policy {
  access: CoreManifest["access"];
  middleware: readonly MiddlewarePart[];
  /** Names of middleware that shares an engine and its grants. */
  fused: readonly string[][];
  /** By the name of the part. */
  grants: ReadonlyMap<string, Grants>;
  roles?: Readonly<Record<string, readonly string[]>> | undefined;
  rules?: Readonly<Record<string, string>> | undefined;
  routes: Routes;
}

/**
 * `sha256:` and 64 hexadecimal digits of a policy in canonical JSON: equal for servers that let the same callers do the same
 * things, whatever their tools are made of.
 */
export function policyDigest({ access, middleware, fused, grants, roles, rules, routes }: Policy): string {
  const scoped = LISTS.map((list) => [
    list,
    routes[list].map(({ manifest, provider }) => ({
      name:
        "uri" in manifest ? manifest.uri : "uriTemplate" in manifest ? manifest.uriTemplate : manifest.name,
      provider: routes.providers[provider],
      scopes: manifest.scopes ?? [],
    })),
  ]);
  const policy = {
    access,
    chain: middleware.map(({ as, digest, settings, manifest: { methods } }) => ({
      as,
      digest,
      settings,
      ...(methods && { methods }),
    })),
    ...(fused.length > 0 && { fused }),
    grants: Object.fromEntries(grants),
    ...(roles && { roles }),
    ...(rules && { rules }),
    offers: Object.fromEntries(scoped) as Json,
  };
  return `sha256:${createHash("sha256")
    .update(canonicalJson(policy as unknown as Json))
    .digest("hex")}`;
}
