import type { CoreManifest } from "../../src/manifest/index.ts";

/**
 * What is called in a core, innermost first, which is the order its components are instantiated in: providers by their names, and
 * middleware by its own. Nothing for a component that the composer made: the router, and what leaves a middleware out for some methods.
 * The last one is the core itself.
 */
export function linkNames({ providers, middleware, fused = [] }: CoreManifest): (string | undefined)[] {
  const names: (string | undefined)[] = [...providers.map(({ as }) => as), undefined];
  const waiting = middleware.toReversed();
  while (waiting.length > 0) {
    const group = fused.find((each) => each.includes(waiting[0]!.as)) ?? [waiting[0]!.as];
    const parts = waiting.splice(0, group.length);
    names.push(group.join(" + "));
    if (parts.every(({ methods }) => methods !== undefined)) names.push(undefined);
  }
  return names;
}
