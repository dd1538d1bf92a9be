import type { AppliedRequirement, CoreManifest } from "../manifest/index.ts";

/** A middleware of a chain, as far as it decides where it may stand. */
export type Link = Pick<CoreManifest["middleware"][number], "as" | "authenticates" | "methods" | "requires">;

/** What is wrong with the order of a chain. */
export interface OrderMistake {
  /** A sentence. */
  text: string;
  /** What is to be done about it. */
  hint: string;
  /** The middleware it is about, by its place in the chain; absent: it is about the server's access. */
  index?: number;
  /** Names of the chain that would do, when moving middleware is enough. */
  better?: string[];
}

/**
 * What is wrong with how a chain keeps its promise about access: the first thing, or nothing. `public` means that nobody is
 * authenticated; `authenticated` that exactly one middleware does it, for every method, and that whatever is for one caller
 * stands behind it.
 */
export function orderMistake(
  access: CoreManifest["access"],
  chain: readonly Link[],
): OrderMistake | undefined {
  const authenticating = chain.filter(({ authenticates }) => authenticates !== undefined);
  const [auth, second] = authenticating;
  if (access === "public") return publicMistake(chain, auth);
  if (auth === undefined) {
    return {
      text: "No middleware authenticates callers",
      hint: 'Add middleware that does, such as auth-jwt, or set "access" to "public"',
    };
  }
  const at = chain.indexOf(auth);
  if (second !== undefined) {
    return {
      text: `Both "${auth.as}" and "${second.as}" authenticate callers, and one of them would overrule the other`,
      hint: "Keep one of them",
      index: chain.indexOf(second),
    };
  }
  if (auth.methods !== undefined) {
    return {
      text: `"${auth.as}" acts on ${auth.methods.join(", ") || "no method"} alone, and every other request passes it by`,
      hint: "Middleware that authenticates must act on every method: build it without `methods`",
      index: at,
    };
  }
  const early = chain.slice(0, at).filter((link) => mustFollow(link) !== undefined);
  const [first] = early;
  if (first === undefined) return undefined;
  const stay = chain.slice(0, at).filter((link) => !early.includes(link));
  return {
    text: `"${first.as}" stands in front of "${auth.as}", and ${reason(mustFollow(first)!)}`,
    hint: `Move ${early.map(({ as }) => `"${as}"`).join(" and ")} behind "${auth.as}"`,
    index: chain.indexOf(first),
    better: [...stay, auth, ...early, ...chain.slice(at + 1)].map(({ as }) => as),
  };
}

function publicMistake(chain: readonly Link[], auth: Link | undefined): OrderMistake | undefined {
  if (auth !== undefined) {
    return {
      text: `"${auth.as}" authenticates callers, and a public server has none`,
      hint: `Set "access" to "authenticated", or remove "${auth.as}"`,
    };
  }
  for (const [index, { as, requires = [] }] of chain.entries()) {
    const needs = requires.find(({ principal }) => principal);
    if (needs === undefined) continue;
    return {
      text: `"${as}" needs to know the caller, for: ${needs.for}`,
      hint: `Set "access" to "authenticated" and add middleware that authenticates, or change the settings of "${as}"`,
      index,
    };
  }
  return undefined;
}

/** Why a middleware may not stand in front of authentication; nothing when it may. */
function mustFollow({ requires = [] }: Link): AppliedRequirement | undefined {
  return requires.find(({ principal, behindAuthentication }) => principal || behindAuthentication);
}

function reason(needs: AppliedRequirement): string {
  return needs.principal
    ? `does not know the caller there, for: ${needs.for}`
    : `would act for callers that are not let in, for: ${needs.for}`;
}
