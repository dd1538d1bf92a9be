import { ToolkitError } from "../errors/index.ts";
import type { AppliedRequirement, Grants } from "../manifest/index.ts";
import type { MiddlewarePart, Part } from "./part.ts";
import { settingOf } from "./requirements.ts";

/**
 * Keeps what middleware relies on out of reach: a provider that may write the keys of a limit, a cache or an issuer could lift it,
 * fill it or make keys up. What authenticates shares its keys with no part at all.
 *
 * @throws {@link ToolkitError} `ERR_COMPOSE_GRANT` naming both parts.
 */
export function checkKeysApart(
  providers: readonly Part[],
  middleware: readonly MiddlewarePart[],
  requirements: readonly (readonly AppliedRequirement[])[],
  grants: ReadonlyMap<string, Grants>,
): void {
  for (const [i, part] of middleware.entries()) {
    const prefixes = requirements[i]!.flatMap(({ kv }) => {
      const prefix = kv && settingOf(part, kv.prefix);
      return typeof prefix === "string" ? [prefix] : [];
    });
    const authenticates = part.manifest.authenticates !== undefined;
    const others = authenticates ? [...providers, ...middleware] : providers;
    for (const { as } of others) {
      if (as === part.as) continue;
      for (const [at, granted] of (grants.get(as)?.kv ?? []).entries()) {
        const own = prefixes.find((prefix) => overlap(prefix, granted));
        if (own === undefined) continue;
        throw new ToolkitError(
          `Cannot grant kv "${granted}" to "${as}": "${part.as}" keeps its own keys under "${own}"`,
          {
            code: "ERR_COMPOSE_GRANT",
            details: [
              authenticates
                ? "Whoever writes there decides who is let in"
                : "Whoever writes there decides what it does",
            ],
            hint: `Give "${as}" a prefix of its own`,
            at: ["grants", as, "kv", at],
          },
        );
      }
    }
  }
}

function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}
