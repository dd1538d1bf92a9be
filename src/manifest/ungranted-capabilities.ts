import type { CoreManifest, GrantedService } from "./manifest.ts";

/** How a grant of each kind is written. */
const EXAMPLES: Readonly<Record<GrantedService, string>> = {
  http: '[{ "origin": "https://…" }]',
  kv: '["prefix/"]',
  config: '["KEY"]',
  secrets: '[{ "name": "…" }]',
};

/**
 * One sentence for each capability that a part of a core asks for and is granted nothing of. Of what it can do without the
 * composer has refused what its settings need.
 */
export function ungrantedCapabilities({ middleware, providers }: CoreManifest): string[] {
  return [...middleware, ...providers].flatMap(({ as, capabilities, grants = {} }) =>
    capabilities.flatMap(({ interface: name, reason, optional }) => {
      const kind = name.replace(/^tenon:host\//, "");
      if (optional || !isGrantable(kind) || (grants[kind] ?? []).length > 0) return [];
      const why = reason === undefined ? "" : ` (${JSON.stringify(reason)})`;
      return [
        `${as} asks for ${name}${why} and is granted nothing; add "grants": { "${as}": { "${kind}": ${EXAMPLES[kind]} } }`,
      ];
    }),
  );
}

function isGrantable(kind: string): kind is GrantedService {
  return Object.hasOwn(EXAMPLES, kind);
}
